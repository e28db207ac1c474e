"""A field for a branch or another ref, with a list of completions.

Keep true: the list covers the form and moves nothing; a name gets into the field only when the user
presses Tab, `→` or Enter on it; completions for an older text are never shown.
"""

from collections.abc import Awaitable, Callable

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Input

from parallel_agents.tui.widgets.completion import CompletionList, offered

Complete = Callable[[str], Awaitable[list[str]]]


class RefInput(Input):
    """The text itself; its field decides first what a key means."""

    def __init__(self, field: "RefField", name: str, placeholder: str) -> None:
        super().__init__(id=name, placeholder=placeholder, select_on_focus=False)
        self._field = field

    async def _on_key(self, event: events.Key) -> None:
        if self._field.take_key(event.key):
            event.stop()
            event.prevent_default()
            return
        await super()._on_key(event)


class RefField(Vertical):
    """Takes a ref.

    Args:
        name: id of the input inside.
        placeholder: the text shown in the empty input.
        complete: returns the names that begin with a text.
        must_exist: whether the text has to be an existing name, so that Tab takes the first one;
            otherwise Tab takes only a name chosen with the arrow keys.
    """

    DEFAULT_CSS = """
    RefField { height: 1; width: 1fr; }
    RefField > CompletionList { overlay: screen; constrain: none inside; width: 1fr; }
    """

    def __init__(
        self, name: str, placeholder: str, complete: Complete, *, must_exist: bool
    ) -> None:
        super().__init__()
        self.input = RefInput(self, name, placeholder)
        self.list = CompletionList()
        self._complete = complete
        self._must_exist = must_exist
        self._taken: str | None = None

    def compose(self) -> ComposeResult:
        """Create the input, and the list below it."""
        yield self.input
        yield self.list

    def take_key(self, key: str) -> bool:
        """Handle a key; return False if the input has to handle it."""
        match key:
            case "down" if not self.list.is_open:
                self._ask()
            case "up" | "down" if self.list.is_open:
                self.list.move(1 if key == "down" else -1)
            case "right" if self.list.is_open and self.input.cursor_at_end:
                self._take()
            case "tab" | "enter" if self.list.is_open:
                return self._took(moved_only=key == "enter")
            case _:
                return False
        return True

    def _took(self, *, moved_only: bool) -> bool:
        chosen = self.list.moved or (self.list.chosen >= 0 and not moved_only)
        if chosen:
            self._take()
        self.list.close()
        return chosen

    def _take(self) -> None:
        self._taken = self.list.choice
        self.list.close()
        self.input.value = self._taken
        self.input.cursor_position = len(self._taken)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Offer the names that begin with the text."""
        if event.value != self._taken and event.value and self.input.has_focus:
            self._ask()
        else:
            self.list.close()
        self._taken = None

    def on_input_blurred(self) -> None:
        """Close the list: nobody looks at it any more."""
        self.list.close()

    def _ask(self) -> None:
        self.run_worker(self._offer(self.input.value), group="complete", exclusive=True)

    async def _offer(self, value: str) -> None:
        names = offered(await self._complete(value))
        if self.input.value != value or not self.input.has_focus:
            return
        first = 0 if self._must_exist and value and value not in names else -1
        self.list.offer("", [name for name in names if name != value], first)
