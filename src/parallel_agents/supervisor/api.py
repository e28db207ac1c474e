"""From a request to the one method that answers it."""

import os
from collections.abc import Collection, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, assert_never

from parallel_agents import __version__
from parallel_agents.agents.base import Agent
from parallel_agents.core.errors import UserError
from parallel_agents.supervisor.acting import Acting
from parallel_agents.supervisor.context import Context
from parallel_agents.supervisor.places import Places
from parallel_agents.supervisor.reading import Reading
from parallel_agents.supervisor.supervisor import SessionSupervisor
from parallel_agents.wire import messages as m
from parallel_agents.wire.endpoint import supervisor_socket

Reply = dict[str, Any]


class Api:
    """Answers every request of the closed list that is not about the connection itself.

    Args:
        supervisor: whose sessions.
    """

    def __init__(self, supervisor: SessionSupervisor) -> None:
        self._supervisor = supervisor
        self._reading = Reading(supervisor)
        self._acting = Acting(supervisor)
        self._places = Places(supervisor)

    @property
    def log_file(self) -> Path:
        """Where the supervisor's log is."""
        return self._supervisor.context.log_file

    @property
    def agents(self) -> Mapping[str, Agent]:
        """The agent programs that can be driven."""
        return self._supervisor.context.agents

    async def answer(self, message: m.Request) -> Reply:
        """Answer one request; while sessions are being taken up, all but `Status` wait.

        Args:
            message: the request.

        Returns:
            The reply's JSON object.

        Raises:
            UserError: it was refused or failed.
        """
        if not isinstance(message, m.Status):
            await self._supervisor.recovered.wait()
        if isinstance(message, m.PlaceRequest):
            return await self._place(message)
        if isinstance(message, m.ActingRequest):
            return await self._act(message)
        if isinstance(message, m.KeepingRequest):
            return await self._keep(message)
        if isinstance(message, m.ConnectionRequest):
            raise UserError("That is answered by the connection itself.")
        return await self._read(message)

    async def _read(self, message: m.ReadingRequest) -> Reply:
        match message:
            case m.Status():
                return self._status()
            case m.ListSessions():
                return self._reading.list(message)
            case m.Show():
                return self._reading.show(message)
            case m.Explain():
                return await self._reading.explain(message)
            case m.Info():
                return await self._reading.info(message)
            case m.ReadRecords():
                return await self._reading.records(message)
            case m.Wait():
                return await self._reading.wait(message)
            case m.WaitRecords():
                return await self._reading.wait_records(message)
            case m.PendingInput():
                return await self._reading.pending_input(message)
            case m.DiffStat():
                return await self._reading.diff_stat(message)
            case m.DiffText():
                return await self._reading.diff_text(message)
            case _:
                assert_never(message)

    async def _place(self, message: m.PlaceRequest) -> Reply:
        match message:
            case m.ResolveRepository():
                return await self._places.resolve(message)
            case m.ListAgents():
                return await self._places.agents(message)
            case m.Trust():
                return await self._places.trust(message)
            case m.ListRefs():
                return await self._places.refs(message)
            case m.ListFiles():
                return await self._places.files(message)
            case m.DiskUse():
                return await self._reading.disk_use(message)
            case m.Reconcile():
                return await self._places.reconcile(message)
            case m.OwnWork():
                return await self._reading.own_work(message)
            case m.MakeScratchRepository():
                return await self._places.make_scratch()
            case _:
                assert_never(message)

    async def _act(self, message: m.ActingRequest) -> Reply:
        match message:
            case m.New():
                return await self._acting.new(message)
            case m.Adopt():
                return await self._acting.adopt(message)
            case m.Send():
                return await self._acting.send(message)
            case m.Answer():
                return await self._acting.answer(message)
            case m.Interrupt():
                return await self._acting.interrupt(message)
            case m.Stop():
                return await self._acting.stop(message)
            case m.Respawn():
                return await self._acting.respawn(message)
            case m.SetOptions():
                return await self._acting.set_options(message)
            case m.AttachBegin():
                return await self._acting.attach_begin(message)
            case m.AttachEnd():
                return await self._acting.attach_end(message)
            case _:
                assert_never(message)

    async def _keep(self, message: m.KeepingRequest) -> Reply:
        match message:
            case m.Delete():
                return await self._acting.delete(message)
            case m.CancelDelete():
                return await self._acting.cancel_delete(message)
            case m.Restore():
                return await self._acting.restore(message)
            case m.ListTrash():
                return await self._acting.list_trash()
            case m.EmptyTrash():
                return await self._acting.empty_trash(message)
            case m.Clean():
                return await self._acting.clean(message)
            case m.Rename():
                return self._acting.rename(message)
            case m.Pin():
                return self._acting.pin(message)
            case m.MarkSeen():
                return self._acting.seen(message)
            case _:
                assert_never(message)

    async def shutdown(self, message: m.Shutdown) -> Reply:
        """Prepare to end; the connection ends the supervisor after this was answered."""
        return await self._acting.shutdown(message)

    async def lost_terminals(self, keys: Collection[str]) -> None:
        """A client went away that had asked for conversations, by requests with these keys."""
        await self._acting.lost_terminals(keys)

    async def recover_terminals(self) -> None:
        """Take back conversations that were attached when an earlier supervisor ended."""
        await self._acting.recover_terminals()

    def _status(self) -> Reply:
        supervisor = self._supervisor
        return {
            "pid": os.getpid(),
            "version": __version__,
            "protocol": m.PROTOCOL_VERSION,
            "sessions": len(supervisor.states()),
            "alive": len(supervisor.alive()),
            "socket": str(supervisor_socket(supervisor.context.state_dir)),
            "home": str(supervisor.context.state_dir),
            "damaged": supervisor.damaged,
            "damagedRecords": {s.id: s.damaged for s in supervisor.states() if s.damaged},
            "config": _settings(supervisor.context),
        }


def _settings(context: Context) -> dict[str, Any]:
    values = asdict(context.config)
    return {
        name: {"value": values[name], "source": source}
        for name, source in context.config_sources.items()
    }
