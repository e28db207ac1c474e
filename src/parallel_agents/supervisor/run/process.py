"""One run of a session's agent, seen from the supervisor: its shim, its log, its ending.

Keep true: each line of the agent is passed on once, in order, with the offset after it; the shim is
told of every whole line exactly when asked; a run counts as over only because of its `exit` file,
or because its lock is free without one; a shim that must end its agent and does not answer is
killed.
"""

import asyncio
import contextlib
import hashlib
import json
import os
import py_compile
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

from parallel_agents.core.errors import AgentError, StorageError, of_system
from parallel_agents.core.events import RunEnded
from parallel_agents.supervisor.base.small_files import is_locked, write_json
from parallel_agents.supervisor.base.tasks import Tasks
from parallel_agents.supervisor.record.run_log import LogLine, LogReader, punch_hole
from parallel_agents.supervisor.run.run_ending import ended
from parallel_agents.wire.first_word import first_word
from parallel_agents.wire.framing import LineSplitter, dump_frame, load_object
from parallel_agents.wire.peer import peer_pid

_FRAME = 64 << 20
_START_DEADLINE = 30.0
_RECONNECT = 0.1
_READ_PATIENCE = 5.0
_ANSWER_DEADLINE = 5.0


def shim_file(state: Path) -> Path:
    """Copy the shim to a place that our upgrades do not touch, and compile the copy.

    A shim run from source keeps the 2 MB that compiling took, in every session.

    Args:
        state: the state directory.

    Returns:
        `<state>/shims/<sha256>-<tag of the interpreter>.pyc`, beside its source.

    Raises:
        StorageError: it cannot be written.
    """
    source = Path(__file__).parents[2] / "shim.py"
    try:
        content = source.read_bytes()
        name = hashlib.sha256(content).hexdigest()
        copy = state / "shims" / f"{name}.py"
        compiled = state / "shims" / f"{name}-{sys.implementation.cache_tag}.pyc"
        if not copy.exists():
            copy.parent.mkdir(mode=0o700, exist_ok=True)
            beside = copy.with_suffix(".new")
            beside.write_bytes(content)
            beside.replace(copy)
        if not compiled.exists():
            py_compile.compile(os.fspath(copy), os.fspath(compiled), doraise=True)
    except OSError as error:
        raise StorageError(f"cannot copy the shim: {error.strerror}") from error
    return compiled


def base_interpreter() -> str:
    """The interpreter behind the virtual environment, which outlives that environment."""
    return str(getattr(sys, "_base_executable", None) or sys.executable)


class Run:
    """One process start of a session's agent.

    Args:
        directory: `runs/<n>` of the session.
        socket: where the shim listens.
        owner: the conversation's lock file.
        offset: where the first unread line of `out.log` begins.
    """

    def __init__(self, directory: Path, socket: Path, owner: Path, offset: int = 0) -> None:
        self.directory = directory
        self._socket = socket
        self._owner = owner
        self._reader = LogReader(directory / "out.log", offset)
        self._wake = asyncio.Event()
        self._writer: asyncio.StreamWriter | None = None
        self._end_frame: dict[str, Any] | None = None
        self._tasks = Tasks(f"run {directory.parent.parent.name}/{directory.name}")
        self._overseer: asyncio.Task[None] | None = None
        self._shim_pid = 0
        self.agent_pid: int | None = None
        self._delivered: dict[str, asyncio.Future[bool]] = {}
        self._process: subprocess.Popen[bytes] | None = None

    async def start(self, shim: Path, spec: dict[str, Any]) -> int:
        """Start shim and agent.

        Args:
            shim: the shim's file.
            spec: `argv`, `cwd`, `env`, `session`; see `docs/shim-protocol.md`.

        Returns:
            The agent's process id.

        Raises:
            AgentError: the agent could not be started.
            StorageError: the run's directory could not be written.
        """
        try:
            self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise of_system(error, f"cannot write {self.directory}") from error
        # Not synced: only the shim started now reads it, so a power failure cannot separate the
        # two.
        write_json(self.directory / "spec.json", {"version": 1, **spec}, sync=False)
        said = await self._launch(shim)
        if not said.get("ready"):
            raise AgentError(str(said.get("error") or "the agent's process could not be started"))
        await self.connect()
        return int(said["agent"])

    async def _launch(self, shim: Path) -> dict[str, Any]:
        try:
            line = await asyncio.to_thread(self._start_shim, shim)
        except TimeoutError:
            raise AgentError("the agent's process did not start in time", "Try again.") from None
        except OSError as error:
            said = of_system(error, "the agent's process could not be started")
            raise AgentError(said.message, said.hint) from error
        try:
            said = json.loads(line)
        except ValueError:
            raise AgentError(
                "the process that holds the agent ended at once",
                f"Look at {self.directory / 'shim.log'}.",
            ) from None
        return said if isinstance(said, dict) else {}

    def _start_shim(self, shim: Path) -> bytes:
        """Start the shim, and wait for its first line.

        This does not use asyncio, which needs one more descriptor or thread after the process
        exists, and without it loses track of a running process.
        """
        with (self.directory / "shim.log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    base_interpreter(),
                    "-I",
                    "-S",
                    os.fspath(shim),
                    os.fspath(self.directory),
                    os.fspath(self._socket),
                    os.fspath(self._owner),
                ],
                cwd="/",
                env={"PATH": os.defpath, "LANG": "C.UTF-8"},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=True,
            )
        assert self._process.stdout is not None  # noqa: S101 - it is a pipe, as asked for above
        with self._process.stdout as pipe:
            return first_word(pipe.fileno(), _START_DEADLINE)

    async def connect(self) -> bool:
        """Connect to the shim; False if none listens any more."""
        try:
            reader, writer = await asyncio.open_unix_connection(os.fspath(self._socket))
        except OSError:
            return False
        self._writer = writer
        self._shim_pid = peer_pid(writer.get_extra_info("socket"))[0]
        self._tasks.start("listen", self._listen(reader))
        if self._end_frame is not None:
            self._send(self._end_frame)
        return True

    async def connect_again(self) -> bool:
        """Connect to the shim of an earlier supervisor; False if the run is over."""
        while is_locked(self.directory / "lock"):
            if await self.connect():
                return True
            await asyncio.sleep(_RECONNECT)
        return False

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        splitter = LineSplitter(_FRAME)
        try:
            with contextlib.suppress(OSError):
                while data := await reader.read(1 << 16):
                    for line in splitter.feed(data):
                        self._hear(load_object(line))
        finally:  # whatever ended it, nobody may wait for answers that cannot come
            self._writer = None
            for future in self._delivered.values():
                if not future.done():
                    future.set_result(False)
            self._wake.set()

    def _hear(self, frame: dict[str, Any]) -> None:
        kind = frame.get("t")
        if kind in {"out", "hello", "ended"}:
            self.agent_pid = frame.get("agent") or self.agent_pid
            self._wake.set()
        elif kind in {"delivered", "refused"}:
            future = self._delivered.get(str(frame.get("id")))
            if future is not None and not future.done():
                future.set_result(kind == "delivered")

    async def deliver(self, line: str) -> bool:
        """Write one line to the agent.

        Args:
            line: without its newline.

        Returns:
            Whether every byte of it reached the agent's input.
        """
        if self._writer is None:
            return False
        name = f"{len(self._delivered)}-{os.urandom(4).hex()}"
        future: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._delivered[name] = future
        try:
            self._send({"t": "line", "id": name, "data": line})
            return await future
        finally:
            del self._delivered[name]

    async def deliver_surely(self, line: str) -> None:
        """Write one line to the agent, on the next connection if this one is refused or lost.

        A shim refuses while it cannot tell who connects, as when an ancestor of ours is ending.

        Args:
            line: without its newline; it may arrive twice.
        """
        while not await self.deliver(line):
            if self.is_over():
                return
            await asyncio.sleep(_RECONNECT)

    def stop(self, steps: Sequence[tuple[str, float]], *, term: float, kill: float) -> None:
        """Ask the shim to end the agent, step by step, on its own.

        Args:
            steps: lines to write to the agent, each with the seconds to wait after it.
            term: seconds to wait after SIGTERM.
            kill: seconds to wait after SIGKILL.
        """
        frame = {"t": "stop", "steps": [list(s) for s in steps], "term": term, "kill": kill}
        self._end(frame, sum(s[1] for s in steps) + term + kill)

    def kill(self) -> None:
        """Ask the shim to end the agent at once."""
        self._end({"t": "kill"}, 0)

    async def end(self, seconds: float) -> bool:
        """End the agent at once and wait for it, connecting to the shim if necessary.

        Args:
            seconds: how long to wait.

        Returns:
            Whether shim and agent are gone.

        Raises:
            OSError: it is not possible to tell now.
        """
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while is_locked(self.directory / "lock"):
                    if self._writer is not None or await self.connect():
                        self.kill()
                    await asyncio.sleep(_RECONNECT)
        if self._overseer is not None:
            self._overseer.cancel()
        return not is_locked(self.directory / "lock")

    def _end(self, frame: dict[str, Any], seconds: float) -> None:
        """Send the frame now, and again if the connection is lost before the agent has ended."""
        self._end_frame = frame
        self._send(frame)
        if self._overseer is None or self._overseer.done():
            self._overseer = self._tasks.start("see to its end", self._see_to_it(seconds))

    async def _see_to_it(self, seconds: float) -> None:
        """Kill a shim that does not obey; a shim that waits for a full disk still answers."""
        await asyncio.sleep(seconds)
        while True:
            with contextlib.suppress(OSError):
                if not is_locked(self.directory / "lock"):
                    return
                if self._shim_pid and not await self._answers():
                    os.kill(self._shim_pid, signal.SIGKILL)
            await asyncio.sleep(_ANSWER_DEADLINE)

    async def _answers(self) -> bool:
        """Whether the shim greets a new connection, as a working shim does at once."""
        try:
            async with asyncio.timeout(_ANSWER_DEADLINE):
                reader, writer = await asyncio.open_unix_connection(os.fspath(self._socket))
                try:
                    return bool(await reader.read(1))
                finally:
                    writer.close()
        except TimeoutError:
            return False

    def _send(self, frame: dict[str, Any]) -> None:
        if self._writer is not None:
            self._writer.write(dump_frame(frame))

    async def lines(self) -> AsyncIterator[list[LogLine]]:
        """The agent's lines in batches, as they come, until the run is over and all are read.

        Raises:
            OSError: the log could not be read for `_READ_PATIENCE` seconds.
        """
        failing = 0.0
        while True:
            self._wake.clear()
            try:
                batch, over = self._look()
                failing = 0.0
            except OSError:
                failing = failing or time.monotonic()
                if time.monotonic() - failing > _READ_PATIENCE:
                    raise
                await asyncio.sleep(_RECONNECT)
                continue
            if batch:
                yield batch
            elif over:
                return
            elif self._writer is None and not await self.connect():
                await asyncio.sleep(_RECONNECT)
            elif not self._reader.behind:
                await self._wake.wait()

    def _look(self) -> tuple[list[LogLine], bool]:
        """The new lines of the log, and whether there will never be more."""
        batch = self._reader.read()
        over = not batch and not self._reader.behind and self.is_over()
        # The last line may have arrived between reading the log and checking the shim.
        return batch, over and not self._reader.behind

    def is_over(self) -> bool:
        """Whether the log is complete: nobody holds the run any more."""
        return self._writer is None and not is_locked(self.directory / "lock")

    async def ending(self, number: int) -> RunEnded:
        """How the run ended; call this after `lines` is exhausted."""
        if self._process is not None:
            await asyncio.to_thread(self._process.wait)
        return ended(self.directory, number, self._stderr_tail())

    def _stderr_tail(self, limit: int = 2000) -> str:
        """The end of the agent's standard error, raw."""
        try:
            with (self.directory / "err.log").open("rb") as file:
                file.seek(max(0, os.fstat(file.fileno()).st_size - limit))
                return file.read(limit).decode("utf-8", "replace")
        except OSError:
            return ""

    def trim(self, offset: int) -> None:
        """Free the disk space of log lines already journalled; sizes and offsets do not change.

        Args:
            offset: in bytes; everything before it is in the journal.
        """
        with contextlib.suppress(OSError), (self.directory / "out.log").open("r+b") as file:
            punch_hole(file.fileno(), offset)

    def forget_log(self) -> None:
        """Remove the log of a run that is over: the journal has everything it said."""
        with contextlib.suppress(OSError):
            (self.directory / "out.log").unlink()

    async def detach(self) -> None:
        """Release the shim; the agent keeps running."""
        writer = self._writer
        await self._tasks.end()
        if writer is not None:
            writer.close()
