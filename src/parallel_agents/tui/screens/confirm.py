"""Small dialogs: write a line or a text, choose from a few options, read something.

Keep true: Esc leaves every dialog without an effect; Enter accepts what the user wrote or chose,
never a default that allows something.
"""

from collections.abc import Sequence
from typing import Any, ClassVar

from textual import events
from textual.app import ComposeResult
from textual.await_complete import AwaitComplete
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen, Screen
from textual.widgets import Input, TextArea

from parallel_agents.tui.text.lines import Block, LineView
from parallel_agents.tui.text.spans import Line, Span, block, flat
from parallel_agents.tui.text.styles import Ink, ink_of
from parallel_agents.tui.widgets.keyed import Keyed
from parallel_agents.tui.widgets.one_line import OneLine


def brought_up(screen: Screen[Any]) -> bool:
    """Close what is above a screen before closing it: Textual closes whatever is on top.

    Returns:
        Whether the screen is still open; one that is already closed must not be closed again.
    """
    if screen not in screen.app.screen_stack:
        return False
    while (top := screen.app.screen) is not screen:
        top.dismiss(None)
    return True


class Dialog(ModalScreen[str | None]):
    """The base of all dialogs.

    Args:
        title: what it is about; any text.
        hint: which keys do what.
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", show=False, priority=True)]

    def __init__(self, title: str, hint: str = "Enter accept   Esc cancel") -> None:
        super().__init__()
        self._heading = title
        self._hint = hint

    def compose(self) -> ComposeResult:
        """Create title, content and keys."""
        with Vertical(classes="dialog"):
            yield OneLine(classes="heading")
            yield from self.content()
            yield OneLine(classes="keys")

    def content(self) -> ComposeResult:
        """Create the content between title and keys."""
        yield from ()

    def on_mount(self) -> None:
        """Fill the lines."""
        styles = ink_of(self.app)
        self.query_one(".heading", OneLine).put([flat(self._heading, styles.strong)])
        self.query_one(".keys", OneLine).put([flat(self._hint, styles.muted)])

    def dismiss(self, result: str | None = None) -> AwaitComplete:
        """Close this dialog, once, and nothing below it."""
        return super().dismiss(result) if brought_up(self) else AwaitComplete()

    def action_leave(self) -> None:
        """Close without an effect."""
        self.dismiss(None)


class LineDialog(Dialog):
    """Asks for one line.

    Args:
        title: the question.
        value: the initial text.
    """

    def __init__(self, title: str, value: str = "") -> None:
        super().__init__(title)
        self._value = value

    def content(self) -> ComposeResult:
        """Create the input."""
        yield Input(self._value, select_on_focus=False)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Accept the line, unless it is empty."""
        if event.value.strip():
            self.dismiss(event.value)


class TextDialog(Dialog):
    """Asks for a text of several lines.

    Args:
        title: the question.
        value: the initial text.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s,ctrl+o", "take", show=False, priority=True)
    ]

    def __init__(self, title: str, value: str) -> None:
        super().__init__(title, "Ctrl+O accept   Esc cancel")
        self._value = value

    def content(self) -> ComposeResult:
        """Create the text area."""
        area = TextArea(self._value, soft_wrap=True, show_line_numbers=False, compact=True)
        area.cursor_blink = False
        yield area

    def action_take(self) -> None:
        """Accept the text."""
        self.dismiss(self.query_one(TextArea).text)


class Reading(LineView, Keyed):
    """Lines to read."""

    PLACES = ("lines",)

    def show(self, lines: Sequence[list[Span]]) -> None:
        """Show paragraphs of spans; one that starts with an indent hangs from its first span."""
        self.set_blocks([_paragraph(n, spans) for n, spans in enumerate(lines)])


def _paragraph(number: int, spans: list[Span]) -> Block:
    def build(width: int, ink: Ink) -> list[Line]:
        head, *rest = spans or [Span("", ink.text)]
        if rest and head.text.startswith("  "):
            return block(rest, width, first=head)
        return block(spans, width)

    text = "".join(part.text for part in spans)
    return Block(f"{number}", (text,), build, stop=bool(text), text=text)


class ReadDialog(Dialog):
    """Shows something to read.

    Args:
        title: what it is.
        lines: the paragraphs.
        keys: keys that close the dialog, each with the value to return.
        hint: which keys do what.
    """

    def __init__(
        self,
        title: str,
        lines: Sequence[list[Span]],
        keys: dict[str, str] | None = None,
        hint: str = "↑↓ scroll   Esc close",
    ) -> None:
        super().__init__(title, hint)
        self._lines = lines
        self._keys = keys or {}

    def content(self) -> ComposeResult:
        """Create the view."""
        yield Reading()

    def on_mount(self) -> None:
        """Show the lines."""
        view = self.query_one(Reading)
        view.show(self._lines)
        view.focus()

    def on_key(self, event: events.Key) -> None:
        """Close the dialog if this is one of its keys."""
        if event.key in self._keys:
            event.stop()
            self.dismiss(self._keys[event.key])


class ChoiceDialog(ReadDialog):
    """Asks to choose one of up to nine options by its digit.

    Args:
        title: the question.
        about: one more sentence; may be empty.
        choices: pairs of a value and its meaning.
        ink: the styles.
    """

    def __init__(
        self, title: str, about: str, choices: Sequence[tuple[str, str]], ink: Ink
    ) -> None:
        lines: list[list[Span]] = [[flat(about, ink.muted)], [Span("", ink.text)]] if about else []
        for number, (value, meaning) in enumerate(choices, 1):
            lines.append(
                [
                    Span(f"{number}  ", ink.need),
                    flat(value, ink.strong),
                    flat(f"  {meaning}" if meaning else "", ink.muted),
                ]
            )
        keys = {str(number): value for number, (value, _) in enumerate(choices, 1)}
        super().__init__(title, lines, keys, "1…9 choose   Esc cancel")
