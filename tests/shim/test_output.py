"""The pump: every byte of the agent's output, stamped, whatever the disk does."""

import os
import py_compile
import re
import resource
import shutil
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

import pytest
from hypothesis import given, strategies as st

from parallel_agents.shim import Log, stamp
from tests.shim.harness import ECHO, SHIM, Run, alive, python, until

REPOSITORY = Path(__file__).parent.parent.parent

TEXT = st.lists(st.sampled_from([b"\n", b"a", b"12 ", b"\0", b"\xff", b"\r", b"x" * 50])).map(
    b"".join
)


def pieces(data: bytes, cuts: list[int]) -> list[bytes]:
    """Cut bytes at these places; no piece is empty."""
    places = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    return [data[a:b] for a, b in pairwise(places)]


@given(TEXT, st.lists(st.integers(0, 10_000)))
def test_stamps_stand_before_lines_wherever_the_bytes_are_cut(data: bytes, cuts: list[int]) -> None:
    fresh, out = True, b""
    for now, piece in enumerate(pieces(data, cuts), 1000):
        text, fresh = stamp(piece, fresh, now)
        out += text
    assert fresh is (not data or data.endswith(b"\n"))
    lines = out.split(b"\n")
    whole = lines[:-1] if fresh else lines
    assert [line.split(b" ", 1)[1] for line in whole] == data.split(b"\n")[: len(whole)]
    stamps = [int(line.split(b" ", 1)[0]) for line in whole]
    assert stamps == sorted(stamps)
    assert all(number >= 1000 for number in stamps)


@given(TEXT, st.lists(st.integers(0, 10_000)), st.data())
def test_short_writes_and_errors_lose_and_double_nothing(
    data: bytes, cuts: list[int], choose: st.DataObject
) -> None:
    file = bytearray()

    def write(_fd: int, text: bytes) -> int:
        size = choose.draw(st.integers(-1, len(text)))
        if size <= 0:
            raise OSError(28, "No space left on device")
        file.extend(text[:size])
        return size

    log = Log.__new__(Log)
    log.fd, log.size, log.pending, log._fresh = -1, 0, b"", True
    with mock.patch("parallel_agents.shim.os", SimpleNamespace(write=write)):
        for piece in [*pieces(data, cuts), b""]:
            log.add(piece) if piece else log.end()
            for _ in range(40):
                if log.flush() is None:
                    break
                assert log.pending
    if not log.pending:
        assert log.size == len(file)
        bare = re.sub(rb"(?m)^\d+ ", b"", bytes(file))
        assert bare == re.sub(rb"(?m)^\d+ ", b"", _stamped(data))


def _stamped(data: bytes) -> bytes:
    text, fresh = stamp(data, True, 1) if data else (b"", True)
    return text if fresh else text + b"\n"


def test_bytes_are_untouched(run: Run) -> None:
    code = """
import os
for part in (b"\\xff\\xfe\\0\\r x", b"\\n", b"\\n\\n", b"caf", b"\\xc3", b"\\xa9\\n", b"no end"):
    os.write(1, part)
"""
    run.start(python(code))
    run.ended()
    log = (run.dir / "out.log").read_bytes()
    assert re.sub(rb"(?m)^\d{13} ", b"", log) == b"\xff\xfe\0\r x\n\n\ncaf\xc3\xa9\nno end\n"
    assert len(log.split(b"\n")) == 6


def test_a_long_line_streams_through(run: Run) -> None:
    code = (
        "import os\nfor _ in range(1000): os.write(1, b'y' * 65536)\nimport time\nos.write(1, b'!')"
    )
    shim = run.start(python(code + "\ninput()"))["shim"]
    until(lambda: (run.dir / "out.log").stat().st_size == 14 + 65_536_000 + 1)
    peak = int(Path(f"/proc/{shim}/status").read_text().split("VmHWM:")[1].split()[0])
    assert peak < 32_000, "kilobytes: the line was held"
    run.client().send(t="kill")
    assert run.ended()["out"] == 14 + 65_536_000 + 2


def test_output_that_others_hold_open_is_given_up(run: Run) -> None:
    agent = run.start(python("input()"))["agent"]
    holder = os.open(f"/proc/{agent}/fd/1", os.O_WRONLY)
    os.write(holder, b"from outside")
    run.client().line("1", "go")
    ended = run.ended()
    os.close(holder)
    assert ended["code"] == 0
    assert run.lines() == ["from outside"]


def test_writing_over_a_limit_waits_and_goes_on(run: Run) -> None:
    """EFBIG stands for every failing disk: the write is short first, then it fails."""
    run.specify(python("import sys\nfor n in range(5000): print(n, 'x' * 50)\nprint('end')"))
    shim = run.start_raw(["prlimit", "--fsize=50001:unlimited"])["shim"]
    client = run.client()
    assert client.hello["state"] == "running"
    assert client.next("disk")["error"] == "EFBIG"
    assert (run.dir / "out.log").stat().st_size == 50_001
    assert not (run.dir / "exit").exists()
    resource.prlimit(shim, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
    assert client.next("disk")["error"] is None
    assert client.next("ended")["code"] == 0
    assert run.lines() == [*(f"{n} {'x' * 50}" for n in range(5000)), "end"]


def test_a_full_disk_loses_nothing(base: Path) -> None:
    unshare = ["unshare", "-Urm"]
    if not shutil.which("unshare") or subprocess.run([*unshare, "true"], check=False).returncode:
        pytest.skip("user namespaces are not available here")
    source = os.pathsep.join(sys.path)
    done = subprocess.run(
        [*unshare, sys.executable, "-m", "tests.shim.full_disk", str(base)],
        cwd=REPOSITORY,
        env={"PYTHONPATH": source, "PATH": os.environ["PATH"]},
        capture_output=True,
        check=False,
        text=True,
    )
    assert done.returncode == 0, done.stderr


def test_a_stop_works_while_the_disk_is_full(run: Run) -> None:
    run.specify(python("while True: print('x' * 100)"))
    shim, agent = map(run.start_raw(["prlimit", "--fsize=5000:unlimited"]).get, ("shim", "agent"))
    assert isinstance(shim, int)
    assert isinstance(agent, int)
    client = run.client()
    client.next("disk")
    client.send(t="stop", steps=[], term=5, kill=5)
    until(lambda: not alive(agent))
    assert not (run.dir / "exit").exists()
    resource.prlimit(shim, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
    assert client.next("ended")["signal"] == 15
    assert set(run.lines()[:-1]) == {"x" * 100}


def test_a_compiled_shim_whose_file_is_gone_goes_on(base: Path) -> None:
    for copy in (base / "copy.py", base / "copy.pyc"):
        if copy.suffix == ".py":
            shutil.copy(SHIM, copy)
        else:
            py_compile.compile(str(SHIM), str(copy), doraise=True)
        again = Run(base, f"run{copy.suffix}")
        again.program = copy
        again.start(python(ECHO))
        copy.unlink()
        client = again.client()
        assert client.line("1", "x")["t"] == "delivered"
        client.send(t="kill")
        assert client.next("ended")["signal"] == 9
        again.finish()
