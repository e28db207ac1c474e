"""The composer for new sessions: tasks start beside the typing, and no word is lost."""

import asyncio
import stat
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from hypothesis import given, strategies as st
from textual import events

from parallel_agents.core.errors import AgentError, GitError, UnreachableError, UserError
from parallel_agents.core.value import replace
from parallel_agents.tui.model import kept_tasks
from parallel_agents.tui.model.kept_tasks import Kept, keep, kept, with_history
from parallel_agents.tui.model.remembered import Remembered, recall, remember
from parallel_agents.tui.screens.dispatch import DispatchScreen
from parallel_agents.tui.screens.trust import TrustScreen
from parallel_agents.tui.terminal.terminal_input import Quiet
from parallel_agents.wire import messages as m
from parallel_agents.wire.endpoint import state_dir
from tests.tui.drive import Drive, screen
from tests.tui.fake import Fake, FakeLink, resolved, row_of

TASKS = ["fix the first test", "undo nothing, quit never", "do y and n"]


class Held(Fake):
    """A supervisor that answers `New` only when the test says so, and journals a session then."""

    def __init__(self, *, trusted: bool = True) -> None:
        super().__init__()
        self.go = asyncio.Event()
        self.refusals: dict[str, UserError] = {}
        self.answers["resolve_repository"] = self._resolve
        self.answers["trust"] = self._trust
        self._trusted = trusted
        self.session("a1", "older")

    def _resolve(self, _: m.ResolveRepository) -> m.ResolvedRepository:
        return resolved(trusted=self._trusted)

    def _trust(self, _: m.Trust) -> m.TrustedConfig:
        self._trusted = True
        return m.TrustedConfig(root="/home/dev/shop", digest="d1")

    async def connect(self) -> FakeLink:
        link = HeldLink(self)
        self.links.append(link)
        return link

    @property
    def started(self) -> list[str]:
        """The tasks of the sessions made, in order."""
        return [state.session.prompt for key, state in self.states.items() if key != "a1"]


class HeldLink(FakeLink):
    async def request(self, message: Any) -> Any:
        if not isinstance(message, m.New):
            return await super().request(message)
        fake = self.fake
        assert isinstance(fake, Held)
        fake.asked.append(message)
        await fake.go.wait()
        if (error := fake.refusals.pop(message.prompt, None)) is not None:
            raise error
        session = message.key[:8]
        if session not in fake.states:
            fake.session(session, message.prompt[:12], message.prompt)
        return row_of(session, name=message.prompt[:12])


@asynccontextmanager
async def held(fake: Held, *, typed: bool = False, go: bool = True) -> AsyncIterator[Drive]:
    remember(Remembered(mode="acceptEdits"))
    if go:
        fake.go.set()
    async with screen(fake, typed=typed) as drive:
        yield drive


def composer(drive: Drive) -> DispatchScreen:
    return next(s for s in drive.app.screen_stack if isinstance(s, DispatchScreen))


def is_open(drive: Drive) -> bool:
    return any(isinstance(s, DispatchScreen) for s in drive.app.screen_stack)


async def opened(drive: Drive) -> DispatchScreen:
    await drive.press("c")
    await drive.until(lambda: is_open(drive), "the composer")
    await drive.shows("from origin/main")
    return composer(drive)


def keys(text: str) -> list[str]:
    names = {" ": "space", ",": "comma", "\n": "enter"}
    return [names.get(char, char) for char in text]


def at_once(drive: Drive, text: str) -> None:
    """Type faster than anything can be answered."""
    for key in keys(text):
        char = {"space": " ", "comma": ","}.get(key, key if len(key) == 1 else None)
        drive.app.post_message(events.Key(key, char))


async def write(drive: Drive, text: str) -> None:
    await drive.press(*keys(text))


# --- nothing that is typed is lost ----------------------------------------------------------------


@pytest.mark.parametrize("typed", [False, True])
async def test_three_tasks_typed_without_waiting_all_start_in_order(*, typed: bool) -> None:
    fake = Held()
    async with held(fake, typed=typed, go=False) as drive:
        before = list(fake.asked)
        at_once(drive, "c" + "".join(f"{task}\n" for task in TASKS) + "and a fourth")
        drive.app.post_message(Quiet())
        await drive.until(lambda: is_open(drive) and composer(drive).prompt.text, "the composer")
        fake.go.set()
        await drive.until(lambda: fake.started == TASKS, "all of them")
        await drive.until(lambda: composer(drive).prompt.text == "and a fourth", "the rest")
        assert {type(asked) for asked in fake.asked[len(before) :]} <= {
            m.New, m.ResolveRepository, m.Follow, m.ReadRecords, m.ListAgents, m.MarkSeen,
        }  # fmt: skip
        assert len(fake.of(m.New)) == 3


async def test_enter_empties_the_input_at_once_and_says_how_it_goes() -> None:
    fake = Held()
    async with held(fake, go=False) as drive:
        await opened(drive)
        await write(drive, "fix it\n")
        assert composer(drive).prompt.is_empty
        await drive.shows("starting …")
        fake.go.set()
        await drive.shows("started: fix it")
        assert is_open(drive)
        await drive.until(lambda: drive.main.store.selected not in {"a1", None}, "selected")


@pytest.mark.parametrize(
    "error",
    [
        GitError("'nothing' names no commit"),
        AgentError("claude is not installed.", "Install it."),
        UnreachableError("The connection was lost."),
    ],
)
async def test_a_text_that_could_not_be_started_comes_back(error: UserError) -> None:
    fake = Held()
    fake.refusals["fix it"] = error
    async with held(fake) as drive:
        box = await opened(drive)
        await write(drive, "fix it\n")
        await drive.until(lambda: box.prompt.text == "fix it", "back again")
        assert error.message in drive.text()
        await drive.press("enter")
        await drive.until(lambda: fake.started == ["fix it"])
        assert len({new.key for new in fake.of(m.New)}) == 1, "the same task acts once"
        assert error.message not in drive.text()


async def test_a_text_begun_meanwhile_and_the_one_that_failed_are_both_there() -> None:
    fake = Held()
    fake.refusals["first"] = GitError("names no commit")
    async with held(fake, go=False) as drive:
        box = await opened(drive)
        await write(drive, "first\nsecond")
        fake.go.set()
        await drive.shows("Not started: names no commit")
        assert box.prompt.text == "second"
        await drive.press("enter")
        await drive.until(lambda: fake.started == ["second"])
        await drive.until(lambda: box.prompt.text == "first", "the failed one")


async def test_what_failed_behind_a_closed_composer_is_said_and_comes_back() -> None:
    fake = Held()
    fake.refusals["first"] = GitError("names no commit")
    async with held(fake, go=False) as drive:
        await opened(drive)
        await write(drive, "first\n")
        await drive.press("escape")
        await drive.until(lambda: not is_open(drive))
        fake.go.set()
        await drive.shows("Not started: names no commit")
        box = await opened(drive)
        await drive.until(lambda: box.prompt.text == "first", "back again")


# --- drafts and history ---------------------------------------------------------------------------


async def test_escape_keeps_a_draft_also_over_a_restart_of_the_screen() -> None:
    async with held(Held()) as drive:
        await opened(drive)
        await write(drive, "half a tas")
        await drive.press("escape")
        await drive.until(lambda: not is_open(drive))
        box = await opened(drive)
        assert box.prompt.text == "half a tas"
        await write(drive, "k")
        await drive.press("ctrl+q")
    async with held(Held()) as drive:
        box = await opened(drive)
        assert box.prompt.text == "half a task"
        await write(drive, "!")
        assert box.prompt.text == "half a task!", "the cursor is at its end"
    mode = (state_dir() / "composer.json").stat().st_mode
    assert stat.S_IMODE(mode) == 0o600


async def test_what_waits_when_the_screen_is_closed_comes_back_after_it() -> None:
    async with held(Held(), go=False) as drive:
        await opened(drive)
        await write(drive, "first\nsecond\n")
        await drive.press("ctrl+q")
    async with held(Held()) as drive:
        box = await opened(drive)
        await drive.until(lambda: box.prompt.text == "first")
        await drive.shows("look whether the list has it")
        await drive.press("enter")
        await drive.until(lambda: box.prompt.text == "second")


async def test_earlier_tasks_come_with_up_also_after_a_restart() -> None:
    fake = Held()
    async with held(fake) as drive:
        await opened(drive)
        await write(drive, "first\nsecond\n")
        await drive.until(lambda: fake.started == ["first", "second"])
    async with held(Held()) as drive:
        box = await opened(drive)
        await drive.press("up", "up")
        assert box.prompt.text == "first"
        await drive.press("down", "down")
        assert box.prompt.is_empty


async def test_a_folded_paste_is_sent_whole_and_folded_again_after_a_restart() -> None:
    fake, long = Held(), "line\n" * 143
    async with held(fake) as drive:
        box = await opened(drive)
        box.prompt.editor.post_message(events.Paste(long))
        await drive.shows("[pasted 143 lines]")
        await write(drive, "\n")
        await drive.until(lambda: fake.started == [long])
        await write(drive, "as ")
        box.prompt.editor.post_message(events.Paste(long))
        await drive.shows("as [pasted 143 lines]")
        await drive.press("ctrl+q")
    async with held(Held()) as drive:
        box = await opened(drive)
        assert box.prompt.editor.text == "as [pasted 143 lines]"
        assert box.prompt.text == f"as {long}"
        await drive.press("up")
        assert box.prompt.editor.text == "[pasted 143 lines]"
        await drive.press("alt+u")
        assert box.prompt.editor.text == long


@given(st.lists(st.text(max_size=30), max_size=30))
def test_the_history_is_bounded_and_has_the_newest(texts: list[str]) -> None:
    patch = pytest.MonkeyPatch()
    patch.setattr(kept_tasks, "HISTORY", 5)
    patch.setattr(kept_tasks, "HISTORY_CHARACTERS", 60)
    with patch.context():
        now = Kept()
        for text in texts:
            now = with_history(text)(now)
            assert now.history[-1] == text
        assert len(now.history) == len(set(now.history)) <= 5
        assert sum(map(len, now.history)) <= 60
    patch.undo()


def test_a_damaged_file_keeps_nothing_and_is_no_error() -> None:
    state_dir().mkdir(parents=True)
    (state_dir() / "composer.json").write_text("{")
    assert kept() == Kept()
    keep(with_history("a"))
    assert kept().history == ("a",)


# --- trust ----------------------------------------------------------------------------------------


async def test_several_tasks_of_an_untrusted_repository_ask_once_and_not_into_the_typing() -> None:
    fake = Held(trusted=False)
    async with held(fake) as drive:
        at_once(drive, "cfirst\nyes\nn")
        await drive.until(lambda: is_open(drive) and composer(drive).prompt.text == "n")
        await drive.shows("2 waiting for trust")
        assert drive.app.screen is composer(drive)
        assert fake.of(m.New) == fake.of(m.Trust) == []
        await drive.press("backspace")
        await drive.until(lambda: isinstance(drive.app.screen, TrustScreen), "the question")
        await drive.press("y")
        await drive.until(lambda: fake.started == ["first", "yes"])
        assert len(fake.of(m.Trust)) == 1
        assert all(new.options.trusted for new in fake.of(m.New))


async def test_a_composer_left_before_the_decision_gives_the_text_back() -> None:
    fake = Held(trusted=False)
    async with held(fake) as drive:
        await opened(drive)
        at_once(drive, "first\nx")
        await drive.shows("1 waiting for trust")
        await drive.press("escape")
        await drive.until(lambda: not is_open(drive))
        assert [back.task.prompt for back in kept().returned] == ["first"]
        assert kept().draft == "x"
        assert fake.of(m.New) == []


# --- the dock -------------------------------------------------------------------------------------


async def test_the_list_lives_above_the_composer() -> None:
    fake = Held()
    remember(Remembered(mode="default"))
    async with screen(fake, (80, 24)) as drive:
        await opened(drive)
        dock = composer(drive).query_one(".dialog")
        assert dock.region.height <= 12
        await drive.press("tab")
        await drive.until(lambda: composer(drive).query("#agent"))
        await drive.shows("worktree.baseRef")
        assert dock.region.height <= 12
        assert dock.region.bottom == 24
        fake.session("b2", "from elsewhere")
        await drive.shows("from elsewhere")


async def test_a_mode_is_chosen_beside_the_text_and_a_silent_one_for_one_task_only() -> None:
    fake = Held()
    async with held(fake) as drive:
        box = await opened(drive)
        await write(drive, "fix")
        assert "acceptEdits" in drive.text()
        traits = box.traits()
        assert traits is not None
        silent = {mode.name for mode in traits.modes if not mode.asks}
        for _ in traits.modes:
            if box.chosen.mode in silent:
                break
            await drive.press("alt+m")
        await drive.shows(box.chosen.mode)
        assert box.prompt.text == "fix"
        chosen = box.chosen.mode
        await drive.press("enter")
        await write(drive, "more\n")
        await drive.until(lambda: len(fake.started) == 2)
        assert [new.options.mode for new in fake.of(m.New)] == [chosen, None]
        await drive.press("alt+e")
        assert box.chosen.effort == traits.efforts[0]


async def test_a_model_is_typed_if_no_session_offers_any() -> None:
    fake = Held()
    async with held(fake) as drive:
        box = await opened(drive)
        await drive.press("alt+p")
        await drive.until(lambda: box.focused is not None and box.focused.id == "model")
        await write(drive, "opus")
        assert box.chosen.model == "opus"
        await drive.shows("acceptEdits · opus")


async def test_the_editor_writes_the_task(monkeypatch: pytest.MonkeyPatch) -> None:
    async with held(Held()) as drive:
        edited: list[str] = []

        def edit(run: Callable[..., int], text: str) -> str:
            edited.append(text)
            return f"{text}\nand more"

        monkeypatch.setattr("parallel_agents.tui.screens.dispatch.foreground.edit_text", edit)
        box = await opened(drive)
        await write(drive, "fix")
        await drive.press("ctrl+g")
        assert edited == ["fix"]
        assert box.prompt.text == "fix\nand more"


async def test_under_a_dialog_the_bottom_line_shows_no_keys_of_the_list() -> None:
    async with held(Held()) as drive:
        assert "Enter open" in drive.text()
        await drive.press("ctrl+r")
        await drive.shows("New name")
        await drive.until(lambda: "Enter open" not in drive.text(), "its own keys only")
        assert "Enter accept" in drive.text()
        fake = drive.fake
        fake.session("b2", "another")
        await drive.shows("another")
        assert "Enter open" not in drive.text()
        await drive.press("escape")
        await drive.shows("Enter open")


@pytest.mark.parametrize("waiting", [True, False])
async def test_the_agent_that_the_repository_chooses_is_taken_and_not_remembered(
    *, waiting: bool
) -> None:
    fake = Held()
    remember(Remembered(mode="acceptEdits", agent="claude"))
    fake.go.set()
    fake.answers["resolve_repository"] = replace(resolved(), agent="demo")
    async with screen(fake) as drive:
        if waiting:
            box = await opened(drive)
            await drive.until(lambda: box.chosen.agent == "demo")
            await write(drive, "fix it\n")
            await drive.until(lambda: fake.started == ["fix it"])
            assert len(fake.of(m.ResolveRepository)) == 1, "it was known already"
        else:
            at_once(drive, "cfix it\n")
        await drive.until(lambda: fake.started == ["fix it"])
    assert fake.of(m.New)[0].agent == "demo"
    now = recall()
    assert now is not None
    assert now.agent == "claude"


# --- the first run --------------------------------------------------------------------------------


async def test_the_first_tasks_ask_once_how_much_agents_may_do() -> None:
    fake = Held()
    fake.go.set()
    async with screen(fake) as drive:
        for key in ["c", *"fix a", "enter", *"fix b", "enter"]:
            name = "space" if key == " " else key
            drive.app.post_message(events.Key(name, key if len(key) == 1 else None))
        await drive.shows("How much may new agents do")
        assert fake.of(m.New) == []
        await drive.press("1")
        await drive.until(lambda: fake.started == ["fix a", "fix b"], "both started")
        assert {new.options.mode for new in fake.of(m.New)} == {"acceptEdits"}
        chosen = recall()
        assert chosen is not None
        assert chosen.mode == "acceptEdits"


async def test_not_choosing_a_mode_gives_the_text_back() -> None:
    fake = Held()
    async with screen(fake) as drive:
        await drive.press("c")
        await drive.until(lambda: is_open(drive), "the composer")
        await drive.press(*"fix", "enter")
        await drive.shows("How much may new agents do")
        await drive.press("escape")
        await drive.until(lambda: composer(drive).prompt.text == "fix", "back")
        assert fake.of(m.New) == []


async def test_leaving_the_composer_before_choosing_a_mode_loses_nothing() -> None:
    fake = Held()
    async with screen(fake) as drive:
        await drive.press("c")
        await drive.until(lambda: is_open(drive), "the composer")
        await drive.press(*"fix", "enter", "x", "escape")
        await drive.until(lambda: not is_open(drive), "closed")
        assert [returned.task.prompt for returned in kept().returned] == ["fix"]
        assert kept().draft == "x"
        assert fake.of(m.New) == []
