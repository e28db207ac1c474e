"""A text that was typed or pasted where letters are commands: asks where it goes.

Keep true: no letter is lost; nothing is sent before the person could see where it goes; what is
dropped stays in the history of the input.
"""

from collections.abc import Callable
from typing import Literal

from textual.app import ComposeResult
from textual.widgets import TextArea

from parallel_agents.tui.model.request_card import SETTLE, TOO_EARLY
from parallel_agents.tui.screens.confirm import Dialog
from parallel_agents.tui.terminal.modes import Modes
from parallel_agents.tui.text.spans import flat
from parallel_agents.tui.text.styles import ink_of
from parallel_agents.tui.widgets.one_line import OneLine
from parallel_agents.tui.widgets.prompt import Prompt

PAUSE = 0.6
"""Seconds without a letter after which `c` is no part of a word."""


class TypedTextScreen(Dialog, Modes):
    """Shows the text and returns it; `goal` says where it goes.

    Args:
        text: what was typed or pasted, raw.
        name: the session that a reply would go to; empty when there is none.
        clock: monotonic time in seconds.

    Attributes:
        goal: where the text goes.
        left: the text when the person dropped it.
    """

    def __init__(self, text: str, name: str, clock: Callable[[], float]) -> None:
        to = f"Enter reply to {name}   c new task" if name else "Enter new task"
        super().__init__("You typed a text", f"{to}   Esc drop it (↑ in the input brings it back)")
        self.goal: Literal["reply", "task"] = "reply" if name else "task"
        self.left = ""
        self._text = text
        self._clock = clock
        self._opened_at = clock()
        self._changed_at = clock()

    def content(self) -> ComposeResult:
        """Create the text field."""
        yield Prompt()

    def on_mount(self) -> None:
        """Put the cursor behind the text."""
        prompt = self.query_one(Prompt)
        prompt.editor.insert(prompt.pastes.fold(self._text))
        prompt.focus()

    def on_text_area_changed(self, _: TextArea.Changed) -> None:
        """Note when the last letter came."""
        self._changed_at = self._clock()

    def choice(self, character: str) -> bool:
        """Whether a letter sends the text elsewhere, if it is pressed by itself."""
        rested = self._clock() - self._changed_at >= PAUSE
        return character == "c" and rested and self.goal == "reply"

    def chosen(self, character: str) -> None:
        """Start a new task with the text."""
        self.goal = "task"
        self.dismiss(self.query_one(Prompt).text)

    def on_prompt_sent(self, message: Prompt.Sent) -> None:
        """Send the text, if the person could read where it goes."""
        message.stop()
        if self._clock() - self._opened_at >= SETTLE:
            self.dismiss(message.text)
            return
        self.query_one(Prompt).text = message.text
        self.query_one(".keys", OneLine).put(
            [flat(f"{TOO_EARLY}   {self._hint}", ink_of(self.app).muted)]
        )

    def action_leave(self) -> None:
        """Close, and remember the text."""
        self.left = self.query_one(Prompt).text
        super().action_leave()
