"""The whole screen over a fake supervisor: what each key does, and what it never does."""

import time
from typing import Any

import pytest
from textual import events
from textual.widgets import TextArea
from textual.widgets._toast import Toast

from parallel_agents.core import events as ev
from parallel_agents.core.errors import RefusedError, TreeGoneError, UnreachableError, UserError
from parallel_agents.core.ids import digest
from parallel_agents.core.value import replace
from parallel_agents.core.worktree import ConfigFile, DiffPart
from parallel_agents.tui.model.remembered import Remembered, remember
from parallel_agents.tui.screens.confirm import ChoiceDialog, LineDialog
from parallel_agents.tui.screens.dispatch import DispatchScreen
from parallel_agents.tui.screens.help import HelpScreen
from parallel_agents.tui.screens.peek import PeekScreen
from parallel_agents.tui.screens.trust import TrustScreen
from parallel_agents.tui.terminal.terminal_input import Quiet, Rested, TerminalInput
from parallel_agents.wire import messages as m
from tests.support.facts import facts_of
from tests.support.variations import varied, varied_rows
from tests.tui.drive import Drive, screen
from tests.tui.fake import ROOT, Fake, resolved, row_of
from tests.tui.scenes import SCENES, changed, patch, stat

RULE = {
    "type": "addRules",
    "behavior": "allow",
    "rules": [{"toolName": "Bash", "ruleContent": "npm test *"}],
}
HOSTILE = "\x1b[2J[red]name[/]\u202e\x07"


def two() -> Fake:
    """One session that asks, one that works."""
    fake = Fake()
    fake.session("a1", "auth-refactor")
    fake.session("b2", "flaky-test")
    fake.ask("a1", suggestions=(RULE,))
    return fake


# --- the card -----------------------------------------------------------------------------------


async def test_one_key_from_blocked_to_unblocked() -> None:
    async with screen(two()) as drive:
        await drive.shows("npm test -- --run")
        await drive.press("tab")
        assert drive.main.focused is drive.main.request
        await drive.ready()
        await drive.press("y")
        await drive.until(lambda: drive.fake.of(m.Answer), "answered")
        answer = drive.fake.of(m.Answer)[0]
        assert (answer.session, answer.request) == ("a1", "r1")
        assert answer.digest == digest({"command": "npm test -- --run"})
        assert (answer.decision.behavior, answer.decision.scope) == ("allow", "once")
        await drive.until(lambda: drive.main.focused is drive.main.pane, "in the session")


@pytest.mark.parametrize(("key", "scope"), varied_rows([("a", "session"), ("A", "repository")]))
async def test_always_names_its_rule_and_place(key: str, scope: str) -> None:
    async with screen(two()) as drive:
        await drive.shows("always here: Bash(npm test *)")
        await drive.shows(".claude/settings.local.json")
        await drive.press("tab")
        await drive.ready()
        await drive.press(key)
        await drive.until(lambda: drive.fake.of(m.Answer))
        assert drive.fake.of(m.Answer)[0].decision.scope == scope


async def test_enter_and_space_and_early_keys_never_allow() -> None:
    async with screen(two()) as drive:
        await drive.shows("npm test -- --run")
        await drive.press("tab", "y")
        await drive.ready()
        await drive.press("enter", "space")
        assert drive.fake.of(m.Answer) == []


async def test_a_request_never_takes_the_focus() -> None:
    fake = Fake()
    fake.session("a1", "auth-refactor")
    async with screen(fake) as drive:
        await drive.press("tab")
        assert drive.main.zone == "input"
        await drive.press("o", "k")
        fake.ask("a1")
        await drive.shows("wants to use Bash")
        await drive.ready()
        await drive.press("y", "a", "n")
        assert drive.main.zone == "input"
        assert drive.main.prompt.text == "okyan"
        assert fake.of(m.Answer) == []


async def test_a_card_that_changed_takes_no_key() -> None:
    fake = two()
    async with screen(fake) as drive:
        await drive.press("tab")
        await drive.ready()
        fake.happen("a1", ev.RequestWithdrawn(request="r1"))
        fake.ask("a1", "r2", given={"command": "rm -rf build"})
        await drive.shows("rm -rf build")
        await drive.press("y")
        assert fake.of(m.Answer) == []


async def test_a_refused_decision_is_told_and_can_be_made_again() -> None:
    fake = two()
    fake.answers["answer"] = RefusedError("The request is not the one you were shown.", "Look.")
    async with screen(fake) as drive:
        await drive.press("tab")
        await drive.ready()
        await drive.press("y")
        await drive.shows("not the one you were shown")
        del fake.answers["answer"]
        await drive.press("n")
        await drive.until(lambda: len(fake.of(m.Answer)) == 2)
        assert fake.of(m.Answer)[1].decision.behavior == "deny"


async def test_denying_with_a_message() -> None:
    async with screen(two()) as drive:
        await drive.press("tab")
        await drive.ready()
        await drive.press("N")
        await drive.until(lambda: isinstance(drive.app.screen, LineDialog))
        await drive.press("n", "o", "enter")
        await drive.until(lambda: drive.fake.of(m.Answer))
        decision = drive.fake.of(m.Answer)[0].decision
        assert (decision.behavior, decision.message) == ("deny", "no")


async def test_editing_the_input_first() -> None:
    async with screen(two()) as drive:
        await drive.press("tab")
        await drive.ready()
        await drive.press("e")
        await drive.shows("Ctrl+O then allows it once")
        await drive.press("x", "ctrl+o")
        await drive.until(lambda: drive.fake.of(m.Answer))
        answer = drive.fake.of(m.Answer)[0]
        assert answer.decision.updated_input == {"command": "xnpm test -- --run"}
        assert answer.digest == digest({"command": "npm test -- --run"})


async def test_a_question_is_answered_by_its_digit() -> None:
    fake = Fake()
    fake.session("a1", "db-choice")
    options = [{"label": "PostgreSQL", "description": "as in production"}, {"label": "SQLite"}]
    asked = {"questions": [{"question": "Which database?", "options": options}]}
    fake.ask("a1", "q1", "AskUserQuestion", asked, "question")
    async with screen(fake) as drive:
        await drive.shows("2  SQLite")
        await drive.press("ctrl+n")
        await drive.ready()
        await drive.press("2")
        await drive.until(lambda: fake.of(m.Answer))
        assert fake.of(m.Answer)[0].decision.answers == {"Which database?": "SQLite"}


async def test_a_plan_is_shown_and_approved_into_a_mode() -> None:
    fake = Fake()
    fake.session("a1", "planner")
    fake.ask("a1", "p1", "ExitPlanMode", {"plan": "# Plan\n\n1. Split it"}, "plan")
    async with screen(fake) as drive:
        await drive.shows("Split it")
        await drive.press("tab")
        await drive.ready()
        await drive.press("1")
        await drive.until(lambda: fake.of(m.Answer))
        assert fake.of(m.Answer)[0].decision.mode == "acceptEdits"


async def test_several_requests_are_counted_and_turned() -> None:
    fake = two()
    fake.ask("a1", "r2", given={"command": "make"})
    async with screen(fake) as drive:
        await drive.shows("1/2")
        await drive.press("tab", "s")
        await drive.shows("2/2")
        await drive.ready()
        await drive.press("y")
        await drive.until(lambda: fake.of(m.Answer))
        assert fake.of(m.Answer)[0].request == "r2"


# --- stop, delete, undo -------------------------------------------------------------------------


async def test_two_presses_on_the_same_session_delete_it_and_u_undoes() -> None:
    fake = two()
    async with screen(fake) as drive:
        await drive.press("ctrl+x")
        await drive.until(lambda: fake.of(m.Stop))
        assert fake.of(m.Delete) == []
        await drive.press("ctrl+x")
        await drive.until(lambda: drive.main.store.order() == ["b2"], "gone from the list")
        assert fake.states["a1"].session.deleting
        assert fake.states["a1"].process.is_there
        assert fake.of(m.Delete)[0].session == "a1"
        assert fake.of(m.Stop)[0].wait is False
        await drive.press("u")
        await drive.until(lambda: fake.of(m.CancelDelete))
        await drive.until(lambda: not fake.states["a1"].session.deleting)
        await drive.until(lambda: drive.main.store.selected == "a1", "back, and selected")
        await drive.press("ctrl+x")
        await drive.until(lambda: len(fake.of(m.Stop)) == 2, "counts again")


async def test_a_deletion_is_one_toast() -> None:
    fake = two()
    async with screen(fake) as drive:
        await drive.press("ctrl+x")
        await drive.shows("it has no work")
        await drive.press("ctrl+x")
        await drive.shows("it had no work")
        await drive.until(lambda: len(drive.main.query(Toast)) == 1, "the last one")
        assert len(drive.app._notifications) == 1


async def test_a_deletion_that_is_refused_brings_the_row_back() -> None:
    fake = two()

    def refuse(message: m.Delete) -> m.Deletion:
        if not message.wait:
            fake.happen("a1", ev.DeleteRequested())
            return m.Deletion(session=row_of("a1"))
        fake.happen("a1", ev.DeleteCancelled(reason="no"))
        raise RefusedError("Its worktree is in use.", "Look.")

    fake.answers["delete"] = refuse
    async with screen(fake) as drive:
        await drive.press("ctrl+x", "ctrl+x")
        await drive.shows("Its worktree is in use.")
        await drive.until(lambda: drive.main.store.order() == ["a1", "b2"], "back in the list")


async def test_a_deleted_session_is_restored() -> None:
    fake = two()
    async with screen(fake) as drive:
        await drive.press("ctrl+x", "ctrl+x")
        await drive.until(lambda: fake.of(m.Delete))
        fake.happen("a1", ev.Deleted())
        await drive.until(lambda: drive.main.store.selected == "b2", "the neighbour is selected")
        await drive.press("u")
        await drive.until(lambda: fake.of(m.Restore))
        assert fake.of(m.Restore)[0].session == "a1"


async def test_the_second_press_counts_for_the_session_not_the_row() -> None:
    fake = two()
    async with screen(fake) as drive:
        await drive.press("ctrl+x", "down", "ctrl+x")
        await drive.until(lambda: len(fake.of(m.Stop)) == 2)
        assert [stop.session for stop in fake.of(m.Stop)] == ["a1", "b2"]
        assert fake.of(m.Delete) == []


async def test_a_late_second_press_only_arms_again() -> None:
    fake = two()
    async with screen(fake) as drive:
        await drive.press("ctrl+x")
        drive.clock.pass_(2.5)
        await drive.press("ctrl+x")
        await drive.until(lambda: len(fake.of(m.Stop)) == 2)
        assert fake.of(m.Delete) == []


def several() -> Fake:
    """Three sessions that work, and one that has nothing to do."""
    fake = Fake()
    for session in ("a1", "b2", "c3"):
        fake.session(session, f"work-{session}")
    fake.session("d4", "idle")
    fake.happen("d4", ev.TurnEnded(outcome="interrupted"), ev.AgentStateChanged(state="idle"))
    return fake


@pytest.mark.parametrize(("number", "neighbour"), [(1, "b2"), (2, "c3"), (3, "b2"), (4, "c3")])
async def test_a_neighbour_of_its_group_is_selected_after_a_deleted_session(
    number: int, neighbour: str
) -> None:
    fake = several()
    async with screen(fake) as drive:
        await drive.press(f"alt+{number}", "ctrl+x")
        session = drive.main.store.selected
        await drive.until(lambda: fake.of(m.Stop), "stopped")
        fake.happen(str(session), ev.StopRequested(reason="person"))
        fake.happen(str(session), ev.RunEnded(run=1, code=0, asked=True))
        await drive.press("ctrl+x")
        await drive.until(lambda: fake.of(m.Delete), "deleted")
        fake.happen(str(session), ev.Deleted())
        await drive.until(lambda: drive.main.store.selected == neighbour, "the neighbour")


async def test_a_press_too_many_hits_no_neighbour() -> None:
    fake = several()
    async with screen(fake) as drive:
        await drive.press("ctrl+x", "ctrl+x")
        await drive.until(lambda: fake.of(m.Delete), "deleted")
        fake.happen("a1", ev.Deleted())
        await drive.until(lambda: drive.main.store.selected == "b2", "the neighbour")
        for _ in range(5):
            drive.clock.pass_(0.5)
            await drive.press("ctrl+x")
        assert [stop.session for stop in fake.of(m.Stop)] == ["a1"]
        drive.clock.pass_(1.0)
        await drive.press("ctrl+x")
        await drive.until(lambda: len(fake.of(m.Stop)) == 2, "meant for the neighbour")


async def test_a_second_press_does_not_stop_the_session_that_took_the_place() -> None:
    fake = several()
    async with screen(fake) as drive:
        await drive.press("ctrl+x")
        await drive.until(lambda: fake.of(m.Stop), "stopped")
        fake.happen("a1", ev.Deleted())
        await drive.until(lambda: drive.main.store.selected == "b2", "the neighbour")
        await drive.press("ctrl+x")
        await drive.shows("work-a1 is gone. Ctrl+X now stops work-b2.")
        assert [stop.session for stop in fake.of(m.Stop)] == ["a1"]
        await drive.press("ctrl+x")
        await drive.until(lambda: len(fake.of(m.Stop)) == 2, "meant for the neighbour")
        assert fake.of(m.Delete) == []


async def test_ctrl_x_in_the_input_cuts_or_stops_but_never_deletes() -> None:
    fake = two()
    async with screen(fake) as drive:
        await drive.press("shift+tab")
        assert drive.main.zone == "input"
        await drive.press("h", "ctrl+x")
        assert fake.of(m.Stop) == []
        drive.main.prompt.clear()
        await drive.press("ctrl+x", "ctrl+x", "ctrl+x")
        await drive.until(lambda: fake.of(m.Stop))
        assert fake.of(m.Delete) == []


# --- moving -------------------------------------------------------------------------------------


async def test_the_selection_follows_the_session() -> None:
    fake = two()
    async with screen(fake) as drive:
        await drive.press("down")
        assert drive.main.store.selected == "b2"
        fake.happen("b2", ev.Pinned(pinned=True))
        await drive.shows("PINNED")
        assert drive.main.store.selected == "b2"


async def test_the_ends_and_pages_of_the_list() -> None:
    async with screen(SCENES["many"]()) as drive:
        store = drive.main.store
        order = store.stops()

        async def lands(key: str) -> int:
            await drive.press(key)
            return order.index(store.cursor(store.rows()))

        assert [await lands("end"), await lands("home")] == [len(order) - 1, 0]
        page = drive.main.sidebar.page
        assert 1 < page < len(order)
        assert await lands("pagedown") == page
        assert await lands("pageup") < page
        assert [await lands("home"), await lands("pageup")] == [0, 0]
        assert [await lands("end"), await lands("pagedown")] == [len(order) - 1] * 2


async def test_next_that_needs_you_goes_to_the_card() -> None:
    fake = two()
    async with screen(fake) as drive:
        await drive.press("down", "ctrl+n")
        await drive.until(lambda: drive.main.focused is drive.main.request)
        assert drive.main.store.selected == "a1"


@pytest.mark.parametrize("keys", varied([("alt+2",), ("™",), ("g", "2")]))
async def test_jumping_to_a_number(keys: tuple[str, ...]) -> None:
    async with screen(two()) as drive:
        named = {"™": "trade_mark_sign"}
        await drive.press(*(named.get(key, key) for key in keys))
        assert drive.main.store.selected == "b2"


def at_once(drive: Drive, *keys: str) -> None:
    """Press keys faster than the screen can act on them."""
    for key in keys:
        drive.app.post_message(events.Key(key, key if len(key) == 1 else None))


async def test_two_keys_at_once_count_in_their_order() -> None:
    async with screen(two()) as drive:
        at_once(drive, "g", "2")
        await drive.until(lambda: drive.main.store.selected == "b2")
        await drive.press("up", "2")
        assert drive.main.store.selected == "a1"


async def test_what_is_typed_right_behind_tab_decides_nothing() -> None:
    fake = two()
    async with screen(fake) as drive:
        await drive.shows("npm test")
        drive.clock.pass_(60)
        at_once(drive, "tab", "tab", "y", "n")
        await drive.until(lambda: drive.main.prompt.editor.text == "yn")
        assert fake.of(m.Answer) == []


async def test_the_reason_typed_right_behind_the_denial_allows_nothing() -> None:
    fake = two()
    async with screen(fake) as drive:
        await drive.shows("npm test")
        await drive.press("tab")
        drive.clock.pass_(60)
        at_once(drive, "N", *"yes but use make", "enter")
        await drive.until(lambda: fake.of(m.Answer))
        decision = fake.of(m.Answer)[0].decision
        assert (decision.behavior, decision.message) == ("deny", "yes but use make")


async def test_what_is_typed_right_behind_c_is_the_task() -> None:
    remember(Remembered(mode="acceptEdits"))
    fake = two()
    fake.answers["resolve_repository"] = resolved()
    async with screen(fake) as drive:
        at_once(drive, "c", *"Run it", "tab")
        await drive.until(lambda: isinstance(drive.app.screen, DispatchScreen))
        form = drive.app.screen
        await drive.until(lambda: form.query(TextArea))
        await drive.until(lambda: form.query_one(TextArea).text == "Run it")


async def test_keys_go_on_when_one_is_lost_with_its_dialog() -> None:
    async with screen(two()) as drive:
        for _ in range(5):
            at_once(drive, "question_mark", "escape", "down", "up")
        await drive.until(lambda: len(drive.app.screen_stack) == 1)
        at_once(drive, "down")
        await drive.until(lambda: drive.main.store.selected == "b2")


async def test_the_zones_go_round() -> None:
    async with screen(two()) as drive:
        await drive.shows("npm test")
        seen = []
        for _ in range(3):
            await drive.press("tab")
            seen.append(drive.main.focused)
        main = drive.main
        assert seen == [main.request, main.prompt.editor, main.sidebar]
        await drive.press("shift+tab", "escape")
        assert drive.main.zone == "list"


async def test_escape_clears_the_input_and_then_leaves_it_and_interrupts_nothing() -> None:
    fake = two()
    async with screen(fake) as drive:
        await drive.press("down", "enter", "h", "i")
        await drive.press("escape")
        assert drive.main.zone == "input"
        assert drive.main.prompt.is_empty
        await drive.press("up")
        assert drive.main.prompt.text == "hi"
        await drive.press("escape", "escape")
        assert drive.main.focused is drive.main.sidebar
        assert fake.of(m.Interrupt) == []


async def test_ctrl_c_interrupts_a_running_turn() -> None:
    fake = two()
    async with screen(fake) as drive:
        await drive.press("down", "enter", "ctrl+c")
        await drive.until(lambda: fake.of(m.Interrupt))


# --- replies ------------------------------------------------------------------------------------


async def test_a_reply_goes_to_the_session_shown_and_drafts_stay() -> None:
    fake = two()
    async with screen(fake) as drive:
        await drive.press("down", "enter", "h", "i")
        await drive.press("alt+1")
        await drive.until(lambda: drive.main.prompt.text == "", "another session's draft")
        await drive.press("alt+2")
        await drive.until(lambda: drive.main.prompt.text == "hi", "the draft is back")
        drive.main.prompt.focus()
        await drive.press("enter")
        await drive.until(lambda: fake.of(m.Send))
        assert (fake.of(m.Send)[0].session, fake.of(m.Send)[0].text) == ("b2", "hi")


async def test_a_reply_that_cannot_be_sent_is_not_lost() -> None:
    fake = two()
    fake.answers["send"] = UserError("The disk is full.")
    async with screen(fake) as drive:
        await drive.press("down", "enter", "h", "i", "enter")
        await drive.until(lambda: fake.of(m.Send))
        await drive.until(lambda: drive.main.prompt.text == "hi", "put back")
        await drive.shows("The disk is full.")


async def test_peek_and_reply() -> None:
    fake = two()
    async with screen(fake) as drive:
        await drive.press("down")
        await drive.until(lambda: drive.main.store.conversation.loaded)  # type: ignore[union-attr]
        await drive.press("space")
        await drive.until(lambda: isinstance(drive.app.screen, PeekScreen))
        await drive.press("o", "k", "enter")
        await drive.until(lambda: fake.of(m.Send))
        assert fake.of(m.Send)[0].session == "b2"


async def test_rename_pin_group_mode() -> None:
    fake = two()
    async with screen(fake) as drive:
        await drive.press("ctrl+t")
        await drive.until(lambda: fake.states["a1"].session.pinned)
        await drive.press("ctrl+r")
        await drive.until(lambda: isinstance(drive.app.screen, LineDialog))
        await drive.press("2", "enter")
        await drive.until(lambda: fake.states["a1"].session.name == "auth-refactor2")
        await drive.press("ctrl+s")
        await drive.shows("by directory")
    async with screen(fake) as drive:
        await drive.shows("by directory")
        await drive.press("m")
        await drive.shows("Permission mode")
        await drive.press("2")
        await drive.until(lambda: fake.of(m.SetOptions))
        assert fake.of(m.SetOptions)[0].mode == "acceptEdits"


# --- dispatch -----------------------------------------------------------------------------------


async def _dispatch(drive: Drive, *, first: bool = True) -> None:
    await drive.press("c")
    await drive.until(lambda: isinstance(drive.app.screen, DispatchScreen), "the composer")
    await drive.shows(ROOT)
    await drive.press("f", "i", "x", "enter")
    if first:
        await drive.shows("How much may new agents do")
        await drive.press("1")


async def test_a_first_run_asks_for_the_mode_and_starts_a_session() -> None:
    fake = Fake()
    fake.answers["resolve_repository"] = resolved()
    fake.answers["new"] = row_of("n1")
    async with screen(fake) as drive:
        await drive.shows("No sessions yet.")
        await _dispatch(drive)
        await drive.until(lambda: fake.of(m.New))
        new = fake.of(m.New)[0]
        assert (new.prompt, new.directory, new.base) == ("fix", ROOT, "")
        assert (new.options.mode, new.options.trusted) == ("acceptEdits", True)
        await drive.press("escape")
        await drive.until(lambda: not isinstance(drive.app.screen, DispatchScreen))
        fake.session("n1", "fix")
        await drive.until(lambda: drive.main.store.selected == "n1")
        await _dispatch(drive, first=False)
        await drive.until(lambda: len(fake.of(m.New)) == 2, "no question the second time")


@pytest.mark.parametrize(("key", "trusted"), varied_rows([("y", True), ("n", False)]))
async def test_an_untrusted_repository_is_shown_first(key: str, *, trusted: bool) -> None:
    fake = Fake()
    fake.answers["resolve_repository"] = resolved(trusted=False)
    fake.answers["new"] = row_of("n1")
    async with screen(fake) as drive:
        await _dispatch(drive)
        await drive.until(lambda: isinstance(drive.app.screen, TrustScreen), "the question")
        await drive.shows("{hooks}")
        await drive.press("enter", "space")
        assert fake.of(m.New) == []
        await drive.press(key)
        await drive.until(lambda: fake.of(m.New))
        assert fake.of(m.New)[0].options.trusted is trusted
        assert [t.digest for t in fake.of(m.Trust)] == (["d1"] if trusted else [])


def config(path: str, origin: str, text: str, digest: str = "") -> ConfigFile:
    return ConfigFile(path=path, origin=origin, text=text, digest=digest)


CHANGED: dict[str, Any] = {
    "known": True,
    "files": (
        config(".claude/settings.json", "main", "a\nnew\x1b[31m\nc"),
        config(".mcp.json", "base", "{servers}", "same"),
        config("long.json", "base", "cut", "two"),
    ),
    "accepted": (
        config(".claude/settings.json", "main", "a\nold\nc"),
        config(".claude/hooks/x", "main", "sh"),
        config(".mcp.json", "base", "{servers}", "same"),
        config("long.json", "base", "cut", "one"),
    ),
}


@pytest.mark.parametrize("accepted", varied([True, False]))
async def test_a_session_goes_on_when_what_it_loads_was_looked_at(*, accepted: bool) -> None:
    """Only what changed is shown; y accepts exactly that, and the session starts again."""
    fake = Fake()
    fake.session("a1", "auth-refactor")
    fake.answers["resolve_repository"] = replace(resolved(trusted=False), **CHANGED)
    async with screen(fake) as drive:
        await drive.press("R")
        await drive.shows("you last trusted them.")
        shown = drive.text()
        for words in ("-old", "+new", ".claude/hooks/x  main  is gone", "as you accepted it"):
            assert words in shown
        assert "{servers}" not in shown
        assert "beyond the part" in shown
        assert "\x1b" not in shown
        await drive.press("n", "enter", "space")
        assert fake.of(m.Respawn) == fake.of(m.Trust) == []
        await drive.press("y" if accepted else "escape")
        await drive.until(lambda: not isinstance(drive.app.screen, TrustScreen), "closed")
        if accepted:
            await drive.until(lambda: fake.of(m.Respawn), "started again")
        trusted = [(t.session, t.digest) for t in fake.of(m.Trust)]
        assert trusted == ([("a1", "d1")] if accepted else [])
        assert len(fake.of(m.Respawn)) == accepted


async def burst(drive: Drive, *keys: str) -> None:
    """Keys as a terminal sends them, then silence."""
    for key in keys:
        drive.app.post_message(events.Key(key, key))
    drive.app.post_message(Quiet())
    drive.app.post_message(Rested())
    await drive.pilot.pause()


async def test_ctrl_x_held_down_stops_and_deletes_nothing() -> None:
    fake = two()
    async with screen(fake, typed=True) as drive:
        at = time.monotonic()
        for after in (0.0, *(0.5 + 0.033 * repeat for repeat in range(20))):
            key = events.Key("ctrl+x", None)
            key.time = at + after
            drive.app.post_message(key)
            drive.app.post_message(Quiet())
            if after == 0.0:
                drive.app.post_message(Rested())
        drive.app.post_message(Rested())
        await drive.until(lambda: fake.of(m.Stop), "stopped")
        await drive.pilot.pause()
        assert len(fake.of(m.Stop)) == 1
        assert fake.of(m.Delete) == []


async def test_ctrl_x_twice_in_a_row_still_deletes() -> None:
    fake = two()
    async with screen(fake, typed=True) as drive:
        at = time.monotonic()
        for after in (0.0, 0.15):
            key = events.Key("ctrl+x", None)
            key.time = at + after
            drive.app.post_message(key)
            drive.app.post_message(Quiet())
            drive.app.post_message(Rested())
        await drive.until(lambda: fake.of(m.Delete), "deleted")


async def test_a_key_right_behind_escape_counts() -> None:
    """Escape is held back, as a sequence may follow it; what follows so long after it was typed."""
    fake = Fake()
    fake.session("a1", "auth-refactor")
    async with screen(fake, typed=True) as drive:
        await drive.press("question_mark")
        await drive.until(lambda: isinstance(drive.app.screen, HelpScreen), "the help")
        terminal = TerminalInput(0.1)
        for made in (
            terminal.feed(b"\x1b", 0.0),
            terminal.tick(0.03),
            terminal.tick(0.1),
            terminal.feed(b"\x13", 0.101),
            terminal.tick(0.131),
        ):
            for message in made:
                drive.app.post_message(message)
        await drive.until(lambda: not isinstance(drive.app.screen, HelpScreen), "closed")
        await drive.shows("by directory")


async def test_keys_of_a_burst_trust_nothing_and_choose_no_mode() -> None:
    fake = Fake()
    fake.session("a1", "auth-refactor")
    fake.answers["resolve_repository"] = replace(resolved(trusted=False), **CHANGED)
    async with screen(fake, typed=True) as drive:
        await burst(drive, "R")
        await drive.until(lambda: isinstance(drive.app.screen, TrustScreen), "the question")
        await burst(drive, "y", "z")
        assert fake.of(m.Trust) == []
        await burst(drive, "y")
        await drive.until(lambda: fake.of(m.Trust), "trusted by a key of its own")
        await drive.until(lambda: not isinstance(drive.app.screen, TrustScreen), "closed")
        await burst(drive, "m")
        await drive.until(lambda: isinstance(drive.app.screen, ChoiceDialog), "the modes")
        await burst(drive, "6", ";", "1")
        assert fake.of(m.SetOptions) == []
        await burst(drive, "6")
        await drive.until(lambda: fake.of(m.SetOptions), "chosen")


async def test_leaving_the_trust_question_starts_nothing() -> None:
    fake = Fake()
    fake.answers["resolve_repository"] = resolved(trusted=False)
    async with screen(fake) as drive:
        await _dispatch(drive)
        await drive.until(lambda: isinstance(drive.app.screen, TrustScreen), "the question")
        await drive.press("escape")
        await drive.shows("Not started.")
        assert fake.of(m.New) == []
        assert drive.app.screen.query_one("#task").text == "fix"  # type: ignore[attr-defined]


async def test_a_missing_agent_is_said_and_the_text_stays() -> None:
    fake = Fake()
    fake.answers["resolve_repository"] = resolved(available=False)
    async with screen(fake) as drive:
        await _dispatch(drive)
        await drive.shows("claude is not on the PATH.")
        assert fake.of(m.New) == []


# --- staying true -------------------------------------------------------------------------------


async def test_a_lost_connection_is_said_and_made_again() -> None:
    fake = two()
    async with screen(fake) as drive:
        fake.refuse = UnreachableError("No supervisor is running.")
        fake.drop()
        await drive.shows("not connected")
        assert "auth-refactor" in drive.text()
        fake.refuse = None
        fake.happen("b2", ev.AssistantText(text="while you were away"))
        await drive.until(lambda: drive.main.store.problem is None, "connected again")
        await drive.press("down")
        await drive.shows("while you were away")


async def test_what_came_while_away_is_read_into_the_open_conversation() -> None:
    fake = two()
    async with screen(fake) as drive:
        await drive.shows("waiting for you")
        fake.drop()
        fake.happen("a1", ev.AssistantText(text="unseen words"))
        await drive.shows("unseen words")


async def test_live_text_is_shown_as_it_arrives() -> None:
    fake = two()
    async with screen(fake) as drive:
        await drive.press("down")
        await drive.until(lambda: drive.main.store.conversation.loaded)  # type: ignore[union-attr]
        fake.say("b2", "Reading the te")
        await drive.shows("Reading the te")
        fake.say("b2", "sts now", offset=14)
        await drive.shows("Reading the tests now")


async def test_foreign_text_is_neutralised_everywhere() -> None:
    fake = Fake()
    fake.session("a1", HOSTILE, prompt=HOSTILE)
    fake.ask("a1", tool=HOSTILE, given={"command": HOSTILE, HOSTILE: HOSTILE})
    async with screen(fake) as drive:
        await drive.shows("[red]name[/]")
        await drive.press("ctrl+x")
        await drive.until(lambda: fake.of(m.Stop))
        text = drive.text()
        assert not {"\x1b", "\u202e", "\x07"} & set(text)
        assert "␛" in text


async def test_the_bell_rings_once_for_what_newly_needs_the_person(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fake = two()
    async with screen(fake) as drive:
        rung: list[int] = []
        monkeypatch.setattr(drive.app, "bell", lambda: rung.append(1))
        fake.happen("b2", ev.AssistantText(text="hm"))
        assert rung == []
        fake.ask("b2")
        await drive.shows("2 need you")
        assert rung == [1]
        fake.session("c3", "third")
        fake.happen("c3", ev.TurnEnded(outcome="error"), ev.AgentStateChanged(state="idle"))
        await drive.shows("1 failed")
        assert rung == [1, 1]


async def test_looking_at_a_finished_session_marks_it_seen() -> None:
    fake = Fake()
    fake.session("a1", "done-one")
    fake.finish("a1", (1, 2, 3))
    async with screen(fake) as drive:
        await drive.shows("READY FOR REVIEW")
        assert fake.of(m.MarkSeen) == []
        await drive.press("enter")
        await drive.until(lambda: fake.of(m.MarkSeen))


async def test_the_diff_is_read_when_looked_at_and_again_when_it_changed() -> None:
    fake = two()
    fake.answers["diff_stat"] = stat(changed("src/a.py", 1, 0))
    patch = (
        "diff --git a/src/a.py b/src/a.py\n--- a/src/a.py\n+++ b/src/a.py\n@@ -0,0 +1 @@\n+one\n"
    )
    fake.answers["diff_text"] = m.PatchPage(text=patch, next=None)
    async with screen(fake) as drive:
        assert fake.of(m.DiffStat) == []
        await drive.press("d")
        await drive.shows("one")
        fake.answers["diff_text"] = m.PatchPage(text=patch.replace("one", "two"), next=None)
        fake.happen("a1", ev.ChangesCounted(files=1, insertions=1, deletions=0))
        await drive.shows("two")
        assert drive.main.zone == "view"


async def test_a_worktree_that_is_being_made_is_not_compared() -> None:
    """A diff left open raised an error for each new session."""
    fake = two()
    fake.states["b2"] = facts_of(fake.states["b2"], creating=True, worktree=None)
    async with screen(fake) as drive:
        await drive.press("d")
        await drive.until(lambda: fake.of(m.DiffStat), "the first one's diff")
        drive.main.choose("b2")
        await drive.until(lambda: drive.main.shown == "b2", "the other one")
        await drive.pilot.pause()
        assert {asked.session for asked in fake.of(m.DiffStat)} == {"a1"}
        assert not drive.app.screen.query(Toast)


async def test_files_are_compared_again_when_a_tree_is_gone() -> None:
    fake = two()
    old, new = (DiffPart(base="0" * 40, tree=str(number) * 40) for number in (1, 2))
    files = (changed("src/a.py", 1, 0), changed("src/b.py", 1, 0))
    found = [replace(stat(*files), parts=(part,)) for part in (old, new)]

    def text(message: m.DiffText) -> m.PatchPage:
        if message.parts == (old,):
            raise TreeGoneError("What was compared is not kept any more.", "Compare again.")
        return m.PatchPage(text=f"@@ -0,0 +1 @@\n+of {message.path}\n", next=None)

    fake.answers["diff_stat"] = lambda _: found[min(len(fake.of(m.DiffStat)) - 1, 1)]
    fake.answers["diff_text"] = text
    async with screen(fake) as drive:
        await drive.press("d")
        await drive.shows("of src/a.py")
        await drive.shows("of src/b.py")
        assert len(fake.of(m.DiffStat)) == 2


async def test_a_tree_that_stays_gone_is_told() -> None:
    fake = two()
    fake.answers["diff_stat"] = stat(changed("src/a.py", 1, 0))
    fake.answers["diff_text"] = TreeGoneError("What was compared is gone.", "Compare again.")
    async with screen(fake) as drive:
        await drive.press("d")
        await drive.shows("What was compared is gone.")
        assert len(fake.of(m.DiffStat)) == 2


async def test_attach_lends_the_terminal_and_gives_the_conversation_back() -> None:
    fake = two()
    fake.answers["attach_begin"] = m.TerminalCommand(
        id="a1", argv=("claude", "--resume", "c"), cwd=ROOT, env={}
    )
    async with screen(fake) as drive:
        ran: list[tuple[str, ...]] = []

        def refuse(argv: tuple[str, ...], cwd: str, env: object) -> int:
            ran.append(argv)
            raise UserError("cannot be started")

        drive.main.run_outside = refuse  # type: ignore[assignment]
        await drive.press("T")
        await drive.until(lambda: fake.of(m.AttachEnd), "given back")
        assert ran == [("claude", "--resume", "c")]


async def test_a_shell_opens_in_the_worktree() -> None:
    async with screen(two()) as drive:
        places: list[str] = []
        drive.main.run_outside = lambda _, cwd, __: len(places.append(cwd) or "")  # type: ignore[func-returns-value,redundant-expr]
        await drive.shows("waiting for you")
        followed = len(drive.fake.of(m.Follow))
        await drive.press("o")
        assert places == [f"{ROOT}/.claude/worktrees/auth-refactor"]
        await drive.until(lambda: len(drive.fake.of(m.Follow)) > followed, "looked at again")


@pytest.mark.parametrize(
    ("editor", "argv"),
    [
        ("vi", ["vi", "+10", "./src/a.py"]),
        ("/usr/bin/hx", ["/usr/bin/hx", "./src/a.py:10"]),
        ("code --wait", ["code", "--wait", "--goto", "./src/a.py:10"]),
        ("ed", ["ed", "./src/a.py"]),
    ],
)
async def test_the_editor_opens_at_the_line_of_the_diff(
    editor: str, argv: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VISUAL", editor)
    fake = two()
    fake.answers["diff_stat"] = stat(changed("src/a.py"))
    fake.answers["diff_text"] = m.PatchPage(text=patch("src/a.py", 10), next=None)
    async with screen(fake) as drive:
        ran: list[list[str]] = []
        drive.main.run_outside = lambda argv, _, __: len(ran.append(list(argv)) or "")  # type: ignore[func-returns-value,redundant-expr]
        await drive.press("d")
        await drive.shows("old")
        await drive.press("right_square_bracket", "E")
        assert ran == [argv]


async def test_explain_help_and_quit() -> None:
    fake = two()
    fake.answers["explain"] = m.Explanation(
        session=row_of("a1"),
        state="blocked",
        shown="Needs input",
        detail="Bash",
        facts={"pid": 100},
        evidence=(m.FactEvidence(fact="requests", seq=9, event="request_opened", line="{raw}"),),
    )
    async with screen(fake) as drive:
        await drive.press("w")
        await drive.shows("request_opened #9")
        await drive.press("escape", "question_mark")
        await drive.until(lambda: isinstance(drive.app.screen, HelpScreen))
        await drive.press("escape")
        await drive.press("q")
        assert fake.of(m.Stop) == []
        assert drive.app.return_code == 0


async def test_narrow_terminals_show_list_or_session() -> None:
    async with screen(two(), size=(80, 24)) as drive:
        await drive.shows("NEEDS INPUT")
        assert "allow once" not in drive.text()
        await drive.press("enter")
        await drive.shows("allow once")
        assert "NEEDS INPUT" not in drive.text()
        await drive.press("escape")
        await drive.shows("NEEDS INPUT")
