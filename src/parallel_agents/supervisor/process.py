"""One run of a session's agent, seen from the supervisor: its shim, its log, its ending.

Keep true: a line of the agent is handed on once, in order, with the offset after it; the shim is
told of every whole line exactly when asked; that a run is over is believed only from its `exit`
file, or from its lock being free without one.
"""

import asyncio
import contextlib
import hashlib
import json
import os
import py_compile
import sys
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from parallel_agents.core.errors import AgentError, StorageError
from parallel_agents.supervisor.files import is_locked, read_json, write_json
from parallel_agents.supervisor.runlog import LogLine, LogReader, punch_hole
from parallel_agents.wire.framing import LineSplitter, dump_frame, load_frame

_FRAME = 64 << 20
_START_DEADLINE = 30.0
_RECONNECT = 0.1


@dataclass(frozen=True, slots=True)
class Ending:
    """How a run ended; see `docs/shim-protocol.md`, file `exit`."""

    code: int | None
    signal: int | None
    asked: bool
    error: str
    swept: int
    recorded: bool


def shim_file(state: Path) -> Path:
    """Copy the shim to where no upgrade of ours reaches it, and compile the copy.

    A shim that is run from its source keeps 2 MB that compiling it took, in every session.

    Args:
        state: the state directory.

    Returns:
        `<state>/shims/<sha256>-<tag of the interpreter>.pyc`, beside its source.

    Raises:
        StorageError: when it cannot be written.
    """
    source = Path(__file__).parent.parent / "shim.py"
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
    """The interpreter behind the virtual environment: it outlives the environment."""
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
        self._listener: asyncio.Task[None] | None = None
        self.agent_pid: int | None = None
        self._delivered: dict[str, asyncio.Future[bool]] = {}
        self._process: asyncio.subprocess.Process | None = None

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
            raise StorageError(f"cannot write {self.directory}: {error.strerror}") from error
        write_json(self.directory / "spec.json", {"version": 1, **spec})
        said = await self._launch(shim)
        if not said.get("ready"):
            raise AgentError(str(said.get("error") or "the agent's process could not be started"))
        await self.connect()
        return int(said["agent"])

    async def _launch(self, shim: Path) -> dict[str, Any]:
        with (self.directory / "shim.log").open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                base_interpreter(),
                "-I",
                "-S",
                os.fspath(shim),
                os.fspath(self.directory),
                os.fspath(self._socket),
                os.fspath(self._owner),
                cwd="/",
                env={"PATH": os.defpath, "LANG": "C.UTF-8"},
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
                start_new_session=True,
            )
        assert self._process.stdout is not None  # noqa: S101 - asked for above
        try:
            async with asyncio.timeout(_START_DEADLINE):
                line = await self._process.stdout.readline()
        except TimeoutError:
            raise AgentError("the agent's process did not start in time") from None
        try:
            said = json.loads(line)
        except ValueError:
            raise AgentError(
                "the process that holds the agent ended at once",
                f"Look at {self.directory / 'shim.log'}.",
            ) from None
        return said if isinstance(said, dict) else {}

    async def connect(self) -> bool:
        """Connect to the shim; False when none listens any more."""
        try:
            reader, writer = await asyncio.open_unix_connection(os.fspath(self._socket))
        except OSError:
            return False
        self._writer = writer
        self._listener = asyncio.create_task(self._listen(reader))
        if self._end_frame is not None:
            self._send(self._end_frame)
        return True

    async def connect_again(self) -> bool:
        """Connect to the shim of an earlier supervisor; False when it is over."""
        while is_locked(self.directory / "lock"):
            if await self.connect():
                return True
            await asyncio.sleep(_RECONNECT)
        return False

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        splitter = LineSplitter(_FRAME)
        with contextlib.suppress(OSError):
            while data := await reader.read(1 << 16):
                for line in splitter.feed(data):
                    self._hear(load_frame(line))
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

    def stop(self, steps: Sequence[tuple[str, float]], *, term: float, kill: float) -> None:
        """Ask the shim to end the agent, step by step, on its own.

        Args:
            steps: lines to write to the agent, each with the seconds to wait after it.
            term: seconds to wait after SIGTERM.
            kill: seconds to wait after SIGKILL.
        """
        frame = {"t": "stop", "steps": [list(s) for s in steps], "term": term, "kill": kill}
        self._end(frame)

    def kill(self) -> None:
        """Ask the shim to end the agent at once."""
        self._end({"t": "kill"})

    def _end(self, frame: dict[str, Any]) -> None:
        """Say it now, and again should the connection be lost before it has happened."""
        self._end_frame = frame
        self._send(frame)

    def _send(self, frame: dict[str, Any]) -> None:
        if self._writer is not None:
            self._writer.write(dump_frame(frame))

    async def lines(self) -> AsyncIterator[list[LogLine]]:
        """The agent's lines in batches, as they come, until the run is over and all are read."""
        while True:
            self._wake.clear()
            batch = self._reader.read()
            if batch:
                yield batch
            elif self._reader.behind:
                continue
            elif self._over():
                if not self._reader.behind:
                    return
            elif self._writer is None and not await self.connect():
                await asyncio.sleep(_RECONNECT)
            else:
                await self._wake.wait()

    def _over(self) -> bool:
        """Whether nothing more will be written to the log."""
        if self._writer is not None:
            return False
        return not is_locked(self.directory / "lock")

    async def ending(self) -> Ending:
        """How the run ended; ask after `lines` is exhausted."""
        if self._process is not None:
            await self._process.wait()
        said = read_json(self.directory / "exit")
        if not isinstance(said, dict):
            return Ending(None, None, False, "", 0, recorded=False)
        return Ending(
            said.get("code"),
            said.get("signal"),
            bool(said.get("asked")),
            str(said.get("error") or ""),
            int(said.get("swept") or 0),
            recorded=True,
        )

    def stderr_tail(self, limit: int = 2000) -> str:
        """The last words the agent wrote to standard error, raw."""
        try:
            data = (self.directory / "err.log").read_bytes()
        except OSError:
            return ""
        return data[-limit:].decode("utf-8", "replace")

    def trim(self, offset: int) -> None:
        """Give back the disk space of what is folded; sizes and offsets stay as they are.

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
        """Let go of the shim; the agent goes on."""
        if self._listener is not None:
            self._listener.cancel()
            await asyncio.gather(self._listener, return_exceptions=True)
        if self._writer is not None:
            self._writer.close()
            self._writer = None
