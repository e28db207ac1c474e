"""Tells when a user who writes has come to rest."""

import time
from asyncio import TimerHandle
from collections.abc import Callable

from textual.widget import Widget

from parallel_agents.tui.terminal.one_shot import once_after

CALM = 0.4
"""Seconds without a key after which a question or a text may come."""

LOOK = 0.05
"""Seconds in which keys that wait are handled, before the user counts as at rest."""


class Calm:
    """Watches for a pause in the typing.

    Args:
        owner: the screen; its timers are used.
        calm: called once the user is at rest.
    """

    def __init__(self, owner: Widget, calm: Callable[[], None]) -> None:
        self._owner = owner
        self._on_calm = calm
        self._timer: TimerHandle | None = None
        self._typed_at = 0.0
        self._is_quiet = False

    @property
    def is_calm(self) -> bool:
        """Whether the user is at rest."""
        return self._timer is None

    def typed(self) -> None:
        """Note a change of the text."""
        self._typed_at = time.monotonic()
        self._is_quiet = False
        self._wait(CALM)

    def _wait(self, seconds: float) -> None:
        if self._timer is None:
            self._timer = once_after(self._owner, seconds, self._settle)

    def _settle(self) -> None:
        self._timer = None
        left = self._typed_at + CALM - time.monotonic()
        if left > 0 or not self._is_quiet:
            # After a delay of our own, keys may wait that were typed long before: one more look.
            self._is_quiet = left <= 0
            self._wait(max(left, LOOK))
        else:
            self._on_calm()
