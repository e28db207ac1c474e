"""The input: several lines, history, folded pastes, completion.

Keep true: the text sent is the text typed or pasted, character by character; the text shown holds
no control characters, since a paste that has any is folded; Enter sends only the user's own text
and decides nothing.
"""

from collections.abc import Awaitable, Callable, Sequence

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import TextArea

from parallel_agents.core.text import safe
from parallel_agents.tui.model.mentions import Mention, fitting, leading
from parallel_agents.tui.model.pastes import Pastes, may_unfold
from parallel_agents.tui.widgets.completion import (
    SHOWN,
    CompletionList,
    Wanted,
    offered,
    wanted,
)
from parallel_agents.tui.widgets.editor import Editor
from parallel_agents.tui.widgets.field_stops import FieldStops

MENTIONS = 4
"""How many choices beside files are offered at once."""


class Prompt(Vertical):
    """Takes a prompt or a reply.

    Attributes:
        history: what was sent before, oldest first.
        commands: what `/` completes, without the slash.
        complete_files: returns the files that begin with or contain a text.
        mentions: what `@` can choose beside files.
        mentioned: called when the user chose one of them; its word has left the text.
        changed: called after every change of the text.
        pastes: the pastes that are folded.
        stops: the fields of a template that are still to be filled.
        held: called with the name of a field because of which a text was not sent.
    """

    DEFAULT_CSS = """
    Prompt { height: auto; }
    """

    class Sent(Message):
        """The user sent a text."""

        def __init__(self, prompt: "Prompt", text: str) -> None:
            super().__init__()
            self.prompt = prompt
            self.text = text

        @property
        def control(self) -> "Prompt":
            """The input where it was typed."""
            return self.prompt

    class Left(Message):
        """`←` or `Esc` in the empty input: the user wants to leave it."""

        def __init__(self, prompt: "Prompt") -> None:
            super().__init__()
            self.prompt = prompt

        @property
        def control(self) -> "Prompt":
            """The input that the user wants to leave."""
            return self.prompt

    def __init__(
        self,
        placeholder: str = "",
        *,
        id: str | None = None,  # noqa: A002
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self.history: list[str] = []
        self.commands: tuple[str, ...] = ()
        self.complete_files: Callable[[str], Awaitable[list[str]]] | None = None
        self.mentions: Callable[[], Sequence[Mention]] = tuple
        self.mentioned: Callable[[Mention], None] | None = None
        self.changed: Callable[[], None] | None = None
        self.pastes = Pastes()
        self._editor = Editor(self)
        self.placeholder = placeholder
        self.stops = FieldStops(self._editor)
        self.held: Callable[[str], None] | None = None
        self._list = CompletionList()
        self._listed: list[str | Mention] = []
        self._place: int | None = None
        self._draft = ""
        self._quiet: str | None = None

    def compose(self) -> ComposeResult:
        """Create the list of completions above the text."""
        yield self._list
        yield self._editor

    # --- for its owner -----------------------------------------------------------------------

    @property
    def editor(self) -> TextArea:
        """The widget that takes the focus."""
        return self._editor

    @property
    def placeholder(self) -> str:
        """The text shown in the empty input."""
        return str(self._editor.placeholder)

    @placeholder.setter
    def placeholder(self, text: str) -> None:
        # Content, because Textual parses plain text here as markup.
        self._editor.placeholder = Content(safe(text))

    @property
    def is_empty(self) -> bool:
        """Whether nothing is typed."""
        return not self._editor.text

    @property
    def text(self) -> str:
        """What would be sent: the text with the pastes put back."""
        return self.pastes.expand(self._editor.text)

    @text.setter
    def text(self, text: str) -> None:
        self._quiet = shown = self.pastes.show(text)
        self._editor.text = shown
        self._editor.move_cursor(self._editor.document.end)
        self._list.close()
        self.stops.put(())

    def put_template(self, text: str, fields: tuple[str, ...]) -> None:
        """Put a template's text into the input, with the first of its fields selected."""
        self.remember(self.text)
        self.text = text
        self.stops.put(fields)
        self._editor.move_cursor((0, 0))
        self.stops.next()

    def is_held(self) -> bool:
        """Whether the text is not sent yet, because nobody has filled a field of it."""
        field = self.stops.unfilled()
        if field and self.held is not None:
            self.held(field)
        return bool(field)

    def focus(self, scroll_visible: bool = True) -> "Prompt":
        """Put the cursor into the text."""
        self._editor.focus(scroll_visible)
        return self

    def clear(self) -> None:
        """Empty the input."""
        self.text = ""
        self._place = None

    # --- keys --------------------------------------------------------------------------------

    def take_key(self, key: str) -> bool:
        """Handle a key; return False if the text has to handle it."""
        if self._list.is_open and self._completing(key):
            return True
        match key:
            case "enter":
                self._send()
            case "ctrl+j" | "shift+enter":
                self._editor.insert("\n")
            case "tab":
                return self.stops.next()
            case "alt+u":
                self._unfold()
            case "backspace" | "delete":
                return self._deleted_paste(at_end=key == "backspace")
            case "up" if self._editor.cursor_at_first_line:
                return self._recall(-1)
            case "down" if self._editor.cursor_at_last_line:
                return self._recall(1)
            case "left" | "escape" if self.is_empty:
                self.post_message(self.Left(self))
            case "escape":
                self.remember(self.text)
                self.clear()
            case _:
                return False
        return True

    def _send(self) -> None:
        self.take_mentions()
        text = self.text
        if not text.strip() or self.is_held():
            return
        self.remember(text)
        self.clear()
        self.post_message(self.Sent(self, text))

    def remember(self, text: str) -> None:
        """Put a text into the history, so that ↑ brings it back."""
        if text.strip() and (not self.history or self.history[-1] != text):
            self.history.append(text)

    def _recall(self, step: int) -> bool:
        """Go through what was sent before; the text being typed comes last."""
        place = len(self.history) if self._place is None else self._place
        if not 0 <= place + step <= len(self.history):
            return step < 0 and self._place is not None
        if self._place is None:
            self._draft = self.text
        place += step
        self.text = self._draft if place == len(self.history) else self.history[place]
        self._place = None if place == len(self.history) else place
        return True

    def paste_to_show(self, text: str) -> str:
        """Return what to insert for a paste: the name of a long one."""
        return self.pastes.fold(text, self._editor.text)

    # --- folded pastes -----------------------------------------------------------------------

    @property
    def _at(self) -> int:
        """Index of the cursor in the text."""
        return self._editor.lines.get_index_from_location(self._editor.cursor_location)

    def _put(self, text: str, start: int, end: int) -> None:
        """Replace a part of the text, and offer nothing for it."""
        before = self._editor.text
        self._quiet = before[:start] + text + before[end:]
        locate = self._editor.lines.get_location_from_index
        self._editor.replace(text, locate(start), locate(end))

    def _unfold(self) -> None:
        """Unfold the paste at the cursor, or all; fold them again if none is folded."""
        text = self._editor.text
        names = self.pastes.names_in(text)
        here = [name for name in names if name[0] <= self._at <= name[1]]
        for start, end, paste in reversed(here or names):
            if may_unfold(paste):
                self._put(paste, start, end)
        if not names:
            self._put(self.pastes.show(text), 0, len(text))

    def _deleted_paste(self, *, at_end: bool) -> bool:
        """Delete the folded paste beside the cursor as a whole; False if there is none."""
        if not self._editor.selection.is_empty:
            return False
        for start, end, _ in self.pastes.names_in(self._editor.text):
            if self._at == (end if at_end else start):
                self._put("", start, end)
                return True
        return False

    # --- completion --------------------------------------------------------------------------

    def _completing(self, key: str) -> bool:
        match key:
            case "up" | "down":
                self._list.move(1 if key == "down" else -1)
            case "escape":
                self._list.close()
            case "tab":
                self._accept()
            case "enter":
                found = self._wanted()
                if found is None or self._is_complete(found):
                    return False
                self._accept()
            case _:
                return False
        return True

    def _is_complete(self, found: Wanted) -> bool:
        """Whether accepting the chosen name would change nothing."""
        return found.prefix == self._list.choice and self._chosen_mention is None

    @property
    def _chosen_mention(self) -> Mention | None:
        at = max(self._list.chosen, 0)
        chosen = self._listed[at] if self._list.kind == "@" and at < len(self._listed) else None
        return chosen if isinstance(chosen, Mention) else None

    def _wanted(self) -> Wanted | None:
        line, column = self._editor.cursor_location
        before = self._editor.document.get_line(line)[:column]
        return wanted(before, first_line=line == 0)

    def _accept(self) -> None:
        found, mention = self._wanted(), self._chosen_mention
        if found is not None and mention is not None:
            self._take_word(found, mention)
        elif found is not None:
            line, column = self._editor.cursor_location
            start = (line, column - len(found.prefix))
            name = self._list.choice
            self._editor.replace(name if name.endswith("/") else f"{name} ", start, (line, column))
        if not self._list.choice.endswith("/"):
            self._list.close()

    def _take_word(self, found: Wanted, mention: Mention) -> None:
        """Take the word of a choice out of the text, with the space behind it."""
        line, column = self._editor.cursor_location
        behind = self._editor.document.get_line(line)[column : column + 1]
        start = (line, column - len(found.prefix) - 1)
        self._editor.replace("", start, (line, column + (behind == " ")))
        if self.mentioned is not None:
            self.mentioned(mention)

    def take_mentions(self) -> None:
        """Take the choices out of the text that are complete at its beginning."""
        text = self._editor.text
        if self.mentioned is None or not text.startswith("@"):
            return
        taken, rest = leading(text, self.mentions())
        if not taken:
            return
        self._put("", 0, len(text) - len(rest))
        self._list.close()  # what it offered was for the word that has left the text
        for mention in taken:
            self.mentioned(mention)

    def on_text_area_changed(self, event: TextArea.Changed) -> None:
        """Offer completions for what is being typed."""
        event.stop()
        self.take_mentions()
        if self.changed is not None:
            self.changed()
        if self._editor.text == self._quiet:
            return
        self._quiet = None
        self._offer(self._wanted())

    def _offer(self, found: Wanted | None) -> None:
        if found is None:
            self._list.close()
        elif found.kind == "/":
            names = [name for name in self.commands if name.startswith(found.prefix)]
            self._list.offer("/", offered(names))
        elif self.complete_files is not None:
            if self._is_first(found) and self.mentions():
                self._list_names([], found, 0)
            self.run_worker(self._offer_files(found), group="complete", exclusive=True)

    def _is_first(self, found: Wanted) -> bool:
        return self._editor.cursor_location == (0, len(found.prefix) + 1)

    async def _offer_files(self, found: Wanted) -> None:
        if self.complete_files is None:
            return
        names = offered(await self.complete_files(found.prefix))
        if self._wanted() == found:
            moved = self._is_first(found) and self._list.moved
            self._list_names(names, found, self._list.chosen if moved else 0)

    def _list_names(self, files: list[str], found: Wanted, here: int) -> None:
        """Offer choices before files at the beginning of the text, and behind them elsewhere."""
        chosen = fitting(self.mentions(), found.prefix)
        if self._is_first(found):
            self._listed = [*chosen[:MENTIONS], *files]
        else:
            chosen = chosen[:MENTIONS] if found.prefix else []
            self._listed = [*files[: SHOWN - len(chosen)], *chosen]
        mentions = [each if isinstance(each, Mention) else None for each in self._listed]
        names = [each if isinstance(each, str) else each.name for each in self._listed]
        notes = [each.note if each is not None else "" for each in mentions]
        self._list.offer("@", names, here, notes)
