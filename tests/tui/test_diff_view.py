"""The diff: files, hunks, asking for patches, keeping the place, hostile names and lines."""

import sys
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from hypothesis import given, strategies as st
from textual.geometry import Offset
from textual.selection import Selection

from parallel_agents.core.diff import Anchor, parse_hunks
from parallel_agents.core.review import Comment, Passage, PlacedComment, Standing
from parallel_agents.core.value import replace
from parallel_agents.tui.content.comment_lines import CommentKey
from parallel_agents.tui.content.diff_lines import (
    FileKey,
    HunkKey,
    MoreKey,
    diff_blocks,
    hunk_blocks,
    totals_of,
)
from parallel_agents.tui.text.patch_lines import shortened_patch
from parallel_agents.tui.text.styles import ink
from parallel_agents.tui.widgets.diff_view import DiffView
from tests.tui.scenes import changed, patch, stat
from tests.tui.views import HOSTILE, Host, assert_harmless, at, built, text

DARK = ink(dark=True)


class Asked(Host):
    def on_diff_view_need_patch(self, message: DiffView.NeedPatch) -> None:
        self.heard.append(message.path)


async def test_files_hunks_and_counts() -> None:
    view = DiffView()
    async with Host(view).run_test(size=(50, 24)) as pilot:
        files = stat(
            changed("src/a.py"),
            changed("b.png", 0, 0, binary=True, status="A"),
            changed("new.py", 0, 0, status="R", old_path="old.py"),
        )
        view.show(files, {"src/a.py": patch("src/a.py", 10, 40)})
        await pilot.pause()
        lines = text(view).split("\n")
        assert lines[0] == "3 files against origin/main 0123456789".ljust(44) + "+2 −1"
        assert lines[1] == "  M src/a.py".ljust(35) + "+2 −1 +++++−−−"
        assert "renamed" in lines[3]
        assert lines[4:13] == [
            "",
            "▾ M src/a.py".ljust(44) + "+2 −1",
            "@@ 10 def f10():",
            "10   a10",
            "11 − old",
            "11 + new",
            "12 + more",
            "13   b10",
            "@@ 40 def f40():",
        ]
        assert "  binary file" in lines


async def test_a_file_that_was_left_out_says_why() -> None:
    view = DiffView()
    async with Host(view).run_test(size=(60, 24)) as pilot:
        view.show(stat(changed("big.bin", 0, 0, binary=True, note="not read: 2.1 GB")), {})
        await pilot.pause()
        assert "left out" in text(view)
        assert "not read: 2.1 GB" in text(view)
        assert "binary" not in text(view)
        view.show(stat(changed("a", 0, 0, binary=True, note=f"its filter {HOSTILE} failed")), {})
        await pilot.pause()
        assert_harmless(view)


async def test_nothing_changed_is_said() -> None:
    view = DiffView()
    async with Host(view).run_test(size=(60, 6)) as pilot:
        view.show(stat(), {})
        await pilot.pause()
        assert text(view) == "No changes yet against origin/main 0123456789"


async def test_a_patch_is_asked_for_when_it_comes_into_view_and_once() -> None:
    view = DiffView()
    app = Asked(view)
    names = [f"f{n}.py" for n in range(40)]
    files = stat(*(changed(name) for name in names))
    async with app.run_test(size=(60, 50)) as pilot:
        view.show(files, {})
        await pilot.pause()
        first = list(app.heard)
        assert first == names[: len(first)]
        assert len(first) < 5
        patches = {"f0.py": patch("f0.py", 1)}
        view.show(files, patches)
        await pilot.pause()
        assert app.heard == first
        view.scroll_end()
        await pilot.pause()
        assert app.heard[-1] == "f39.py"
        assert len(app.heard) == len(set(app.heard)) < 40


async def test_a_refresh_keeps_the_place_and_what_was_known() -> None:
    view = DiffView()
    app = Asked(view)
    files = stat(changed("a.py"), changed("b.py"))
    patches = {"a.py": patch("a.py", *range(1, 90, 10)), "b.py": patch("b.py", *range(1, 90, 10))}
    async with app.run_test(size=(60, 12)) as pilot:
        view.show(files, patches)
        view.focus()
        await pilot.press(
            "right_curly_bracket",
            "right_curly_bracket",
            "right_square_bracket",
            "right_square_bracket",
        )
        before = text(view)
        assert before.startswith("@@ 11")
        assert app.heard == []
        view.show(stat(changed("a.py", 9, 1), changed("b.py", 9, 1)), {})
        await pilot.pause()
        assert text(view) == before, "the old patch stands until the new one is there"
        assert app.heard == ["b.py"]
        grown = {"a.py": patch("a.py", *range(1, 900, 10)), "b.py": patches["b.py"]}
        view.show(files, grown)
        await pilot.pause()
        assert text(view) == before


async def test_moving_by_hunk_and_file_folding_and_jumping() -> None:
    view = DiffView()
    files = stat(changed("a.py"), changed("b.py"))
    patches = {"a.py": patch("a.py", 1, 20), "b.py": patch("b.py", 1, 20)}
    async with Host(view).run_test(size=(60, 6)) as pilot:
        view.show(files, patches)
        view.focus()
        await pilot.press("right_square_bracket")
        assert text(view).startswith("@@ 1 def")
        await pilot.press("right_square_bracket", "right_square_bracket", "right_square_bracket")
        assert at(view) == HunkKey("b.py", 1)
        await pilot.press("right_square_bracket")
        assert at(view) == HunkKey("b.py", 1), "there is none after the last"
        await pilot.press("left_square_bracket")
        assert at(view) == HunkKey("b.py", 0)
        await pilot.press("left_curly_bracket", "enter")
        assert "▸ M b.py" in text(view)
        await pilot.press("home")
        await pilot.click(view, offset=(8, 2))
        assert at(view) == FileKey("b.py")
        await pilot.press("left_curly_bracket")
        assert at(view) == FileKey("a.py")
        await pilot.press("left_curly_bracket")
        assert at(view) == FileKey("a.py")


async def test_a_huge_file_builds_only_what_is_visible() -> None:
    view = DiffView()
    lines = "".join(f"+line_{n} = {n}\n" for n in range(20_000))
    whole = f"--- /dev/null\n+++ b/big.py\n@@ -0,0 +1,20000 @@\n{lines}"
    async with Host(view).run_test(size=(60, 20)) as pilot:
        view.show(stat(changed("big.py", 20_000, 0)), {"big.py": whole})
        await pilot.pause()
        assert built(view) < 8
        view.scroll_end()
        await pilot.pause()
        assert text(view).endswith("20000 + line_19999 = 19999")
        assert built(view) < 16


async def test_a_wide_view_numbers_both_sides() -> None:
    view = DiffView()
    async with Host(view).run_test(size=(90, 24)) as pilot:
        view.show(stat(changed("a.py")), {"a.py": patch("a.py", 99, 140)})
        await pilot.pause()
        assert text(view).split("\n")[4:9] == [
            "@@ 99 def f99():",
            " 99  99   a99",
            "100     − old",
            "    100 + new",
            "    101 + more",
        ]


async def test_each_line_knows_where_it_is() -> None:
    view = DiffView()
    files = stat(changed("odd:name\n.py", old_path="old.py", status="R"))
    async with Host(view).run_test(size=(40, 60)) as pilot:
        long = "x" * 100
        view.show(files, {"odd:name\n.py": patch("b.py", 9, line=long)})
        await pilot.pause()
        painted = [line for at in range(len(view.blocks)) for line in view._lines(at)]
        found = [(a.path, a.side, a.number) for line in painted if (a := line.anchor)]
        name = "odd:name\n.py"
        assert [(side, number) for _, side, number in dict.fromkeys(found)] == [
            ("new", 9), ("old", 10), ("new", 10), ("new", 11), ("new", 12),
        ]  # fmt: skip
        assert {path for path, _, _ in found} == {name}
        assert len(found) > 5, "a wrapped line is the same line"


async def test_the_line_at_the_cursor() -> None:
    view = DiffView()
    whole = "@@ -0,0 +1,400 @@\n" + "".join(f"+line {n}\n" for n in range(400))
    async with Host(view).run_test(size=(60, 12)) as pilot:
        view.show(stat(changed("a.py"), changed("b.py", 400, 0)), {"b.py": whole})
        view.focus()
        assert view.line_at_cursor() is None
        await pilot.press("right_curly_bracket", "right_curly_bracket")
        assert view.line_at_cursor() == Anchor(path="b.py", side="new", number=1)
        await pilot.press("right_square_bracket")
        view.scroll_to(y=view.scroll_offset.y + 51, animate=False, immediate=True)
        assert view.line_at_cursor() == Anchor(path="b.py", side="new", number=51)


async def test_copying_a_hunk_gives_the_diff() -> None:
    view = DiffView()
    app = Host(view)
    async with app.run_test(size=(60, 20)) as pilot:
        view.show(stat(changed("a.py")), {"a.py": patch("a.py", 5)})
        view.focus()
        await pilot.press("right_square_bracket", "Y")
        assert app.clipboard == " a5\n-old\n+new\n+more\n b5"


async def test_another_session_s_diff_starts_anew() -> None:
    view = DiffView()
    app = Asked(view)
    async with app.run_test(size=(60, 20)) as pilot:
        view.show(stat(changed("a.py")), {"a.py": patch("a.py", 5)})
        view.clear()
        view.show(stat(changed("a.py")), {})
        await pilot.pause()
        assert "a5" not in text(view)
        assert app.heard == ["a.py"]


async def test_hostile_names_and_lines_are_harmless() -> None:
    view = DiffView()
    bad = HOSTILE.split("\n", maxsplit=1)[0]
    renamed = changed(HOSTILE, old_path=HOSTILE, status="R")
    files = stat(renamed, changed("a.py"), changed("b.py"))
    files = replace(files, against=HOSTILE, commit=HOSTILE)
    patches = {
        HOSTILE: patch("x", 3, line=bad),
        "a.py": patch("a.py", 3, line=HOSTILE.replace("\n", "\n+")),
        "b.py": HOSTILE,
    }
    async with Host(view).run_test(size=(60, 80)) as pilot:
        view.show(files, patches)
        await pilot.pause()
        assert_harmless(view)
        assert "␛[31mred" in text(view)
        await pilot.resize_terminal(18, 80)
        await pilot.pause()
        assert_harmless(view)


@given(
    st.lists(st.tuples(st.text(max_size=8), st.text(max_size=60)), max_size=4),
    st.integers(0, 3),
    st.integers(8, 60),
    st.sampled_from([str.upper, lambda text: f"@@ -1,2 +1,2 @@\n{text}", str]),
)
def test_any_patch_is_painted(
    parts: list[tuple[str, str]], folded: int, width: int, made: Callable[[str], str]
) -> None:
    patches = {name: made(body) for name, body in parts}
    files = stat(*(changed(name) for name in patches))
    hidden = frozenset(name for name, _ in parts[:folded])
    blocks = list(diff_blocks(files, patches, hidden))
    assert len({block.key for block in blocks}) == len(blocks)
    for block in blocks:
        for line in block.build(width, DARK):
            assert not any(ord(char) < 32 for char in line.strip.text)


def counted(work: Callable[[], object]) -> int:
    """How many functions of ours and of Python's are called by this thread."""
    calls = 0

    def count(_frame: object, event: str, _arg: object) -> None:
        nonlocal calls
        calls += event in {"call", "c_call"}

    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(None)
    return calls


async def test_work_in_the_event_loop_does_not_grow_with_the_change() -> None:
    """Calls are counted, not time: 20,000 files cost what 2,000 do, shown and walked through."""
    costs = []
    for count in (2_000, 20_000):
        view = DiffView()
        files = stat(*(changed(f"src/f{n}.py", 1, 0) for n in range(count)))
        totals = totals_of(files)
        async with Host(view).run_test(size=(60, 30)) as pilot:
            cost = counted(partial(view.show, files, {}, totals))
            await pilot.pause()
            assert f"{count} files against" in text(view)
            first = patch("src/f0.py", 1)
            cost += counted(partial(view.show, files, {"src/f0.py": first}, totals))
            for step in (partial(view.action_hunk, 1), partial(view.action_file, 1)):
                cost += counted(step)
            costs.append(cost)
    assert costs[1] < costs[0] * 1.05


async def test_of_many_files_every_part_can_be_reached() -> None:
    view = DiffView()
    files = stat(*(changed(f"f{n}.py") for n in range(1_200)))
    async with Host(view).run_test(size=(70, 12)) as pilot:
        view.show(files, {})
        view.focus()
        seen: list[str] = []
        for expected in ("f0.py", "f500.py", "f1000.py"):
            await pilot.pause()
            assert view.index_of(FileKey(expected)) is not None
            seen += [b.key.path for b in view.blocks if isinstance(b.key, FileKey)]
            behind = [b.key for b in view.blocks if isinstance(b.key, MoreKey)][-1]
            view.put_cursor(behind)
            await pilot.press("enter")
        assert len(set(seen)) == 1_200
        assert "more files" not in text(view)
        assert view.index_of(FileKey("f500.py")) is not None, "the last leads back"


async def test_a_refresh_stays_in_the_part_that_is_shown() -> None:
    view = DiffView()
    app = Asked(view)
    files = stat(*(changed(f"f{n}.py") for n in range(600)))
    async with app.run_test(size=(70, 12)) as pilot:
        view.show(files, {})
        view.pressed(MoreKey(500), "more")
        view.show(files, {"f500.py": patch("f500.py", 1)})
        await pilot.pause()
        assert view.index_of(FileKey("f500.py")) is not None
        view.show(stat(changed("a.py")), {})
        await pilot.pause()
        assert view.index_of(FileKey("a.py")) is not None


def test_a_patch_cut_anywhere_is_a_patch() -> None:
    whole = patch("a.py", 1, 30, 60)
    for end in range(whole.index(" a1\n") + 4, len(whole)):
        hunks = parse_hunks(shortened_patch(whole[:end]))
        assert hunks, whole[:end]
        assert "too long" in hunks[-1].lines[-1].text


@given(st.text("@-+ 1,\n\\a", max_size=200))
def test_shortening_takes_any_text(text: str) -> None:
    parse_hunks(shortened_patch(text))


# --- the cursor on lines -----------------------------------------------------------------


def placed(number: int, text: str = "Why?", last: int = 0, **given_: Any) -> PlacedComment:
    """A comment on lines of `a.py` as they are now."""
    passage = Passage(path="a.py", first=number, last=last or number, lines=("x",))
    comment = Comment(id=f"c{number}", passage=passage, text=text, **given_)
    return PlacedComment(comment=comment, first=number, last=last or number, path="a.py")


async def test_the_cursor_goes_from_line_to_line() -> None:
    view = DiffView()
    async with Host(view).run_test(size=(60, 24)) as pilot:
        view.show(stat(changed("a.py")), {"a.py": patch("a.py", 10, 40)})
        view.focus()
        await pilot.press("right_square_bracket")
        seen = []
        for _ in range(6):
            line = view.line
            assert line is not None
            seen.append((line.side, line.number))
            await pilot.press("j")
        assert seen == [
            ("new", 10), ("old", 11), ("new", 11), ("new", 12), ("new", 13), ("new", 40),
        ]  # fmt: skip
        for _ in range(6):
            await pilot.press("k")
        assert view.line == Anchor(path="a.py", side="new", number=10)


async def test_a_range_is_on_one_side_and_goes_with_a_plain_step() -> None:
    view = DiffView()
    async with Host(view).run_test(size=(60, 24)) as pilot:
        view.show(stat(changed("a.py")), {"a.py": patch("a.py", 10, 40)})
        view.focus()
        await pilot.press("right_square_bracket", "shift+down", "shift+down")
        assert view.chosen is not None
        first, last = view.chosen
        assert (first.side, first.number, last.number) == ("new", 10, 12)
        await pilot.press("shift+up", "shift+up", "shift+up")
        assert [anchor.number for anchor in view.chosen or ()] == [10, 10]
        await pilot.press("j")
        assert [anchor.side for anchor in view.chosen or ()] == ["old", "old"]


async def test_the_cursor_stays_on_its_text_when_lines_come_before_it() -> None:
    view = DiffView()
    async with Host(view).run_test(size=(60, 24)) as pilot:
        hunk = "@@ -1,2 +1,3 @@\n one\n+two\n three\n"
        more = "@@ -1,2 +1,5 @@\n+a\n+b\n one\n+two\n three\n"
        view.show(stat(changed("a.py")), {"a.py": hunk})
        view.focus()
        await pilot.press("right_square_bracket", "j")
        assert view.line == Anchor(path="a.py", side="new", number=2)
        view.show(stat(changed("a.py", 4, 0)), {"a.py": more})
        await pilot.pause()
        assert view.line == Anchor(path="a.py", side="new", number=4)


async def test_a_cursor_that_was_scrolled_away_comes_back_into_view() -> None:
    view = DiffView()
    whole = "@@ -0,0 +1,400 @@\n" + "".join(f"+line {n}\n" for n in range(400))
    async with Host(view).run_test(size=(60, 12)) as pilot:
        view.show(stat(changed("b.py", 400, 0)), {"b.py": whole})
        view.focus()
        await pilot.press("right_square_bracket")
        view.scroll_to(y=200, animate=False, immediate=True)
        await pilot.press("j")
        line = view.line
        assert line is not None
        assert 190 < line.number < 200
        assert view.scroll_offset.y == 200


async def test_a_click_chooses_its_line() -> None:
    view = DiffView()
    async with Host(view).run_test(size=(60, 24)) as pilot:
        view.show(stat(changed("a.py")), {"a.py": patch("a.py", 10, 40)})
        view.focus()
        await pilot.pause()
        row = text(view).split("\n").index("12 + more")
        await pilot.click(view, offset=(6, row))
        assert view.line == Anchor(path="a.py", side="new", number=12)
        await pilot.press("j")
        assert view.line == Anchor(path="a.py", side="new", number=13)


async def test_what_is_selected_with_the_mouse_is_chosen() -> None:
    view = DiffView()
    async with Host(view).run_test(size=(60, 24)) as pilot:
        view.show(stat(changed("a.py")), {"a.py": patch("a.py", 10, 40)})
        view.focus()
        await pilot.pause()
        lines = text(view).split("\n")
        begin, end = (next(n for n, t in enumerate(lines) if w in t) for w in ("11 − old", "b10"))
        view.screen.selections = {view: Selection(Offset(7, begin), Offset(9, end))}
        view.choose_selected()
        assert [(a.side, a.number) for a in view.chosen or ()] == [("new", 11), ("new", 13)]
        assert view.text_selection is None
        view.choose_selected()
        assert [a.number for a in view.chosen or ()] == [11, 13]


async def test_comments_stand_below_the_last_of_their_lines() -> None:
    view = DiffView()
    async with Host(view).run_test(size=(60, 40)) as pilot:
        view.show(stat(changed("a.py")), {"a.py": patch("a.py", 10, 40)})
        whole = placed(0, "All of it.", last=0)
        view.show_comments([placed(11, HOSTILE, last=12), placed(99, "Far away."), whole])
        await pilot.pause()
        assert_harmless(view)
        lines = [line.rstrip() for line in text(view).split("\n")]
        at = lines.index("12 + more")
        assert lines[at + 1] == "  ┃ draft"
        assert lines[at + 3 :][: lines[at + 3 :].index("13   b10") + 1][-1] == "13   b10"
        head = next(n for n, line in enumerate(lines) if line.startswith("▾ M a.py  3 comments"))
        assert lines[head + 1] == "  ┃ draft · line 99"
        assert "  ┃ Far away." in lines
        assert "  ┃ draft · the whole file" in lines


@pytest.mark.parametrize(
    ("message", "standing", "words"),
    [
        ("", "here", "draft"),
        ("", "gone", "draft · these lines are gone: a.py:10"),
        ("m", "here", "sent · unchanged"),
        ("m", "moved", "sent · unchanged · written at a.py:10"),
        ("m", "gone", "sent · rewritten since: a.py:10"),
    ],
)
async def test_what_became_of_the_lines_of_a_comment(
    message: str, standing: Standing, words: str
) -> None:
    view = DiffView()
    async with Host(view).run_test(size=(60, 40)) as pilot:
        view.show(stat(changed("a.py")), {"a.py": patch("a.py", 10)})
        first = 0 if standing == "gone" else 11 if standing == "moved" else 10
        comment = replace(placed(10, message=message), standing=standing, first=first, last=first)
        view.show_comments([comment])
        await pilot.pause()
        assert f"  ┃ {words}" in [line.rstrip() for line in text(view).split("\n")]


async def test_the_cursor_stops_on_a_comment() -> None:
    view = DiffView()
    async with Host(view).run_test(size=(60, 40)) as pilot:
        view.show(stat(changed("a.py")), {"a.py": patch("a.py", 10)})
        view.show_comments([placed(10)])
        view.focus()
        await pilot.press("right_square_bracket", "j")
        assert view.cursor == CommentKey("a.py", "c10")
        assert view.line is None
        await pilot.press("j")
        assert view.line == Anchor(path="a.py", side="old", number=11)
        view.show_comments([])
        await pilot.pause()
        assert view.line == Anchor(path="a.py", side="old", number=11)


@given(
    lines=st.lists(st.sampled_from([" a", "+b", "-c"]), min_size=1, max_size=400),
    ends=st.lists(st.integers(1, 400), max_size=5),
)
def test_a_hunk_cut_by_comments_shows_each_line_once(lines: list[str], ends: list[int]) -> None:
    old = sum(line[0] != "+" for line in lines)
    new = sum(line[0] != "-" for line in lines)
    hunk = f"@@ -1,{old} +1,{new} @@\n" + "".join(f"{line}\n" for line in lines)
    comments = tuple(placed(end) for end in dict.fromkeys(ends))
    blocks = hunk_blocks("a.py", hunk, comments)
    shown = [line for b in blocks for line in b.text.split("\n") if isinstance(b.key, HunkKey)]
    assert shown == lines
    assert len({block.key for block in blocks}) == len(blocks)
    painted = [
        line.anchor for b in blocks for line in b.build(100, DARK) if line.anchor is not None
    ]
    assert painted == [line.anchor for h in parse_hunks(hunk, "a.py") for line in h.lines]
