"""Moves finished sessions without work of their own to the trash.

Keep true: only a session that nobody waits for, and whose work is all in its base, is cleaned up.
It passes the same gate as every deletion, records why, and can be restored.
"""

from parallel_agents.core import events as ev
from parallel_agents.core.errors import UserError
from parallel_agents.core.ids import new_uuid
from parallel_agents.core.label import derive
from parallel_agents.core.state import SessionState
from parallel_agents.supervisor.record.context import now_ms
from parallel_agents.supervisor.sessions.session import Session
from parallel_agents.supervisor.sessions.supervisor import SessionSupervisor
from parallel_agents.wire.messages import Cleaned, CleanVerdict

DAY_MS = 86_400_000
DEFAULT_DAYS = 7.0
"""The least age for `clean` on request when automatic cleaning is off."""


class Cleaning:
    """The rule for cleaning up.

    Args:
        supervisor: owns the sessions.
    """

    def __init__(self, supervisor: SessionSupervisor) -> None:
        self._supervisor = supervisor

    async def clean(self, days: float, *, dry_run: bool = False) -> Cleaned:
        """Delete the sessions that the rule selects.

        Args:
            days: the least number of days since anything happened to a session.
            dry_run: delete nothing, only report.
        """
        cleaned: list[CleanVerdict] = []
        kept: list[CleanVerdict] = []
        for session in list(self._supervisor.sessions.values()):
            if not self._rests(session, days):
                continue
            seq = session.state.seq
            why, may = await self._judge(session)
            if session.state.seq != seq:
                why, may = "it changed meanwhile", False
            if may and not dry_run:
                why, may = await self._delete(session, why)
            verdict = CleanVerdict(id=session.id, name=session.state.session.name, why=why)
            (cleaned if may else kept).append(verdict)
        return Cleaned(cleaned=tuple(cleaned), kept=tuple(kept))

    def _rests(self, session: Session, days: float) -> bool:
        viewed = session.context.hub.viewed(session.id)
        old = now_ms() - session.state.updated_at >= days * DAY_MS
        return old and not viewed and _is_over(session.state)

    async def _judge(self, session: Session) -> tuple[str, bool]:
        manager = session.context.manager
        try:
            own = await session.context.threads.git(manager.own_work, session.workplace.record)
        except UserError as error:
            return error.message, False
        if own.saved:
            return ", ".join(own.saved), False
        return own.merged or "it had no work of its own", True

    async def _delete(self, session: Session, why: str) -> tuple[str, bool]:
        days = (now_ms() - session.state.updated_at) // DAY_MS
        note = f"cleaned up after {days} quiet days: {why}"
        deletion = self._supervisor.deletions[session.id]
        try:
            session.ledger.record(ev.Notice(text=f"This session was {note}."))
            deletion.ask(new_uuid(), note=note)
            await deletion.wait()
        except UserError as error:
            return error.message, False
        return why, True


def _is_over(state: SessionState) -> bool:
    """Whether the session is finished and nobody waits for anything from it."""
    session, place, dialogue = state.session, state.place, state.dialogue
    gone = session.deleted or session.deleting or place.creating or bool(place.missing)
    waits = session.pinned or state.unread or dialogue.requests or dialogue.messages
    rests = derive(state).state in {"done", "idle"} and not state.turn.tasks
    over = rests and not state.process.stopping and not place.setup_owed
    return place.worktree is not None and over and not gone and not waits
