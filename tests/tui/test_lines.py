"""The base of long views: place, building, selection, copying."""

import pytest
from hypothesis import given, strategies as st
from rich.cells import cell_len
from rich.style import Style
from textual.geometry import Offset
from textual.selection import Selection

from parallel_agents.tui.text.lines import Block, LineView
from parallel_agents.tui.text.spans import Line, Span, block, clip, clip_path, flat, row, span, wrap
from parallel_agents.tui.text.styles import Ink
from parallel_agents.tui.widgets.keyed import Keyed
from tests.tui.views import HOSTILE, Host, assert_harmless, at, built, text, until

PLAIN = Style.null()


def numbered(name: str, count: int, estimate: int = 1) -> Block:
    def build(width: int, ink: Ink) -> list[Line]:
        lines = [f"{name}.{n}" for n in range(count)]
        return [line for said in lines for line in block([span(said, ink.text)], width)]

    return Block(name, (count,), build, estimate, text=name)


class Lines(LineView, Keyed):
    """A view with the keys that every view has."""

    PLACES = ("lines",)


class Following(Lines):
    FOLLOWS = True


def many(count: int = 500) -> list[Block]:
    return [numbered(f"b{n}", 3) for n in range(count)]


async def test_only_what_is_visible_is_built() -> None:
    view = Lines()
    async with Host(view).run_test(size=(40, 10)) as pilot:
        view.set_blocks(many(10_000))
        await pilot.pause()
        assert text(view).startswith("b0.0\nb0.1\nb0.2\nb1.0")
        assert built(view) <= 10
        view.scroll_to(y=5_000)
        await pilot.pause()
        assert built(view) <= 40


async def test_a_view_at_its_end_follows_and_one_above_stays() -> None:
    view = Following()
    async with Host(view).run_test(size=(40, 9)) as pilot:
        blocks = many(50)
        view.set_blocks(blocks)
        await pilot.pause()
        assert text(view).endswith("b49.2")
        view.set_blocks([*blocks, numbered("new", 1)])
        await pilot.pause()
        assert text(view).endswith("new.0")
        view.scroll_to(y=30)
        await pilot.pause()
        before = text(view)
        view.set_blocks([*blocks, numbered("new", 5)])
        await pilot.pause()
        assert text(view) == before
        view.scroll_end()
        await pilot.pause()
        view.set_blocks([*blocks, numbered("new", 6)])
        await pilot.pause()
        assert text(view).endswith("new.5")


async def test_the_place_stays_when_what_is_above_grows_or_is_added() -> None:
    view = Lines()
    async with Host(view).run_test(size=(40, 6)) as pilot:
        blocks = many(50)
        view.set_blocks(blocks)
        view.scroll_to(y=61)
        await pilot.pause()
        before = text(view)
        view.set_blocks([numbered("early", 7), numbered("b0", 9), *blocks[1:]])
        await pilot.pause()
        assert text(view) == before


async def test_scrolling_up_over_wrong_estimates_shows_every_line_once() -> None:
    view = Following()
    async with Host(view).run_test(size=(40, 5)) as pilot:
        view.set_blocks([numbered(f"b{n}", n % 4 + 1, estimate=(n * 7) % 5) for n in range(30)])
        await pilot.pause()
        seen = [text(view).split("\n")[-1]]
        rows = text(view).split("\n")
        for _ in range(200):
            if view.scroll_offset.y == 0:
                break
            view.scroll_up()
            await pilot.pause()
            now = text(view).split("\n")
            assert now[1:] == rows[: len(now) - 1], "one line further, nothing skipped"
            rows = now
        assert rows[0] == "b0.0"
        assert seen == ["b29.1"]


async def test_a_new_width_wraps_again_and_keeps_the_place() -> None:
    long = "word " * 40
    view = Lines()
    async with Host(view).run_test(size=(60, 10)) as pilot:
        view.set_blocks(
            [
                Block(f"k{n}", (), lambda width, ink: block([span(long, ink.text)], width))
                for n in range(20)
            ]
        )
        view.scroll_to(y=12)
        await pilot.pause()
        anchor = view._at(view.scroll_offset.y)[0]
        await pilot.resize_terminal(30, 10)
        await until(pilot, lambda: view.size.width <= 30)
        assert view._at(view.scroll_offset.y)[0] == anchor
        assert max(map(cell_len, text(view).split("\n"))) < 30


async def test_paging_through_a_view_that_glided_before() -> None:
    view = Lines()
    async with Host(view).run_test(size=(40, 6)) as pilot:
        view.set_blocks([numbered(f"b{n}", 4, estimate=1) for n in range(300)])
        view.focus()
        await pilot.press(*["pagedown"] * 30, *["pageup"] * 60, "end", "pageup", "home")
        await pilot.pause()
        assert text(view).startswith("b0.0")


async def test_selection_gives_the_words_without_decoration() -> None:
    view = Lines()
    head, words = Span("│ ", PLAIN), "one two three four five six seven"
    async with Host(view).run_test(size=(20, 12)) as pilot:

        def build(width: int, ink: Ink) -> list[Line]:
            first = block([span(words, ink.text)], width, first=head, rest=head)
            return [*first, *block([span("x" * 50, ink.text)], width, first=head, rest=head)]

        view.set_blocks([Block("k", (), build)])
        await pilot.pause()
        assert len(text(view).split("\n")) > 5, "it was wrapped"
        whole = view.get_selection(Selection(None, None))
        assert whole == (f"{words}\n{'x' * 50}", "\n")
        part = view.get_selection(Selection(Offset(6, 0), Offset(5, 1)))
        assert part is not None
        assert part[0].startswith("two three")


async def test_selecting_with_the_mouse_and_copying() -> None:
    view = Lines()
    app = Host(view)
    async with app.run_test(size=(40, 8)) as pilot:
        view.set_blocks(many(30))
        view.scroll_to(y=4)
        await pilot.pause()
        await pilot.mouse_down(view, offset=(0, 0))
        await pilot.hover(view, offset=(2, 2))
        await pilot.mouse_up(view, offset=(2, 2))
        await pilot.pause()
        assert app.screen.get_selected_text() == "b1.1\nb1.2\nb2."
        view.focus()
        await pilot.press("Y")
        assert app.clipboard == "b1.1\nb1.2\nb2."


async def test_copying_the_block_under_the_cursor_is_safe_text() -> None:
    view = Lines()
    app = Host(view)
    async with app.run_test(size=(40, 8)) as pilot:
        view.set_blocks([Block("k", (), lambda width, ink: [], text="rm x\x1b[1A\u202ey")])
        view.set_blocks([*view.blocks, numbered("b", 2)])
        view.focus()
        await pilot.press("down", "up", "Y")
        assert app.clipboard == "rm x␛[1A⟨202e⟩y"


async def test_the_cursor_walks_and_scrolls_through_a_tall_block() -> None:
    view = Lines()
    async with Host(view).run_test(size=(40, 6)) as pilot:
        view.set_blocks([numbered("a", 1), numbered("tall", 20), numbered("z", 1)])
        view.focus()
        await pilot.press("down")
        assert at(view) == "a"
        await pilot.press("down")
        assert at(view) == "tall"
        await pilot.press(*["down"] * 14)
        assert at(view) == "tall"
        await pilot.press("down")
        assert at(view) == "z"
        assert text(view).endswith("z.0")


async def test_the_colours_follow_the_theme() -> None:
    view = Lines()
    app = Host(view)
    async with app.run_test(size=(40, 6)) as pilot:
        view.set_blocks(many(3))
        await pilot.pause()
        dark = [segment.style for segment in view.render_line(0)]
        app.theme = "calm-light"
        await pilot.pause()
        assert [segment.style for segment in view.render_line(0)] != dark


words = st.text(
    st.one_of(st.characters(), st.sampled_from([*" \t\n漢é\u0301", *HOSTILE])),
    max_size=80,
)


@given(st.lists(words, max_size=5), st.integers(2, 30))
def test_wrapping_loses_nothing_and_fits(parts: list[str], width: int) -> None:
    spans = [span(part, Style(bold=bool(n % 2))) for n, part in enumerate(parts)]
    rows = wrap(spans, width)
    joined = "".join(row.joint + "".join(part.text for part in row.spans) for row in rows)
    assert joined == "\n" + "".join(part.text for part in spans)
    assert all(sum(cell_len(part.text) for part in row.spans) <= width for row in rows)


@given(words, st.integers(0, 40))
def test_a_clipped_line_fits(text: str, width: int) -> None:
    assert cell_len(clip(flat(text, PLAIN).text, width)) <= width


@given(words, words, st.integers(1, 60))
def test_a_row_is_exactly_as_wide_as_asked(left: str, right: str, width: int) -> None:
    assert row([flat(left, PLAIN)], [flat(right, PLAIN)], width).cell_length == width


async def test_hostile_text_is_harmless() -> None:
    view = Lines()
    async with Host(view).run_test(size=(50, 20)) as pilot:

        def build(width: int, ink: Ink) -> list[Line]:
            return block([span(HOSTILE, ink.text), flat(HOSTILE, ink.text)], width)

        view.set_blocks([Block("k", (), build)])
        await pilot.pause()
        assert_harmless(view)
        assert "␛[31mred" in text(view)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Edit: src/a.py", "Edit: src/a.py"),
        ("Edit: /home/me/shop/deep/er/token.ts", "Edit: /home/me…/token.ts"),
        ("Edit: a/very-long-name-of-a-file.ts", "Edit: a/very-long-name-…"),
        ("Bash: rm -r /home/me/shop/deep/er/x", "Bash: rm -r /home/me/sh…"),
        ("the tests in src/auth/session all pass", "the tests in src/auth/s…"),
    ],
)
def test_a_path_keeps_its_file_name(text: str, shown: str) -> None:
    assert clip_path(text, 24) == shown


@given(st.text(st.sampled_from("ab/: 漢"), max_size=40), st.integers(1, 30))
def test_a_shortened_path_fits(text: str, width: int) -> None:
    assert cell_len(clip_path(text, width)) <= width


async def test_the_place_is_kept_when_blocks_above_and_at_it_go() -> None:
    view = Lines()
    async with Host(view).run_test(size=(40, 10)) as pilot:
        blocks = [numbered(f"b{n}", 3, 3) for n in range(60)]
        view.set_blocks(blocks)
        await pilot.pause()
        view.scroll_to(y=91)
        await pilot.pause()
        assert text(view).startswith("b30.1")
        view.set_blocks([*blocks[:2], *blocks[5:29], *blocks[32:]])
        await pilot.pause()
        assert text(view).startswith("b32.0")
