"""The terminal's bell and title: they tell of sessions that need the user."""

from collections.abc import Callable, Iterable

from parallel_agents.core.state import SessionState
from parallel_agents.tui.model.grouping import rings
from parallel_agents.tui.screens import header


class Bell:
    """Rings when a session newly asks or fails, but not for those found at the start.

    Args:
        ring: rings the bell.
        title: sets the terminal's title.
    """

    def __init__(self, ring: Callable[[], None], title: Callable[[str], None]) -> None:
        self._ring = ring
        self._title = title
        self._needing: set[str] | None = None

    def look(self, states: Iterable[SessionState], *, ready: bool) -> None:
        """Compare the sessions with those of the last time.

        Args:
            states: facts of all sessions.
            ready: whether the supervisor has sent every session.
        """
        known = list(states)
        needing = {state.id for state in known if rings(state)}
        self._title(header.title(known))
        if self._needing is not None and needing - self._needing:
            self._ring()
        self._needing = needing if ready else None
