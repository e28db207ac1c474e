"""The form for a new session: what it asks while a person types, completes, says and sends."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from textual.widgets import Input

from parallel_agents.core.errors import GitError
from parallel_agents.core.value import replace
from parallel_agents.tui.model.remembered import Remembered, remember
from parallel_agents.tui.screens import task_choices
from parallel_agents.tui.screens.dispatch import DispatchScreen
from parallel_agents.tui.screens.trust import TrustScreen
from parallel_agents.tui.widgets.ref_field import RefField
from parallel_agents.wire import messages as m
from parallel_agents.wire.request import Request
from tests.support.variations import varied
from tests.tui.drive import Drive, screen
from tests.tui.fake import OFFERS, Answerer, Fake, FakeLink, resolved, row_of

REFS = ["main", "origin/main", "v1.0", "feature/x", "#12", "#120"]
BRANCHES = ["main", "feature/x", "feature/y"]
HOSTILE = "main\u202egnp"


class Remote:
    """Answers to `ResolveRepository` as for a repository with some refs."""

    def __init__(self, *, trusted: bool = True) -> None:
        self.trusted = trusted

    def __call__(self, message: m.ResolveRepository) -> m.ResolvedRepository:
        base = message.base or "origin/main"
        if base == "nothing":
            raise GitError("'nothing' names no commit")
        existing = message.branch if message.branch in BRANCHES and not message.base else ""
        stranger = base.startswith("#")
        trusted = self.trusted and not stranger
        return resolved(trusted=trusted, name=base, branch=existing, stranger=stranger)


def _refs(message: m.ListRefs) -> m.RefList:
    names = BRANCHES if message.kind == "branch" else REFS
    listed = (name for name in [*names, HOSTILE] if name.startswith(message.prefix))
    return m.RefList(refs=tuple(listed))


@asynccontextmanager
async def form(remote: Answerer | None = None) -> AsyncIterator[Drive]:
    """The form, opened, with the task written."""
    remember(Remembered(mode="acceptEdits"))
    fake = Fake()
    fake.answers |= {
        "resolve_repository": remote or Remote(),
        "list_refs": _refs,
        "new": row_of("n1"),
    }
    async with screen(fake) as drive:
        await drive.press("c")
        await drive.until(lambda: isinstance(drive.app.screen, DispatchScreen), "the form")
        await drive.press(*"fix")
        await drive.shows("from origin/main")
        yield drive


async def go(drive: Drive, field: str, text: str = "") -> Input:
    """Open the fields, put the cursor into one and type."""
    if not drive.app.screen.query("TaskFields"):
        await drive.press("tab")
        await drive.until(lambda: drive.app.screen.query("#agent"), "the fields")
    box = drive.app.screen.query_one(f"#{field}", Input)
    box.focus()
    await drive.until(lambda: box.has_focus)
    await drive.press(*text)
    return box


def offers(drive: Drive, field: str) -> list[str]:
    """What is offered below a field."""
    boxes = {one.input.id: one.list for one in drive.app.screen.query(RefField)}
    return boxes[field].names


def bases(drive: Drive) -> list[str]:
    """Which bases were resolved."""
    return [asked.base for asked in drive.fake.of(m.ResolveRepository)]


async def test_an_empty_base_is_left_to_the_settings() -> None:
    async with form() as drive:
        await go(drive, "base")
        assert "worktree.baseRef in the settings, or fresh" in drive.text()
        assert bases(drive) == [""]
        await drive.press("enter")
        await drive.until(lambda: drive.fake.of(m.New))
        new = drive.fake.of(m.New)[0]
        assert (new.base, new.branch) == ("", None)


async def test_a_base_is_completed_by_tab_and_by_right() -> None:
    async with form() as drive:
        box = await go(drive, "base", "v")
        await drive.until(lambda: offers(drive, "base") == ["v1.0"])
        await drive.press("tab")
        assert box.value == "v1.0"
        assert box.has_focus
        await drive.shows("from v1.0")
        assert offers(drive, "base") == []
        box.value = ""
        await drive.press("f")
        await drive.until(lambda: offers(drive, "base") == ["feature/x"])
        await drive.press("right")
        assert box.value == "feature/x"
        await drive.press("tab")
        assert not box.has_focus


async def test_down_opens_the_list_and_the_arrows_choose() -> None:
    async with form() as drive:
        box = await go(drive, "base")
        await drive.press("down")
        await drive.until(lambda: offers(drive, "base") == REFS, "no name that hides something")
        await drive.press("down", "down", "down", "up", "enter")
        assert box.value == "origin/main"
        assert drive.fake.of(m.New) == []
        await drive.press("down")
        await drive.press("enter")
        await drive.until(lambda: drive.fake.of(m.New), "Enter starts when nothing was chosen")


async def test_the_list_moves_nothing_and_escape_closes_it_first() -> None:
    async with form() as drive:
        await go(drive, "base")
        before = drive.app.screen.query_one("#mode").region
        await drive.press("down")
        await drive.shows("feature/x")
        assert drive.app.screen.query_one("#mode").region == before
        await drive.press("escape")
        assert "feature/x" not in drive.text()
        assert isinstance(drive.app.screen, DispatchScreen)
        await drive.press("escape")
        await drive.until(lambda: not isinstance(drive.app.screen, DispatchScreen))


async def test_an_existing_branch_is_worked_on_and_a_new_one_is_made() -> None:
    """Tab completes no branch by itself: a new one may begin like an old one."""
    async with form() as drive:
        box = await go(drive, "branch", "feature")
        await drive.until(lambda: offers(drive, "branch") == ["feature/x", "feature/y"])
        await drive.press("tab")
        assert (box.value, box.has_focus) == ("feature", False)
        await drive.shows("new branch feature")
        await go(drive, "branch", "/")
        await drive.until(lambda: offers(drive, "branch"))
        await drive.press("down", "down", "tab")
        assert box.value == "feature/y"
        await drive.shows("on the existing branch feature/y")
        await drive.press("enter")
        await drive.until(lambda: drive.fake.of(m.New))
        new = drive.fake.of(m.New)[0]
        assert (new.base, new.branch) == ("", "feature/y")


async def test_a_pull_request_is_asked_for_once_when_it_has_rested(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(task_choices, "REST", 1e6)
    async with form() as drive:
        await go(drive, "base", "#12")
        await drive.until(lambda: offers(drive, "base") == ["#120"])
        assert bases(drive) == [""]
        await drive.press("tab")
        await drive.until(lambda: bases(drive) == ["", "#12"], "asked for on leaving the field")
        await drive.shows("untrusted pull request")
        monkeypatch.setattr(task_choices, "REST", 0.01)
        await go(drive, "base", "0")
        await drive.until(lambda: bases(drive) == ["", "#12", "#120"], "asked for after a rest")


async def test_while_a_remote_is_asked_the_form_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """What came for an older text is not shown."""
    answered = asyncio.Event()
    usual = FakeLink.request

    async def slow(link: FakeLink, message: Request[Any]) -> Any:
        if isinstance(message, m.ResolveRepository) and message.base == "#12":
            await answered.wait()
        return await usual(link, message)

    monkeypatch.setattr(FakeLink, "request", slow)
    async with form() as drive:
        await go(drive, "base", "#12")
        await drive.press("tab")
        await drive.shows("asking the remote …")
        await go(drive, "base", "0")
        await drive.until(lambda: "#120" in bases(drive))
        await drive.shows("from #120")
        answered.set()
        await drive.press("x")
        assert "from #12 " not in drive.text()


async def test_an_error_is_shown_and_goes_with_the_next_key() -> None:
    async with form() as drive:
        await go(drive, "base", "nothing")
        await drive.shows("names no commit")
        await drive.press("x")
        assert "names no commit" not in drive.text()


@pytest.mark.parametrize("key", varied(["y", "n"]))
async def test_a_pull_request_is_accepted_as_one(key: str) -> None:
    async with form() as drive:
        await go(drive, "base", "#12")
        await drive.press("enter")
        await drive.until(lambda: isinstance(drive.app.screen, TrustScreen), "the question")
        await drive.shows("counts at this commit only")
        await drive.press(key)
        await drive.until(lambda: drive.fake.of(m.New))
        assert [t.base for t in drive.fake.of(m.Trust)] == (["#12"] if key == "y" else [])
        assert drive.fake.of(m.New)[0].base == "#12"


async def test_the_commit_that_was_shown_is_accepted() -> None:
    """Not what the settings may say by then."""
    async with form(Remote(trusted=False)) as drive:
        await drive.press("enter")
        await drive.until(lambda: isinstance(drive.app.screen, TrustScreen), "the question")
        await drive.press("y")
        await drive.until(lambda: drive.fake.of(m.New))
        assert [t.base for t in drive.fake.of(m.Trust)] == ["0" * 40]
        assert drive.fake.of(m.New)[0].base == ""


async def test_an_agent_that_asks_nobody_says_so() -> None:
    def answer(_: m.ResolveRepository) -> m.ResolvedRepository:
        claude, *others = OFFERS
        unasked = replace(claude, traits=replace(claude.traits, asks=False))
        return replace(resolved(), agents=(unasked, *others))

    async with form(answer) as drive:
        await drive.shows("this agent never asks before it acts")
