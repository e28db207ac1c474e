"""The inbox: every request with all that is needed, decided one by one or together."""

from functools import partial

from parallel_agents.core import events as ev
from parallel_agents.core.options import Decision
from parallel_agents.core.state import Request
from parallel_agents.tui.screens.decide_several import DecideSeveral
from parallel_agents.tui.screens.inbox import InboxScreen, is_alike
from parallel_agents.wire import messages as m
from tests.tui.drive import Drive, screen
from tests.tui.fake import Fake

RULE = {
    "type": "addRules",
    "rules": [{"toolName": "Bash", "ruleContent": "npm test *"}],
    "behavior": "allow",
    "destination": "localSettings",
}


def asking() -> Fake:
    """Four sessions that ask, and one that works; two ask for the same."""
    fake = Fake()
    for session, command in (("a1", "npm test"), ("b2", "make"), ("c3", "npm test")):
        fake.session(session, f"asks-{session}")
        fake.ask(session, f"r-{session}", given={"command": command})
    fake.session("d4", "works")
    return fake


def inbox(drive: Drive) -> InboxScreen:
    """The open inbox."""
    assert isinstance(drive.app.screen, InboxScreen)
    return drive.app.screen


async def opened(drive: Drive) -> InboxScreen:
    """Open it, and let the first request stand long enough."""
    await drive.press("I")
    await drive.until(lambda: isinstance(drive.app.screen, InboxScreen), "the inbox")
    await settled(drive)
    return inbox(drive)


async def settled(drive: Drive) -> None:
    """Wait until the request under the cursor is on the screen, and let it settle."""
    card = inbox(drive).card
    await drive.until(lambda: card.identity and card._painted == card.identity, "painted")
    drive.clock.pass_(1.0)


def answered(drive: Drive) -> list[tuple[str, str]]:
    """The sessions that were answered, and how."""
    return [(a.session, a.decision.behavior) for a in drive.fake.of(m.Answer)]


def _has(drive: Drive, count: int) -> bool:
    return len(answered(drive)) == count


async def test_it_lists_every_request_with_what_it_would_do_and_where() -> None:
    async with screen(asking()) as drive:
        await opened(drive)
        text = drive.text()
        assert all(f"asks-{session}" in text for session in ("a1", "b2", "c3"))
        assert "$ npm test" in text
        assert "X mark alike" in text
        assert ".claude/worktrees/asks-a1" in text


async def test_one_key_each_decides_all_of_them_in_order() -> None:
    async with screen(asking()) as drive:
        await opened(drive)
        for count in range(1, 4):
            await drive.press("y")
            await drive.until(partial(_has, drive, count), "answered")
            if count < 3:
                await settled(drive)
        assert answered(drive) == [("a1", "allow"), ("b2", "allow"), ("c3", "allow")]
        await drive.shows("Nothing waits for you.")
        assert drive.main.store.selected == "a1"


async def test_a_key_right_after_the_cursor_moved_decides_nothing() -> None:
    async with screen(asking()) as drive:
        await opened(drive)
        await drive.press("down", "y")
        await drive.pilot.pause()
        assert answered(drive) == []
        await settled(drive)
        await drive.press("n")
        await drive.until(lambda: answered(drive), "answered")
        assert answered(drive) == [("b2", "deny")]


async def test_all_alike_are_listed_and_decided_together_by_their_digests() -> None:
    async with screen(asking()) as drive:
        await opened(drive)
        await drive.press("X")
        await drive.shows("2 marked")
        await drive.press("enter")
        await drive.until(lambda: isinstance(drive.app.screen, DecideSeveral), "the question")
        await drive.shows("Decide on these 2 requests?")
        assert "asks-b2" not in drive.text().split("Decide on")[1]
        await drive.press("1")
        await drive.until(lambda: len(answered(drive)) == 2, "answered")
        assert answered(drive) == [("a1", "allow"), ("c3", "allow")]
        digests = {a.digest for a in drive.fake.of(m.Answer)}
        opened_as = [r.event for r in drive.fake.records["a1"]]
        asked = next(event for event in opened_as if isinstance(event, ev.RequestOpened))
        assert digests == {asked.digest}
        await drive.until(lambda: isinstance(drive.app.screen, InboxScreen), "back")
        await drive.shows("asks-b2")


async def test_marks_can_be_taken_back_and_nothing_marked_decides_nothing() -> None:
    async with screen(asking()) as drive:
        await opened(drive)
        await drive.press("x")
        await drive.shows("1 marked")
        await drive.press("x", "enter")
        await drive.shows("x marks what is to be decided together")
        assert answered(drive) == []


async def test_a_long_list_must_be_read_to_its_end_before_all_are_allowed() -> None:
    fake = asking()
    fake.session("e5", "long")
    fake.ask("e5", "r-e5", given={"command": "\n".join(f"echo {n}" for n in range(80))})
    async with screen(fake, (100, 30)) as drive:
        await opened(drive)
        await drive.press("down", "down", "down", "x")
        await drive.shows("1 marked")
        await drive.press("enter")
        await drive.until(lambda: isinstance(drive.app.screen, DecideSeveral), "the question")
        await drive.press("1")
        await drive.shows("Read on to the end first")
        assert answered(drive) == []
        await drive.press("end", "1")
        await drive.until(lambda: answered(drive) == [("e5", "allow")], "allowed")


async def test_what_is_withdrawn_leaves_the_inbox_and_says_so_on_the_main_screen() -> None:
    async with screen(asking()) as drive:
        await drive.ready()
        drive.fake.happen("a1", ev.RequestWithdrawn(request="r-a1"))
        await drive.shows("The agent withdrew its request")
        await opened(drive)
        assert "asks-a1" not in drive.text().split("Inbox")[1].split("worktrees")[0]


async def test_what_was_decided_elsewhere_is_not_called_withdrawn() -> None:
    async with screen(asking()) as drive:
        await drive.ready()
        decision = Decision(behavior="allow")
        drive.fake.happen("a1", ev.RequestDecided(request="r-a1", decision=decision))
        await drive.until(lambda: drive.main.card.request is None, "decided")
        await drive.pilot.pause()
        assert "withdrew" not in drive.text()


async def test_what_ends_with_its_process_is_not_called_withdrawn() -> None:
    async with screen(asking()) as drive:
        await drive.ready()
        drive.fake.happen("a1", ev.RunEnded(run=1))
        await drive.until(lambda: drive.main.card.request is None, "gone")
        await drive.pilot.pause()
        assert "withdrew" not in drive.text()


async def test_an_empty_inbox_says_so() -> None:
    async with screen(Fake()) as drive:
        await drive.press("I")
        await drive.shows("Nothing waits for you.")
        await drive.press("y", "x", "X", "enter", "escape")
        await drive.until(lambda: drive.app.screen is drive.main, "closed")


def test_alike_is_the_same_command_or_the_same_rule() -> None:
    def made(command: str, rules: tuple[str, ...] = (), tool: str = "Bash") -> Request:
        return Request(
            id=command, kind="permission", tool_name=tool, input={"command": command},
            digest=command, asked_at=0, seq=1, rules=rules,
        )  # fmt: skip

    assert is_alike(made("make"), made("make"))
    assert is_alike(made("npm test a", ("Bash(npm *)",)), made("npm test b", ("Bash(npm *)",)))
    assert not is_alike(made("make"), made("make all"))
    assert not is_alike(made("make"), made("make", tool="Other"))
