"""What is read of a session's journal."""

from parallel_agents.core.events import Record
from parallel_agents.core.value import Value
from parallel_agents.wire.request import Request

PAGE_LIMIT = 256 << 10
"""Longest page of a reply, in characters of text."""


class RecordPage(Value):
    """Some records of a journal, in order.

    Attributes:
        more: there are more in the direction that was asked for.
        count: number of the journal's last record.
    """

    records: tuple[Record, ...]
    more: bool
    count: int


class ReadRecords(Request[RecordPage], tag="records"):
    """A page of the journal: the newest records before `before`, or those after `after`.

    Attributes:
        before: exclusive upper bound of `seq`; None for the end of the journal.
        after: exclusive lower bound; when given, the page starts there and goes up.
        limit: how many at most.
    """

    session: str
    before: int | None = None
    after: int | None = None
    limit: int = 500


class RecordCount(Value):
    """Number of the journal's last record."""

    count: int


class WaitRecords(Request[RecordCount], tag="wait_records"):
    """Answer once the journal has records after `after`, or time is up (seconds)."""

    session: str
    after: int
    timeout: float = 60.0
