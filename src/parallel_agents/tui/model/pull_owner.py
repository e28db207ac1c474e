"""A pull request written as a task: the session that works on it.

Keep true: only the whole text counts, never a number within a task; a session owns a pull request
because it was started from it, which is on record.
"""

import re
from collections.abc import Iterable

from parallel_agents.core.state import SessionState
from parallel_agents.core.value import Value
from parallel_agents.tui.model.grouping import listed
from parallel_agents.tui.model.mentions import root_of

_NUMBER = re.compile(r"[#!]([1-9][0-9]{0,9})", re.ASCII)
_URL = re.compile(
    r"https?://(?P<place>[^\s?#]+?)/(?:pull|-/merge_requests)/(?P<number>[1-9][0-9]{0,9})"
    r"(?:[/?#]\S*)?",
    re.ASCII,
)


class PullName(Value):
    """A pull request as the user named it.

    Attributes:
        base: what names it as a base.
        number: its number.
        place: host and path of its repository in lower case; empty for a bare number.
    """

    base: str
    number: int
    place: str = ""

    @property
    def repository(self) -> str:
        """The name of its repository; empty for a bare number."""
        return self.place.rpartition("/")[2]


def pull_name(text: str) -> PullName | None:
    """Read a text that is nothing but a pull request: `#12`, `!45` or a URL; None otherwise."""
    text = text.strip()
    if number := _NUMBER.fullmatch(text):
        return PullName(base=f"#{number[1]}", number=int(number[1]))
    if url := _URL.fullmatch(text):
        place = url["place"].lower().rpartition("@")[2].removeprefix("www.")
        return PullName(base=text, number=int(url["number"]), place=place)
    return None


def owner_of(pull: PullName, states: Iterable[SessionState], root: str) -> SessionState | None:
    """Find the session that was started from a pull request; the newest of several.

    Args:
        pull: the pull request.
        states: the facts of all sessions.
        root: where a bare number is looked for: a repository's root.

    Returns:
        The session. For a URL, one that was started from the same URL comes before one that was
        started from the number in a repository of the same name.
    """
    newest = sorted(filter(listed, states), key=lambda s: s.session.created_at, reverse=True)
    if not pull.place:
        return next((s for s in newest if root_of(s) == root and _owns(s, pull)), None)
    by_url = (s for s in newest if _same_url(s, pull))
    by_name = (s for s in newest if _named(s) == pull.repository and _owns(s, pull))
    return next(by_url, None) or next(by_name, None)


def _owns(state: SessionState, pull: PullName) -> bool:
    worktree = state.place.worktree
    base = worktree.base if worktree is not None else state.place.base
    asked = pull_name(base)
    return asked is not None and asked.number == pull.number


def _same_url(state: SessionState, pull: PullName) -> bool:
    asked = pull_name(state.place.base)
    return asked is not None and (asked.place, asked.number) == (pull.place, pull.number)


def _named(state: SessionState) -> str:
    asked = pull_name(state.place.base)
    if asked is not None and asked.place:
        return ""  # its URL is known, and is another one
    return root_of(state).rstrip("/").rpartition("/")[2].removesuffix(".git").lower()
