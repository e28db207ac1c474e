"""Drives one session's agent: starts it, reads it, writes to it, ends it.

Keep true:
- the first start and every resume use the same spawn recipe; before it the worktree is the
  recorded one, and between the first answer and the first message the process is checked to be
  in that directory;
- every message is journalled before it is sent; the same process gets it again only if there was
  no sign of life; a new process gets only what was never started; `interrupt` and changes of mode
  are never sent again;
- a run counts as over only after its log is read to the end;
- an unexpected error costs one line, or the run is reattached as after a restart; the second
  time its process is ended, and the session says so: it never continues unread.
"""

import asyncio
import contextlib
import logging
from collections.abc import Coroutine
from typing import Any

from parallel_agents.agents.base import Agent, Said, Translator
from parallel_agents.agents.hosting import HostRequest
from parallel_agents.core import events as ev
from parallel_agents.core.errors import AgentError, StorageError, UserError, unforeseen
from parallel_agents.core.ids import new_uuid
from parallel_agents.core.value import replace
from parallel_agents.supervisor.base.small_files import is_locked
from parallel_agents.supervisor.base.tasks import Tasks
from parallel_agents.supervisor.record.run_log import LogLine, said_in
from parallel_agents.supervisor.record.session_ledger import SessionLedger
from parallel_agents.supervisor.run.descendants import stands_in, swept
from parallel_agents.supervisor.run.driver_hooks import Hooks
from parallel_agents.supervisor.run.given_up import end_leftover, end_now
from parallel_agents.supervisor.run.hosting import serve
from parallel_agents.supervisor.run.process import Run
from parallel_agents.supervisor.run.questions import Questions
from parallel_agents.supervisor.run.spawn import find_program, forgotten, run_spec
from parallel_agents.wire.endpoint import shim_socket

log = logging.getLogger(__name__)

_READY_DEADLINE = 60.0
_GIVE_UP_AGAIN = 1.0
_WRITE_PATIENCE = 5.0
_TRIM_STEP = 1 << 20


class Driver:
    """The running side of a session.

    Attributes:
        questions: questions to the agent's program that it has not answered yet.
    """

    def __init__(self, ledger: SessionLedger, agent: Agent, hooks: Hooks) -> None:
        self._ledger = ledger
        self._agent = agent
        self._hooks = hooks
        self._run: Run | None = None
        self._outbox = asyncio.Lock()
        self._ready = asyncio.Event()
        self._tasks = Tasks(f"session {ledger.directory.name}", self._failed)
        self._afterwards = Tasks(f"session {ledger.directory.name}, given up")
        self._failures = (0, 0)
        self.questions = Questions()
        self._trimmed = 0

    @property
    def pid(self) -> int | None:
        """Process id of the agent, if it is known."""
        return self._ledger.state.process.pid or (self._run.agent_pid if self._run else None)

    def start(self, *, key: str = "", fresh: bool = False) -> None:
        """Decide to start the process; the start itself runs in the background and is journalled.

        Args:
            key: uuid of the client's request that caused it.
            fresh: begin the conversation again under its id, although it was begun before.

        Raises:
            StorageError: nothing was decided.
        """
        state = self._ledger.state
        if state.process.is_there or state.place.worktree is None:
            return
        event = ev.RunStarted(
            run=state.process.run + 1,
            conversation=state.conversation.id,
            resumed=not fresh and self._goes_on,
        )
        lost = "turn" in state.because and not self._goes_on
        said = [forgotten(self._agent.traits)] if lost else []
        self._ledger.record(event, *said, key=key)
        self._tasks.start("run", self._live(resume=event.resumed))

    @property
    def _goes_on(self) -> bool:
        """Whether a new process can continue an existing conversation."""
        return self._agent.traits.can_resume and "turn" in self._ledger.state.because

    async def check_start(self) -> None:
        """Check whether a process could be started now.

        Raises:
            UserError: it could not; a problem with the worktree is journalled.
        """
        await self._hooks.before_spawn()
        find_program(self._agent.traits, self._ledger.environment())

    def adopt(self) -> None:
        """After a restart, reattach the current run, and end one that was given up."""
        if not self._ledger.state.process.is_there:
            end_leftover(self._make_run(0), self._afterwards)
        else:
            self._tasks.start("run", self._live_on())

    async def detach(self) -> None:
        """Release everything; the agent keeps running."""
        await self._tasks.end()
        await self._afterwards.end()
        if self._run is not None:
            await self._run.detach()

    # --- from start to end ------------------------------------------------------------

    async def _live(self, *, resume: bool) -> None:
        """Follow one run from the decision to start it until its end."""
        run = self._make_run(0)
        async with asyncio.TaskGroup() as group:
            try:
                # What a process does survives a crash, so the record of its start must survive it
                # too.
                await self._ledger.syncing.settled()
                await self._hooks.before_spawn()
                async with self._ledger.context.spawning:
                    if self._ledger.state.process.stopping:
                        await self._never_started()
                        return
                    await self._spawn(run, resume=resume)
                    group.create_task(self._pump(run))
                    if self._ledger.state.process.stopping:
                        self.stop()
                    await self._introduce(run)
            except UserError as error:
                await self._give_up(error)

    async def _live_on(self) -> None:
        """Follow a run after a restart of the supervisor, from wherever it was."""
        state = self._ledger.state
        run = self._make_run(await self._ledger.turn_offset())
        if not (run.directory / "lock").exists():
            await self._live(resume=self._goes_on)
            return
        if await run.connect_again():
            self._run = run
        async with asyncio.TaskGroup() as group:
            group.create_task(self._pump(run, known=state.offset))
            if self._run is not None:
                if self._ledger.state.process.stopping:
                    self.stop()  # asked of an earlier supervisor, or of this one a moment ago
                await self._take_up(run)

    # --- what nobody foresaw ----------------------------------------------------------

    def _failed(self, error: Exception) -> None:
        """Handle a dead task: reattach the run the first time, end it the second time."""
        if isinstance(error, BaseExceptionGroup):
            error = next((e for e in error.exceptions if isinstance(e, Exception)), error)
        number, count = self._failures
        count = count + 1 if number == self._ledger.state.process.run else 1
        self._failures = (self._ledger.state.process.run, count)
        if count == 1:
            self._tasks.start("run, taken up anew", self._start_over())
        elif count == 2:
            self._tasks.start("run, given up", self._put_down(error))

    async def _start_over(self) -> None:
        await self._tasks.end()
        await self._let_go()
        if self._ledger.state.process.is_there:
            await self._live_on()

    async def _put_down(self, error: Exception) -> None:
        """End a process that cannot be followed, and say so, even if some of that fails too."""
        await self._tasks.end()
        await self._let_go()
        lives = await end_now(self._make_run(0), self._afterwards)
        said = unforeseen(error, str(self._ledger.context.log_file))
        while self._ledger.state.process.is_there:
            try:
                await self._give_up(AgentError(f"{said.message}{lives}", said.hint))
            except Exception:  # whatever it was: without an ending everybody would wait for ever
                log.exception("session %s cannot be given up yet", self._ledger.id)
                await asyncio.sleep(_GIVE_UP_AGAIN)

    async def _let_go(self) -> None:
        if self._run is not None:
            await self._run.detach()
        self._run = None

    async def _take_up(self, run: Run) -> None:
        """Send again what may not have arrived: introduction, decisions, unanswered messages."""
        if self._ledger.state.process.liveness == "starting":
            await self._introduce(run)
            return
        self._ready.set()
        refusals = [self._agent.answer(answer) for answer in self._ledger.state.dialogue.refused]
        for line in (*self._ledger.state.dialogue.decided, *refusals):
            await run.deliver(line)
        for message in self._ledger.state.dialogue.messages:
            if message.progress == "delivered":
                await run.deliver(self._agent.message(message.uuid, message.whole_text))
        await self.flush()

    async def _spawn(self, run: Run, *, resume: bool) -> None:
        ledger = self._ledger
        environment = ledger.environment()
        program = find_program(self._agent.traits, environment)
        mode = await ledger.context.threads.git(self._hooks.mode)
        spec = run_spec(self._agent, ledger.state, program, environment, resume=resume, mode=mode)
        spec["umask"] = ledger.context.umask
        try:
            await run.start(ledger.context.shim, spec)
        except AgentError:
            # A supervisor that was killed may have started this very run a moment ago.
            if not (is_locked(run.directory / "lock") and await run.connect()):
                raise
        self._run = run

    async def _introduce(self, run: Run) -> None:
        """Ask the process who it is, and wait for its answer or its end."""
        self._ready.clear()
        self._trimmed = 0
        try:
            async with asyncio.timeout(_READY_DEADLINE):
                await run.deliver_surely(self._agent.initialize(new_uuid()))
                await self._ready.wait()
        except TimeoutError:
            run.kill()

    async def _never_started(self) -> None:
        """Record the end of a run that was stopped before its process existed."""
        await self._ledger.record_patiently(
            ev.RunEnded(run=self._ledger.state.process.run, asked=True)
        )
        await self._hooks.ended()

    async def _give_up(self, error: UserError) -> None:
        ended = ev.RunEnded(
            run=self._ledger.state.process.run, error=error.message, hint=error.hint
        )
        await self._ledger.record_patiently(ended)
        await self._hooks.ended()

    def _make_run(self, offset: int) -> Run:
        state = self._ledger.state
        directory = self._ledger.directory / "runs" / str(state.process.run)
        socket = shim_socket(self._ledger.context.state_dir, state.id, state.process.run)
        return Run(directory, socket, self._ledger.directory / "owner", offset)

    # --- reading ----------------------------------------------------------------------

    async def _pump(self, run: Run, known: int = 0) -> None:
        """Journal the agent's output until the run is over, then record how it ended.

        Args:
            run: its log is read from the beginning of a turn.
            known: lines that end at this offset or before it are already journalled; the translator
                still reads them for what it must remember within a turn.
        """
        number = self._ledger.state.process.run
        # In a thread: the first one loads the models of all lines, and clients wait for answers.
        translator = await self._ledger.context.threads.quick(self._agent.translator)
        async for batch in run.lines():
            for line in batch:
                if line.offset <= known:
                    await self._tell_more(said_in(line, translator))
                else:
                    await self._take(translator, line, number)
            await asyncio.sleep(0)
        self._ready.set()
        event = await run.ending(number)
        await run.detach()
        self._run = None
        if event.code is None and event.signal is None and not event.error:
            context = self._ledger.context
            event = await swept(
                context.threads, self._ledger.id, context.config.stop_patience, event
            )
        await self._ledger.record_patiently(event)
        run.forget_log()
        self._ledger.checkpoint()
        if not self._begin_again(event):
            await self._hooks.ended()

    async def _tell_more(self, said: list[Said]) -> None:
        """Journal pending requests again if an older version recorded less about them."""
        lacking = {r.id for r in self._ledger.state.dialogue.requests if not r.summary}
        opened = [s for s in said if isinstance(s, ev.RequestOpened) and s.request in lacking]
        if opened:
            await self._ledger.record_patiently(*opened)

    async def _take(self, translator: Translator, line: LogLine, number: int) -> None:
        events: list[ev.Event] = []
        for said in said_in(line, translator):
            if isinstance(said, ev.Delta):
                self._ledger.context.hub.delta(self._ledger.id, said)
            elif isinstance(said, HostRequest):
                events.append(await self._serve(said))
            else:
                events.append(replace(said, run=number) if isinstance(said, ev.RunReady) else said)
        if not events:
            return
        await self._ledger.record_patiently(*events, run=number, line=line)
        for event in events:
            await self._react(event)

    async def _serve(self, request: HostRequest) -> ev.FileServed:
        event, answer = await serve(self._ledger, request)
        await self.soon(self.say(answer))
        return event

    async def _react(self, event: ev.Event) -> None:
        if isinstance(event, ev.RunReady):
            await self._check_place(event.pid)
        elif isinstance(event, ev.TurnStarted):
            await self._check_place(self.pid)
        elif isinstance(event, ev.ControlRefused) and self._run is not None:
            self._tasks.start("answer", self.say(self._agent.answer(event.answer)))
        elif isinstance(event, ev.ControlAnswered):
            self.questions.answered(event)
        elif isinstance(event, ev.AgentStateChanged) and event.state == "idle":
            await self._trim()
        self._hooks.heard(event)

    async def _trim(self) -> None:
        """Trim the log of journalled turns once that saves enough space."""
        offset = await self._ledger.turn_offset()
        if self._run is not None and offset - self._trimmed > _TRIM_STEP:
            self._trimmed = offset
            self._run.trim(offset)

    async def _check_place(self, pid: int | None) -> None:
        """Kill the process unless it is in the recorded directory: it may be in the user's own."""
        worktree = self._ledger.state.place.worktree
        if worktree is None or self._run is None:
            return
        if await self._ledger.context.threads.quick(stands_in, pid, worktree.record):
            if not self._ready.is_set():
                self._ready.set()
                self._tasks.start("send", self.flush())
            return
        self._run.kill()
        reason = "the agent did not work in its worktree, so it was ended at once"
        await self._ledger.record_patiently(ev.WorktreeMissing(reason=reason))

    def _begin_again(self, ended: ev.RunEnded) -> bool:
        """Start anew an agent that was killed before its first answer and saved no conversation."""
        state = self._ledger.state
        lost = self._agent.lost_conversation(ended.stderr)
        if not lost or state.turn.answered or not state.dialogue.messages:
            return False
        with contextlib.suppress(StorageError):
            self.start(fresh=True)
        return state.process.run != self._ledger.state.process.run

    # --- writing ----------------------------------------------------------------------

    async def flush(self) -> None:
        """Send the queued messages in order, once the process is ready."""
        async with self._outbox:
            for message in self._ledger.state.dialogue.messages:
                if message.progress != "queued" or not self._ready.is_set():
                    continue
                if not await self.say(self._agent.message(message.uuid, message.whole_text)):
                    return
                progressed = ev.MessageProgressed(uuid=message.uuid, progress="delivered")
                await self._ledger.record_patiently(progressed)

    async def soon(self, writing: Coroutine[Any, Any, object]) -> None:
        """Write to the agent, and wait only briefly: it may not be reading its input.

        Args:
            writing: `flush`, or `say` of a line; it continues in the background.
        """
        await asyncio.wait({self._tasks.start("write", writing)}, timeout=_WRITE_PATIENCE)

    async def say(self, line: str) -> bool:
        """Write one line to the agent; returns whether it arrived."""
        return self._run is not None and await self._run.deliver(line)

    def stop(self) -> None:
        """Let the shim end the process, politely first."""
        if self._run is None:
            return
        patience = self._ledger.context.config.stop_patience
        steps = [(self._agent.end(new_uuid()), patience)]
        if self._ledger.state.turn.running and self._agent.traits.can_interrupt:
            steps.insert(0, (self._agent.interrupt(new_uuid()), min(patience, 1.0)))
        self._run.stop(steps, term=patience, kill=patience)
