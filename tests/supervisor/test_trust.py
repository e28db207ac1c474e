"""What is trusted: the facts of a person, kept in a journal, and the text that is kept of it."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from parallel_agents.core.codec import dump
from parallel_agents.core.errors import StorageError
from parallel_agents.core.person import (
    KEPT,
    ConfigTrusted,
    PersonEvent,
    PersonFacts,
    PersonRecord,
    TrustForgotten,
    TrustTakenOver,
    fold_person,
    load_person_record,
)
from parallel_agents.core.worktree import ConfigFile
from parallel_agents.supervisor.base.small_files import write_json
from parallel_agents.supervisor.base.threads import Threads
from parallel_agents.supervisor.record.journal import dump_line
from parallel_agents.supervisor.record.trust import TrustStore
from parallel_agents.worktrees.plumbing.filter_lines import ORIGIN
from tests.support.facts import any_of


def _files(directory: Path) -> list[Path]:
    return list(directory.rglob("*.json*"))


FILE = ConfigFile(path=".mcp.json", origin="main", digest="d", text="{}")
LINES = ConfigFile(path="filters", origin=ORIGIN, digest="f", text="")


@asynccontextmanager
async def opened(directory: Path) -> AsyncIterator[TrustStore]:
    """What a supervisor that starts finds; closed as it ends."""
    store = TrustStore(Threads(), directory)
    try:
        yield store
    finally:
        await store.close()


async def test_what_was_accepted_last_can_be_shown_again(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        await store.accept("/r", "one", [FILE])
    async with opened(tmp_path) as store:
        assert store.trusts("/r", "one")
        assert [file.text for file in store.accepted("/r")] == ["{}"]
        assert store.accepted("/other") == ()
    kept = [tmp_path / "trusted", tmp_path / "person", *_files(tmp_path)]
    assert [path for path in kept if path.stat().st_mode & 0o077] == []


async def test_nothing_is_trusted_when_it_cannot_be_kept(tmp_path: Path) -> None:
    (tmp_path / "trusted").write_text("in the way")
    async with opened(tmp_path) as store:
        with pytest.raises(StorageError):
            await store.accept("/r", "one", [FILE])
        assert not store.trusts("/r", "one")


async def test_a_damaged_text_is_no_text(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        await store.accept("/r", "one", [FILE])
        for path in (tmp_path / "trusted").iterdir():
            path.write_text('{"no": "list"}')
        assert store.accepted("/r") == ()


async def test_trust_has_its_evidence(tmp_path: Path) -> None:
    """Which request asked for it, and when; a hash that is accepted again has the later one's."""
    async with opened(tmp_path) as store:
        await store.accept("/r", "one", [FILE, LINES], key="k1")
        await store.accept("/r", "two", [FILE], key="k2")
        await store.accept("/r", "one", [FILE], key="k3")
        found = [(a.digest, a.key, a.seq) for a in store.facts.trusted["/r"]]
        assert found == [("filters:f", "k1", 1), ("two", "k2", 2), ("one", "k3", 3)]
        assert store.accepts_filters("f")
        assert not store.trusts("/r", "filters")
        assert all(a.at > 0 for a in store.facts.trusted["/r"])


async def test_what_is_forgotten_is_trusted_no_more(tmp_path: Path) -> None:
    write_json(tmp_path / "trust.json", {"/r": ["one", "filters:f"], "/s": ["two"]})
    async with opened(tmp_path) as store:
        await store.forget("/r", key="k")
    async with opened(tmp_path) as store:
        assert not store.knows("/r")
        assert not store.accepts_filters("f")
        assert store.trusts("/s", "two")
        await store.accept("/r", "three", [])
        assert _trusted(store) == {("/r", "three"), ("/s", "two")}


# --- what an earlier version kept ---------------------------------------------------------


async def test_what_an_earlier_version_trusted_is_taken_over_once(tmp_path: Path) -> None:
    earlier = tmp_path / "trust.json"
    write_json(earlier, {"/r": ["one", "filters:f"], "/s": []})
    async with opened(tmp_path) as store:
        assert store.trusts("/r", "one")
        assert store.accepts_filters("f")
        assert not store.knows("/s")
        assert earlier.exists(), "until the disk has it"
        await store.settle()
    assert not earlier.exists()
    assert json.loads((tmp_path / "trust.json.taken-over").read_text())["/r"]
    write_json(earlier, {"/r": ["more"]})  # as a copy from a backup would
    async with opened(tmp_path) as store:
        assert store.trusts("/r", "one")
        assert not store.trusts("/r", "more")


async def test_a_taking_over_that_was_cut_off_goes_on(tmp_path: Path) -> None:
    write_json(tmp_path / "trust.json", {"/r": ["one"]})
    async with opened(tmp_path):
        assert (tmp_path / "trust.json").exists()
    journal = (tmp_path / "person/journal.jsonl").read_bytes()
    async with opened(tmp_path) as store:
        assert store.trusts("/r", "one")
        await store.settle()
    assert (tmp_path / "person/journal.jsonl").read_bytes() == journal
    assert not (tmp_path / "trust.json").exists()


def _fill_disk(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Let no journal be written; returns what makes room again."""
    write = os.write

    def full(_descriptor: int, _data: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    return lambda: monkeypatch.setattr(os, "write", write)


async def test_a_full_disk_loses_no_trust_and_gives_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_json(tmp_path / "trust.json", {"/r": ["one"]})
    make_room = _fill_disk(monkeypatch)
    async with opened(tmp_path) as store:
        assert store.trusts("/r", "one")
        with pytest.raises(StorageError):
            await store.accept("/r", "two", [])
        assert not store.trusts("/r", "two")
        assert (tmp_path / "trust.json").exists()
        make_room()
        await store.accept("/r", "two", [])
    async with opened(tmp_path) as store:
        assert store.trusts("/r", "one")
        assert store.trusts("/r", "two")
    assert not (tmp_path / "trust.json").exists()


# --- a damaged journal --------------------------------------------------------------------


async def _three(directory: Path) -> bytes:
    async with opened(directory) as store:
        for number in range(3):
            await store.accept(f"/r{number}", f"digest-{number}", [])
    (directory / "person/meta.json").unlink()
    return (directory / "person/journal.jsonl").read_bytes()


def _trusted(store: TrustStore) -> set[tuple[str, str]]:
    return {(root, a.digest) for root, known in store.facts.trusted.items() for a in known}


async def test_a_torn_journal_keeps_what_is_whole(tmp_path: Path) -> None:
    whole = await _three(tmp_path)
    path = tmp_path / "person/journal.jsonl"
    ends = [place + 1 for place, byte in enumerate(whole) if byte == ord("\n")]
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        async with opened(tmp_path) as store:
            left = sum(end <= length for end in ends)
            assert _trusted(store) == {(f"/r{n}", f"digest-{n}") for n in range(left)}, length
            assert store.damaged == 0
        (tmp_path / "person/meta.json").unlink()
    async with opened(tmp_path) as store:
        await store.accept("/new", "x", [])
    async with opened(tmp_path) as store:
        assert store.trusts("/new", "x")


async def test_a_damaged_record_costs_its_own_trust_and_is_counted(tmp_path: Path) -> None:
    """Each byte in turn: nothing is trusted that was not accepted, and at most one is lost."""
    whole = await _three(tmp_path)
    path = tmp_path / "person/journal.jsonl"
    all_of_them = {(f"/r{n}", f"digest-{n}") for n in range(3)}
    for place in range(len(whole) - 1):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x01]) + whole[place + 1 :])
        async with opened(tmp_path) as store:
            assert _trusted(store) <= all_of_them
            assert len(_trusted(store)) == 3 - store.damaged >= 2, place
        (tmp_path / "person/meta.json").unlink()


async def test_what_is_damaged_is_remembered(tmp_path: Path) -> None:
    """A checkpoint lies behind it: a later start reads that record no more."""
    whole = await _three(tmp_path)
    path = tmp_path / "person/journal.jsonl"
    path.write_bytes(whole.replace(b"digest-1", b"digest-9"))
    for _ in range(2):
        async with opened(tmp_path) as store:
            assert store.damaged == 1
            assert _trusted(store) == {("/r0", "digest-0"), ("/r2", "digest-2")}


async def test_a_checkpoint_that_the_journal_does_not_bear_out_trusts_nobody(
    tmp_path: Path,
) -> None:
    async with opened(tmp_path) as store:
        await store.accept("/r", "one", [])
    (tmp_path / "person/journal.jsonl").unlink()
    async with opened(tmp_path) as store:
        assert not store.trusts("/r", "one")


async def test_a_journal_that_cannot_be_opened_trusts_nobody_and_refuses(tmp_path: Path) -> None:
    (tmp_path / "person").write_text("in the way")
    async with opened(tmp_path) as store:
        assert not store.trusts("/r", "one")
        with pytest.raises(StorageError, match="person"):
            await store.accept("/r", "one", [])


# --- the fold -----------------------------------------------------------------------------

Trusting = ConfigTrusted | TrustForgotten | TrustTakenOver
_EVENTS: st.SearchStrategy[Trusting] = st.one_of(
    any_of(ConfigTrusted), any_of(TrustForgotten), any_of(TrustTakenOver)
)


def _numbered(events: Sequence[PersonEvent]) -> list[PersonRecord]:
    return [PersonRecord(seq=seq, at=seq, event=event) for seq, event in enumerate(events, 1)]


@given(st.lists(_EVENTS, max_size=12))
def test_only_what_was_accepted_is_trusted(events: list[Trusting]) -> None:
    facts = PersonFacts()
    accepted: set[tuple[str, str]] = set()
    for event, record in zip(events, _numbered(events), strict=True):
        assert load_person_record(dump(record)) == record
        assert dump_line(record).startswith(b'{"crc":')
        facts = fold_person(facts, record)
        assert fold_person(facts, record) is facts
        if isinstance(event, TrustForgotten):
            accepted = {(root, digest) for root, digest in accepted if root != event.root}
            continue
        named = {event.root: event.digests} if isinstance(event, ConfigTrusted) else event.digests
        accepted |= {(root, digest) for root, known in named.items() for digest in known}
    trusted = {(root, a.digest) for root, known in facts.trusted.items() for a in known}
    assert trusted == accepted


def test_the_latest_hashes_are_kept() -> None:
    facts = PersonFacts()
    events: list[PersonEvent] = [
        ConfigTrusted(root="/r", digests=(f"{n}",)) for n in range(KEPT + 5)
    ]
    for record in _numbered(events):
        facts = fold_person(facts, record)
    assert [a.digest for a in facts.trusted["/r"]] == [f"{n}" for n in range(5, KEPT + 5)]
