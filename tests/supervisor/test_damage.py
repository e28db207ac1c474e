"""A session whose files are damaged: it costs what was damaged, is said, and nothing else."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from parallel_agents.agents.demo.agent import DemoAgent
from parallel_agents.core import events as ev
from parallel_agents.core.codec import dump, load_record
from parallel_agents.core.errors import StorageError, UserError
from parallel_agents.core.label import derive
from parallel_agents.core.options import Decision
from parallel_agents.core.reduce import reduce
from parallel_agents.core.state import SessionState
from parallel_agents.supervisor.base.small_files import read_json, write_json
from parallel_agents.supervisor.base.threads import Threads
from parallel_agents.supervisor.record.checkpoint import Checkpoint
from parallel_agents.supervisor.record.context import Context
from parallel_agents.supervisor.record.journal import Journal, dump_line, load_line
from parallel_agents.supervisor.record.session_ledger import FORM, SessionLedger
from parallel_agents.supervisor.record.trust import TrustStore
from parallel_agents.supervisor.sessions.session import Session
from parallel_agents.supervisor.sessions.session_rows import session_row
from parallel_agents.supervisor.sessions.supervisor import SessionSupervisor
from tests.support.facts import CREATED, LIVING, asked, records

DATA = Path(__file__).parents[1] / "data/journals"
WRITTEN = ("before-checksums", "with-checksums")
"""Journals of a demo session, as two versions of this program wrote them."""


def _begun(context: Context, name: str, limit: int = 99) -> Path:
    """A session's directory with the beginning of a journal."""
    lines = (DATA / f"{name}.jsonl").read_bytes().splitlines(keepends=True)[:limit]
    directory = context.session_dir(json.loads(lines[0])["event"]["id"])
    directory.mkdir(parents=True)
    (directory / "journal.jsonl").write_bytes(b"".join(lines))
    return directory


def _facts(context: Context, directory: Path) -> SessionState:
    """The facts as a supervisor that starts finds them."""
    ledger = SessionLedger(context, directory)
    try:
        ledger.tell_damage()
        assert session_row(ledger.state).state == derive(ledger.state).state
        return ledger.state
    finally:
        ledger.journal.close()


@pytest.mark.parametrize("name", WRITTEN)
def test_older_journals_still_fold(context: Context, name: str) -> None:
    state = _facts(context, _begun(context, name))
    assert (state.session.name, state.session.pinned, state.turn.count, state.process.run) == (
        "Café",
        True,
        2,
        2,
    )
    assert (state.process.liveness, state.session.deleted, state.session.damaged) == (
        "none",
        False,
        0,
    )
    assert derive(state).state == "stopped"
    ends = [json.loads(line) for line in (DATA / f"{name}.jsonl").read_bytes().splitlines()]
    assert state.turn.ended_at == [r["at"] for r in ends if r["event"]["type"] == "turn_ended"][-1]


def test_facts_that_an_older_version_saved_are_folded_again(context: Context) -> None:
    """Their form was another one: what it names otherwise would be missing from what is read."""
    directory = _begun(context, "with-checksums")
    folded = _facts(context, directory)
    meta = directory / "meta.json"
    meta.write_bytes((DATA / "with-checksums.meta.json").read_bytes())
    assert _facts(context, directory) == folded
    assert not meta.exists()


THIRTY: tuple[ev.Event, ...] = (
    *LIVING,
    ev.MessageQueued(uuid="m", text="go"),
    ev.TurnStarted(conversation="c", cwd="/r/w", model="m", mode="default", version="1"),
    *(ev.AssistantText(message=f"a{n}", text=f"word {n}") for n in range(10)),
    asked(),
    ev.RequestDecided(request="r1", decision=Decision(behavior="allow"), line="x"),
    *(ev.ChangesCounted(files=n, insertions=n, deletions=0) for n in range(1, 6)),
    ev.Renamed(name="café"),
    ev.Pinned(pinned=True),
    ev.StopRequested(reason="person"),
    ev.RunEnded(run=1, code=0, asked=True),
    ev.SetupRetried(),
    ev.Seen(),
    ev.Notice(text="end"),
)


@pytest.mark.parametrize("summed", [True, False], ids=["with checksums", "of before"])
def test_any_byte_damaged_costs_one_record_and_is_said(context: Context, summed: bool) -> None:
    """Each byte of thirty records in turn: what is known is true, or it is said that it is less."""
    assert len(THIRTY) == 30
    directory = context.session_dir(CREATED.id)
    directory.mkdir(parents=True)
    path = directory / "journal.jsonl"
    line_of = dump_line if summed else (lambda record: dump(record) + b"\n")
    whole = b"".join(line_of(record) for record in records(*THIRTY))
    path.write_bytes(whole)
    before = _facts(context, directory)  # keeps its copy of the first record
    for place in range(len(whole) - 1):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x01]) + whole[place + 1 :])
        state = _facts(context, directory)
        assert state.id == before.id
        if summed:
            assert state == before or state.session.damaged == 1, place
        assert path.read_bytes()[: len(whole)][place] == whole[place] ^ 0x01, "it is kept"


def test_the_first_record_is_kept_twice(context: Context) -> None:
    directory = _begun(context, "with-checksums")
    before = _facts(context, directory)
    path = directory / "journal.jsonl"
    path.write_bytes(b"#" + path.read_bytes()[1:])
    after = _facts(context, directory)
    assert (after.id, after.session.name, after.place.directory) == (
        before.id,
        before.session.name,
        before.place.directory,
    )
    assert after.session.damaged == 1


def test_a_first_record_without_its_copy_is_said(context: Context) -> None:
    directory = _begun(context, "with-checksums")
    path = directory / "journal.jsonl"
    path.write_bytes(b"#" + path.read_bytes()[1:])
    with pytest.raises(StorageError, match="first record"):
        SessionLedger(context, directory)


async def test_a_page_that_meets_damage_says_it(context: Context) -> None:
    """Damage before the checkpoint is met only when somebody looks there."""
    directory = _begun(context, "with-checksums")
    ledger = SessionLedger(context, directory)
    await ledger.close()
    path = directory / "journal.jsonl"
    data = bytearray(path.read_bytes())
    data[len(data) // 3] ^= 1
    path.write_bytes(bytes(data))
    ledger = SessionLedger(context, directory)
    assert ledger.state.session.damaged == 0
    found = await ledger.page(1, ledger.state.seq)
    assert len(found) == ledger.state.seq - 2, "without the damaged one, and the one that says so"
    assert ledger.state.session.damaged == 1
    await ledger.close()


async def test_a_start_whose_record_is_lost_is_found_by_its_directory(context: Context) -> None:
    """Its process may live: a second one in the same worktree would be the worst."""
    directory = context.session_dir("00000000")
    directory.mkdir(parents=True)
    journal = Journal(directory / "journal.jsonl", load_record)
    journal.append(records(*LIVING))
    journal.close()
    (directory / "runs" / "1").mkdir(parents=True)
    path = directory / "journal.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    started = next(n for n, line in enumerate(lines) if b"run_started" in line)
    lines[started] = b"#" + lines[started][1:]
    del lines[started + 1 :]
    path.write_bytes(b"".join(lines))
    session = Session(context, directory, DemoAgent())
    assert session.state.process.run == 0
    session.recover()
    assert session.state.process.run == 1
    assert session.state.process.liveness == "starting"
    await session.close()


# --- missing is one thing, unreadable another -----------------------------------------------------


@pytest.mark.parametrize("content", [b"{", b"\xff\xfe", b""], ids=["torn", "no text", "empty"])
def test_what_cannot_be_read_is_not_nothing(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.json"
    assert read_json(path) is None
    path.write_bytes(content)
    with pytest.raises(StorageError, match="damaged"):
        read_json(path)


async def test_trust_that_cannot_be_read_is_not_written_over(tmp_path: Path) -> None:
    path = tmp_path / "trust.json"
    write_json(path, {"/a": ["1"]})
    path.write_bytes(path.read_bytes()[:-3])
    before = path.read_bytes()
    store = TrustStore(Threads(), tmp_path)
    assert not store.trusts("/a", "1")
    with pytest.raises(StorageError, match=r"trust\.json"):
        await store.accept("/b", "2", [])
    assert path.read_bytes() == before


def test_no_process_starts_without_its_environment(context: Context) -> None:
    """An empty one in its place would be another agent: other programs, other proxies."""
    directory = _begun(context, "with-checksums")
    path = directory / "environment.json"
    path.write_text('{"PATH": "/b')
    session = Session(context, directory, DemoAgent())
    with pytest.raises(StorageError, match=r"environment\.json") as refused:
        session.ledger.environment()
    assert f"respawn {session.id}" in refused.value.hint
    session.ledger.keep_environment({"PATH": "/bin"})
    assert session.ledger.environment() == {"PATH": "/bin"}
    assert [p.read_text() for p in directory.glob("environment.json.unreadable-*")] == [
        '{"PATH": "/b'
    ]
    session.ledger.journal.close()


async def test_a_checkpoint_that_cannot_be_read_is_put_aside(context: Context) -> None:
    directory = _begun(context, "with-checksums")
    ledger = SessionLedger(context, directory)
    await ledger.close()
    checkpoint = directory / "meta.json"
    checkpoint.write_bytes(b"\x00" * 30)
    assert _facts(context, directory).session.name == "Café"
    assert [p.read_bytes() for p in directory.glob("meta.json.unreadable-*")] == [b"\x00" * 30]


def test_a_record_that_cannot_be_folded_costs_itself(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(state: SessionState, record: ev.Record) -> Any:
        if isinstance(record.event, ev.Renamed):
            raise ValueError("unforeseen")
        return reduce(state, record)

    failing = dataclasses.replace(FORM, fold=fails)
    monkeypatch.setattr("parallel_agents.supervisor.record.session_ledger.FORM", failing)
    state = _facts(context, _begun(context, "with-checksums"))
    assert state.session.pinned
    assert state.session.name == "permission: date"
    assert state.session.damaged == 1


def test_lines_carry_their_checksum() -> None:
    for line in (DATA / "with-checksums.jsonl").read_bytes().splitlines():
        load_line(line)
        json.loads(line)
    with pytest.raises((ValueError, UserError)):
        load_line(line.replace(b'"seq"', b'"sEq"'))


async def test_facts_are_saved_one_after_the_other_and_the_latest_stay(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A save that is slow is not overtaken, and does not take the place of a later one."""
    directory = _begun(context, "with-checksums")
    ledger = SessionLedger(context, directory)
    goes_on, begun, order = threading.Event(), threading.Event(), []
    write = Checkpoint.write

    def slowly(self: Checkpoint[SessionState, ev.Record], state: SessionState, size: int) -> None:
        begun.set()
        assert goes_on.wait(60)
        order.append(state.seq)
        write(self, state, size)

    monkeypatch.setattr(Checkpoint, "write", slowly)
    ledger.checkpoint()
    first = ledger.state.seq
    await asyncio.to_thread(begun.wait, 60)
    for number in range(3):
        ledger.record(ev.Renamed(name=f"n{number}"))
        ledger.checkpoint()
    closing = asyncio.create_task(ledger.close())
    goes_on.set()
    await closing
    assert order == [first, first + 3]
    saved = read_json(directory / "meta.json")
    assert saved["journal"] == (directory / "journal.jsonl").stat().st_size
    assert saved["state"]["session"]["name"] == "n2"


# --- taken away while it is in use ----------------------------------------------------------------


def _to_directory(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _to_another(path: Path) -> None:
    content = path.read_bytes()
    path.unlink()
    path.write_bytes(content)


TAKEN: dict[str, Callable[[Path], object]] = {
    "removed": Path.unlink,
    "cut": lambda path: os.truncate(path, 0),
    "cut in the middle": lambda path: os.truncate(path, path.stat().st_size // 2),
    "a directory": _to_directory,
    "another file": _to_another,
    "written to": lambda path: path.write_bytes(path.read_bytes() + b"x\n"),
}


@pytest.mark.parametrize("how", TAKEN)
def test_a_journal_that_is_taken_away_takes_no_more(context: Context, how: str) -> None:
    """It would say that something is on record, which nobody finds at the next start."""
    directory = _begun(context, "with-checksums")
    ledger = SessionLedger(context, directory)
    before = ledger.state
    TAKEN[how](directory / "journal.jsonl")
    with pytest.raises(StorageError, match=r"journal\.jsonl"):
        ledger.record(ev.Renamed(name="lost"))
    assert ledger.state == before
    ledger.journal.close()


@pytest.mark.parametrize("how", [Path.unlink, lambda path: os.truncate(path, 0)])
def test_a_session_without_its_journal_is_said(
    context: Context, how: Callable[[Path], None]
) -> None:
    directory = _begun(context, "with-checksums")
    _facts(context, directory)
    how(directory / "journal.jsonl")
    sessions = SessionSupervisor(context)
    asyncio.run(sessions.recover())
    assert "missing or empty" in sessions.damaged[directory.name]
    with pytest.raises(StorageError, match="missing or empty"):
        sessions.find(directory.name)


DEEP = b"[" * 200_000
ODD = [b"[1]", b"5", b'"x"', b'{"/a": 5}', b'{"/a": [5]}', b'{"/a": {"b": []}}', DEEP]


@pytest.mark.parametrize("content", ODD, ids=range(len(ODD)))
async def test_what_is_something_else_is_damaged(context: Context, content: bytes) -> None:
    """JSON of another kind is no more to be believed than what is no JSON."""
    trust = context.state_dir / "trust.json"
    trust.write_bytes(content)
    store = TrustStore(context.threads, context.state_dir)
    assert not store.trusts("/a", "5")
    assert not store.accepts_filters("5")
    with pytest.raises(StorageError, match=r"trust\.json"):
        await store.accept("/a", "2", [])
    assert trust.read_bytes() == content
    directory = _begun(context, "with-checksums")
    (directory / "environment.json").write_bytes(content)
    (directory / "meta.json").write_bytes(content)
    session = Session(context, directory, DemoAgent())
    assert session.state.session.name == "Café"
    with pytest.raises(StorageError, match=r"environment\.json"):
        session.ledger.environment()
    session.ledger.keep_environment({"PATH": "/bin"})
    session.ledger.journal.close()


@pytest.mark.parametrize("size", ["1e400", "-1", "1e9", '"x"', "null", "NaN"])
def test_a_checkpoint_with_an_odd_size_is_not_taken(context: Context, size: str) -> None:
    directory = _begun(context, "with-checksums")
    asyncio.run(_saved(context, directory))
    path = directory / "meta.json"
    value = json.loads(path.read_text())
    path.write_text(json.dumps(value | {"journal": "SIZE"}).replace('"SIZE"', size))
    assert _facts(context, directory).session.name == "Café"


async def _saved(context: Context, directory: Path) -> None:
    await SessionLedger(context, directory).close()
