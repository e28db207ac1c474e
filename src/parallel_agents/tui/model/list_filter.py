"""Which sessions a typed filter keeps in the list; pure functions.

Keep true: every text is a filter; an empty one keeps everything; all its words must fit.
"""

from collections.abc import Callable, Iterable

from parallel_agents.core.label import derive
from parallel_agents.core.state import SessionState
from parallel_agents.tui.model.grouping import TITLES, group_of, repository

KEYS = {
    "s": "state or group",
    "r": "repository",
    "b": "branch",
    "a": "agent",
}
"""What a word such as `s:blocked` is compared with, by the letter before the colon."""


def keep(text: str, states: Iterable[SessionState]) -> list[SessionState]:
    """List the sessions that fit a filter, in their order.

    Args:
        text: words, each free text or `s:`, `r:`, `b:` or `a:` with the beginning of a word; upper
            and lower case are the same.
        states: facts of the sessions.
    """
    words = text.casefold().split()
    return [state for state in states if all(_fits(word, state) for word in words)]


def _fits(word: str, state: SessionState) -> bool:
    key, colon, rest = word.partition(":")
    if colon and key in _TEXTS:
        return rest in _TEXTS[key](state).casefold()
    return word in _everything(state).casefold()


def _branch(state: SessionState) -> str:
    worktree = state.place.worktree
    head = state.place.head.branch if state.place.head else None
    return head or state.place.branch or (worktree.branch if worktree else None) or ""


def _everything(state: SessionState) -> str:
    base = state.place.worktree.base if state.place.worktree else ""
    texts = (
        state.session.name,
        state.id,
        state.session.prompt,
        derive(state).detail,
        base,
        _branch(state),
        repository(state),
    )
    return "\n".join(texts)


_TEXTS: dict[str, Callable[[SessionState], str]] = {
    "s": lambda state: f"{derive(state).state} {derive(state).shown} {TITLES[group_of(state)]}",
    "r": repository,
    "b": _branch,
    "a": lambda state: state.session.agent,
}
