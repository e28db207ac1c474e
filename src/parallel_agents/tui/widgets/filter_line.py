"""The line in which the list's filter is typed, and which shows it while it counts."""

from textual.message import Message
from textual.widgets import Input

from parallel_agents.tui.widgets.keyed import Keyed


class FilterLine(Input, Keyed):
    """Takes the filter; the list follows each letter.

    Attributes:
        count: how many sessions fit, and how many there are.
    """

    PLACES = ("filter",)

    class Left(Message):
        """The user goes back to the list.

        Attributes:
            kept: whether the filter still counts.
        """

        def __init__(self, *, kept: bool) -> None:
            super().__init__()
            self.kept = kept

    class Stepped(Message):
        """The user selects the session above (-1) or below (1)."""

        def __init__(self, step: int) -> None:
            super().__init__()
            self.step = step

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        placeholder = "words, or s:blocked r:repository b:branch a:agent"
        super().__init__(id=id, placeholder=placeholder, select_on_focus=False, compact=True)

    def action_leave(self, kept: bool) -> None:
        """Go back to the list, with the filter or without it."""
        if not kept:
            self.value = ""
        self.post_message(self.Left(kept=bool(self.value.strip())))

    def action_step(self, step: int) -> None:
        """Select another session while the filter is being typed."""
        self.post_message(self.Stepped(step))
