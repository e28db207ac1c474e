"""The first minute in the demo: one hint after the other, by what really happened."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from parallel_agents.core import events as ev
from parallel_agents.core.state import SessionState
from parallel_agents.core.value import replace
from parallel_agents.tui.model.first_steps import STEPS, FirstSteps
from parallel_agents.wire.endpoint import state_dir
from tests.tui.drive import screen
from tests.tui.fake import Fake

HINTS = {
    "unblock": "1/5  A session needs you",
    "diff": "2/5  See what a session with +n −m changed",
    "reply": "3/5  Tell a session something",
    "delete": "4/5  Stop and delete a session",
    "undo": "5/5  Bring it back",
}


def demo() -> Fake:
    fake = Fake()
    for name in ("a", "b"):
        fake.session(name, f"name-{name}", root=str(state_dir().resolve() / "demo" / "shop"))
    fake.happen("b", ev.ChangesCounted(files=1, insertions=3, deletions=0))
    fake.ask("a")
    return fake


class Life:
    """The demo's two sessions, as the steps see them after each act."""

    def __init__(self) -> None:
        self.fake = demo()
        self.steps = FirstSteps()
        self.pane = "transcript"
        self.hint = self.look()

    def look(self) -> str:
        states = self.fake.states
        self.hint = self.steps.look(states.values(), states["b"], [self.pane])
        return self.hint

    def _mark(self, **session: bool) -> None:
        old = self.fake.states["b"]
        self.fake.states["b"] = replace(old, session=replace(old.session, **session))

    def do(self, step: str) -> str:
        match step:
            case "unblock":
                for request in self.fake.states["a"].dialogue.requests:
                    self.fake.happen("a", ev.RequestWithdrawn(request=request.id))
            case "diff":
                self.pane = "diff"
            case "reply":
                self.fake.happen("b", ev.MessageQueued(uuid="more", text="and this"))
            case "delete":
                self._mark(deleted=True)
            case _:
                self._mark(deleted=False)
        return self.look()


def test_each_step_leads_to_the_next_and_the_last_one_to_nothing() -> None:
    life = Life()
    for step in STEPS:
        assert life.hint.startswith(HINTS[step])
        life.do(step)
    assert life.hint == ""
    assert life.steps.is_over


@given(st.permutations(["unblock", "diff", "reply", "delete"]))
def test_the_order_does_not_matter(order: list[str]) -> None:
    (state_dir() / "first_steps.json").unlink(missing_ok=True)
    life = Life()
    done: set[str] = set()
    for step in [*order, "undo"]:
        life.do(step)
        done.add(step)
        left = [other for other in STEPS if other not in done]
        assert life.hint.startswith(HINTS[left[0]] if left else "")
    assert life.steps.is_over


def test_what_was_done_is_kept() -> None:
    life = Life()
    life.do("unblock")
    assert Life().hint.startswith(HINTS["diff"])
    assert (state_dir() / "first_steps.json").stat().st_mode & 0o777 == 0o600
    for step in STEPS:
        life.do(step)
    assert Life().hint == ""


def test_a_session_deleted_before_comes_back_to_the_next_screen() -> None:
    life = Life()
    life.do("delete")
    again = Life()
    assert again.steps._kept.done >= {"delete", "undo"}


def test_a_request_that_ends_with_its_agent_was_not_decided() -> None:
    life = Life()
    life.fake.happen("a", ev.RunEnded(run=1, code=0))
    assert life.look().startswith(HINTS["unblock"])


def test_a_damaged_file_is_a_first_run(tmp_path: Path) -> None:
    (state_dir()).mkdir(parents=True, exist_ok=True)
    (state_dir() / "first_steps.json").write_bytes(b"[")
    assert Life().hint.startswith(HINTS["unblock"])


def test_nothing_is_said_elsewhere() -> None:
    fake = Fake()
    fake.session("a", "shop")
    fake.ask("a")
    states: dict[str, SessionState] = fake.states
    assert FirstSteps().look(states.values(), states["a"], ["diff"]) == ""
    assert not (state_dir() / "first_steps.json").exists()


@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
async def test_the_line_is_above_the_bottom_one_and_goes(size: tuple[int, int]) -> None:
    fake = demo()
    async with screen(fake, size) as drive:
        await drive.shows(HINTS["unblock"])
        lines = drive.text().splitlines()
        assert HINTS["unblock"] in lines[size[1] - 2]
        fake.happen("a", ev.RequestWithdrawn(request="r1"))
        await drive.shows(HINTS["diff"])
        await drive.press("d")
        await drive.shows("Diff")
        assert HINTS["diff"] in drive.text()
        drive.main.choose("b")
        await drive.shows(HINTS["reply"])
        fake.happen("b", ev.MessageQueued(uuid="more", text="and this"))
        await drive.shows(HINTS["delete"])


async def test_without_the_demo_there_is_no_line() -> None:
    fake = Fake()
    fake.session("a", "shop")
    async with screen(fake) as drive:
        await drive.shows("shop")
        assert not drive.main.query_one("#first").display
