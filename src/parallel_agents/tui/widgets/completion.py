"""What can be completed at the cursor, and the list that offers it.

Keep true: names come from a repository, so a name that cannot be shown unchanged is not offered.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from textual.strip import Strip
from textual.widget import Widget

from parallel_agents.core.text import safe_line
from parallel_agents.tui.text.spans import Span, flat, over, row
from parallel_agents.tui.text.styles import ink_of

SHOWN = 8
_FILE = re.compile(r"(?:^|\s)@(\S*)$")
_COMMAND = re.compile(r"^/(\S*)$")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is being typed.

    Attributes:
        kind: `@` for a file, `/` for a command.
        prefix: the part typed so far.
    """

    kind: str
    prefix: str


def wanted(before: str, *, first_line: bool) -> Wanted | None:
    """Find what is being typed.

    Args:
        before: the text of the line up to the cursor.
        first_line: whether that is the first line, the only place for commands.

    Returns:
        What is being typed, or None when nothing can be completed.
    """
    if first_line and (found := _COMMAND.search(before)):
        return Wanted("/", found[1])
    if found := _FILE.search(before):
        return Wanted("@", found[1])
    return None


def offered(names: list[str] | tuple[str, ...]) -> list[str]:
    """Keep the names that are shown unchanged, and so can be typed."""
    return [name for name in names if name and safe_line(name) == name and " " not in name]


class CompletionList(Widget):
    """Shows a few names, one of them chosen; takes no focus.

    Attributes:
        kind: the sign before each name.
        names: the names on offer.
        chosen: index of the chosen one; -1 for none.
        moved: whether the user chose it with an arrow key.
    """

    DEFAULT_CSS = """
    CompletionList { height: auto; display: none; background: $panel; }
    CompletionList.-open { display: block; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.kind = ""
        self.names: list[str] = []
        self._notes: Sequence[str] = ()
        self.chosen = 0
        self.moved = False

    @property
    def is_open(self) -> bool:
        """Whether any names are offered."""
        return bool(self.names)

    def offer(
        self, kind: str, names: list[str], chosen: int = 0, notes: Sequence[str] = ()
    ) -> None:
        """Offer names; an empty list closes it.

        Args:
            kind: the sign before each name.
            names: the best first; only a few are shown.
            chosen: index of the one chosen at first; -1 for none.
            notes: what to say beside the names; the last ones may be missing.
        """
        self._notes = notes
        self.kind, self.names, self.chosen = kind, names[:SHOWN], chosen
        self.moved = False
        self.set_class(bool(names), "-open")
        self.refresh(layout=True)

    def close(self) -> None:
        """Stop offering names."""
        if self.names:
            self.offer("", [])

    def move(self, step: int) -> None:
        """Choose the next or the previous name."""
        here = 0 if self.chosen < 0 < -step else self.chosen
        self.chosen = (here + step) % max(len(self.names), 1)
        self.moved = True
        self.refresh()

    @property
    def choice(self) -> str:
        """The chosen name; the first if none is chosen."""
        return self.names[max(self.chosen, 0)]

    def get_content_height(self, *_: object) -> int:
        """Use one line for each name."""
        return len(self.names)

    def render_line(self, y: int) -> Strip:
        """Paint one name."""
        width, styles = self.size.width, ink_of(self.app)
        if y >= len(self.names):
            return Strip.blank(width, self.rich_style)
        mark = Span("❯ " if y == self.chosen else "  ", styles.muted)
        note = self._notes[y] if y < len(self._notes) else ""
        name = [mark, flat(self.kind + self.names[y], styles.text)]
        strip = row([*name, flat(f"  {note}" if note else "", styles.muted)], [], width)
        strip = over(strip, styles.on_cursor) if y == self.chosen else strip
        return strip.apply_style(self.rich_style)
