"""Answers from the journals of sessions.

Keep true: a page stays within `PAGE_LIMIT`, unless a single record is longer than that.
"""

import asyncio

from parallel_agents.core.codec import dump
from parallel_agents.core.errors import UsageError
from parallel_agents.core.events import Record
from parallel_agents.supervisor.front.service import Service
from parallel_agents.supervisor.record import journal_search
from parallel_agents.supervisor.record.journal_search import Transcript
from parallel_agents.wire import messages as m

_MOST = 2000
SEARCH_SECONDS = 20.0
"""Seconds after which a search returns what it has found."""


async def read_records(service: Service, message: m.ReadRecords) -> m.RecordPage:
    """A page of the journal."""
    session = service.find(message.session)
    limit = max(1, min(message.limit, _MOST))
    count = session.state.seq
    if message.after is not None:
        first, last = message.after + 1, message.after + limit
    else:
        last = count if message.before is None else message.before - 1
        first = last - limit + 1
    last = min(last, count)
    records = await session.ledger.page(first, last)
    from_end = message.after is None
    kept = await session.context.threads.quick(_fit, records, from_end=from_end)
    # Judged by the bounds, not by the records: unreadable records leave gaps.
    if from_end:
        more = (kept[0].seq if len(kept) < len(records) else first) > 1
    else:
        more = (kept[-1].seq if len(kept) < len(records) else last) < count
    return m.RecordPage(records=tuple(kept), more=more, count=count)


async def wait_records(service: Service, message: m.WaitRecords) -> m.RecordCount:
    """Wait until the journal has grown, or the time is up."""
    session = service.find(message.session)
    try:
        async with asyncio.timeout(message.timeout):
            await session.ledger.until(lambda state: state.seq > message.after)
    except TimeoutError:
        pass
    return m.RecordCount(count=session.state.seq)


async def search(service: Service, message: m.Search) -> m.SearchResult:
    """Places in all transcripts where a text was found.

    Raises:
        UsageError: there is nothing to look for.
    """
    if not message.text.strip():
        raise UsageError("There is nothing to look for.", "Write a text.")
    sessions = [s for s in service.supervisor.sessions.values() if not s.state.session.deleted]
    sessions.sort(key=lambda session: -session.state.updated_at)
    transcripts = [
        Transcript(s.id, s.state.session.name or s.id, s.ledger.journal.path) for s in sessions
    ]
    limit = max(1, min(message.limit, _MOST))
    threads = service.supervisor.context.threads
    return await threads.long(
        journal_search.search, transcripts, message.text, limit, SEARCH_SECONDS
    )


def _fit(records: list[Record], *, from_end: bool) -> list[Record]:
    """Take as many records as fit on a page, at least one."""
    size = 0
    kept: list[Record] = []
    for record in reversed(records) if from_end else records:
        size += len(dump(record))
        if kept and size > m.PAGE_LIMIT * 4:
            break
        kept.append(record)
    return kept[::-1] if from_end else kept
