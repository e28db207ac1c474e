"""The fields of a template in the input: Tab goes from one to the next.

Keep true: a text with fields that nobody has filled is not sent without a word; only names of the
template count as fields, so that any text with braces can be sent.
"""

from collections.abc import Iterator

from textual.widgets.text_area import Selection

from parallel_agents.core.template import FIELD
from parallel_agents.tui.widgets.editor import Editor


class FieldStops:
    """The fields that are still to be filled.

    Args:
        editor: has the text.
    """

    def __init__(self, editor: Editor) -> None:
        self._editor = editor
        self._names: frozenset[str] = frozenset()
        self._told = ""

    def put(self, names: tuple[str, ...]) -> None:
        """Take the fields of another template; none for a text without one."""
        self._names = frozenset(names)
        self._told = ""

    def next(self) -> bool:
        """Select the next field; False if there is none."""
        places = list(self._places())
        if not places:
            return False
        at = self._editor.lines.get_index_from_location(self._editor.selection.end)
        start, end = next((place for place in places if place[0] >= at), places[0])
        locate = self._editor.lines.get_location_from_index
        self._editor.selection = Selection(locate(start), locate(end))
        return True

    def unfilled(self) -> str:
        """Go to the first field that is not filled, and return its name.

        Returns:
            The name; empty if all are filled, or if this was said about the same text before.
        """
        text = self._editor.text
        first = next(self._places(), None)
        if first is None or text == self._told:
            return ""
        self._told = text
        self._editor.move_cursor((0, 0))
        self.next()
        return text[first[0] : first[1]]

    def _places(self) -> Iterator[tuple[int, int]]:
        for found in FIELD.finditer(self._editor.text) if self._names else ():
            if found[1] in self._names:
                yield found.span()
