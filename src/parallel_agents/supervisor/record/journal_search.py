"""Looks for a text in the journals of many sessions; blocking.

Keep true: a journal is read line by line and never held as a whole; a damaged line, or a journal
that cannot be read, costs only itself; the search ends at its deadline.
"""

import time
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from parallel_agents.core.events import Record
from parallel_agents.core.found_text import certain_bytes, folded, line_with, texts_of
from parallel_agents.supervisor.record.journal import load_line
from parallel_agents.wire.messages import SearchHit, SearchResult

PER_SESSION = 50
"""How many hits of one session are returned, its newest."""

_TURN = b'"type":"turn_started"'


@dataclass(frozen=True, slots=True)
class Transcript:
    """Where the transcript of a session is.

    Attributes:
        session: id.
        name: the session's name.
        path: its journal.
    """

    session: str
    name: str
    path: Path


def search(
    transcripts: Sequence[Transcript], text: str, limit: int, seconds: float
) -> SearchResult:
    """Look for a text.

    Args:
        transcripts: where to look, in this order.
        text: what to look for, literally, in upper or lower case.
        limit: the maximum number of hits.
        seconds: after how many the search ends with what it has found.
    """
    wanted, ends = folded(text), time.monotonic() + seconds
    hits: list[SearchHit] = []
    complete = True
    for transcript in transcripts:
        if len(hits) >= limit or time.monotonic() > ends:
            return SearchResult(hits=tuple(hits[:limit]), complete=False)
        newest = _newest(transcript, wanted)
        complete &= len(newest) <= PER_SESSION
        hits += newest[:PER_SESSION]
    return SearchResult(hits=tuple(hits[:limit]), complete=complete and len(hits) <= limit)


def _newest(transcript: Transcript, wanted: str) -> list[SearchHit]:
    """The newest hits of one session, latest first; one more than are returned, if there are."""
    try:
        with transcript.path.open("rb") as lines:
            last = deque(_hits(transcript, lines, wanted), maxlen=PER_SESSION + 1)
    except OSError:
        return []
    return list(reversed(last))


def _hits(transcript: Transcript, lines: Iterator[bytes], wanted: str) -> Iterator[SearchHit]:
    certain, turn = certain_bytes(wanted), 0
    for line in lines:
        turn += _TURN in line
        # A letter outside ASCII may fold to one inside it: only an ASCII line can be left out.
        if line.isascii() and certain not in line.lower():
            continue
        hit = _hit(transcript, line, wanted, turn)
        if hit is not None:
            yield hit


def _hit(transcript: Transcript, line: bytes, wanted: str, turn: int) -> SearchHit | None:
    try:
        record: Record = load_line(line)
    except ValueError:
        return None
    who, texts = texts_of(record.event)
    found = next((part for text in texts if (part := line_with(text, wanted)) is not None), None)
    if found is None:
        return None
    return SearchHit(
        session=transcript.session,
        name=transcript.name,
        seq=record.seq,
        at=record.at,
        turn=turn,
        who=who,
        line=found,
    )
