"""Records a change of the branch or commit that is checked out in a session's worktree."""

from parallel_agents.core import events as ev
from parallel_agents.core.value import asdict
from parallel_agents.core.worktree import Standing
from parallel_agents.supervisor.record.session_ledger import SessionLedger


def look(ledger: SessionLedger) -> bool:
    """Check whether another branch is checked out; cheap enough to call every second.

    Returns:
        Whether HEAD has moved since the last look.

    Raises:
        UserError: the change could not be journalled.
    """
    state = ledger.state
    if (
        state.place.worktree is None
        or state.place.missing
        or state.session.deleted
        or state.session.deleting
    ):
        return False
    found = ledger.context.manager.standing(state.place.record)
    known = state.place.head or Standing(branch=state.place.worktree.branch)
    if found is None or found == known:
        return False
    ledger.record(ev.HeadMoved(**asdict(found)))
    return True
