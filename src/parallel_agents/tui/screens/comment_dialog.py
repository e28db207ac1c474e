"""Writes a comment on the lines that were chosen, or a note for several that are sent.

Keep true: what was typed is kept until it is written down, whatever ends the dialog; a kind of
comment is named in words.
"""

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import TextArea

from parallel_agents.core.review import CommentKind
from parallel_agents.core.value import Value, replace
from parallel_agents.tui.model.kept_comments import Typed
from parallel_agents.tui.screens.confirm import Dialog, Reading
from parallel_agents.tui.terminal.one_shot import once_after
from parallel_agents.tui.text.spans import Span, flat
from parallel_agents.tui.text.styles import ink_of
from parallel_agents.tui.widgets.editor import Editor
from parallel_agents.tui.widgets.one_line import OneLine

WRITTEN = "written"
"""Returned when the words count; leaving returns None."""

_KEEP = 0.5
"""Seconds from a letter until what was typed is kept."""

_DOES = {
    "question": "a question, to be answered",
    "suggestion": "this text instead of those lines",
}


class Words(Value):
    """What a person has written.

    Attributes:
        kind: what the agent is to do with it.
        text: the words.
        replacement: the text of a suggestion.
    """

    kind: CommentKind
    text: str
    replacement: str | None = None


class CommentDialog(Dialog):
    """Asks for a comment; `words` is what was written when it returns `WRITTEN`.

    Args:
        title: what it is about.
        lines: what to show above the text.
        typed: what was typed before.
        code: the chosen lines, which a suggestion begins with; None if there can be none.
        keep: keeps what was typed.
        is_note: whether it may be empty, and is no comment of its own.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("alt+s", "suggest", show=False, priority=True),
    ]

    def __init__(
        self,
        title: str,
        lines: Sequence[list[Span]],
        typed: Typed,
        code: str | None,
        keep: Callable[[Typed], None],
        *,
        is_note: bool = False,
    ) -> None:
        super().__init__(title, "")
        self._lines = lines
        self._typed = typed
        self._code = code
        self._keep = keep
        self._is_note = is_note
        self._keeping = False

    @property
    def typed(self) -> Typed:
        """What is typed now."""
        if self._typed.code is None:
            return Typed(text=self.editor.text)
        return replace(self._typed, code=self.editor.text)

    @property
    def words(self) -> Words:
        """What that says."""
        typed = self.typed
        text = typed.text.strip()
        if typed.code is not None:
            return Words(kind="suggestion", text=text, replacement=typed.code)
        if text.startswith("?"):
            return Words(kind="question", text=text.removeprefix("?").strip())
        return Words(kind="change", text=text)

    @property
    def editor(self) -> Editor:
        """Where it is typed."""
        return self.query_one(Editor)

    def content(self) -> ComposeResult:
        """Create what it is about, and the text."""
        yield Reading()
        yield Editor(self)

    def on_mount(self) -> None:
        """Show what was typed before."""
        self.query_one(Reading).show(self._lines)
        self.query_one(Reading).display = bool(self._lines)
        self._edit(self._typed)
        self.editor.focus()

    def _edit(self, typed: Typed) -> None:
        """Put the words, or the text of a suggestion, into the editor."""
        self._typed = typed
        self.editor.text = typed.text if typed.code is None else typed.code
        self.editor.move_cursor(self.editor.document.end)
        self._paint()

    def _paint(self) -> None:
        ink = ink_of(self.app)
        keys = ["Enter send", "Esc leave", "Ctrl+J new line"]
        said: list[Span] = []
        if not self._is_note:
            kind = self.words.kind
            keys = ["Enter write", "Esc keep for later", "? first: question", "Ctrl+J new line"]
            if self._code is not None:
                keys.insert(2, f"Alt+S {'suggest' if self._typed.code is None else 'words'}")
            said = [flat(_DOES[kind], ink.need)] if kind != "change" else []
        self.query_one(".keys", OneLine).put([flat("   ".join(keys), ink.muted)], said)

    # --- what is typed -------------------------------------------------------------------------

    def take_key(self, key: str) -> bool:
        """Enter writes the comment down; Ctrl+J begins a line."""
        if key in ("ctrl+j", "shift+enter"):
            self.editor.insert("\n")
        elif key == "enter":
            self._write()
        else:
            return False
        return True

    def paste_to_show(self, text: str) -> str:
        """Take a paste as it is."""
        return text.replace("\r\n", "\n").replace("\r", "\n")

    def _write(self) -> None:
        words = self.words
        if words.text or words.replacement is not None or self._is_note:
            self._keep_now()
            self.dismiss(WRITTEN)

    def on_text_area_changed(self, event: TextArea.Changed) -> None:
        """Show the kind, and keep the text soon."""
        self._paint()
        if not self._keeping:
            self._keeping = True
            once_after(self, _KEEP, self._keep_due)

    def _keep_due(self) -> None:
        """Keep the text, unless it was kept, or written down, meanwhile."""
        if self._keeping and self.is_running:
            self._keep_now()

    def _keep_now(self) -> None:
        self._keeping = False
        self._keep(self.typed)

    def action_suggest(self) -> None:
        """Write the text that is to stand there, or go back to the words."""
        typed = self.typed
        if typed.code is not None:
            self._code = typed.code
            self._edit(replace(typed, code=None))
        elif self._code is not None:
            self._edit(replace(typed, code=self._code))

    def action_leave(self) -> None:
        """Close, and keep what was typed."""
        self._keep_now()
        self.dismiss(None)
