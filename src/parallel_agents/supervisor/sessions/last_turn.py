"""What the last turn changed: the trees recorded at its end and at the end of the one before.

Keep true: what was not recorded is never replaced by a guess.
"""

from collections.abc import Iterable, Mapping

from parallel_agents.core.errors import UserError
from parallel_agents.core.state import SessionState
from parallel_agents.core.value import replace
from parallel_agents.core.worktree import DiffPart, DiffStat
from parallel_agents.supervisor.sessions.session import Session


async def last_turn(session: Session) -> DiffStat:
    """Compare the end of the last turn with the end of the one before.

    Args:
        session: whose turn.

    Raises:
        UserError: one of the two was not recorded, or is not kept any more.
    """
    await session.workplace.changes.recorded()
    record = session.workplace.record
    own = record.traits.is_git_worktree and not session.state.place.adopted
    parts = turn_parts(session.state, record.started_at if own else None)
    number = session.state.turn.count
    against = f"the end of turn {number - 1}" if number > 1 else "the start of the session"
    manager = session.context.manager
    return await session.context.threads.git(manager.diff_between, record, parts, against)


def turn_parts(state: SessionState, start: str | None) -> tuple[DiffPart, ...]:
    """Pair the trees of the last turn's beginning and end.

    Args:
        state: the session's facts.
        start: the commit that the first turn began with; None when that is not known.

    Raises:
        UserError: one of the trees was not recorded.
    """
    if not state.turn.count:
        raise UserError(
            "No turn of this session has ended yet.",
            f"Wait for one: parallel-agents wait {state.id}",
        )
    recorded = {tree.turn: tree.parts for tree in state.place.trees}
    after = recorded.get(state.turn.count)
    before = recorded.get(state.turn.count - 1)
    if state.turn.count == 1 and start is not None:
        before = (DiffPart(base=start, tree=start),)
    if after is None or before is None:
        which = "its end" if after is None else "the end of the turn before"
        raise UserError(
            f"What the last turn changed is not known: {which} was not recorded.",
            f"The whole change is: parallel-agents diff {state.id}",
        )
    return paired({part.prefix: part.tree for part in before}, after)


def paired(before: Mapping[str, str], after: Iterable[DiffPart]) -> tuple[DiffPart, ...]:
    """Pair trees with others; a submodule that is new, with the commit it is at.

    Args:
        before: hash of a tree or commit by prefix.
        after: the newer trees.
    """
    return tuple(replace(part, base=before.get(part.prefix, part.base)) for part in after)
