"""Choosing what a diff compares: a short list, then perhaps which commit, branch or session."""

import time
from collections.abc import Awaitable, Callable, Iterable, Sequence

from textual.screen import ModalScreen

from parallel_agents.core.scope import (
    AnotherBase,
    AnotherSession,
    Commit,
    LastTurn,
    OneCommit,
    Scope,
    SinceLooked,
    Uncommitted,
    WholeChange,
)
from parallel_agents.core.state import SessionState
from parallel_agents.core.text import safe_line
from parallel_agents.tui.model.grouping import listed
from parallel_agents.tui.screens.confirm import ChoiceDialog, LineDialog
from parallel_agents.tui.text.ages import ago
from parallel_agents.tui.text.styles import Ink

_PAGE = 8
_MORE = "more …"
_SCOPES: tuple[tuple[str, str, Scope | None], ...] = (
    ("all", "against the base", WholeChange()),
    ("last turn", "since the end of the turn before", LastTurn()),
    ("uncommitted", "against HEAD", Uncommitted()),
    ("since I last looked", "against what the diff showed then", SinceLooked()),
    ("one commit", "against the commit before it", None),
    ("another base", "a branch, a commit, or a pull request that was fetched", None),
    ("another session", "of this repository", None),
)

Show = Callable[[ModalScreen[str | None]], Awaitable[str | None]]
Commits = Callable[[], Awaitable[Sequence[Commit]]]


async def choose_scope(
    state: SessionState,
    others: Iterable[SessionState],
    commits: Commits,
    show: Show,
    ink: Ink,
) -> Scope | None:
    """Let the user choose; None if they leave.

    Args:
        state: the session whose files are compared.
        others: every session.
        commits: reads the session's commits, newest first.
        show: shows a dialog and waits for its result.
        ink: the styles.
    """
    offered = [(name, meaning) for name, meaning, _ in _SCOPES]
    chosen = await show(ChoiceDialog("Compare with", "", offered, ink))
    match chosen:
        case "one commit":
            return await _commit(await commits(), show, ink)
        case "another base":
            ref = await show(LineDialog("Branch, commit, or pull request (#12)"))
            return AnotherBase(ref=ref.strip()) if ref is not None else None
        case "another session":
            return await _session(state, others, show, ink)
        case _:
            return next((scope for name, _, scope in _SCOPES if name == chosen), None)


async def _commit(commits: Sequence[Commit], show: Show, ink: Ink) -> Scope | None:
    now = time.time() * 1000
    offered = [
        (commit.hash[:12], f"{commit.subject}  {ago(now - commit.at)}") for commit in commits
    ]
    about = "" if offered else "The branch has no commit of its own yet."
    chosen = await _paged("One commit", about, offered, show, ink)
    found = (commit for commit in commits if commit.hash[:12] == chosen)
    return next((OneCommit(rev=commit.hash) for commit in found), None)


async def _session(
    state: SessionState, others: Iterable[SessionState], show: Show, ink: Ink
) -> Scope | None:
    root = _root(state)
    near = [o for o in others if o.id != state.id and _root(o) == root and listed(o)]
    about = "" if near else "There is no other session of this repository."
    offered = [(other.id, safe_line(other.session.name)) for other in near]
    chosen = await _paged("Another session", about, offered, show, ink)
    return None if chosen is None else AnotherSession(session=chosen)


def _root(state: SessionState) -> str:
    return "" if state.place.worktree is None else state.place.worktree.root


async def _paged(
    title: str, about: str, offered: Sequence[tuple[str, str]], show: Show, ink: Ink
) -> str | None:
    """Let the user choose from a list of any length."""
    first = 0
    while True:
        page = list(offered[first : first + _PAGE])
        if len(offered) > _PAGE:
            page.append((_MORE, ""))
        chosen = await show(ChoiceDialog(title, about, page, ink))
        if chosen != _MORE:
            return chosen
        first = first + _PAGE if first + _PAGE < len(offered) else 0
