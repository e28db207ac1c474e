"""From the start of the supervisor's process to its end.

Keep true: one supervisor per state directory, decided by a lock on a file that is never removed;
its end stops no agent unless somebody asked for that; it ends if its state directory is taken away,
and makes its socket again if that is removed; an inactive supervisor wakes at most once a second,
and once more while a client is connected.
"""

import asyncio
import contextlib
import fcntl
import json
import logging
import math
import os
import signal
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from parallel_agents.agents.base import Agent
from parallel_agents.agents.registry import all_agents
from parallel_agents.core import events as ev
from parallel_agents.core.errors import UserError, of_system, unforeseen
from parallel_agents.core.ids import new_uuid
from parallel_agents.core.label import derive
from parallel_agents.core.state import SessionState
from parallel_agents.supervisor.base.config import Config, load_config
from parallel_agents.supervisor.base.hub import Hub
from parallel_agents.supervisor.base.threads import Threads
from parallel_agents.supervisor.front import log_file
from parallel_agents.supervisor.front.api import Api
from parallel_agents.supervisor.front.server import Server
from parallel_agents.supervisor.place import heads
from parallel_agents.supervisor.record.context import Context, now_ms
from parallel_agents.supervisor.record.trust import TrustStore
from parallel_agents.supervisor.run.process import shim_file
from parallel_agents.supervisor.sessions.housekeeping import Housekeeping
from parallel_agents.supervisor.sessions.putting_aside import wake_if_due
from parallel_agents.supervisor.sessions.session import Session
from parallel_agents.supervisor.sessions.supervisor import SessionSupervisor
from parallel_agents.wire.endpoint import (
    config_dir,
    private,
    private_runtime,
    state_dir,
    supervisor_socket,
)
from parallel_agents.worktrees.manager import WorktreeManager

log = logging.getLogger(__name__)

_HOUR = 3600.0


class Lifecycle:
    """One supervisor process.

    Args:
        state: the state directory.
        umask: the person's own umask.
        lock: descriptor of the supervisor's lock.
        agents: the agent programs that can be driven; the first is the default.
    """

    def __init__(self, state: Path, umask: int, lock: int, agents: Mapping[str, Agent]) -> None:
        config, sources = load_config(config_dir() / "config.toml")
        config = replace(config, agent=config.agent or next(iter(agents)))
        self._state = state
        self._lock = lock
        self._config: Config = config
        self._over = asyncio.Event()
        self._hub = Hub(self._states, self._trash_cost)
        threads = Threads()
        trust = TrustStore(threads, state)
        self._context = Context(
            state_dir=state,
            shim=shim_file(state),
            manager=WorktreeManager(state, umask=umask, accepts=trust.accepts_filters),
            hub=self._hub,
            agents=agents,
            trust=trust,
            threads=threads,
            config=config,
            config_sources=sources,
            umask=umask,
            checking=asyncio.Semaphore(config.checks_at_once),
        )
        self.supervisor = SessionSupervisor(self._context)
        self._server = Server(
            Api(self.supervisor), self._hub, self._context.threads, self._alarm, self._over.set
        )
        self._housekeeping = Housekeeping(self.supervisor)
        self._idle_since = time.monotonic()
        self._cleaned_at = -math.inf

    def _states(self) -> list[SessionState]:
        """The facts to send; the hub is made before the supervisor that has them."""
        return self.supervisor.states()

    def _trash_cost(self) -> float:
        return self.supervisor.trash_cost()

    async def run(self) -> None:
        """Serve until asked to end, or until nobody needs the supervisor any more."""
        loop = asyncio.get_running_loop()
        self._context.threads.warm()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._over.set)
        self._server.listen(supervisor_socket(self._state))
        _say({"ready": True, "pid": os.getpid()})
        working = asyncio.create_task(self._work())
        over = asyncio.create_task(self._over.wait())
        # A supervisor that cannot work must end: if it only listened, its clients would wait for
        # ever.
        await asyncio.wait({working, over}, return_when=asyncio.FIRST_COMPLETED)
        for task in (working, over):
            task.cancel()
        await asyncio.gather(over, return_exceptions=True)
        await self._server.close()
        await self.supervisor.close()
        await self._context.trust.close()
        with contextlib.suppress(asyncio.CancelledError):
            await working

    async def _work(self) -> None:
        await self.supervisor.recover()
        self._server.later("take conversations back", self._server.api.terminals.recover())
        self._server.later("settle what is trusted", self._context.trust.settle())
        self._server.later("settle in", self._settle_in())
        await self._keep_house()

    async def _settle_in(self) -> None:
        """Load what the agents' next lines need, and only then what compares worktrees.

        Both are large imports, and no client waits for the second.
        """
        for agent in {session.agent for session in self.supervisor.alive()}:
            await self._context.threads.quick(agent.translator)
        await self._housekeeping.at_start()

    def _alarm(self, pid: int, what: str) -> None:
        """Report in its session that an agent's process asked for what only a person may do."""
        log.warning("refused %s to process %s: it descends from an agent", what, pid)
        for session in self.supervisor.alive():
            if _is_ancestor(session.driver.pid, pid):
                text = f"The agent asked the supervisor for “{what}”; it was refused."
                session.notice(text, "alarm")

    async def _keep_house(self) -> None:
        while True:
            await asyncio.sleep(1.0)
            for session in self.supervisor.alive():
                await self._watch(session)
            for session in list(self.supervisor.sessions.values()):
                with contextlib.suppress(UserError):
                    wake_if_due(session, now_ms())
                    if heads.look(session.ledger):
                        session.workplace.changes.count()
            self._look_after_ourselves()
            self._consider_leaving()
            if time.monotonic() - self._cleaned_at > _HOUR:
                self._cleaned_at = time.monotonic()
                self._server.later("hourly", self._housekeeping.hourly())

    async def _watch(self, session: Session) -> None:
        try:
            await self._look_after(session)
        except UserError as error:
            log.warning("session %s: %s", session.id, error)
        except Exception:
            log.exception("session %s cannot be looked after", session.id)

    async def _look_after(self, session: Session) -> None:
        if session.workplace.changes.vanished() and not session.state.place.missing:
            missing = ev.WorktreeMissing(reason="it was removed while the agent worked in it")
            session.ledger.record(missing)
            await session.stop(new_uuid(), "worktree", wait=False)
        elif self._may_sleep(session):
            await session.stop(new_uuid(), "asleep", wait=False)

    def _may_sleep(self, session: Session) -> bool:
        minutes = self._config.sleep_after
        state = session.state
        if not minutes or now_ms() - state.updated_at <= minutes * 60_000:
            return False
        rests = derive(state).state in {"done", "idle"} and state.turn.count > 0
        nobody = not self._hub.viewed(session.id) and not state.session.pinned
        return bool(
            rests
            and nobody
            and not state.turn.tasks
            and not state.process.stopping
            and session.agent.traits.can_resume
        )

    def _look_after_ourselves(self) -> None:
        """Stay reachable, and end if the state directory was removed or replaced."""
        try:
            if not _is_at(self._lock, _lock_file(self._state)):
                log.error("%s was removed or replaced: this supervisor ends", self._state)
                self._over.set()
                return
            private_runtime(self._state)
            self._server.look(supervisor_socket(self._state))
        except (OSError, UserError) as error:
            log.warning("nobody can connect: %s", error)

    def _consider_leaving(self) -> None:
        if self._server.clients or self.supervisor.busy():
            self._idle_since = time.monotonic()
        elif time.monotonic() - self._idle_since > self._config.linger:
            self._over.set()


def _is_ancestor(ancestor: int | None, pid: int) -> bool:
    seen = 0
    while ancestor is not None and pid > 1 and seen < 256:
        if pid == ancestor:
            return True
        try:
            stat = Path(f"/proc/{pid}/stat").read_bytes()
        except OSError:
            return False
        pid = int(stat[stat.rfind(b")") + 2 :].split()[1])
        seen += 1
    return False


def _say(value: dict[str, object]) -> None:
    """Tell the process that started us, once, then release the pipe."""
    with contextlib.suppress(OSError):
        os.write(1, json.dumps(value).encode() + b"\n")
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 1)
    os.close(null)


def _lock_file(state: Path) -> Path:
    return state / "supervisor.lock"


def _is_at(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False


def _lock(state: Path) -> int | None:
    descriptor = os.open(_lock_file(state), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


def main(agents: Mapping[str, Agent] | None = None) -> int:
    """Run the supervisor; returns the exit status of its process.

    Args:
        agents: the agent programs that can be driven; None for those of this package.
    """
    umask = os.umask(0o077)
    try:
        state = private(state_dir())
        private_runtime(state)
        descriptor = _lock(state)
        if descriptor is None:
            _say({"ready": False, "running": True})
            return 0
        log_file.start(state / "supervisor.log")
        return asyncio.run(_serve(state, umask, descriptor, agents or all_agents()))
    except UserError as error:
        _say({"error": error.message, "hint": error.hint})
        return int(error.code)
    except OSError as error:
        said = of_system(error, "the supervisor cannot start")
        _say({"error": said.message, "hint": said.hint})
        return 1
    except Exception as error:
        log.exception("the supervisor ended by an error")
        said = unforeseen(error, str(state_dir() / "supervisor.log"))
        _say({"error": said.message, "hint": said.hint})
        return 1


async def _serve(state: Path, umask: int, lock: int, agents: Mapping[str, Agent]) -> int:
    await Lifecycle(state, umask, lock, agents).run()
    return 0
