"""What a check prints: pages that join, an end that is kept, a quotation that nothing leaves."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from parallel_agents.core.check_facts import CheckResult
from parallel_agents.supervisor.place import check_output
from parallel_agents.supervisor.place.check_output import CheckOutput
from parallel_agents.supervisor.sessions.checking import QUOTED, failure_text

FAILED = CheckResult(name="tests", command="make", tree="one", code=2, started_at=0)


def read(output: CheckOutput, limit: int, *, ended: bool = True) -> str:
    """All that is kept, page by page."""
    text, offset = "", 0
    while True:
        page = output.page(offset, ended=ended, limit=limit)
        text += page.text
        if page.next in {offset, page.size}:
            return text
        offset = page.next


@given(st.binary(max_size=200), st.integers(4, 40))
def test_pages_join_to_the_whole_whatever_the_bytes(data: bytes, limit: int) -> None:
    with tempfile.TemporaryDirectory() as directory:
        output = CheckOutput(Path(directory), "x")
        with output.begin() as file:
            file.write(data)
        text = read(output, limit)
        assert text == data.decode("utf-8", "replace")
        assert output.page(0, ended=True, limit=limit).size == len(data)


@given(st.lists(st.binary(max_size=60), max_size=12))
def test_the_end_is_kept_and_positions_stay(chunks: list[bytes]) -> None:
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory() as directory:
        patch.setattr(check_output, "LIMIT", 80)
        output = CheckOutput(Path(directory), "x")
        whole = b""
        with output.begin() as file:
            for chunk in chunks:
                whole += chunk
                file.write(chunk)
                file.flush()
                assert output.bound() == len(whole)
        page = output.page(-1, ended=True, limit=40)
        assert page.size == page.next == len(whole)
        assert page.text == whole[page.start :].decode("utf-8", "replace")
        assert page.start <= max(len(whole) - 40, 0)
        files = (Path(directory, "checks", name) for name in ("x.log", "x.older"))
        kept = sum(path.stat().st_size for path in files if path.exists())
        assert kept <= 80


def test_a_character_that_is_not_whole_yet_waits_for_its_rest(tmp_path: Path) -> None:
    output = CheckOutput(tmp_path, "x")
    with output.begin() as file:
        file.write("é".encode()[:1])
        file.flush()
        first = output.page(0, ended=False)
        assert (first.text, first.next, first.size) == ("", 0, 1)
        assert output.page(0, ended=True).text == "\ufffd"
        file.write("é".encode()[1:])
    assert output.page(0, ended=False).text == "é"


def test_a_new_run_forgets_the_last(tmp_path: Path) -> None:
    output = CheckOutput(tmp_path, "x")
    for word in (b"old", b"new"):
        with output.begin() as file:
            file.write(word)
    assert output.tail() == "new"
    assert CheckOutput(tmp_path, "other").tail() == ""


@given(st.text(alphabet="`ab \n\x1b[31m\x00\u202e", max_size=300) | st.text(max_size=300))
def test_nothing_that_is_printed_leaves_the_quotation(output: str) -> None:
    said = failure_text(FAILED, output, stale=False)
    head, _, rest = said.partition("\n\n")
    assert head.startswith("The check tests failed (exit 2).")
    if not rest:
        return
    fence = re.match("`+", rest)
    assert fence is not None
    lines = rest.split("\n")
    assert lines[0] == lines[-1] == fence[0]
    assert all(fence[0] not in line for line in lines[1:-1])
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]", rest)


def test_only_the_end_is_quoted() -> None:
    said = failure_text(FAILED, "".join(f"line {n}\n" for n in range(5_000)), stale=True)
    assert "Files have changed since then." in said
    assert said.endswith("line 4999\n```")
    assert len(said.encode()) < QUOTED + 200
    one = failure_text(FAILED, "ü" * 20_000, stale=False)
    assert len(one.encode()) < QUOTED + 200
    late = CheckResult(
        name="x", command="", tree="", code=143, started_at=0, ending="late", reason="it took long"
    )
    assert failure_text(late, "", stale=False) == (
        "The check x failed (it took long). It printed nothing."
    )
