"""Cuts a journal at every byte near its end: it is mended, and what was cut comes again.

Keep true: the supervisor is dead while a journal is cut, as after a crash of the machine.
"""

from __future__ import annotations

import random
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from parallel_agents.core.codec import load_record
from parallel_agents.core.ids import new_uuid
from parallel_agents.supervisor.record.journal import Journal
from parallel_agents.wire.messages import Send
from tests.campaign import oracle
from tests.support.world import World, wait_until


@dataclass
class Outcome:
    """What cutting came to.

    Attributes:
        cuts: journals that were cut and opened.
        wrong: those that did not become the longest whole beginning.
        restarts: supervisors that were started on a cut journal.
        faults_after: what the oracle found wrong after those.
    """

    cuts: int = 0
    wrong: int = 0
    restarts: int = 0
    faults_after: int = 0
    notes: list[str] = field(default_factory=list)

    @property
    def faults(self) -> dict[str, int]:
        """The figures that must be 0 and are not."""
        return {k: v for k, v in vars(self).items() if k in {"wrong", "faults_after"} and v}

    def figures(self) -> dict[str, Any]:
        """For the table and the JSON."""
        return {name: value for name, value in vars(self).items() if name != "notes"}


def cut_everywhere(source: Path, scratch: Path, outcome: Outcome, reach: int = 1024) -> None:
    """Cut copies of a journal at every one of its last bytes, and open each.

    Args:
        source: a whole journal, at least `reach` bytes long.
        scratch: where the copies are made.
        outcome: counts.
        reach: how many bytes from the end.
    """
    data = source.read_bytes()
    for length in range(len(data) - reach, len(data)):
        scratch.write_bytes(data[:length])
        journal = Journal(scratch, load_record)
        outcome.cuts += 1
        size = _whole(data[:length])
        try:
            mended = journal.size == size and scratch.read_bytes() == data[:size]
            seqs = [record.seq for record in journal.read_from(0)]
            outcome.wrong += not mended or seqs != list(range(1, len(seqs) + 1))
        finally:
            journal.close()


def _whole(data: bytes) -> int:
    """How many bytes hold whole groups of records."""
    end = data.rfind(b"\n") + 1
    while end:
        start = data.rfind(b"\n", 0, end - 1) + 1
        if b'"more":true' not in data[start:end]:
            break
        end = start
    return end


def restart_on_cuts(world: World, session: str, rng: random.Random, times: int) -> Outcome:
    """Cut a living session's journal, start a supervisor on it, and examine what it made of it.

    What the agent said after the cut is read again from its log, so nothing may be missing; what
    only the journal knew (a message that waited there) is gone with it and is not looked for.

    Args:
        world: an installation with a session at rest.
        session: its id.
        rng: where to cut.
        times: how often.
    """
    outcome = Outcome()
    directory = world.session_dir(session)
    journal = directory / "journal.jsonl"
    cut_everywhere(journal, world.root / "torn.jsonl", outcome)
    begins = len(journal.read_bytes())
    for number in range(times):
        for word in ("one", "two", "three"):
            key = new_uuid()
            world.ask(Send(key=key, session=session, text=f"echo {word} {number}"))
            wait_until(lambda: world.row(session)["status"] == "idle")
        world.kill_supervisor()
        shutil.copyfile(journal, world.root / "before.jsonl")
        size = journal.stat().st_size
        with journal.open("r+b") as file:
            file.truncate(rng.randrange(begins, size))
        world.row(session)
        wait_until(lambda: not _missing(directory), 10, "what was cut comes again")
        outcome.restarts += 1
        found = oracle.check(directory, {})
        outcome.faults_after += bool(found.faults)
        outcome.notes += found.notes
    return outcome


def _missing(directory: Path) -> bool:
    records = oracle.read_journal(directory)
    log = (directory / "runs/1/out.log").read_bytes()
    return len(oracle.said_by(log, "demo", 1)) > len(oracle.journalled(records, 1))
