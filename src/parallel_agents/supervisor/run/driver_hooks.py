"""What the driver of a session's process asks of the rest of the session."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from parallel_agents.core import events as ev


@dataclass(frozen=True, slots=True, kw_only=True)
class Hooks:
    """What the driver asks of the rest of the session.

    Attributes:
        before_spawn: raises `UserError` when the process must not be started now.
        heard: called for each event of the agent, after it is journalled.
        mode: the permission mode to start in; called in a thread.
        ended: called when the process is gone, after its ending is journalled.
    """

    before_spawn: Callable[[], Awaitable[None]]
    heard: Callable[[ev.Event], None]
    mode: Callable[[], str]
    ended: Callable[[], Awaitable[None]]
