"""Requests that read a session's journal."""

from parallel_agents.core.events import Record
from parallel_agents.core.value import Value
from parallel_agents.wire.request import Request

PAGE_LIMIT = 256 << 10
"""Maximum length of a page, in characters of text."""


class RecordPage(Value):
    """Some records of a journal, in order.

    Attributes:
        more: whether there are more in the requested direction.
        count: number of the journal's last record.
    """

    records: tuple[Record, ...]
    more: bool
    count: int


class ReadRecords(Request[RecordPage], tag="records"):
    """Read a page of the journal: the newest records before `before`, or those after `after`.

    Attributes:
        before: exclusive upper bound of `seq`; None for the end of the journal.
        after: exclusive lower bound of `seq`; if given, the page starts there and goes forward.
        limit: the maximum number of records.
    """

    session: str
    before: int | None = None
    after: int | None = None
    limit: int = 500


class SearchHit(Value):
    """A place in a transcript where a text was found.

    Attributes:
        session: id of the session.
        name: its name.
        seq: number of the record.
        at: milliseconds since 1970.
        turn: number of the turn, counted from 1; 0 before the first.
        who: you, agent, tool or program.
        line: the line with the text, or a part of it, raw.
    """

    session: str
    name: str
    seq: int
    at: int
    turn: int
    who: str
    line: str


class SearchResult(Value):
    """What was found, the sessions with the latest news first.

    Attributes:
        complete: whether everything was looked through and returned.
    """

    hits: tuple[SearchHit, ...]
    complete: bool = True


class Search(Request[SearchResult], tag="search"):
    """Look for a text in all transcripts, literally, in upper or lower case.

    Attributes:
        limit: the maximum number of hits.
    """

    text: str
    limit: int = 200


class RecordCount(Value):
    """Number of the journal's last record."""

    count: int


class WaitRecords(Request[RecordCount], tag="wait_records"):
    """Wait until the journal has records after `after`, at most `timeout` seconds."""

    session: str
    after: int
    timeout: float = 60.0
