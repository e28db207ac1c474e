"""A short message at the edge of the screen, which goes by itself."""

from dataclasses import dataclass

from textual.notifications import Notification

_LEAST = 0.05
"""Seconds that a notice stays at least, however late it is put on the screen."""


@dataclass
class Notice(Notification):
    """A notification that always has some time left.

    Textual hands what is left of it to a timer, which never comes to an end when that is negative:
    the notification had run out while it was being put on the screen.

    Attributes:
        topic: what it is about; it replaces the one before it about the same. Empty for nothing.
    """

    topic: str = ""

    @property
    def time_left(self) -> float:
        """Seconds until it goes."""
        return max(super().time_left, _LEAST)

    @property
    def has_expired(self) -> bool:
        """Whether it is to go now."""
        return super().time_left <= 0
