"""What must hold after any crash, found out from the files alone.

Keep true: nothing here trusts the supervisor: what an agent said is read from its raw log, cut and
translated anew from the first byte, and compared with what the journal holds.
"""

from __future__ import annotations

import contextlib
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from parallel_agents.agents.hosting import ReadFile, WriteFile
from parallel_agents.agents.registry import all_agents
from parallel_agents.core import events as ev
from parallel_agents.core.codec import from_plain, load_record, to_plain
from parallel_agents.core.events import Record
from parallel_agents.core.reduce import reduce
from parallel_agents.core.state import SessionState
from tests.support.world import wait_until

Said = tuple[int, str]
"""Offset after the line, and the event as JSON."""


@dataclass
class Findings:
    """What was counted in one or several sessions.

    Attributes:
        events: what the agents said, line by line.
        lost: said, but not in the journal.
        doubled: in the journal more often than said.
        gaps: places where `seq` does not count on.
        disorder: sessions whose journal has the right events in another order.
        messages: how many were sent.
        unsaid: messages that the agent never took up.
        repeated: messages that the agent took up, or answered, more than once.
        decisions: how many requests were decided.
        undecided: requests that were not decided exactly once, or whose tool did not answer once.
        dead: agents that ended though nobody asked.
        checkpoints: checkpoints that do not agree with the journal.
    """

    events: int = 0
    lost: int = 0
    doubled: int = 0
    gaps: int = 0
    disorder: int = 0
    messages: int = 0
    unsaid: int = 0
    repeated: int = 0
    decisions: int = 0
    undecided: int = 0
    dead: int = 0
    checkpoints: int = 0
    notes: list[str] = field(default_factory=list)

    def add(self, other: Findings) -> None:
        """Add another session's figures."""
        for name, value in asdict(other).items():
            setattr(self, name, getattr(self, name) + value)

    @property
    def faults(self) -> dict[str, int]:
        """The figures that must be 0 and are not."""
        sound = {"events", "messages", "decisions", "notes"}
        return {k: v for k, v in asdict(self).items() if k not in sound and v}


def read_journal(directory: Path) -> list[Record]:
    """Every whole record of a session's journal; a torn last line is left out."""
    lines = (directory / "journal.jsonl").read_bytes().split(b"\n")
    return [load_record(line) for line in lines[:-1]]


def fold(records: Iterable[Record]) -> SessionState:
    """The facts after these records."""
    state = SessionState()
    for record in records:
        state = reduce(state, record)
    return state


KEEPING = """
import os, sys
from pathlib import Path
from parallel_agents.supervisor.run import process
punch = process.punch_hole
def keep_then_punch(descriptor, length):
    log = Path(os.readlink(f"/proc/self/fd/{descriptor}"))
    kept = log.with_suffix(".kept")
    before = kept.read_bytes() if kept.exists() else b""
    beside = log.with_suffix(".new")
    beside.write_bytes(before + log.read_bytes()[len(before):length])
    beside.replace(kept)
    punch(descriptor, length)
process.punch_hole = keep_then_punch
from parallel_agents.supervisor.lifecycle import main
sys.exit(main())
"""
"""A supervisor that frees what it has read of a log like every other, but copies it first."""


def read_log(directory: Path) -> bytes:
    """The raw log of a session's first run, with what was freed of it."""
    kept = directory / "runs/1/out.kept"
    before = kept.read_bytes() if kept.exists() else b""
    return before + (directory / "runs/1/out.log").read_bytes()[len(before) :]


def said_by(log: bytes, agent: str, run: int) -> list[Said]:
    """What an agent's raw log says, translated from its beginning.

    Args:
        log: the bytes of `out.log`; a line without its newline is not said yet.
        agent: the agent program's name.
        run: number of the process start.
    """
    translator = all_agents()[agent].translator()
    said: list[Said] = []
    offset = 0
    for line in log.split(b"\n")[:-1]:
        offset += len(line) + 1
        for event in translator.translate(line.partition(b" ")[2]):
            if isinstance(event, ev.RunReady):
                said.append((offset, _json(replace(event, run=run))))
            elif not isinstance(event, ev.Delta | ReadFile | WriteFile):
                said.append((offset, _json(event)))
    return said


def _json(event: ev.Event) -> str:
    return json.dumps(to_plain(event), sort_keys=True)


def journalled(records: Sequence[Record], run: int) -> list[Said]:
    """What the journal holds of a run's output."""
    return [(r.offset, _json(r.event)) for r in records if r.run == run and r.offset]


def lifecycle(log: bytes) -> Counter[tuple[str, str]]:
    """How often the agent reported each state of each message."""
    found: Counter[tuple[str, str]] = Counter()
    for line in log.split(b"\n")[:-1]:
        if b'"command_lifecycle"' in line:
            frame = json.loads(line.partition(b" ")[2])
            found[frame["command_uuid"], frame["state"]] += 1
    return found


def check(directory: Path, texts: dict[str, str]) -> Findings:
    """Examine a session whose only run still goes on, once it has come to rest.

    Args:
        directory: the session's.
        texts: what the agent must have answered once, by the uuid of the message; a message
            with an empty text is only followed by its uuid.
    """
    with contextlib.suppress(AssertionError):  # what is missing then is told below
        wait_until(lambda: _is_at_rest(directory), 30)
    records = read_journal(directory)
    state = fold(records)
    log = read_log(directory)
    found = Findings(gaps=_gaps(records), checkpoints=_wrong_checkpoints(directory, records))
    found.dead = sum(isinstance(r.event, ev.RunEnded) for r in records)
    _compare(found, said_by(log, state.session.agent, 1), journalled(records, 1))
    _check_messages(found, records, lifecycle(log), texts)
    _check_decisions(found, records)
    return found


def _is_at_rest(directory: Path) -> bool:
    """Whether the agent has said all of its turn, and the journal has as much.

    A session is shown at rest from the turn's result on; the agent says a little more after it.
    """
    log, records = read_log(directory), read_journal(directory)
    agent = fold(records).session.agent
    said = said_by(log, agent, 1)
    idle = agent != "demo" or (bool(said) and '"state": "idle"' in said[-1][1])
    return idle and len(said) <= len(journalled(records, 1))


def _gaps(records: Sequence[Record]) -> int:
    return sum(record.seq != number for number, record in enumerate(records, 1))


def _compare(found: Findings, said: list[Said], got: list[Said]) -> None:
    lost, doubled = Counter(said) - Counter(got), Counter(got) - Counter(said)
    found.events += len(said)
    found.lost += lost.total()
    found.doubled += doubled.total()
    found.disorder += not lost and not doubled and said != got
    found.notes += [f"lost {o} {e[:300]}" for o, e in list(lost)[:3]]
    found.notes += [f"doubled {o} {e[:300]}" for o, e in list(doubled)[:3]]


def _check_messages(
    found: Findings,
    records: Sequence[Record],
    states: Counter[tuple[str, str]],
    texts: dict[str, str],
) -> None:
    queued = Counter(r.event.uuid for r in records if isinstance(r.event, ev.MessageQueued))
    answers = Counter(r.event.text for r in records if isinstance(r.event, ev.AssistantText))
    found.messages += len(texts)
    for uuid, text in texts.items():
        counts = [queued[uuid], states[uuid, "started"], *([answers[text]] if text else [])]
        found.unsaid += min(counts) == 0
        found.repeated += max(counts) > 1
        if set(counts) != {1}:
            found.notes.append(f"message {uuid} {text[:60]!r}: queued, started, answered {counts}")


def _check_decisions(found: Findings, records: Sequence[Record]) -> None:
    opened = {r.event.request: r.event.tool_use for r in _of(records, ev.RequestOpened)}
    decided = Counter(r.event.request for r in _of(records, ev.RequestDecided))
    returned = Counter(r.event.tool_use for r in _of(records, ev.ToolReturned))
    found.decisions += decided.total()
    for request, tool_use in opened.items():
        wrong = decided[request] != 1 or returned[tool_use] != 1
        found.undecided += wrong
        if wrong:
            counts = decided[request], returned[tool_use]
            found.notes.append(f"request {request}: decided, answered {counts}")


def _of(records: Sequence[Record], kind: type[Any]) -> list[Any]:
    return [record for record in records if isinstance(record.event, kind)]


def _wrong_checkpoints(directory: Path, records: Sequence[Record]) -> int:
    """Whether the saved facts are those of the journal's beginning that they name."""
    try:
        saved = json.loads((directory / "meta.json").read_text())
    except FileNotFoundError:
        return 0
    head = (directory / "journal.jsonl").read_bytes()[: saved["journal"]]
    before = fold(records[: head.count(b"\n")])
    return int(to_plain(before) != to_plain(from_plain(saved["state"], SessionState)))
