"""The session supervisor: which sessions there are, and how to find one.

Keep true: a session exists from the moment its dispatch is journalled; every session found on disk
at a start is resumed where it was; a damaged one is reported, kept and left alone.
"""

import asyncio
import contextlib
import logging
import shutil
from collections.abc import Sequence
from pathlib import Path

from parallel_agents.core import events as ev
from parallel_agents.core.errors import (
    NoSuchSessionError,
    StorageError,
    UsageError,
    UserError,
)
from parallel_agents.core.ids import new_uuid, short_id
from parallel_agents.core.kinds import traits_of
from parallel_agents.core.state import SessionState
from parallel_agents.core.summary import first_line
from parallel_agents.core.text import as_text
from parallel_agents.core.worktree import WorktreeRecord
from parallel_agents.supervisor.place import place_choice
from parallel_agents.supervisor.record.context import Context
from parallel_agents.supervisor.run.spawn import kept_environment
from parallel_agents.supervisor.sessions import adopting
from parallel_agents.supervisor.sessions.deletion import Deletion
from parallel_agents.supervisor.sessions.dispatch import Prepared, prepare
from parallel_agents.supervisor.sessions.session import Session
from parallel_agents.wire.messages import Adopt, New

log = logging.getLogger(__name__)

STOP_SECONDS = 30.0
"""How long ending all processes may take: longer than a shim's own patience with its agent."""

_NAME_WORDS = 6
_NAME_LENGTH = 40


class SessionSupervisor:
    """All sessions of one user.

    Args:
        context: what sessions share.

    Attributes:
        recovered: set once every session on disk was loaded.
    """

    def __init__(self, context: Context) -> None:
        self.context = context
        self.sessions: dict[str, Session] = {}
        self.deletions: dict[str, Deletion] = {}
        self.damaged: dict[str, str] = {}
        self.recovered = asyncio.Event()

    async def recover(self) -> None:
        """Load every session found on disk, one after the other.

        Folding a journal without a checkpoint takes a second, so it happens in a thread: clients
        that connect meanwhile are greeted, and see the sessions arrive.
        """
        for directory in self._directories():
            try:
                await self._take_up(directory)
            except Exception as error:
                log.exception("session %s cannot be taken up", directory.name)
                self.damaged[directory.name] = _reason(error)
        self.context.hub.complete()
        self.recovered.set()

    def _directories(self) -> list[Path]:
        base = self.context.state_dir / "sessions"
        try:
            return sorted(base.iterdir())
        except FileNotFoundError:
            return []
        except OSError as error:
            log.exception("the sessions cannot be listed")
            self.damaged[base.name] = _reason(error)
            return []

    async def _take_up(self, directory: Path) -> None:
        if not any((directory / name).exists() for name in ("journal.jsonl", "created.json")):
            return
        session = await self.context.threads.git(Session, self.context, directory)
        if not session.id:
            session.ledger.journal.close()
            return
        self._add(session)
        if not session.state.session.deleted:
            self.context.hub.found(session.state)
        session.recover()
        if session.state.session.deleting:
            self.deletions[session.id].resume()

    def _add(self, session: Session) -> None:
        self.sessions[session.id] = session
        self.deletions[session.id] = Deletion(session)

    def states(self) -> list[SessionState]:
        """The facts of all sessions that are not in the trash, oldest first."""
        shown = [s.state for s in self.sessions.values() if not s.state.session.deleted]
        return sorted(shown, key=lambda state: (state.session.created_at, state.id))

    def trash_cost(self) -> float:
        """Add up what the sessions in the trash have cost, in US dollars."""
        states = (session.state for session in self.sessions.values())
        return sum(state.turn.cost_usd for state in states if state.session.deleted)

    def find(self, name: str, *, deleted: bool = False, key: str = "") -> Session:
        """Find one session.

        Args:
            name: its id, a unique prefix of it, or its name.
            deleted: search the sessions in the trash.
            key: uuid of the request; a repeated request finds the session it acted on, wherever
                that is now.

        Raises:
            NoSuchSessionError: none matches.
            StorageError: it could not be loaded at the start.
            UsageError: several match.
        """
        for session in self.sessions.values():
            if key and key in session.state.keys:
                return session
        candidates = [s for s in self.sessions.values() if s.state.session.deleted == deleted]
        for match in (
            [s for s in candidates if s.id == name],
            [s for s in candidates if s.state.session.name == name],
            [s for s in candidates if name and s.id.startswith(name.lower())],
        ):
            if len(match) == 1:
                return match[0]
            if match:
                ids = ", ".join(f"{s.id} ({s.state.session.name})" for s in match)
                raise UsageError(f"“{name}” means several sessions: {ids}", "Name one by its id.")
        if name in self.damaged:
            raise StorageError(
                f"The session {name} cannot be read: {self.damaged[name]}",
                f"Fix {self.context.session_dir(name)}; then restart the supervisor: "
                "parallel-agents daemon stop --keep-sessions",
            )
        hint = "parallel-agents trash" if deleted else "parallel-agents ls --all"
        raise NoSuchSessionError(f"There is no session “{name}”.", f"List them: {hint}")

    def worktrees(self) -> list[WorktreeRecord]:
        """The worktrees that should exist."""
        return [
            session.workplace.record
            for session in self.sessions.values()
            if session.state.place.worktree is not None and not session.state.session.deleted
        ]

    # --- dispatch ---------------------------------------------------------------------

    async def dispatch(self, message: New) -> Session:
        """Begin a session.

        Returns:
            The session; for a repeated `key`, the one made the first time.

        Raises:
            UsageError: the prompt, a mode or the agent's name is not valid.
            UntrustedError: the repository, or what it would run, is not trusted.
            RepositoryError, GitError: there is no such repository or base.
            AgentError: the agent's program is missing.
        """
        session_id = self._session_id(message.key)
        if session_id in self.sessions:
            return self.sessions[session_id]
        ready = await self.context.threads.long(prepare, self.context, message)
        if session_id in self.sessions:
            return self.sessions[session_id]
        if not traits_of(ready.place).is_apart:
            states = (session.state for session in self.sessions.values())
            or_else = ", or name a base for a worktree"
            place_choice.refuse_second(states, ready.message.directory, instead=or_else)
        return self._begin(ready, session_id)

    async def adopt(self, message: Adopt) -> Session:
        """Begin a session in a worktree that somebody else made.

        Returns:
            The session; for a repeated `key`, the one made the first time.

        Raises:
            RefusedError: the worktree may not be adopted.
            UserError: as in `dispatch`.
        """
        session_id = self._session_id(message.key)
        if (owner := await self._owner(message)) is not None:
            return await adopting.take_along(owner, message)
        if session_id not in self.sessions:
            ready = await self.context.threads.long(
                adopting.prepare_adoption, self.context, message, session_id
            )
            if session_id not in self.sessions:
                name = as_text(ready.name or self._name(Path(message.directory).name))
                created = adopting.created(ready, session_id, name, message)
                self._start(created, kept_environment(message.environment, self.context.agents))
        return self.sessions[session_id]

    async def _owner(self, message: Adopt) -> Session | None:
        """Find the session that owns a worktree but expects it elsewhere."""
        manager = self.context.manager
        session = self.sessions.get(
            await self.context.threads.git(manager.owner, message.directory)
        )
        if session is None or session.state.place.worktree is None:
            return None
        if message.key in session.state.keys:
            return session
        wrong = await self.context.threads.git(manager.verify, session.workplace.record)
        return None if wrong is None else session

    def _begin(self, ready: Prepared, session_id: str) -> Session:
        message = ready.message
        prompt = as_text(message.prompt)
        created = ev.SessionCreated(
            id=session_id,
            request=message.key,
            name=as_text(message.name or "") or self._name(prompt),
            prompt=prompt,
            agent=message.agent,
            directory=message.directory,
            base=message.base,
            branch=message.branch,
            pattern=ready.pattern,
            place=ready.place,
            options=message.options,
        )
        return self._start(created, kept_environment(message.environment, self.context.agents))

    def _start(self, created: ev.SessionCreated, environment: dict[str, str]) -> Session:
        directory = self.context.session_dir(created.id)
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            session = Session(self.context, directory, self.context.agents[created.agent])
            self._begin_it(session, created, environment)
        except BaseException:
            # Nothing was begun: without this, the next start would find a directory that is no
            # session.
            shutil.rmtree(directory, ignore_errors=True)
            raise
        self._add(session)
        return session

    def _begin_it(
        self, session: Session, created: ev.SessionCreated, environment: dict[str, str]
    ) -> None:
        try:
            session.ledger.keep_environment(environment, sync=False)
            session.begin(created)
        except BaseException:
            session.ledger.journal.close()
            raise

    def _session_id(self, key: str) -> str:
        try:
            session_id = short_id(key)
        except ValueError:
            raise UsageError("a request's key must be a UUID") from None
        known = self.sessions.get(session_id)
        if known is not None and known.state.session.request != key:
            raise UserError("Two sessions would have the same id.", "Try again.")
        return session_id

    def _name(self, prompt: str) -> str:
        """Make a name from the prompt's first words, with a number if it is taken."""
        words = first_line(prompt).split()[:_NAME_WORDS]
        base = " ".join(words)[:_NAME_LENGTH].strip() or "session"
        taken = {
            s.state.session.name for s in self.sessions.values() if not s.state.session.deleted
        }
        name, number = base, 2
        while name in taken:
            name, number = f"{base} {number}", number + 1
        return name

    # --- end --------------------------------------------------------------------------

    def alive(self) -> list[Session]:
        """The sessions whose process is alive or starting."""
        return [s for s in self.sessions.values() if s.state.process.is_there]

    def busy(self) -> bool:
        """Whether any work in progress needs a supervisor."""
        return any(
            s.state.process.is_there
            or s.state.place.creating
            or s.state.session.deleting
            or s.state.checks.busy
            for s in self.sessions.values()
        )

    async def stop_all(self) -> list[str]:
        """Stop every process.

        Returns:
            The ids of the sessions whose turn was cut.

        Raises:
            UserError: some have not ended in time, for example because a full disk keeps their
                ending from being recorded; they end when they can.
        """
        going = [
            s for s in self.sessions.values() if s.state.process.is_there or s.state.place.creating
        ]
        cut = [s.id for s in going if s.state.turn.running]
        stops = [s.stop(new_uuid(), "shutdown") for s in going]
        ending = asyncio.gather(*stops, return_exceptions=True)
        try:
            await asyncio.wait_for(ending, STOP_SECONDS)
        except TimeoutError:
            left = ", ".join(s.id for s in going if s.state.process.is_there)
            raise UserError(
                f"These sessions have not ended in {STOP_SECONDS:.0f} s: {left}",
                "Is the disk full? Try again, or leave them running: daemon stop --keep-sessions",
            ) from None
        return cut

    async def forget_deleted(self, gone: Sequence[str], *, only: bool = False) -> list[str]:
        """Remove the journals of sessions whose trash entry is gone.

        Args:
            gone: ids whose worktree was removed for good.
            only: remove only these, and not also those that never had a worktree.

        Returns:
            The ids removed, including those without a worktree.
        """
        removed = []
        for session in list(self.sessions.values()):
            kept = session.id not in gone and (only or session.state.place.worktree is not None)
            if not session.state.session.deleted or kept:
                continue
            await session.close()
            self.context.ports.release(session.id)
            await self.context.threads.long(session.ledger.remove)
            del self.sessions[session.id], self.deletions[session.id]
            removed.append(session.id)
        return removed

    async def close(self) -> None:
        """Release all sessions; their agents keep running."""
        for session in self.sessions.values():
            with contextlib.suppress(UserError):
                await session.close()


def _reason(error: Exception) -> str:
    return error.message if isinstance(error, UserError) else f"{type(error).__name__}: {error}"
