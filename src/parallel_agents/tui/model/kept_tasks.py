"""What the composer keeps between two openings, in `composer.json` of the state directory.

Keep true: only this user may read the file; a missing or damaged file means that nothing was kept
and is never an error; the history stays within `HISTORY` texts and `HISTORY_CHARACTERS`.
"""

from collections.abc import Callable
from pathlib import Path

from parallel_agents.core.codec import dump
from parallel_agents.core.value import Value, replace
from parallel_agents.tui.model.private_file import read_kept, write_private
from parallel_agents.tui.model.task import Returned
from parallel_agents.wire.endpoint import state_dir

HISTORY = 100
HISTORY_CHARACTERS = 200_000


class Kept(Value):
    """The content of the file.

    Attributes:
        draft: the text that was in the composer when it was left.
        history: tasks sent earlier, oldest first.
        pastes: long pastes in these texts, which are shown folded.
        returned: tasks that were not started, oldest first.
    """

    draft: str = ""
    history: tuple[str, ...] = ()
    returned: tuple[Returned, ...] = ()
    pastes: tuple[str, ...] = ()


def _path() -> Path:
    return state_dir() / "composer.json"


def kept() -> Kept:
    """Read what was kept."""
    return read_kept(_path(), Kept())


def keep(change: Callable[[Kept], Kept]) -> None:
    """Change what is kept; if it cannot be saved, it is lost when the screen is closed.

    Args:
        change: made to what the file holds now, because another screen may have changed it.
    """
    before = kept()
    after = change(before)
    if after != before:
        write_private(_path(), dump(after))


def with_draft(text: str, pastes: tuple[str, ...]) -> Callable[[Kept], Kept]:
    """Replace the draft, and what is known about pastes."""
    return lambda now: replace(now, draft=text, pastes=pastes)


def with_history(text: str) -> Callable[[Kept], Kept]:
    """Add a text to the history; one that was there moves to its end."""

    def add(now: Kept) -> Kept:
        texts = [*(earlier for earlier in now.history if earlier != text), text][-HISTORY:]
        room, first = HISTORY_CHARACTERS, len(texts)
        while first > 0 and len(texts[first - 1]) <= room:
            first -= 1
            room -= len(texts[first])
        return replace(now, history=tuple(texts[first:]))

    return add


def with_returned(returned: Returned) -> Callable[[Kept], Kept]:
    """Add a task that was not started."""
    return lambda now: replace(
        now, returned=(*without_returned(returned.task.key)(now).returned, returned)
    )


def without_returned(key: str) -> Callable[[Kept], Kept]:
    """Drop a task that was not started, because the user has its text again."""
    return lambda now: replace(
        now, returned=tuple(other for other in now.returned if other.task.key != key)
    )
