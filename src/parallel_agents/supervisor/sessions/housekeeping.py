"""Work that nobody has to ask for: at each start, and once an hour.

Keep true: everything it does is logged by the supervisor and, if it concerns a session, journalled
there; it removes nothing that is younger than the settings say.
"""

import logging

from parallel_agents.core import events as ev
from parallel_agents.core.errors import UserError
from parallel_agents.supervisor.sessions.cleaning import DAY_MS, Cleaning
from parallel_agents.supervisor.sessions.supervisor import SessionSupervisor

log = logging.getLogger(__name__)

_ABSENT = frozenset({"missing", "moved", "pruned", "replaced", "closed"})


class Housekeeping:
    """Keeps sessions, worktrees and the trash in order.

    Args:
        supervisor: owns the sessions.
    """

    def __init__(self, supervisor: SessionSupervisor) -> None:
        self._supervisor = supervisor

    async def at_start(self) -> None:
        """Compare the worktrees with the records, and journal which sessions lost theirs."""
        context = self._supervisor.context
        try:
            found = await context.threads.long(
                context.manager.reconcile, self._supervisor.worktrees()
            )
        except UserError as error:
            log.warning("worktrees could not be compared: %s", error)
            return
        for finding in found:
            log.info("worktree %s: %s", finding.kind, finding.reason)
            session = self._supervisor.sessions.get(finding.session)
            if session is None or finding.kind not in _ABSENT or session.state.place.missing:
                continue
            if not session.state.session.deleted and not session.state.session.deleting:
                reason = f"{finding.reason}; {finding.action}"
                await session.ledger.record_patiently(ev.WorktreeMissing(reason=reason))

    async def hourly(self) -> None:
        """Remove old entries from the trash, and clean up if the user's settings say so."""
        await self._expire()
        days = self._supervisor.context.config.auto_clean_days
        if days > 0:
            result = await Cleaning(self._supervisor).clean(days)
            for verdict in result.cleaned:
                log.info("cleaned up session %s (%s): %s", verdict.id, verdict.name, verdict.why)

    async def _expire(self) -> None:
        context = self._supervisor.context
        age = int(context.config.trash_days * DAY_MS)
        try:
            gone = await context.threads.long(context.manager.empty_trash, age)
        except UserError as error:
            log.warning("the trash could not be emptied: %s", error)
            return
        if gone:
            log.info("removed from the trash, older than its days: %s", ", ".join(gone))
            await self._supervisor.forget_deleted(gone, only=True)
