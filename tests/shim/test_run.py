"""A run from its start to its recorded ending, with real processes."""

import json
import os
import signal
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.shim.harness import ECHO, Run, alive, descriptors, python, until

REPORT = """
import json, os, signal, sys
print(json.dumps({
    "fds": sorted(int(n) for n in os.listdir("/proc/self/fd")),
    "cwd": os.getcwd(), "env": dict(os.environ), "sid": os.getsid(0) == os.getpid(),
    "umask": os.umask(0), "ignored": open("/proc/self/status").read().split("SigIgn:\\t")[1][:16],
}))
"""


def test_the_agent_gets_a_clean_process(run: Run, base: Path) -> None:
    env = {"A": "1", "BYTES": "\udcff"}
    assert run.start(python(REPORT), cwd=str(base), env=env, umask=0o022)["ready"]
    run.ended()
    seen = json.loads(run.lines()[0])
    assert seen["fds"][:3] == [0, 1, 2]
    assert len(seen["fds"]) == 4  # the fourth is the listing's own
    assert seen["cwd"] == str(base)
    assert seen["sid"]
    assert seen["umask"] == 0o022
    for name, value in (env | {"PARALLEL_AGENTS_SESSION": "s"}).items():
        assert seen["env"][name] == value
    ignored = int(seen["ignored"], 16)
    assert not ignored & (1 << (signal.SIGHUP - 1) | 1 << (signal.SIGTERM - 1))


def test_readiness_files_and_modes(run: Run) -> None:
    ready = run.start(python(ECHO))
    assert ready.keys() == {"ready", "shim", "agent", "version"}
    assert run.process
    assert ready["shim"] == run.process.pid
    assert ready["agent"] != ready["shim"]
    for path in (run.socket, *run.dir.iterdir()):
        if path.name != "spec.json":
            assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
    client = run.client()
    assert client.line("1", "hello") == {"t": "delivered", "id": "1"}
    until(lambda: run.lines() == ["got hello"])
    client.send(t="kill")
    assert client.next("stopping")
    told = client.next("ended")
    ended = run.ended()
    assert told == {"t": "ended", **ended}
    assert ended["signal"] == signal.SIGKILL
    assert ended["asked"]
    assert ended["out"] == (run.dir / "out.log").stat().st_size
    assert not run.socket.exists()


@pytest.mark.parametrize(
    ("code", "want"),
    [
        ("raise SystemExit(7)", (7, None)),
        ("pass", (0, None)),
        ("import os; os.kill(os.getpid(), 11)", (None, 11)),
    ],
)
def test_the_ending_is_recorded_unasked(run: Run, code: str, want: tuple[int, int]) -> None:
    run.start(python(code))
    ended = run.ended()
    assert (ended["code"], ended["signal"]) == want
    assert ended["asked"] is False
    assert ended["error"] is None
    assert ended["swept"] == ended["left"] == 0


@pytest.mark.parametrize(
    "spec",
    [
        {"argv": ["/nowhere/program"]},
        {"argv": ["no-such-program"]},
        {"argv": ["/bin/true"], "cwd": "/nowhere"},
        {"argv": []},
        {"argv": ["/bin/true"], "env": {"A": "nul \0"}},
        {"argv": ["/bin/true"], "version": 2},
        {"argv": [1]},
    ],
)
def test_a_start_that_fails_is_told_and_recorded(run: Run, spec: dict[str, object]) -> None:
    ready = run.start(**spec)  # type: ignore[arg-type]
    assert ready["ready"] is False
    assert run.process
    assert run.process.wait(10) == 1
    assert run.ended()["error"] == ready["error"]
    assert not run.socket.exists()


def test_a_socket_path_too_long_fails_before_the_agent_starts(run: Run) -> None:
    run.socket = run.socket.with_name("x" * 120)
    assert "too long" in run.start(["/bin/true"])["error"]


@pytest.mark.parametrize("which", ["lock", "owner"])
def test_a_second_shim_on_a_held_lock_leaves_no_trace(
    run: Run, make_run: Callable[..., Run], which: str
) -> None:
    run.start(python(ECHO))
    second = make_run("2")
    if which == "lock":
        second.dir, second.owner = run.dir, run.owner.with_name("other")
    ready = second.start(python(ECHO))
    assert ready["ready"] is False
    assert "holds" in ready["error"]
    assert not (second.dir / "exit").exists()
    assert run.client().line("1", "still there")["t"] == "delivered"


def test_a_run_directory_serves_once(run: Run) -> None:
    run.start(["/bin/true"])
    before = run.ended()
    assert run.start(["/bin/true"])["ready"] is False
    assert run.ended() == before


def test_stdin_cannot_be_reopened(run: Run) -> None:
    """A child of the agent must not approve the agent's requests through /proc."""
    agent = run.start(python(ECHO))["agent"]
    with pytest.raises(OSError, match="No such device or address"):
        os.open(f"/proc/{agent}/fd/0", os.O_WRONLY)


def test_the_shim_is_closed_to_others_and_holds_no_inherited_descriptor(run: Run) -> None:
    reader, writer = os.pipe()
    os.set_inheritable(writer, True)
    run.specify(python(ECHO))
    ready = run.start_raw(pass_fds=[writer])
    os.close(writer)
    assert os.read(reader, 1) == b""  # nobody holds the write end any more
    os.close(reader)
    assert run.client().line("1", "x")["t"] == "delivered"
    until(run.lines)  # the interpreter has opened and closed what it needs to start
    assert descriptors(ready["agent"]) == {0, 1, 2}
    status = Path(f"/proc/{ready['shim']}/status").read_text()
    assert status.startswith("Name:\tpa-shim\n")
    if os.getuid():
        with pytest.raises(PermissionError):
            descriptors(ready["shim"])


def test_err_log_is_capped_and_drained(run: Run) -> None:
    code = "import sys\nfor _ in range(64): sys.stderr.write('e' * 65536)\nprint('done')"
    run.start(python(code))
    assert run.ended()["code"] == 0
    assert run.lines() == ["done"]
    text = (run.dir / "err.log").read_text()
    assert len(text) < (1 << 20) + 100
    assert text.endswith("dropped]\n")


SPREAD = """
import os, sys, time
def forever():
    print(os.getpid(), flush=True)
    while True: time.sleep(60)
if os.fork() == 0: forever()                       # plain
if os.fork() == 0: os.setsid(); forever()          # own session
if os.fork() == 0:                                 # daemon
    os.setsid()
    if os.fork() == 0: forever()
    os._exit(0)
if os.fork() == 0:                                 # daemon with a clean environment
    os.setsid()
    if os.fork() == 0:
        os.execve(sys.executable, [sys.executable, "-c",
            "import os,time\\nprint(os.getpid(), flush=True)\\nwhile 1: time.sleep(60)"], {})
    os._exit(0)
if os.fork() == 0:                                 # a chain that forks for ever
    while True:
        if os.fork(): os._exit(0)
        time.sleep(0.001)
print("all", flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize("how", ["kill", "exit"])
def test_the_sweep_leaves_no_descendant(run: Run, how: str) -> None:
    agent = run.start(python(SPREAD))["agent"]
    lines = until(lambda: len(run.lines()) == 5 and run.lines())
    children = [int(line) for line in lines if line != "all"]
    if how == "kill":
        os.kill(agent, signal.SIGKILL)
    else:
        run.client().send(t="stop", steps=[], term=5, kill=5)
    ended = run.ended()
    assert not [pid for pid in children if alive(pid)]
    assert ended["swept"] >= 5
    assert ended["left"] == 0
    assert ended["asked"] is (how == "exit")


def test_a_stop_escalates_alone(run: Run) -> None:
    """Each step is written, SIGTERM ignored, SIGKILL last; the client leaves at once."""
    heed = "import signal; signal.signal(15, lambda *_: print('term', flush=True))\n"
    run.start(python(heed + ECHO))
    client = run.client()
    client.line("1", "ready")
    until(lambda: run.lines() == ["got ready"])
    client.send(t="stop", steps=[["one", 0.05], ["two", 0.05]], term=0.3, kill=5)
    assert client.next("stopping")
    client.send(t="stop", steps=[["three", 0]], term=0, kill=0)
    assert client.next("stopping")
    client.sock.close()
    assert run.ended() | {"at": 0, "out": 0} == {
        "code": None, "signal": 9, "asked": True, "error": None, "at": 0, "out": 0,
        "swept": 0, "left": 0,
    }  # fmt: skip
    assert run.lines() == ["got ready", "got one", "got two", "term"]


def test_a_stop_ends_with_the_agent(run: Run) -> None:
    code = "import sys\nfor line in sys.stdin:\n    if 'end' in line: sys.exit(3)"
    run.start(python(code))
    run.client().send(t="stop", steps=[["no", 0], ["end", 60]], term=60, kill=60)
    ended = run.ended()
    assert (ended["code"], ended["signal"], ended["asked"]) == (3, None, True)


def test_kill_cuts_a_stop_short(run: Run) -> None:
    run.start(python("import signal; signal.signal(15, signal.SIG_IGN)\n" + ECHO))
    client = run.client()
    client.line("1", "ready")
    until(run.lines)
    client.send(t="stop", steps=[["x", 60]], term=60, kill=60)
    client.send(t="kill")
    assert run.ended()["signal"] == 9


def test_signals_to_the_shim(run: Run) -> None:
    """SIGTERM stops the agent; SIGHUP and SIGINT mean nothing."""
    run.start(python(ECHO))
    assert run.process
    run.process.send_signal(signal.SIGHUP)
    run.process.send_signal(signal.SIGINT)
    assert run.client().line("1", "x")["t"] == "delivered"
    run.process.send_signal(signal.SIGTERM)
    ended = run.ended()
    assert (ended["signal"], ended["asked"]) == (signal.SIGTERM, True)


def test_a_killed_shim_leaves_an_agent_that_ends(run: Run) -> None:
    agent = run.start(python(ECHO))["agent"]
    assert run.process
    run.process.kill()
    run.process.wait()
    until(lambda: not alive(agent), "the agent to see the end of its input")


def test_output_after_the_agent_is_drained(run: Run) -> None:
    """A child's last words are kept, and the missing newline is added."""
    # Children are killed when the agent ends, so it ends only once its child has spoken.
    code = (
        "import os\nread, write = os.pipe()\nif os.fork() == 0:\n"
        "    print('a\\nb', end='', flush=True)\n    os.write(write, b'.')\n"
        "else:\n    os.read(read, 1)\n"
    )
    run.start(python(code))
    run.ended()
    assert run.lines() == ["a", "b"]
    assert (run.dir / "out.log").read_text().endswith("\n")


def test_an_idle_shim_uses_no_time(run: Run) -> None:
    run.start(python(ECHO))
    client = run.client()
    client.line("1", "x")
    until(run.lines)
    assert run.process
    pid = run.process.pid

    def switches() -> int:
        text = Path(f"/proc/{pid}/status").read_text()
        return int(text.split("\nvoluntary_ctxt_switches:\t")[1].split()[0])

    settled = until(lambda: (now := switches()) == switches() and now)
    assert client.line("2", "x")["t"] == "delivered"
    until(lambda: len(run.lines()) == 2)
    assert switches() - settled < 20


def test_the_greeting_tells_where_the_log_is(run: Run) -> None:
    run.start(python(ECHO))
    client = run.client()
    client.line("1", "x")
    size = client.next("out")["size"]
    again = run.client().hello
    assert again["out"] == size == (run.dir / "out.log").stat().st_size
    assert again["state"] == "running"
