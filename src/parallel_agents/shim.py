"""The process that holds one run of an agent: its parent, its log and its input.

Keep true:
- one file of standard library, imported eagerly: it goes on when our package is replaced;
- the agent's bytes are never lost, doubled or torn, whatever the disk or a client does;
- only whole lines reach the agent, each id once, and only from a process no agent started;
- nothing the agent started outlives the run, and the ending is on disk before it is told;
- an idle shim never wakes up: every wait has an event or a deadline behind it.

Started as `python -I -S shim.py RUN_DIR SOCKET_PATH OWNER_LOCK`. Files, frames and their
guarantees are described in `docs/shim-protocol.md`; the protocol is frozen as version 1.
Also works compiled (`py_compile`): that spares each process 2 MB that compiling leaves behind.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import fcntl
import json
import os
import selectors
import signal
import socket
import struct
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator

TYPE_CHECKING = False  # importing `typing` would take 0.6 MB in every process
if TYPE_CHECKING:
    from typing import Any, NoReturn

    Frame = dict[str, Any]

VERSION = 1
MARK = b"PARALLEL_AGENTS_SESSION="
NAME = b"pa-shim"
CHUNK = 64 << 10
FRAME_MAX = 64 << 20
QUEUE_MAX = 64 << 20
LINE_COST = 512  # what a queued line takes beside its bytes
PUSH_MAX = 1 << 20
ERR_MAX = 1 << 20
PEERS_MAX = 64
IDS_MAX = 8192
RETRY_S = 0.25
DRAIN_S = 2.0
SWEEP_S = 0.005
NOTICE_S = 0.01
WALKS = 20
WALK_S = 0.01
GRACE_S = 5.0
PR_SET_DUMPABLE, PR_SET_NAME, PR_SET_CHILD_SUBREAPER = 4, 15, 36


class StartError(Exception):
    """The run cannot begin; the message is for the person."""


def stamp(chunk: bytes, fresh: bool, now_ms: int) -> tuple[bytes, bool]:
    """Put the time of arrival before every line that begins in this chunk.

    Args:
        chunk: bytes as the agent wrote them, cut anywhere; not empty.
        fresh: whether the chunk begins a line.
        now_ms: Unix time in milliseconds.

    Returns:
        The bytes to log, and whether the next chunk begins a line.
    """
    mark = b"%d " % now_ms
    ended = chunk.endswith(b"\n")
    body = (chunk[:-1] if ended else chunk).replace(b"\n", b"\n" + mark)
    return (mark if fresh else b"") + body + (b"\n" if ended else b""), ended


def proc_stat(pid: int) -> tuple[int, bytes, bytes]:
    """Read a process's parent, state letter and start time from /proc (proc_pid_stat(5))."""
    with open(f"/proc/{pid}/stat", "rb") as file:
        text = file.read()
    fields = text[text.rindex(b")") + 2 :].split()
    return int(fields[1]), fields[0], fields[19]


def descendants(root: int) -> Iterator[tuple[int, bytes]]:
    """List the living descendants of a process as (pid, start time); zombies are left out."""
    children: dict[int, list[tuple[int, bytes, bytes]]] = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            with contextlib.suppress(OSError):
                parent, state, born = proc_stat(int(name))
                children.setdefault(parent, []).append((int(name), state, born))
    todo = [root]
    while todo:
        for pid, state, born in children.get(todo.pop(), ()):
            todo.append(pid)
            if state not in b"ZX":
                yield pid, born


def _is_agents(pid: int) -> bool:
    """Tell whether a process is a shim or carries the mark that every agent is given.

    An environment that cannot be read (sshd, `systemd --user`) does not count: shims are the
    only unreadable ones that matter, and their name is readable by everyone.
    """
    with open(f"/proc/{pid}/comm", "rb") as file:
        if file.read().rstrip(b"\n") == NAME:
            return True
    with contextlib.suppress(PermissionError), open(f"/proc/{pid}/environ", "rb") as file:
        return any(entry.startswith(MARK) for entry in file.read().split(b"\0"))
    return False


def _agent_above(pid: int) -> bool:
    """Walk from a process to the root of the tree, looking for an agent's."""
    while pid > 0:
        try:
            if pid == os.getpid() or _is_agents(pid):
                return True
            pid = proc_stat(pid)[0]
        except FileNotFoundError:
            try:
                os.kill(pid, 0)
            except PermissionError:  # /proc hides other users: the chain has left ours
                return False
            raise
    return False


def why_refused(pid: int, uid: int) -> str | None:
    """Decide whether a connecting process may speak to this shim.

    Args:
        pid: its process id, from SO_PEERCRED; 0 when it is outside our namespace.
        uid: its user id, from SO_PEERCRED.

    Returns:
        The reason for refusing it, or None.
    """
    if uid != os.getuid() or pid <= 0:
        return "only a visible process of the same user may connect"
    for attempt in range(WALKS):
        if attempt:  # a parent is ending: on a busy machine it takes a while to be gone
            time.sleep(WALK_S)
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            return "a process started by an agent may not connect" if _agent_above(pid) else None
    return "the connecting process is gone"


class Log:
    """out.log: what the agent wrote, each line stamped, appended without a gap."""

    def __init__(self, path: str) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND
        self.fd = os.open(path, flags, 0o600)
        self.size = 0
        self.pending = b""
        self._fresh = True

    def add(self, chunk: bytes) -> None:
        """Take the agent's bytes; call `flush` before adding more."""
        text, self._fresh = stamp(chunk, self._fresh, time.time_ns() // 1_000_000)
        self.pending += text

    def end(self) -> None:
        """Close a last line that has no newline."""
        if not self._fresh:
            self.pending += b"\n"
            self._fresh = True

    def flush(self) -> int | None:
        """Write what is pending; return the errno that stopped it, else None."""
        while self.pending:
            try:
                done = os.write(self.fd, self.pending)
            except OSError as problem:
                return problem.errno
            self.pending = self.pending[done:]
            self.size += done
        return None


class Line:
    """One line on its way to the agent, and who waits to hear of it."""

    def __init__(self, name: str | None, data: bytes, peer: Peer | None) -> None:
        self.name = name
        self.rest = memoryview(data + b"\n")
        self.peer = peer

    def tell(self, frame: Frame) -> None:
        """Answer whoever sent the line last, if anyone is there."""
        if self.peer and self.name is not None:
            self.peer.send({**frame, "id": self.name})


class Inbox:
    """The queue of whole lines before the agent's socketpair."""

    def __init__(self) -> None:
        self.queue: deque[Line] = deque()
        self.bytes = 0
        self.closed: str | None = None
        self._queued: dict[str, Line] = {}
        self._delivered: dict[str, None] = {}

    def offer(self, name: str, text: object, peer: Peer) -> Frame | None:
        """Queue a line; return the answer if there is one at once."""
        if name in self._delivered:
            return {"t": "delivered", "id": name}
        if name in self._queued:
            self._queued[name].peer = peer
            return None
        why, data = self._checked(text)
        if why:
            return {"t": "refused", "id": name, "why": why}
        self.put(Line(name, data, peer))
        return None

    def _checked(self, text: object) -> tuple[str | None, bytes]:
        if self.closed:
            return self.closed, b""
        if not isinstance(text, str) or "\n" in text:
            return "data must be one line of text without its newline", b""
        try:
            data = text.encode()
        except UnicodeEncodeError:
            return "data is not valid Unicode", b""
        full = self.bytes + len(data) + LINE_COST > QUEUE_MAX
        return ("the agent does not read its input; the queue is full" if full else None), data

    def put(self, line: Line) -> None:
        """Queue a line unconditionally."""
        self.queue.append(line)
        self.bytes += len(line.rest) + LINE_COST
        if line.name is not None:
            self._queued[line.name] = line

    def write(self, sock: socket.socket) -> None:
        """Write as much as the agent takes; raises OSError once it has closed its input."""
        while self.queue:
            line = self.queue[0]
            try:
                done = sock.send(line.rest[:CHUNK])
            except BlockingIOError:
                return
            line.rest = line.rest[done:]
            self.bytes -= done
            if not line.rest:
                self.queue.popleft()
                self._done(line)

    def _done(self, line: Line) -> None:
        self.bytes -= LINE_COST
        if line.name is not None:
            del self._queued[line.name]
            self._delivered[line.name] = None
            if len(self._delivered) > IDS_MAX:
                del self._delivered[next(iter(self._delivered))]
        line.tell({"t": "delivered"})

    def close(self, why: str) -> None:
        """Refuse what is queued and everything after it."""
        self.closed = self.closed or why
        while self.queue:
            self.queue.popleft().tell({"t": "refused", "why": why})
        self._queued.clear()
        self.bytes = 0


class Peer:
    """One client: whole frames in, a bounded queue of frames out."""

    def __init__(self, shim: Shim, sock: socket.socket) -> None:
        self.shim = shim
        self.sock = sock
        self.seen = -1
        self.unsent = bytearray()
        self._got = bytearray()
        sock.setblocking(False)
        shim.selector.register(sock, selectors.EVENT_READ, self.ready)

    def ready(self, mask: int) -> None:
        """Serve the socket."""
        if mask & selectors.EVENT_WRITE:
            self._flush()
            self.shim.notice()
        if mask & selectors.EVENT_READ and self.sock.fileno() >= 0:
            self._read()

    def _read(self) -> None:
        try:
            data = self.sock.recv(4 * CHUNK)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self.close()
            return
        *lines, rest = data.split(b"\n")
        for line in lines:
            frame = bytes(self._got) + line
            self._got.clear()
            if self.sock.fileno() >= 0:
                self._frame(frame)
        self._got += rest
        if len(self._got) > FRAME_MAX:
            self.close()

    def _frame(self, raw: bytes) -> None:
        try:
            frame = json.loads(raw)
        except (ValueError, RecursionError):
            frame = None
        if isinstance(frame, dict):
            answer = self.shim.command(self, frame)
        else:
            answer = {"t": "refused", "why": "a frame is one JSON object on one line"}
        if answer:
            self.send(answer)

    def send(self, frame: Frame) -> None:
        """Queue a frame; a client that does not read is dropped."""
        if self.sock.fileno() < 0:
            return
        self.unsent += json.dumps(frame, separators=(",", ":")).encode() + b"\n"
        self._flush()
        if len(self.unsent) > PUSH_MAX:
            self.close()

    def _flush(self) -> None:
        try:
            while self.unsent:
                del self.unsent[: self.sock.send(self.unsent[: 4 * CHUNK])]
        except BlockingIOError:
            pass
        except OSError:
            self.close()
            return
        write = selectors.EVENT_WRITE if self.unsent else 0
        self.shim.selector.modify(self.sock, selectors.EVENT_READ | write, self.ready)

    def close(self) -> None:
        """Forget the client; lines it sent whole still go to the agent."""
        if self.sock.fileno() >= 0:
            self.shim.selector.unregister(self.sock)
            self.sock.close()
            self.shim.peers.discard(self)


class Shim:
    """The event loop: the agent's three streams, the clients, the stop and the ending."""

    def __init__(self, run_dir: str, socket_path: str) -> None:
        self.run_dir = run_dir
        self.socket_path = socket_path
        self.selector = selectors.DefaultSelector()
        self.peers: set[Peer] = set()
        self.inbox = Inbox()
        self.log = Log(os.path.join(run_dir, "out.log"))
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        self._err_log = os.open(os.path.join(run_dir, "err.log"), flags, 0o600)
        os.dup2(self._err_log, 2, inheritable=False)  # a fault of ours is told there too
        self.state = "running"
        self.agent = 0
        self._timers: dict[str, tuple[float, Callable[[], None]]] = {}
        self._plan: list[tuple[str | int, float]] = []
        self._grace = GRACE_S
        self._asked = False
        self._disk: str | None = None
        self._swept: set[tuple[int, bytes]] = set()
        self._ending: Frame = {"code": None, "signal": None, "asked": False, "error": None}
        self._err_size = 0
        self._done = False

    # Starting

    def listen(self) -> None:
        """Open the socket that clients connect to; we hold the run's lock."""
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.socket_path)
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        before = os.umask(0o177)
        try:
            self._listener.bind(self.socket_path)
        finally:
            os.umask(before)
        self._listener.listen(PEERS_MAX)
        self._listener.setblocking(False)
        self._accepting()

    def _accepting(self) -> None:
        self.selector.register(self._listener, selectors.EVENT_READ, self._accept)

    def watch_signals(self) -> None:
        """Turn signals into bytes that the loop reads; HUP and INT mean nothing to us."""
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        for ignored in (signal.SIGHUP, signal.SIGINT):
            signal.signal(ignored, signal.SIG_IGN)
        reader, writer = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
        for caught in (signal.SIGCHLD, signal.SIGTERM):
            signal.signal(caught, lambda *_: None)
        self.selector.register(reader, selectors.EVENT_READ, lambda _: self._signals(reader))

    def adopt(self, agent: int, stdin: socket.socket, out: int, err: int) -> None:
        """Serve the agent that was just started."""
        self.agent, self._stdin, self._out, self._err = agent, stdin, out, err
        stdin.setblocking(False)
        self.selector.register(out, selectors.EVENT_READ, self._read_out)
        self.selector.register(err, selectors.EVENT_READ, self._read_err)

    def run(self) -> None:
        """Serve until the ending is recorded and told."""
        while not self._done:
            wait = min((when for when, _ in self._timers.values()), default=None)
            pause = None if wait is None else max(0.0, wait - time.monotonic())
            for key, mask in self.selector.select(pause):
                known = self.selector.get_map().get(key.fd)
                if known and known.data == key.data:  # not closed earlier in this batch
                    key.data(mask)
            now = time.monotonic()
            for name, (when, call) in list(self._timers.items()):
                if when <= now and name in self._timers:
                    del self._timers[name]
                    call()

    def _after(self, name: str, seconds: float, call: Callable[[], None]) -> None:
        self._timers[name] = (time.monotonic() + seconds, call)

    # The agent's output

    def _read_out(self, _mask: int) -> None:
        chunk = os.read(self._out, CHUNK)
        if chunk:
            self.log.add(chunk)
        else:
            self.log.end()
            self.selector.unregister(self._out)
            os.close(self._out)
            self._out = -1
        self._write_out()

    def _write_out(self) -> None:
        problem = self.log.flush()
        self._disk_says(problem)
        if self._out >= 0:
            paused = self._out not in self.selector.get_map()
            if problem is not None and not paused:
                self.selector.unregister(self._out)
            elif problem is None and paused:
                self.selector.register(self._out, selectors.EVENT_READ, self._read_out)
                if "left" in self._ending:  # what waited in the pipe gets its time to drain
                    self._after("drain", DRAIN_S, self._maybe_record)
        if problem is not None:
            self._after("disk", RETRY_S, self._write_out)
        self.notice()
        self._maybe_record()

    def _disk_says(self, problem: int | None) -> None:
        word = None if problem is None else errno.errorcode.get(problem, str(problem))
        if word != self._disk:
            self._disk = word
            self._push({"t": "disk", "error": word})

    def notice(self) -> None:
        """Tell how far the log goes: at most every NOTICE_S, only who has read the last one."""
        if "notice" in self._timers:
            return
        for peer in list(self.peers):
            if peer.seen != self.log.size and not peer.unsent:
                peer.seen = self.log.size
                peer.send({"t": "out", "size": self.log.size})
                self._after("notice", NOTICE_S, self.notice)

    def _read_err(self, _mask: int) -> None:
        chunk = os.read(self._err, CHUNK)
        if not chunk:
            self.selector.unregister(self._err)
            os.close(self._err)
            self._err = -1
            self._maybe_record()
            return
        if self._err_size < ERR_MAX:
            chunk = chunk[: ERR_MAX - self._err_size]
            self._err_size += len(chunk)
            if self._err_size == ERR_MAX:
                chunk += b"\n[parallel-agents: the rest of the error output was dropped]\n"
            with contextlib.suppress(OSError):
                os.write(self._err_log, chunk)

    # Clients

    def _accept(self, _mask: int) -> None:
        try:
            sock, _ = self._listener.accept()
        except BlockingIOError:
            return
        except OSError:  # out of descriptors: the waiting client would wake us for ever
            self.selector.unregister(self._listener)
            self._after("listen", 1.0, self._accepting)
            return
        pid, uid, _gid = struct.unpack(
            "3i", sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
        )
        peer = Peer(self, sock)
        why = why_refused(pid, uid)
        if why is None and len(self.peers) >= PEERS_MAX:
            why = "too many clients"
        if why:
            peer.send({"t": "refused", "why": why})
            peer.close()
            return
        self.peers.add(peer)
        self._greet(peer)

    def _greet(self, peer: Peer) -> None:
        peer.seen = self.log.size
        hello = {"t": "hello", "v": VERSION, "shim": os.getpid(), "agent": self.agent}
        peer.send({**hello, "out": self.log.size, "state": self.state})
        if self._disk:
            peer.send({"t": "disk", "error": self._disk})

    def _push(self, frame: Frame) -> None:
        for peer in list(self.peers):
            peer.send(frame)

    def command(self, peer: Peer, frame: Frame) -> Frame | None:
        """Do what a client's frame asks; return the answer if there is one at once."""
        match frame.get("t"):
            case "line":
                return self._line(peer, frame)
            case "stop":
                return self._stop_frame(frame)
            case "kill":
                self._stop([(signal.SIGKILL, self._grace)], at_once=True)
                return {"t": "stopping"}
            case _:
                return {"t": "refused", "why": "this frame type is unknown to version 1"}

    def _line(self, peer: Peer, frame: Frame) -> Frame | None:
        name = frame.get("id")
        if not isinstance(name, str) or not 0 < len(name) <= 128:
            return {"t": "refused", "why": "a line needs an id of 1 to 128 characters"}
        answer = self.inbox.offer(name, frame.get("data"), peer)
        self._write_in()
        return answer

    def _write_in(self, _mask: int = 0) -> None:
        if self.inbox.closed:
            return
        try:
            self.inbox.write(self._stdin)
        except OSError:
            self.inbox.close("the agent has closed its input")
        waiting = self._stdin.fileno() in self.selector.get_map()
        if self.inbox.queue and not waiting:
            self.selector.register(self._stdin, selectors.EVENT_WRITE, self._write_in)
        elif waiting and not self.inbox.queue:
            self.selector.unregister(self._stdin)

    # Stopping

    def _stop_frame(self, frame: Frame) -> Frame:
        term, kill = frame.get("term", GRACE_S), frame.get("kill", GRACE_S)
        steps = frame.get("steps", [])
        shaped = isinstance(steps, list) and all(
            isinstance(step, list) and len(step) == 2 and isinstance(step[0], str) for step in steps
        )
        if not shaped or not all(map(_is_delay, [term, kill, *(step[1] for step in steps)])):
            return {"t": "refused", "why": "stop wants steps [[line, seconds]...], term and kill"}
        plan = [(line.replace("\n", " "), wait) for line, wait in steps]
        self._stop([*plan, (signal.SIGTERM, term), (signal.SIGKILL, kill)])
        return {"t": "stopping"}

    def _stop(self, plan: list[tuple[str | int, float]], *, at_once: bool = False) -> None:
        if self.state != "running" and not (at_once and self.agent_lives):
            return
        self._asked, self.state, self._plan = True, "stopping", plan
        self._grace = plan[-1][1]
        self._escalate()

    def _escalate(self) -> None:
        """Take the next step of the stop; the agent's exit cancels the rest."""
        if not self._plan:
            return
        step, wait = self._plan.pop(0)
        if isinstance(step, int):
            os.kill(self.agent, step)
        elif not self.inbox.closed:
            self.inbox.put(Line(None, step.encode(errors="replace"), None))
            self._write_in()
        self._after("stop", wait, self._escalate)

    # Ending

    @property
    def agent_lives(self) -> bool:
        """Whether the agent's exit has not been collected yet."""
        return "at" not in self._ending

    def _signals(self, reader: int) -> None:
        seen = os.read(reader, 4096)
        if signal.SIGTERM in seen:
            self._stop([(signal.SIGTERM, GRACE_S), (signal.SIGKILL, GRACE_S)])
        if signal.SIGCHLD in seen:
            self._reap()

    def _reap(self) -> bool:
        """Collect every child that ended; return whether any child is left."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return False
            if pid == 0:
                return True
            if pid == self.agent and self.agent_lives:
                self._agent_ended(os.waitstatus_to_exitcode(status))

    def _agent_ended(self, code: int) -> None:
        self.state = "stopping"
        self._ending |= {
            "code": code if code >= 0 else None,
            "signal": -code if code < 0 else None,
            "asked": self._asked,
            "at": time.time_ns() // 1_000_000,
        }
        self._timers.pop("stop", None)
        if self._stdin.fileno() in self.selector.get_map():
            self.selector.unregister(self._stdin)
        self.inbox.close("the agent has ended")
        self._stdin.close()
        deadline = time.monotonic() + self._grace
        self._after("sweep", 0, lambda: self._sweep(deadline))

    def _sweep(self, deadline: float) -> None:
        """Stop, then kill every descendant; again until none is left or none will go."""
        known: set[tuple[int, bytes]] = set()
        while found := set(descendants(os.getpid())) - known:
            known |= found
            for pid, _ in found:
                _signal(pid, signal.SIGSTOP)
        for pid, born in known:
            if _signal(pid, signal.SIGKILL):
                self._swept.add((pid, born))
        if self._reap() and time.monotonic() < deadline:
            self._after("sweep", SWEEP_S, lambda: self._sweep(deadline))
            return
        left = sum(1 for _ in descendants(os.getpid()))
        self._ending |= {"swept": len(self._swept), "left": left}
        self._after("drain", DRAIN_S, self._maybe_record)
        self._maybe_record()

    def _maybe_record(self) -> None:
        """Record the ending once the streams are drained or their time is up."""
        open_still = "drain" in self._timers and (self._out >= 0 or self._err >= 0)
        if "left" not in self._ending or self.log.pending or open_still or self.state == "ended":
            return
        if self._out >= 0 or self._err >= 0:
            self._drained()
        else:
            self._record()

    def _drained(self) -> None:
        """Give up on streams that a process outside our reach still holds open."""
        for stream in (self._out, self._err):
            if stream >= 0:
                with contextlib.suppress(KeyError):
                    self.selector.unregister(stream)
                os.close(stream)
        self._out = self._err = -1
        self.log.end()
        self._write_out()

    def _record(self) -> None:
        self._ending["out"] = self.log.size
        try:
            write_exit(self.run_dir, self._ending)
        except OSError as problem:
            self._disk_says(problem.errno)
            self._after("record", RETRY_S, self._maybe_record)
            return
        self.state = "ended"
        self._disk_says(None)
        self._push({"t": "ended", **self._ending})
        self._farewell(time.monotonic() + 1.0)

    def _farewell(self, deadline: float) -> None:
        """Leave once every client has what we told it, or has had its second."""
        if any(peer.unsent for peer in self.peers) and time.monotonic() < deadline:
            self._after("farewell", NOTICE_S, lambda: self._farewell(deadline))
            return
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.socket_path)
        self._done = True


def _is_delay(value: object) -> bool:
    return isinstance(value, int | float) and 0 <= value <= 3600


def _signal(pid: int, number: int) -> bool:
    """Signal a descendant; tell whether it could be signalled."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, number)
        return True
    return False


def write_exit(run_dir: str, ending: Frame) -> None:
    """Record how the run ended: complete and durable, or not at all (OSError)."""
    temporary = os.path.join(run_dir, "exit.tmp")
    fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        rest = json.dumps(ending).encode() + b"\n"
        while rest:
            rest = rest[os.write(fd, rest) :]
        os.fsync(fd)
    finally:
        os.close(fd)
    os.rename(temporary, os.path.join(run_dir, "exit"))
    directory = os.open(run_dir, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def hold(path: str) -> None:
    """Take a lock for the life of this process, or raise StartError."""
    fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise StartError(f"another process holds {path}") from None


def read_spec(run_dir: str) -> Frame:
    """Read and check what to start; raises StartError."""
    try:
        with open(os.path.join(run_dir, "spec.json"), "rb") as file:
            spec = json.load(file)
        argv, env = spec["argv"], spec["env"]
        texts = [spec["cwd"], spec["session"], *argv, *env.keys(), *env.values()]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as problem:
        raise StartError(f"cannot read spec.json: {problem}") from None
    if spec.get("version") != VERSION or not argv:
        raise StartError(f"spec.json must be of version {VERSION} and name a program")
    if not all(isinstance(text, str) and "\0" not in text for text in texts):
        raise StartError("spec.json may hold only text without NUL")
    return dict(spec)


def _raw(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _exec(argv: list[bytes], env: dict[bytes, bytes]) -> None:
    """Become the program; only absolute entries of PATH count, the cwd is untrusted."""
    if b"/" in argv[0]:
        os.execve(argv[0], argv, env)
    problem = OSError(errno.ENOENT, os.strerror(errno.ENOENT))
    for folder in env.get(b"PATH", b"/usr/local/bin:/usr/bin:/bin").split(b":"):
        if folder.startswith(b"/"):
            try:
                os.execve(folder + b"/" + argv[0], argv, env)
            except (FileNotFoundError, NotADirectoryError, PermissionError) as found:
                problem = found
    raise problem


def _become_agent(spec: Frame, umask: int, streams: tuple[int, int, int], told: int) -> NoReturn:
    try:
        os.setsid()
        for number, fd in enumerate(streams):
            os.dup2(fd, number)
        ours = (signal.SIGHUP, signal.SIGINT, signal.SIGTERM, signal.SIGCHLD)
        for number in (*ours, signal.SIGPIPE, signal.SIGXFSZ):
            signal.signal(number, signal.SIG_DFL)
        os.umask(umask)
        env = {_raw(name): _raw(value) for name, value in spec["env"].items()}
        env[MARK[:-1]] = _raw(spec["session"])
        os.chdir(_raw(spec["cwd"]))
        _exec([_raw(arg) for arg in spec["argv"]], env)
    except (OSError, ValueError) as problem:
        os.write(told, f"cannot start {spec['argv'][0]!r}: {problem}".encode(errors="replace"))
    finally:
        os._exit(127)


def start_agent(spec: Frame, umask: int) -> tuple[int, socket.socket, int, int]:
    """Start the agent in a session of its own with only three descriptors.

    Args:
        spec: as `read_spec` returns it.
        umask: for the agent's own files, unless the spec names one.

    Returns:
        Its pid, our end of its stdin, and the read ends of its stdout and stderr.
    """
    ours, theirs = socket.socketpair()
    (out, out_end), (err, err_end), (told, told_end) = os.pipe(), os.pipe(), os.pipe()
    agent = os.fork()
    if agent == 0:
        streams = (theirs.fileno(), out_end, err_end)
        _become_agent(spec, int(spec.get("umask", umask)), streams, told_end)
    theirs.close()
    for end in (out_end, err_end, told_end):
        os.close(end)
    problem = os.read(told, 4096)
    os.close(told)
    if problem:
        os.waitpid(agent, 0)
        raise StartError(problem.decode(errors="replace"))
    return agent, ours, out, err


def _harden() -> None:
    """Adopt orphans, be readable by nobody, carry the name that other shims look for."""
    libc = ctypes.CDLL(None, use_errno=True)
    for option, value in ((PR_SET_CHILD_SUBREAPER, 1), (PR_SET_DUMPABLE, 0), (PR_SET_NAME, NAME)):
        if libc.prctl(option, value, 0, 0, 0):
            raise StartError(f"prctl {option}: {os.strerror(ctypes.get_errno())}")


def _begin(run_dir: str, socket_path: str, umask: int) -> Shim:
    """Start everything, or record why not and raise StartError."""
    spec = read_spec(run_dir)
    try:
        shim = Shim(run_dir, socket_path)
        _harden()
        shim.watch_signals()
        shim.listen()
        shim.adopt(*start_agent(spec, umask))
    except OSError as problem:
        raise StartError(f"cannot start the run: {problem}") from None
    return shim


def _say(frame: Frame) -> None:
    """Report readiness to whoever started us, then let go of their pipe."""
    null = os.open(os.devnull, os.O_RDWR)
    with contextlib.suppress(OSError):
        os.write(1, json.dumps(frame).encode() + b"\n")
    os.dup2(null, 0)
    os.dup2(null, 1)
    os.close(null)


def main(run_dir: str, socket_path: str, owner_lock: str) -> int:
    """Hold one run from its start to its recorded ending.

    Args:
        run_dir: the run's directory, with spec.json inside.
        socket_path: where clients will connect.
        owner_lock: the conversation's lock file, shared by all its runs.

    Returns:
        The exit status: 0 once the ending is recorded, 1 when the run could not begin.
    """
    umask = os.umask(0o077)
    for name in os.listdir("/proc/self/fd"):
        if int(name) > 2:  # whoever started us may have left theirs open
            with contextlib.suppress(OSError):
                os.close(int(name))
    try:
        hold(os.path.join(run_dir, "lock"))
        hold(owner_lock)
        if os.path.exists(os.path.join(run_dir, "out.log")):
            raise StartError(f"{run_dir} has been run already")
    except (OSError, StartError) as problem:
        _say({"ready": False, "error": str(problem)})
        return 1
    try:
        shim = _begin(run_dir, socket_path, umask)
    except StartError as problem:
        ending = {"code": None, "signal": None, "asked": False, "swept": 0, "left": 0, "out": 0}
        with contextlib.suppress(OSError):
            os.unlink(socket_path)
        with contextlib.suppress(OSError):
            write_exit(run_dir, {**ending, "at": time.time_ns() // 10**6, "error": str(problem)})
        _say({"ready": False, "error": str(problem)})
        return 1
    _say({"ready": True, "shim": os.getpid(), "agent": shim.agent, "version": VERSION})
    shim.run()
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:4]))
