"""Maps each request to the one function that answers it."""

import os
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from parallel_agents import __version__
from parallel_agents.agents.base import Agent
from parallel_agents.supervisor.front.handlers import (
    changes,
    checks,
    records,
    repositories,
    review,
    sessions,
    trash,
    work,
)
from parallel_agents.supervisor.front.service import Service
from parallel_agents.supervisor.record.context import Context
from parallel_agents.supervisor.sessions.lending import Terminals
from parallel_agents.supervisor.sessions.supervisor import SessionSupervisor
from parallel_agents.wire import messages as m
from parallel_agents.wire.endpoint import supervisor_socket
from parallel_agents.wire.request import Request

Handler = Callable[[Service, Any], Awaitable[object]]

HANDLERS: Mapping[type[Request[Any]], Handler] = {
    m.ListSessions: sessions.list_sessions,
    m.Show: sessions.show,
    m.Explain: sessions.explain,
    m.Info: sessions.info,
    m.DiskUse: sessions.disk_use,
    m.Wait: sessions.wait,
    m.Rename: sessions.rename,
    m.Pin: sessions.pin,
    m.Archive: sessions.archive,
    m.Snooze: sessions.snooze,
    m.MarkSeen: sessions.mark_seen,
    m.ReadRecords: records.read_records,
    m.WaitRecords: records.wait_records,
    m.Search: records.search,
    m.DiffStat: changes.diff_stat,
    m.DiffText: changes.diff_text,
    m.Comments: review.comments,
    m.WriteComment: review.write_comment,
    m.DeleteComment: review.delete_comment,
    m.ResolveComment: review.resolve_comment,
    m.SendComments: review.send_comments,
    m.Reject: changes.reject,
    m.UndoReject: changes.undo_reject,
    m.ListCommits: changes.list_commits,
    m.NoteLook: changes.note_look,
    m.MarkViewed: changes.mark_viewed,
    m.RunChecks: checks.run_checks,
    m.StopChecks: checks.stop_checks,
    m.ListChecks: checks.list_checks,
    m.ReadCheckOutput: checks.read_check_output,
    m.SendCheck: checks.send_check,
    m.New: work.new,
    m.Adopt: work.adopt,
    m.Send: work.send,
    m.PendingInput: work.pending_input,
    m.Answer: work.answer,
    m.Interrupt: work.interrupt,
    m.Stop: work.stop,
    m.Respawn: work.respawn,
    m.SetOptions: work.set_options,
    m.AttachBegin: work.attach_begin,
    m.AttachEnd: work.attach_end,
    m.OwnWork: trash.own_work,
    m.Delete: trash.delete,
    m.CancelDelete: trash.cancel_delete,
    m.Restore: trash.restore,
    m.ListTrash: trash.list_trash,
    m.EmptyTrash: trash.empty_trash,
    m.Clean: trash.clean,
    m.ResolveRepository: repositories.resolve_repository,
    m.ListAgents: repositories.list_agents,
    m.Trust: repositories.trust,
    m.ForgetTrust: repositories.forget_trust,
    m.ListRefs: repositories.list_refs,
    m.ListFiles: repositories.list_files,
    m.ListTemplates: repositories.list_templates,
    m.Reconcile: repositories.reconcile,
    m.MakeScratchRepository: repositories.make_scratch_repository,
}
"""The handler of each request that is not about the connection or the supervisor itself."""


class Api:
    """Answers every known request that is not about the connection itself."""

    def __init__(self, supervisor: SessionSupervisor) -> None:
        self._supervisor = supervisor
        self._service = Service(supervisor)

    @property
    def log_file(self) -> Path:
        """The path of the supervisor's log."""
        return self._supervisor.context.log_file

    @property
    def agents(self) -> Mapping[str, Agent]:
        """The agents that can be driven, by name."""
        return self._supervisor.context.agents

    @property
    def terminals(self) -> Terminals:
        """The conversations that are lent to users' terminals."""
        return self._service.terminals

    async def answer(self, message: Request[Any]) -> object:
        """Answer one request; until all sessions are recovered, every request but `Status` waits.

        Raises:
            UserError: the request was refused or failed.
        """
        if isinstance(message, m.Status):
            return self._status()
        await self._supervisor.recovered.wait()
        return await HANDLERS[type(message)](self._service, message)

    def followed(self, sessions: Iterable[str]) -> None:
        """Note that a client shows these sessions."""
        for name in sessions:
            if (session := self._supervisor.sessions.get(name)) is not None:
                session.workplace.changes.glance()

    async def shutdown(self, message: m.Shutdown) -> m.Ending:
        """Prepare to end; the connection ends the supervisor once this request is answered."""
        cut = [] if message.keep_sessions else await self._supervisor.stop_all()
        return m.Ending(cut=tuple(cut), kept=len(self._supervisor.alive()))

    def _status(self) -> m.SupervisorStatus:
        supervisor = self._supervisor
        return m.SupervisorStatus(
            pid=os.getpid(),
            version=__version__,
            protocol=m.PROTOCOL_VERSION,
            sessions=len(supervisor.states()),
            alive=len(supervisor.alive()),
            socket=str(supervisor_socket(supervisor.context.state_dir)),
            home=str(supervisor.context.state_dir),
            damaged=dict(supervisor.damaged),
            damaged_records=_damaged_records(supervisor),
            config=_settings(supervisor.context),
        )


def _settings(context: Context) -> dict[str, m.Setting]:
    values = asdict(context.config)
    return {
        name: m.Setting(value=values[name], source=source)
        for name, source in context.config_sources.items()
    }


def _damaged_records(supervisor: SessionSupervisor) -> dict[str, int]:
    known = {state.id: state.session.damaged for state in supervisor.states()}
    counted = {**known, "person": supervisor.context.trust.damaged}
    return {owner: count for owner, count in counted.items() if count}
