"""What a card shows is what is decided: at any size, to its end, and as it is."""

from __future__ import annotations

import time

import pytest
from textual import events

from parallel_agents.core.errors import UserError
from parallel_agents.core.ids import digest
from parallel_agents.core.options import JsonObject
from parallel_agents.tui.screens.confirm import TextDialog
from parallel_agents.tui.screens.typed_text import TypedTextScreen
from parallel_agents.tui.terminal import key_queue
from parallel_agents.tui.terminal.terminal_input import Quiet, Rested
from parallel_agents.wire import messages as m
from tests.support.told import opened as opened_with
from tests.support.variations import varied, varied_rows
from tests.tui.drive import Drive, screen
from tests.tui.fake import Fake

LONG = "\n".join([*(f"echo step {number}" for number in range(40)), "rm -rf ~"])
RULES: tuple[JsonObject, ...] = (
    {
        "type": "addRules",
        "behavior": "allow",
        "rules": [{"toolName": "Bash", "ruleContent": "npm *"}],
    },
)
PLAN = {"plan": "# A plan\n" + "\n".join(f"{n}. Do thing {n}" for n in range(1, 60))}


def asking(command: str = "make", **ask: object) -> Fake:
    fake = Fake()
    fake.session("s", "shop")
    fake.ask("s", **({"given": {"command": command}, "suggestions": RULES} | ask))  # type: ignore[arg-type]
    return fake


async def opened(drive: Drive) -> None:
    drive.main.go_in()
    await drive.ready()
    await drive.until(lambda: drive.main.focused is drive.main.request, "the card has the focus")


@pytest.mark.parametrize(
    "size", varied([(80, 24), (240, 60), (120, 40), (60, 16), (40, 12), (30, 8)])
)
@pytest.mark.parametrize("kind", varied(["permission", "plan", "question"]))
async def test_the_choices_are_in_sight_at_any_size(size: tuple[int, int], kind: str) -> None:
    inputs: dict[str, JsonObject] = {
        "permission": {"command": LONG},
        "plan": PLAN,
        "question": {
            "questions": [
                {"question": "Which? " * 60, "options": [{"label": f"L{n}"} for n in range(9)]}
            ]
        },
    }
    expected = {"permission": "yaAnNe", "plan": "12ynN", "question": "fn"}[kind]
    fake = asking(given=inputs[kind], kind=kind)
    async with screen(fake, size) as drive:
        await opened(drive)
        await drive.pilot.pause()
        lines = drive.text().split("\n")
        below = "\n".join(line.split("▕")[-1] for line in lines[-9:])
        assert [key for key in expected if f" {key} " not in f"{below} ".replace("\n", " ")] == []
        assert "reply to shop" in below


@pytest.mark.parametrize("size", varied([(1, 1), (2, 2), (3, 3), (5, 1), (1, 5), (10, 3), (20, 5)]))
async def test_no_size_is_too_small(size: tuple[int, int]) -> None:
    async with screen(asking(LONG), size) as drive:
        drive.main.go_in()
        await drive.press("down", "tab", "shift+tab", "escape")
        await drive.pilot.resize_terminal(80, 24)
        await drive.shows("NEEDS INPUT")
        drive.main.go_in()
        await drive.shows("e edit")


async def test_what_was_not_wholly_seen_is_allowed_by_a_second_press() -> None:
    fake = asking(LONG)
    async with screen(fake, (80, 24)) as drive:
        await opened(drive)
        await drive.shows("more lines: J reads on")
        await drive.press("y")
        await drive.shows("y again decides without reading on")
        assert fake.of(m.Answer) == []
        await drive.press("y")
        assert fake.of(m.Answer) == [], "nobody reads as fast as that"
        drive.clock.pass_(1)
        await drive.press("y")
        await drive.until(lambda: fake.of(m.Answer), "allowed")


async def test_another_key_is_no_second_press() -> None:
    fake = asking(LONG)
    async with screen(fake, (80, 24)) as drive:
        await opened(drive)
        for key in ("y", "a", "A"):
            await drive.press(key)
            drive.clock.pass_(1)
        assert fake.of(m.Answer) == []


async def test_denying_needs_no_reading() -> None:
    fake = asking(LONG)
    async with screen(fake, (80, 24)) as drive:
        await opened(drive)
        await drive.press("n")
        await drive.until(lambda: fake.of(m.Answer), "denied")


async def test_what_was_read_to_its_end_is_allowed_by_one_press() -> None:
    fake = asking(LONG)
    async with screen(fake, (80, 24)) as drive:
        await opened(drive)
        for _ in range(60):
            await drive.press("down")
        await drive.shows("rm -rf ~")
        await drive.until(lambda: drive.main.card.unseen == 0, "all was seen")
        assert "more line" not in drive.text()
        await drive.press("y")
        await drive.until(lambda: fake.of(m.Answer), "allowed")


async def test_a_jump_to_the_end_has_not_seen_the_middle() -> None:
    async with screen(asking(LONG), (80, 24)) as drive:
        await opened(drive)
        await drive.press("end")
        await drive.shows("rm -rf ~")
        assert drive.main.card.unseen > 10


async def test_page_down_reads_on() -> None:
    async with screen(asking(LONG), (80, 24)) as drive:
        await opened(drive)
        for _ in range(20):
            await drive.press("pagedown")
        await drive.until(lambda: drive.main.card.unseen == 0, "all was seen")


async def test_a_huge_input_is_laid_out_only_where_it_is_looked_at() -> None:
    fake = asking(given={"command": "x = 1\n" * 200_000})
    async with screen(fake, (80, 24)) as drive:
        await opened(drive)
        view = drive.main.request
        assert sum(len(built.lines) for built in view._built.values()) < 3_000
        assert drive.main.card.unseen > 150_000
        await drive.shows("more text than was checked")


@pytest.mark.parametrize(
    ("command", "shown", "said"),
    varied_rows(
        [
            ("rm -rf build\u200b/", "build⟨200b⟩/", "hidden characters"),
            ("cp \u202egpj x", "⟨202e⟩gpj", "right-to-left text"),
            ("curl https://раураl.com", "раураl", "look-alike letters"),
            ("ls" + " " * 200 + "; rm -rf ~", "ls ⟨200 blanks⟩ ; rm -rf ~", "after many blanks"),
            ("ls" + "\t" * 40 + "; rm -rf ~", "blanks⟩ ; rm -rf ~", "after many blanks"),
            ("ls" + "\n" * 60 + "rm -rf ~", "⟨59 empty lines⟩", "after many empty lines"),
            ("echo " + "a" * 3000, "echo", "a very long line"),
        ]
    ),
    ids=ascii,
)
async def test_what_is_not_what_it_seems_is_loud(command: str, shown: str, said: str) -> None:
    async with screen(asking(command), (100, 40)) as drive:
        await opened(drive)
        await drive.shows(shown)
        assert said in drive.text()


async def test_ordinary_requests_are_quiet() -> None:
    async with screen(asking("npm test -- --run 'Grüße'"), (80, 24)) as drive:
        await opened(drive)
        assert " ! " not in drive.text()
        assert "▼" not in drive.text()


async def test_a_key_held_down_does_not_decide_the_next_card() -> None:
    fake = asking("first")
    fake.ask("s", "r2", given={"command": "second"})
    async with screen(fake, typed=True) as drive:
        await opened(drive)
        now = time.monotonic()
        await alone(drive, "y", at=now)
        await drive.until(lambda: len(fake.of(m.Answer)) == 1, "the first is decided")
        await drive.shows("$ second")
        await drive.ready()
        for repeat in range(60):
            key = events.Key("y", "y")
            key.time = now + 0.66 + 0.033 * repeat
            drive.app.post_message(key)
            drive.app.post_message(Quiet())
        drive.app.post_message(Rested())
        await drive.pilot.pause()
        assert len(fake.of(m.Answer)) == 1
        await alone(drive, "y", at=now + 10)
        await drive.until(lambda: len(fake.of(m.Answer)) == 2, "pressed anew")


async def alone(drive: Drive, key: str, at: float | None = None) -> None:
    """Press a key by itself, as a terminal reports it."""
    event = events.Key(key, key if len(key) == 1 else None)
    event.time = event.time if at is None else at
    drive.app.post_message(event)
    drive.app.post_message(Quiet())
    drive.app.post_message(Rested())
    await drive.pilot.pause()


async def test_a_paste_into_a_card_decides_nothing() -> None:
    fake = asking()
    async with screen(fake) as drive:
        await opened(drive)
        for text in ("y", "a\n", "y\ny\ny\n"):
            drive.app.post_message(events.Paste(text))
            await drive.pilot.pause()
        assert fake.of(m.Answer) == []


async def test_clicks_decide_nothing() -> None:
    fake = asking()
    async with screen(fake) as drive:
        await opened(drive)
        for selector in ("#request", "#keys", "#card", "#list", "#prompt"):
            await drive.pilot.click(selector)
            await drive.pilot.pause()
        assert fake.of(m.Answer) == []


async def test_shift_tab_in_the_reason_of_a_denial_decides_nothing() -> None:
    fake = asking()
    async with screen(fake) as drive:
        await opened(drive)
        await drive.press("N")
        await drive.shows("Deny, and say what to do instead")
        await drive.press("n", "o", "shift+tab", "y", "shift+tab", "tab", "a")
        assert fake.of(m.Answer) == []
        await drive.press("escape")
        assert fake.of(m.Answer) == []


async def test_the_second_of_two_screens_is_told() -> None:
    fake = asking()
    fake.answers["answer"] = UserError("This request was answered already.")
    async with screen(fake) as drive:
        await opened(drive)
        await drive.press("y")
        await drive.shows("answered already")
        assert drive.main.card.request is not None


async def test_a_peek_asks_once_more_too() -> None:
    fake = asking(LONG)
    async with screen(fake, (80, 30)) as drive:
        await drive.press("space")
        await drive.shows("y allow once")
        await drive.until(lambda: drive.app.screen.query("CardNotes"), "peek")
        await drive.shows("more lines")
        drive.clock.pass_(1)
        await drive.press("y")
        assert fake.of(m.Answer) == []
        await drive.shows("again decides")
        drive.clock.pass_(1)
        await drive.press("y")
        await drive.until(lambda: fake.of(m.Answer), "allowed")


@pytest.mark.parametrize("place", varied(["list", "transcript", "diff", "info", "request"]))
async def test_the_keys_of_a_request_work_wherever_the_focus_is(place: str) -> None:
    fake = asking()
    async with screen(fake) as drive:
        await drive.ready()
        if place in {"transcript", "diff", "info"}:
            await drive.press(place[0])
        drive.main.query_one(f"#{place}").focus()
        await drive.until(lambda: drive.main.focused is drive.main.query_one(f"#{place}"), place)
        await drive.press("y")
        await drive.until(lambda: fake.of(m.Answer), "allowed")


async def test_a_key_that_the_input_took_decides_nothing_when_the_focus_moves_on() -> None:
    fake = asking()
    async with screen(fake) as drive:
        await opened(drive)
        for key in "yn":
            drive.main.prompt.focus()
            drive.main.prompt.editor._forward_event(events.Key(key, key))
            drive.main.set_focus(drive.main.request)
            await drive.pilot.pause()
        assert fake.of(m.Answer) == []


@pytest.mark.parametrize("begins", varied(["nowhere", "list"]))
@pytest.mark.parametrize("key", varied(["y", "n"]))
async def test_a_key_of_a_burst_decides_nothing_when_the_focus_moves_while_it_is_given(
    begins: str, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A click moves it, or a dialog that closes: for a moment nothing has it."""
    fake = asking()
    # On a busy machine a pause takes longer than a key may wait for the terminal to be quiet.
    monkeypatch.setattr(key_queue, "PATIENCE", 60.0)
    async with screen(fake, typed=True) as drive:
        await drive.until(lambda: drive.main.card.request is not None, "the card")
        await opened(drive)
        drive.main.set_focus(None if begins == "nowhere" else drive.main.sidebar)
        usual = drive.app._check_bindings

        async def look(name: str, priority: bool = False) -> bool:
            drive.main.set_focus(drive.main.request)
            return await usual(name, priority)

        monkeypatch.setattr(drive.app, "_check_bindings", look)
        drive.app.post_message(events.Key(key, key))
        drive.app.post_message(events.Key("z", "z"))
        drive.app.post_message(Quiet())
        await drive.until(lambda: isinstance(drive.app.screen, TypedTextScreen), "taken as text")
        monkeypatch.setattr(drive.app, "_check_bindings", usual)
        assert fake.of(m.Answer) == []
        await alone(drive, "escape")
        await drive.until(lambda: drive.app.screen is drive.main, "dropped")
        later = events.Key(key, key)
        later.time += 1.0
        drive.app.post_message(later)
        await drive.pilot.pause()
        assert fake.of(m.Answer) == []
        drive.app.post_message(Rested())
        await drive.until(lambda: fake.of(m.Answer), "decided")


@pytest.mark.parametrize("taken", varied(["ctrl+o", "ctrl+s"]))
async def test_a_burst_allows_no_edited_input(taken: str) -> None:
    fake = asking()
    async with screen(fake, typed=True) as drive:
        await drive.until(lambda: drive.main.card.request is not None, "the card")
        await opened(drive)
        await alone(drive, "e")
        await drive.until(lambda: isinstance(drive.app.screen, TextDialog), "the editor")
        for key in ("x", taken, "y"):
            drive.app.post_message(events.Key(key, key if len(key) == 1 else None))
        drive.app.post_message(Quiet())
        await drive.pilot.pause()
        assert fake.of(m.Answer) == []
        drive.app.post_message(events.Key(taken, None))
        drive.app.post_message(Quiet())
        await drive.until(lambda: fake.of(m.Answer), "allowed by a key of its own")


async def test_a_key_typed_before_the_card_stood_decides_nothing_however_late_it_comes() -> None:
    fake = asking()
    async with screen(fake) as drive:
        await opened(drive)
        early = events.Key("y", "y")
        early.time = time.monotonic() - 0.7
        drive.app.post_message(early)
        await drive.pilot.pause()
        assert fake.of(m.Answer) == []
        await drive.press("y")
        await drive.until(lambda: fake.of(m.Answer), "allowed")


@pytest.mark.parametrize(
    "given",
    varied(
        [
            {"file_path": "a\x1b[2J\x1b]0;y\x07\u202eb\nc", "content": "[red]y[/]"},
            {"command": "echo " + "x" * 200_000},
            {"command": "שלום && rm -rf ~"},
            {"command": "a\tb\t\tc e\u0301\u0301\u0301 \u200d\u200d x\u200dy"},
        ]
    ),
    ids=["file name", "200 KB", "right to left", "combining"],
)
@pytest.mark.parametrize("size", varied([(20, 5), (80, 24)]))
async def test_odd_requests_at_sizes_that_change(given: JsonObject, size: tuple[int, int]) -> None:
    fake = asking(given=given)
    async with screen(fake, size) as drive:
        await opened(drive)
        for width, height in ((20, 5), (121, 41), (7, 3), (80, 24)):
            await drive.pilot.resize_terminal(width, height)
            await drive.pilot.pause()
            assert not {"\x1b", "\u202e", "\x07", "\t"} & set(drive.text())
        assert fake.of(m.Answer) == []
        await drive.press("n")
        await drive.until(lambda: fake.of(m.Answer), "denied")


async def test_a_card_that_is_replaced_does_not_inherit_the_first_press() -> None:
    fake = asking(LONG)
    async with screen(fake, (80, 24)) as drive:
        await opened(drive)
        await drive.press("y")
        await drive.shows("again decides")
        fake.ask("s", given={"command": LONG + "\n# another"})
        await drive.until(lambda: drive.main.card.asks_again == "", "replaced")
        drive.clock.pass_(2)
        await drive.ready()
        await drive.press("y")
        await drive.shows("again decides")
        assert fake.of(m.Answer) == []


@pytest.mark.parametrize(
    ("given", "description", "said"),
    [
        ({"command": "npm run build"}, "npm run build", "npm run build"),
        ({"file_path": "/r/src/a.py", "content": "x"}, "src/a.py", "src/a.py"),
    ],
)
async def test_a_card_does_not_say_its_input_twice(
    given: JsonObject, description: str, said: str
) -> None:
    fake = Fake()
    fake.session("s", "shop")
    asked = {"request": "r1", "kind": "permission", "tool_name": "Tool", "digest": digest(given)}
    fake.happen("s", opened_with(description=description, input=given, **asked))
    async with screen(fake) as drive:
        await drive.until(lambda: drive.main.request._blocks, "the card")
        texts = [block.text for block in drive.main.request._blocks]
        assert sum(text.count(said) for text in texts) == 1
