"""Comments that are being written, kept until they are written down, in `comments.json`.

Keep true: only this user may read the file; a missing or damaged file means that nothing was kept.
"""

from pathlib import Path

from msgspec import field

from parallel_agents.core.codec import dump
from parallel_agents.core.value import Value
from parallel_agents.tui.model.private_file import read_kept, write_private
from parallel_agents.wire.endpoint import state_dir

_MOST = 50
"""Texts that are kept; the oldest goes first."""


class Typed(Value):
    """What was typed so far.

    Attributes:
        text: the words; those of a question begin with `?`.
        code: the text of a suggestion; None while none is being written.
    """

    text: str = ""
    code: str | None = None


NOTHING = Typed()


class KeptComments(Value):
    """The content of the file.

    Attributes:
        typed: by the place that it is about.
    """

    typed: dict[str, Typed] = field(default_factory=dict)


def _path() -> Path:
    return state_dir() / "comments.json"


def kept_comment(place: str) -> Typed:
    """Return what was typed about a place, and neither written down nor thrown away."""
    return read_kept(_path(), KeptComments()).typed.get(place, NOTHING)


def keep_comment(place: str, typed: Typed) -> None:
    """Keep what is typed about a place; `NOTHING` forgets it."""
    before = read_kept(_path(), KeptComments()).typed
    after = {other: kept for other, kept in before.items() if other != place}
    if typed.text.strip() or typed.code is not None:
        after[place] = typed
    if after != before:
        names = [*after][-_MOST:]
        write_private(_path(), dump(KeptComments(typed={name: after[name] for name in names})))
