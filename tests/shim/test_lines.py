"""What reaches the agent's input, and who may send it."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.shim.harness import DEADLINE_S, ECHO, Client, Run, python, until

CLIENT = """
import json, socket, sys
sock = socket.socket(socket.AF_UNIX)
sock.connect(sys.argv[1])
first, size = int(sys.argv[2]), int(sys.argv[3])
got = sock.makefile("rb")
got.readline()
print("connected", flush=True)
number = first
while True:
    data = f"{number} " + "x" * size
    sock.sendall(json.dumps({"t": "line", "id": str(number), "data": data}).encode() + b"\\n")
    number += 1
"""

LENGTHS = """
import sys
for line in sys.stdin:
    number, _, rest = line.partition(" ")
    print(number, len(rest.rstrip()), set(rest.rstrip()) <= {"x"}, flush=True)
"""


def _send_and_die(run: Run, first: int, size: int, enough: int) -> None:
    client = subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", CLIENT, str(run.socket), str(first), str(size)],
        stdout=subprocess.PIPE,
    )
    assert client.stdout
    with client.stdout as told:
        told.readline()
    until(lambda: len(run.lines()) > enough)
    client.kill()
    client.wait()


@pytest.mark.parametrize("size", [10, 3_000, 200_000])
def test_a_client_killed_while_sending_tears_and_doubles_nothing(run: Run, size: int) -> None:
    """Twelve clients die by SIGKILL in the middle of a send; each repeats what is unknown."""
    run.start(python(LENGTHS))
    for round_ in range(12):
        # The last ones again: some of them were delivered, the dead client did not hear of it.
        first = max(0, len(run.lines()) - 20)
        _send_and_die(run, first, size, len(run.lines()) + round_)
    survivor = run.client()
    assert survivor.line("last", "last ")["t"] == "delivered"
    lines = until(lambda: run.lines()[-1].startswith("last") and run.lines())
    numbers = [int(line.split()[0]) for line in lines[:-1]]
    assert numbers == sorted(set(numbers)), "doubled or out of order"
    assert numbers == list(range(len(numbers))), "lost"
    assert {tuple(line.split()[1:]) for line in lines[:-1]} == {(str(size), "True")}


def test_a_torn_frame_is_forgotten(run: Run) -> None:
    run.start(python(ECHO))
    client = run.client()
    whole = json.dumps({"t": "line", "id": "1", "data": "whole"}).encode() + b"\n"
    for cut in range(1, len(whole)):
        with_cut = Client(run.socket)
        with_cut.sock.sendall(whole[:cut])
        with_cut.sock.close()
    assert client.line("2", "other")["t"] == "delivered"
    until(lambda: run.lines() == ["got other"])


def test_a_frame_in_pieces_is_one_frame(run: Run) -> None:
    run.start(python(ECHO))
    client = run.client()
    for byte in json.dumps({"t": "line", "id": "ü", "data": "grün \u2028 end"}).encode():
        client.sock.sendall(bytes([byte]))
    client.sock.sendall(b"\n")
    assert client.next("delivered")["id"] == "ü"
    until(lambda: (run.dir / "out.log").read_text().endswith("got grün \u2028 end\n"))


def test_an_id_is_delivered_once_and_may_be_asked_again(run: Run) -> None:
    run.start(python(ECHO))
    first, second = run.client(), run.client()
    assert first.line("1", "a")["t"] == "delivered"
    assert second.line("1", "another text") == {"t": "delivered", "id": "1"}
    assert second.line("2", "b")["t"] == "delivered"
    until(lambda: run.lines() == ["got a", "got b"])


@pytest.mark.parametrize(
    ("frame", "why"),
    [
        ({"t": "line", "id": "1", "data": "two\nlines"}, "one line"),
        ({"t": "line", "id": "1", "data": 5}, "one line"),
        ({"t": "line", "id": "1"}, "one line"),
        ({"t": "line", "id": "1", "data": "\ud800"}, "Unicode"),
        ({"t": "line", "data": "x"}, "id"),
        ({"t": "line", "id": "", "data": "x"}, "id"),
        ({"t": "line", "id": "x" * 129, "data": "x"}, "id"),
        ({"t": "stop", "steps": "no"}, "steps"),
        ({"t": "stop", "steps": [["x"]]}, "steps"),
        ({"t": "stop", "steps": [["x", -1]]}, "steps"),
        ({"t": "stop", "steps": [], "term": "5"}, "steps"),
        ({"t": "stop", "steps": [], "kill": float("nan")}, "steps"),
        ({"t": "dance"}, "unknown"),
        ([], "object"),
        (None, "object"),
    ],
)
def test_nonsense_is_refused_and_the_connection_stays(run: Run, frame: object, why: str) -> None:
    run.start(python(ECHO))
    client = run.client()
    client.sock.sendall(json.dumps(frame).encode() + b"\n")
    assert why in client.next("refused")["why"]
    assert client.line("2", "fine")["t"] == "delivered"


@pytest.mark.parametrize("raw", [b"\n", b"{\n", b"\xff\xfe\n", b"[" * 100_000 + b"\n"])
def test_unparsable_frames_are_refused(run: Run, raw: bytes) -> None:
    run.start(python(ECHO))
    client = run.client()
    client.sock.sendall(raw)
    assert "object" in client.next("refused")["why"]


def test_lines_wait_for_an_agent_that_does_not_read(run: Run) -> None:
    """Queued up to the limit, refused beyond, delivered in order when it reads again."""
    agent = run.start(python(LENGTHS))["agent"]
    os.kill(agent, signal.SIGSTOP)
    client = run.client()
    size = 8 << 20
    for number in range(9):
        client.send(t="line", id=str(number), data=f"{number} " + "x" * size)
    refused = client.next("refused")
    assert refused["id"] == "8"
    assert "queue is full" in refused["why"]
    os.kill(agent, signal.SIGCONT)
    assert [client.next("delivered")["id"] for _ in range(8)] == list("01234567")
    until(lambda: [line.split()[0] for line in run.lines()] == list("01234567"))
    assert {line.split(" ", 1)[1] for line in run.lines()} == {f"{size} True"}


def test_a_resent_line_that_is_still_queued_answers_the_new_client(run: Run) -> None:
    agent = run.start(python(LENGTHS))["agent"]
    os.kill(agent, signal.SIGSTOP)
    first = run.client()
    first.send(t="line", id="1", data="1 " + "x" * 500_000)
    first.send(t="stop", steps=[], term=-1)
    first.next("refused")  # what came before it was taken in
    first.sock.close()
    second = run.client()
    second.send(t="line", id="1", data="1 " + "x" * 500_000)
    os.kill(agent, signal.SIGCONT)
    assert second.next("delivered")["id"] == "1"
    until(lambda: run.lines() == ["1 500000 True"])


def test_a_long_queue_sent_again_is_delivered_once(run: Run) -> None:
    """More than the remembered ids wait: none of them may be forgotten."""
    count = 12_000
    agent = run.start(python(ECHO))["agent"]
    os.kill(agent, signal.SIGSTOP)
    frames = b"".join(
        json.dumps({"t": "line", "id": str(n), "data": str(n)}).encode() + b"\n"
        for n in range(count)
    )
    first, second = run.client(), run.client()
    first.sock.sendall(frames)
    second.sock.sendall(frames)
    os.kill(agent, signal.SIGCONT)
    assert second.line("end", "end")["t"] in ("delivered", "refused")
    until(lambda: run.lines()[-1:] == ["got end"])
    assert run.lines() == [*(f"got {n}" for n in range(count)), "got end"]


def test_queued_lines_are_refused_when_the_agent_ends(run: Run) -> None:
    agent = run.start(python(ECHO))["agent"]
    os.kill(agent, signal.SIGSTOP)
    client = run.client()
    client.send(t="line", id="1", data="x" * 1_000_000)
    client.send(t="kill")
    assert client.next("refused")["id"] == "1"
    assert client.next("ended")["signal"] == 9


def test_an_agent_that_closed_its_input_is_told(run: Run) -> None:
    run.start(
        python("import os, time\nos.close(0)\nprint('x', flush=True)\nwhile 1: time.sleep(9)")
    )
    until(run.lines)
    client = run.client()
    assert "closed its input" in client.line("1", "x")["why"]
    assert "closed its input" in client.line("1", "x")["why"]


def test_a_client_that_does_not_read_is_dropped(run: Run) -> None:
    run.start(python(ECHO))
    deaf = run.client()
    frame = json.dumps({"t": "line", "id": "known", "data": "x"}).encode() + b"\n"
    deaf.sock.settimeout(DEADLINE_S)
    with pytest.raises((BrokenPipeError, ConnectionResetError)):
        deaf.sock.sendall(frame * 1_000_000)
    assert run.client().line("2", "y")["t"] == "delivered"


def test_a_frame_without_end_is_cut_off(run: Run) -> None:
    run.start(python(ECHO))
    client = run.client()
    with pytest.raises((BrokenPipeError, ConnectionResetError)):
        client.sock.sendall(b"x" * (70 << 20))
    assert run.client().line("2", "y")["t"] == "delivered"


def test_many_clients_all_hear(run: Run) -> None:
    run.start(python(ECHO))
    clients = [run.client() for _ in range(64)]
    extra = Client(run.socket)
    refused = extra.frame()
    extra.sock.close()
    assert refused
    assert refused["why"] == "too many clients"
    clients[0].line("1", "x")
    until(run.lines)
    sizes = {client.next("out")["size"] for client in clients}
    assert sizes == {(run.dir / "out.log").stat().st_size}
    clients.pop().sock.close()
    again = until(lambda: _greeted(run))
    assert again["t"] == "hello"


def _greeted(run: Run) -> Any:
    client = Client(run.socket)
    frame = client.frame()
    client.sock.close()
    return frame if frame and frame["t"] == "hello" else None


TRY = """
import json, os, socket, sys
sock = socket.socket(socket.AF_UNIX)
sock.connect({path!r})
print(sock.makefile("rb").readline().decode().strip(), flush=True)
"""

WAYS = {
    "the agent itself": "exec(CODE)",
    "a child": "import os\nif os.fork() == 0: exec(CODE)\nelse: os.wait()",
    "a daemon": """
import os, time
if os.fork() == 0:
    os.setsid()
    middle = os.getpid()
    if os.fork() == 0:
        while os.getppid() == middle: time.sleep(0.001)
        exec(CODE)
    os._exit(0)
os.wait()
time.sleep(60)
""",
    "a child with a clean environment": """
import os, sys
if os.fork() == 0: os.execve(sys.executable, [sys.executable, "-c", CODE], {})
os.wait()
""",
}


@pytest.mark.parametrize("way", WAYS)
def test_what_an_agent_started_is_refused(run: Run, way: str) -> None:
    run.start(python(f"CODE = {TRY.format(path=str(run.socket))!r}\n{WAYS[way]}"))
    frame = json.loads(until(run.lines)[0])
    assert frame["t"] == "refused"
    assert "agent" in frame["why"]


def test_another_sessions_agent_is_refused(run: Run, make_run: Callable[..., Run]) -> None:
    """Even with a clean environment: every shim knows the others by name."""
    run.start(python(ECHO))
    other = make_run("2")
    other.owner = other.owner.with_name("other")
    code = WAYS["a child with a clean environment"]
    other.start(python(f"CODE = {TRY.format(path=str(run.socket))!r}\n{code}"))
    assert json.loads(until(other.lines)[0])["t"] == "refused"


def test_a_marked_process_is_refused(run: Run) -> None:
    run.start(python(ECHO))
    out = subprocess.run(
        [sys.executable, "-c", TRY.format(path=str(run.socket))],
        env={"PARALLEL_AGENTS_SESSION": ""},
        capture_output=True,
        check=True,
    ).stdout
    assert json.loads(out)["t"] == "refused"


def test_a_process_that_is_gone_is_refused(run: Run) -> None:
    """The socket handed on by a process that ended: its parents cannot be known."""
    shim = run.start(python(ECHO))["shim"]
    os.kill(shim, signal.SIGSTOP)
    mine, theirs = os.pipe()
    child = os.fork()
    if child == 0:
        grandchild_reads = Client(run.socket)
        if os.fork() == 0:
            os.read(mine, 1)
            frame = grandchild_reads.frame() or {}
            (run.dir / "seen").write_text(json.dumps(frame))
        os._exit(0)
    os.waitpid(child, 0)
    os.kill(shim, signal.SIGCONT)
    os.write(theirs, b"x")
    seen = run.dir / "seen"
    frame = json.loads(until(lambda: seen.exists() and seen.read_text()))
    os.close(mine)
    os.close(theirs)
    assert frame == {"t": "refused", "why": "the connecting process is gone"}


# The golden transcript

GOLDEN = Path(__file__).parent / "golden" / "v1.txt"


def test_the_golden_transcript(run: Run) -> None:
    """Version 1 as it was released: the conversation in the file, byte for byte.

    Numbers that differ from run to run (pids, times) are written as `#`.
    """
    run.start(python(ECHO))
    client = run.client()
    client.sock.close()
    replay = Client(run.socket)
    told: list[str] = []
    for row in GOLDEN.read_text().splitlines():
        side, _, text = row.partition(" ")
        if side == ">":
            replay.sock.sendall(text.encode() + b"\n")
        elif side == "<":
            frame = replay.frame()
            raw = json.dumps(frame, separators=(",", ":"))
            told.append(re.sub(r'"(shim|agent|at)":\d+', r'"\1":#', raw))
            assert told[-1] == text
    replay.sock.close()
    assert len(told) == 11
