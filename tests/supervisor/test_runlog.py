"""The log of a run, cut into lines."""

from __future__ import annotations

from pathlib import Path

import pytest

from parallel_agents.supervisor.record.run_log import HEAD, LINE_LIMIT, LogReader


@pytest.mark.parametrize("first", [b"1" * HEAD, "²".encode() * HEAD, b"", b" "])
def test_a_line_too_long_without_its_stamp_is_read(tmp_path: Path, first: bytes) -> None:
    """A supervisor that starts in the middle of such a line sees no stamp, perhaps only digits."""
    path = tmp_path / "out.log"
    path.write_bytes(first + b"x" * (LINE_LIMIT + (3 << 20)) + b"\n17 next\n")
    reader = LogReader(path, 0)
    lines = []
    while reader.behind:
        lines += reader.read()
    assert [line.at for line in lines] == [0, 17]
    assert lines[-1].text == b"next"
