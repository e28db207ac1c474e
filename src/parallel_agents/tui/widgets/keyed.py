"""Gives a widget its keys from the table that the application was opened with."""

from typing import ClassVar

from textual.binding import BindingsMap
from textual.widget import Widget

from parallel_agents.tui.model.key_table import key_table


class Keyed(Widget):
    """A widget whose keys are rows of the table; the last base, as it must not decide on focus."""

    PLACES: ClassVar[tuple[str, ...]] = ()
    """The places of the table whose keys work while it has the focus."""

    def on_mount(self) -> None:
        """Bind the keys, which can be rebound and so are not known when the class is made."""
        ours = BindingsMap(key_table(self.app).bindings(*self.PLACES))
        self._bindings = BindingsMap.merge([ours, self._bindings])
