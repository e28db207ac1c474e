"""Whether a person put a session out of the way.

Keep true: one that asks something, or that failed and was not looked at since, is never out of the
way; this reads facts, never a clock.
"""

from typing import Literal

from parallel_agents.core.label import derive
from parallel_agents.core.state import SessionState

Aside = Literal["snoozed", "archived"]


def aside(state: SessionState) -> Aside | None:
    """Say how a session was put out of the way; None if it is not."""
    if not state.session.archived and not state.session.snoozed_until:
        return None
    name = derive(state).state
    if name == "blocked" or (name == "failed" and state.unread):
        return None
    return "archived" if state.session.archived else "snoozed"
