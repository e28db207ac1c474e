"""The layouts that the user chose, kept over a restart in `layouts.json` of the state directory.

Keep true: a missing or damaged file means the usual layout and is never an error.
"""

from pathlib import Path

from msgspec import field

from parallel_agents.core.codec import dump
from parallel_agents.core.value import Value
from parallel_agents.tui.model.layout import Area, is_sound
from parallel_agents.tui.model.private_file import read_kept, write_private
from parallel_agents.wire.endpoint import state_dir

LIMIT = 200
"""How many sessions' layouts are kept, the newest choices."""


class KeptLayouts(Value):
    """The content of the file.

    Attributes:
        usual: the layout of sessions without one of their own; None to choose by the width.
        own: the layouts of sessions that have one, by id, the newest choice last.
    """

    usual: Area | None = None
    own: dict[str, Area] = field(default_factory=dict)


def _path() -> Path:
    return state_dir() / "layouts.json"


def kept_layouts(known: frozenset[str]) -> KeptLayouts:
    """Read the layouts, without those that cannot be shown.

    Args:
        known: the panes that there are.
    """
    kept = read_kept(_path(), KeptLayouts())
    usual = kept.usual if kept.usual is not None and is_sound(kept.usual, known) else None
    own = {session: area for session, area in kept.own.items() if is_sound(area, known)}
    return KeptLayouts(usual=usual, own=own)


def keep_layouts(layouts: KeptLayouts) -> None:
    """Save them; if that fails, the next screen begins with those before."""
    write_private(_path(), dump(layouts))


def with_own(layouts: KeptLayouts, session: str, area: Area | None) -> KeptLayouts:
    """Give a session a layout of its own, or take it away."""
    own = {other: kept for other, kept in layouts.own.items() if other != session}
    if area is not None:
        own[session] = area
    newest = dict(list(own.items())[-LIMIT:])
    return KeptLayouts(usual=layouts.usual, own=newest)
