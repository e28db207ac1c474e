"""Which repositories a person trusts, and with which executable configuration.

Keep true: trust belongs to a repository's real path *and* the hash of the configuration that a
start would load; a hash that was never shown and accepted is not trusted, and what of it cannot be
read is not trusted either. The text accepted last is kept only to show what changed since; it
decides nothing.
"""

import contextlib
import hashlib
import logging
import os
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from parallel_agents.core.codec import from_plain
from parallel_agents.core.errors import StorageError, of_system
from parallel_agents.core.events import JournalDamaged
from parallel_agents.core.person import (
    ConfigTrusted,
    PersonEvent,
    PersonFacts,
    PersonRecord,
    TrustForgotten,
    TrustTakenOver,
    fold_person,
    load_person_record,
)
from parallel_agents.core.value import asdict
from parallel_agents.core.worktree import ConfigFile
from parallel_agents.supervisor.base.small_files import read_json, sync_path, write_json
from parallel_agents.supervisor.base.threads import Threads
from parallel_agents.supervisor.record.fact_form import Form
from parallel_agents.supervisor.record.ledger import Ledger
from parallel_agents.worktrees.plumbing.filter_lines import ORIGIN

log = logging.getLogger(__name__)

FORM = Form(facts=PersonFacts, read=load_person_record, fold=fold_person, version=1)
_FILTERS = "filters:"
"""Marks the hash of lines for git's filters, which git is asked about without the rest."""


class TrustStore:
    """`person/`: the journal of what was accepted; `trusted/`: the text accepted last.

    Args:
        threads: where blocking work is done.
        state_dir: the state directory, which exists.
    """

    def __init__(self, threads: Threads, state_dir: Path) -> None:
        self._threads = threads
        self._texts = state_dir / "trusted"
        self._directory = state_dir / "person"
        self._earlier = Earlier(state_dir / "trust.json")
        self._ledger: Ledger[PersonFacts, PersonRecord] | None = None
        self._unread: StorageError | None = None
        try:
            self._ledger = self._opened()
            if not self._ledger.state.taken_over:
                self._earlier.read()
        except StorageError as error:
            # Nothing is trusted then, and nothing may be accepted: it would be lost among it.
            log.warning("%s", error)
            self._unread = error
            return
        try:
            self._take_over(self._ledger)
        except StorageError as error:
            log.warning("what was trusted is not in the journal yet: %s", error)

    def _opened(self) -> Ledger[PersonFacts, PersonRecord]:
        try:
            self._directory.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise of_system(error, f"cannot make {self._directory}") from error
        ledger = Ledger(self._threads, self._directory, FORM, "person", _told)
        ledger.syncing.owe("names", partial(sync_path, self._directory))
        ledger.syncing.owe("directory", partial(sync_path, self._directory.parent))
        if ledger.damaged > ledger.state.damaged:
            log.warning("%d records of what you trust cannot be read", ledger.damaged)
            with contextlib.suppress(StorageError):  # it is reported when the disk has room again
                ledger.append([_record(ledger.state, JournalDamaged(records=ledger.damaged))])
        return ledger

    @property
    def damaged(self) -> int:
        """How many records cannot be read; what they accepted is not trusted."""
        known = self._ledger
        return 0 if known is None else max(known.damaged, known.state.damaged)

    @property
    def facts(self) -> PersonFacts:
        """What is trusted, and since when; may be asked from any thread."""
        if self._unread is not None or self._ledger is None:
            return PersonFacts()
        facts, event = self._ledger.state, self._earlier.event
        return facts if event is None else fold_person(facts, _record(facts, event))

    def trusts(self, root: str, digest: str) -> bool:
        """Whether this configuration of this repository was accepted."""
        return any(known.digest == digest for known in self.facts.trusted.get(root, ()))

    def knows(self, root: str) -> bool:
        """Whether any configuration of this repository was accepted."""
        return bool(self.facts.trusted.get(root))

    def accepts_filters(self, digest: str) -> bool:
        """Whether a person accepted these lines for git's filters, with any configuration."""
        accepted = self.facts.trusted.values()
        return any(each.digest == f"{_FILTERS}{digest}" for known in accepted for each in known)

    def accepted(self, root: str) -> tuple[ConfigFile, ...]:
        """The files accepted last for this repository."""
        try:
            files = [from_plain(file, ConfigFile) for file in read_json(self._text(root)) or ()]
        except (StorageError, ValueError, TypeError) as error:
            log.warning("what %s was trusted with cannot be read: %s", root, error)
            return ()
        return tuple(files)

    def _text(self, root: str) -> Path:
        return self._texts / f"{hashlib.sha256(os.fsencode(root)).hexdigest()}.json"

    async def accept(
        self,
        root: str,
        digest: str,
        files: Sequence[ConfigFile],
        *,
        key: str = "",
        by: str = "person",
    ) -> None:
        """Record that this configuration was accepted; returns when the disk has it.

        Args:
            root: the repository's real path.
            digest: of the configuration.
            files: the configuration.
            key: uuid of the request that asks for it; empty when none does.
            by: `person` or `demo`.

        Raises:
            StorageError: it could not be recorded, or what was accepted before could not be read;
                nothing more is trusted then. Or the disk does not confirm what was recorded.
        """
        ledger = self._readable()
        await self._threads.sync(self._keep_text, root, files)
        filters = (f"{_FILTERS}{file.digest}" for file in files if file.origin == ORIGIN)
        await self._journal(
            ledger, ConfigTrusted(root=root, digests=(digest, *filters), by=by), key
        )

    async def forget(self, root: str, *, key: str = "") -> None:
        """Record that nothing of a repository is trusted any more; returns when the disk has it.

        Args:
            root: the repository's real path.
            key: uuid of the request that asks for it; empty when none does.

        Raises:
            StorageError: it could not be recorded, or what was accepted before could not be read;
                or the disk does not confirm what was recorded.
        """
        await self._journal(self._readable(), TrustForgotten(root=root), key)

    def _readable(self) -> Ledger[PersonFacts, PersonRecord]:
        if self._unread is not None or self._ledger is None:
            raise self._unread or StorageError(f"cannot read {self._directory}")
        return self._ledger

    async def _journal(
        self, ledger: Ledger[PersonFacts, PersonRecord], event: PersonEvent, key: str
    ) -> None:
        self._take_over(ledger)
        ledger.append([_record(ledger.state, event, key)])
        await self.settle()

    async def settle(self) -> None:
        """Wait until the disk has all of it, and put aside what an earlier version kept.

        Raises:
            StorageError: the disk does not confirm it; `trust.json` stays, and is needed then.
        """
        if self._ledger is not None:
            await self._ledger.syncing.settled()
            if self._ledger.state.taken_over:
                await self._threads.sync(self._earlier.put_aside)

    def _keep_text(self, root: str, files: Sequence[ConfigFile]) -> None:
        try:
            self._texts.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise of_system(error, f"cannot make {self._texts}") from error
        write_json(self._text(root), [asdict(file) for file in files])

    def _take_over(self, ledger: Ledger[PersonFacts, PersonRecord]) -> None:
        """Journal what an earlier version kept, once.

        Raises:
            StorageError: it is still to be done.
        """
        if self._earlier.event is not None:
            ledger.append([_record(ledger.state, self._earlier.event)])
            self._earlier.event = None

    async def close(self) -> None:
        """Save the facts and close the journal."""
        if self._ledger is not None:
            await self._ledger.close()


class Earlier:
    """`trust.json`, where an earlier version kept accepted hashes by repository.

    Args:
        path: the file.

    Attributes:
        event: what it holds, until that is journalled; None without the file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.event: TrustTakenOver | None = None

    def read(self) -> None:
        """Read it.

        Raises:
            StorageError: it is there and cannot be read.
        """
        held = read_json(self._path, _is_store)
        if held is not None:
            self.event = TrustTakenOver(
                digests={root: tuple(known) for root, known in held.items()}
            )

    def put_aside(self) -> None:
        """Rename it; blocking. Until the disk has what it held, it may be needed again."""
        try:
            self._path.rename(self._path.with_name(f"{self._path.name}.taken-over"))
        except FileNotFoundError:
            return
        except OSError as error:
            log.warning("%s is taken over, and stays: %s", self._path, error)


def _record(facts: PersonFacts, event: PersonEvent, key: str = "") -> PersonRecord:
    at = time.time_ns() // 1_000_000
    return PersonRecord(seq=facts.seq + 1, at=at, event=event, key=key)


def _told(_: PersonRecord) -> None:
    """Nobody listens: clients ask what is trusted when they show it."""


def _is_store(value: object) -> bool:
    return isinstance(value, dict) and all(
        isinstance(digests, list) and all(isinstance(digest, str) for digest in digests)
        for digests in value.values()
    )
