"""How the user looks at the list, kept over a restart in `screen.json` of the state directory.

Keep true: a missing or damaged file means the usual view and is never an error.
"""

from pathlib import Path

from parallel_agents.core.codec import dump
from parallel_agents.core.value import Value
from parallel_agents.tui.model.grouping import By
from parallel_agents.tui.model.private_file import read_kept, write_private
from parallel_agents.wire.endpoint import state_dir


class KeptView(Value):
    """The content of the file."""

    by: By = "state"


def _path() -> Path:
    return state_dir() / "screen.json"


def kept_view() -> KeptView:
    """Read how the list was looked at last."""
    return read_kept(_path(), KeptView())


def keep_view(view: KeptView) -> None:
    """Save it; if that fails, the next screen begins with the view before."""
    write_private(_path(), dump(view))
