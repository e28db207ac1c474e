"""What is known of the person whose supervisor it is: events, and the facts folded from them.

Keep true: pure and total, as the fold over a session; folding a record twice changes nothing; trust
is given to a repository's real path *and* a hash, by nothing but an event that names both.
"""

from typing import assert_never

from msgspec import field

from parallel_agents.core.codec import load
from parallel_agents.core.events import JournalDamaged
from parallel_agents.core.facts import Facts
from parallel_agents.core.value import Tagged, Value, replace

KEPT = 100
"""How many hashes are kept for each repository, the latest ones."""


class ConfigTrusted(Tagged, tag="config_trusted"):
    """A configuration of a repository was accepted.

    Attributes:
        root: the repository's real path.
        digests: hashes that are trusted from now on.
        by: `person`, or `demo` for a scratch repository of ours.
    """

    root: str
    digests: tuple[str, ...]
    by: str = "person"


class TrustForgotten(Tagged, tag="trust_forgotten"):
    """Nothing of a repository is trusted any more."""

    root: str


class TrustTakenOver(Tagged, tag="trust_taken_over"):
    """What was accepted before there was a journal: hashes by repository, the oldest first."""

    digests: dict[str, tuple[str, ...]]


PersonEvent = ConfigTrusted | TrustForgotten | TrustTakenOver | JournalDamaged
"""Everything that can happen to a person."""


class PersonRecord(Value):
    """An event as journalled; see `events.Record` for the fields."""

    seq: int
    at: int
    event: PersonEvent
    key: str = ""
    more: bool = False


class Acceptance(Value):
    """A hash that is trusted, and the evidence.

    Attributes:
        seq: number of the record that says so.
        at: its time in milliseconds since 1970.
        key: uuid of the request that asked for it; empty when none did.
    """

    digest: str
    seq: int
    at: int
    key: str = ""


class PersonFacts(Facts):
    """The facts of a person after `seq` records.

    Attributes:
        trusted: what is accepted, by repository, the oldest first.
        taken_over: whether what an earlier version kept is among it.
        damaged: how many records of the journal cannot be read.
    """

    trusted: dict[str, tuple[Acceptance, ...]] = field(default_factory=dict)
    taken_over: bool = False
    damaged: int = 0


def load_person_record(line: bytes | str) -> PersonRecord:
    """Read one record of a person's journal.

    Raises:
        ValueError: it is none that this version knows.
    """
    return load(line, PersonRecord)


def fold_person(facts: PersonFacts, record: PersonRecord) -> PersonFacts:
    """Fold one record into the facts.

    Args:
        facts: the facts after `facts.seq` records.
        record: the next record.

    Returns:
        The facts after it; `facts` itself when the record was folded before.
    """
    if record.seq <= facts.seq:
        return facts
    match record.event:
        case ConfigTrusted(root=root, digests=digests):
            trusted = {**facts.trusted, root: _with(facts, root, digests, record)}
            return replace(facts, seq=record.seq, trusted=trusted)
        case TrustForgotten(root=root):
            trusted = {known: of for known, of in facts.trusted.items() if known != root}
            return replace(facts, seq=record.seq, trusted=trusted)
        case TrustTakenOver():
            more = {
                root: _with(facts, root, digests, record)
                for root, digests in record.event.digests.items()
            }
            trusted = {**facts.trusted, **more}
            return replace(facts, seq=record.seq, trusted=trusted, taken_over=True)
        case JournalDamaged(records=records):
            return replace(facts, seq=record.seq, damaged=records)
        case _:
            assert_never(record.event)


def _with(
    facts: PersonFacts, root: str, digests: tuple[str, ...], record: PersonRecord
) -> tuple[Acceptance, ...]:
    before = (a for a in facts.trusted.get(root, ()) if a.digest not in digests)
    new = (Acceptance(digest=d, seq=record.seq, at=record.at, key=record.key) for d in digests)
    return (*before, *new)[-KEPT:]
