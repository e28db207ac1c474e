"""How the user looks at the list, kept over a restart in `screen.json` of the state directory.

Keep true: a missing or damaged file means the usual view and is never an error.
"""

from pathlib import Path

from msgspec import field

from parallel_agents.core.codec import dump
from parallel_agents.core.value import Value, replace
from parallel_agents.tui.model.grouping import By
from parallel_agents.tui.model.private_file import read_kept, write_private
from parallel_agents.wire.endpoint import state_dir


class KeptView(Value):
    """The content of the file.

    Attributes:
        by: how the list is grouped.
        collapsed: keys of the groups that the user closed.
        unfolded: keys of the groups that the user unfolded.
        placed: ids as the user ordered them, by the key of their group.
    """

    by: By = "state"
    collapsed: tuple[str, ...] = ("snoozed", "archived")
    unfolded: tuple[str, ...] = ()
    placed: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def turned(self, key: str, *, collapsed: bool) -> "KeptView":
        """The view with a group closed or opened; an opened one is folded again."""
        others = tuple(other for other in self.collapsed if other != key)
        return replace(
            self,
            collapsed=(*others, key) if collapsed else others,
            unfolded=tuple(other for other in self.unfolded if other != key),
        )

    def unfold(self, key: str) -> "KeptView":
        """The view with all sessions of a group shown."""
        return replace(self, unfolded=(*self.unfolded, key))

    def reorder(self, key: str, sessions: tuple[str, ...]) -> "KeptView":
        """The view with the sessions of a group in this order."""
        return replace(self, placed={**self.placed, key: sessions})


def _path() -> Path:
    return state_dir() / "screen.json"


def kept_view() -> KeptView:
    """Read how the list was looked at last."""
    return read_kept(_path(), KeptView())


def keep_view(view: KeptView) -> None:
    """Save it; if that fails, the next screen begins with the view before."""
    write_private(_path(), dump(view))
