"""The manager's operations on existing worktrees: delete, restore, reconcile, adopt.

Keep true: every method may be called from any thread; every removal of a worktree passes the single
gate (`removal`).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from parallel_agents.core.codec import from_plain, to_plain
from parallel_agents.core.errors import UserError, of_system
from parallel_agents.core.worktree import (
    Base,
    Finding,
    OwnWork,
    Repository,
    TrashEntry,
    WorktreeRecord,
)
from parallel_agents.worktrees import kinds
from parallel_agents.worktrees.filesystem.files import write_json
from parallel_agents.worktrees.filesystem.locks import RepositoryLocks
from parallel_agents.worktrees.filesystem.sweep import Sweeper
from parallel_agents.worktrees.look.identity import common_dir, lock_of, lock_reason, require
from parallel_agents.worktrees.look.objects import ObjectStore
from parallel_agents.worktrees.look.repository import plain, resolve
from parallel_agents.worktrees.make import adoption
from parallel_agents.worktrees.plumbing.git import Git
from parallel_agents.worktrees.remove import moved, reconcile, removal, restore as restoring
from parallel_agents.worktrees.remove.trash import Trash, TrashBin


class Ending:
    """The half of the manager that handles worktrees that already exist.

    Args:
        state_dir: the program's state directory.
    """

    def __init__(self, state_dir: Path) -> None:
        self._creating = state_dir / "creating"
        self._temporary = state_dir / "tmp"
        self._objects = state_dir / "objects"
        self._locks = RepositoryLocks(state_dir / "locks")
        self._sweeper = Sweeper(state_dir / "dropped")
        self._trash = Trash(state_dir / "trash", self._sweeper)

    def own_work(self, record: WorktreeRecord) -> OwnWork:
        """List the work that a deletion would have to save; see `own.look`."""
        with self._reading("look at the worktree"):
            return kinds.of(record).own_work(record, self._temporary)

    def adopt(self, repo: Repository, *, session: str, path: str, base: Base) -> WorktreeRecord:
        """Give a session a worktree that somebody else made; see `adoption.adopt`."""
        with self._writing(repo.common_dir, "adopt the worktree") as lock_fd:
            return adoption.adopt(repo, session, path, base, lock_fd)

    def check_adoptable(self, repo: Repository, session: str, path: str) -> None:
        """Refuse early what `adopt` would refuse; see `adoption.adoptable`."""
        adoption.adoptable(repo, session, path)

    def owner(self, path: str) -> str:
        """Find the session whose lock is on a worktree; see `adoption.owner`."""
        with self._reading("look at the worktree"):
            return adoption.owner(path)

    def take_along(self, record: WorktreeRecord, path: str) -> WorktreeRecord:
        """Give a session its moved worktree back; see `moved.take_along`."""
        repo = resolve(adoption.root_around(path))
        with self._writing(repo.common_dir, "take the worktree along") as lock_fd:
            return moved.take_along(record, repo, path, lock_fd)

    def settle(self) -> None:
        """Wait until the background removals and measurements have finished."""
        self._sweeper.wait()

    def delete(
        self, record: WorktreeRecord, *, live_pids: Callable[[], Sequence[int]], note: str = ""
    ) -> TrashEntry:
        """Move a worktree to the trash.

        Args:
            record: the worktree to delete.
            live_pids: returns the ids of the session's processes that are still alive.
            note: the reason, if nobody asked for the deletion just now.

        Returns:
            The trash entry. After a crash, the same call continues, or returns it again.

        Raises:
            RefusedError: the gate refuses; nothing has changed.
            GitError: git failed.
            StorageError: the disk is full or failing.
        """
        with self._reading("look at the worktree"):
            pulls = kinds.of(record).pulls(record)
        with self._writing(lock_of(record), "delete the worktree") as lock_fd:
            job = self._removal(record, lock_fd, live_pids)
            job = replace(job, note=note, pulls=pulls)
            entry = kinds.of(record).delete(job)
            (self._creating / f"{record.session}.json").unlink(missing_ok=True)
            # The compared trees may hold secrets; from now on only the trash may keep them.
            self._sweeper.drop(self._store(record.session).directory, self._objects)
            return entry

    def _store(self, session: str) -> ObjectStore:
        return ObjectStore(self._objects / session)

    def _removal(
        self, record: WorktreeRecord, lock_fd: int, live_pids: Callable[[], Sequence[int]]
    ) -> removal.Removal:
        return removal.Removal(
            record=record,
            place=self._trash.bin(record.session),
            temporary=self._temporary,
            live_pids=live_pids,
            lock_fd=lock_fd,
            sweeper=self._sweeper,
        )

    def unfinished(self, session: str) -> bool:
        """Whether a deletion was cut off after the worktree was renamed away.

        If so, `restore` can still bring the session's worktree back.
        """
        bin_ = self._trash.bin(session)
        return removal.begun(bin_) is not None or moved.is_astray(bin_)

    def _finish(self, plan: Mapping[str, Any]) -> None:
        """Finish a deletion that was cut off, because only a complete entry can be restored."""
        record = from_plain(plan["record"], WorktreeRecord)
        with self._writing(lock_of(record), "delete the worktree") as lock_fd:
            removal.delete(self._removal(record, lock_fd, list))

    def restore(self, session: str, moved_to: str = "") -> WorktreeRecord:
        """Restore a worktree from the trash.

        Args:
            session: id of the session.
            moved_to: a directory of its repository, if the repository has moved.

        Returns:
            The new record. After a crash, the same call continues.

        Raises:
            NoSuchSessionError: the session is not in the trash.
            RefusedError: the path or branch is taken, or the repository is not there.
            RepositoryError: `moved_to` is in no repository.
            GitError: git failed.
            StorageError: the disk is full or failing.
        """
        bin_ = self._trash.bin(session)
        if moved_to:
            self._follow(bin_, moved_to)
        if bin_.entry() is None and (record := restoring.restored_before(bin_)) is not None:
            return record
        moved.refuse_missing(bin_)
        if (plan := removal.begun(bin_)) is not None:
            self._finish(plan)
        entry = self._trash.entry(session)
        if entry.untouched:
            return self._take_back(entry)
        common = lock_of(entry.record)
        with self._writing(common, "restore the worktree") as lock_fd:
            self._temporary.mkdir(mode=0o700, parents=True, exist_ok=True)
            return kinds.of(entry.record).restore(
                restoring.Restore(
                    entry=entry,
                    place=bin_,
                    temporary=self._temporary,
                    common_dir=common,
                    lock_fd=lock_fd,
                )
            )

    def _follow(self, bin_: TrashBin, directory: str) -> None:
        repo = plain(directory) or resolve(directory)
        with self._writing(repo.common_dir or repo.root, "follow the repository"):
            moved.follow(bin_, repo)

    def _take_back(self, entry: TrashEntry) -> WorktreeRecord:
        """Restore a session whose worktree was left untouched, without looking at the worktree."""
        place = self._trash.bin(entry.session)
        with self._reading("restore the session"):
            write_json(place.restored_file, to_plain(entry.record))
            place.entry_file.unlink(missing_ok=True)
        return entry.record

    def trash(self) -> tuple[TrashEntry, ...]:
        """List the entries that can be restored, newest first."""
        return self._trash.entries()

    def empty_trash(
        self, older_than_ms: int | None = None, *, session: str | None = None
    ) -> tuple[str, ...]:
        """Remove trash entries for good.

        Args:
            older_than_ms: the least age in milliseconds; `None` removes entries of any age.
            session: id of the only session to remove, if it has an entry; `None` for all.

        Returns:
            The sessions whose entries were removed. An entry that cannot be removed stays listed
            and does not stop the others.

        Raises:
            UserError: no entry could be removed; this is the first reason.
        """
        wanted = [e for e in self._trash.expired(older_than_ms) if session in (None, e.session)]
        dropped: list[str] = []
        errors: list[UserError] = []
        for entry in wanted:
            try:
                dropped += [entry.session] if self._drop(entry) else []
            except UserError as error:
                errors.append(error)
        if errors and not dropped:
            raise errors[0]
        return tuple(dropped)

    def _drop(self, entry: TrashEntry) -> bool:
        """Remove an entry for good, unless it was restored in the meantime."""
        with self._writing(lock_of(entry.record), "empty the trash") as lock_fd:
            if self._trash.bin(entry.session).entry() is None:
                return False
            self._trash.drop(entry, Git(entry.root, lock_fd=lock_fd))
            return True

    def reconcile(self, records: Sequence[WorktreeRecord], root: str = "") -> tuple[Finding, ...]:
        """Report differences from the records without changing anything; see `reconcile`.

        Args:
            records: the worktrees that should exist.
            root: an additional repository to look at; empty for none.
        """
        deleted = [entry.record for entry in self._trash.entries()]
        with self._reading("compare the worktrees"):
            found = reconcile.reconcile(records, deleted, root)
        return (*found, *self._trash.findings(), *self._sweeper.findings())

    def relock(self, record: WorktreeRecord) -> None:
        """Put our lock back on a worktree that has lost it.

        Raises:
            WorktreeError: the worktree is not as recorded.
            GitError: somebody else has locked it.
        """
        require(record)
        with self._writing(common_dir(record), "lock the worktree") as lock_fd:
            Git(record.root, lock_fd=lock_fd).write(
                "worktree", "lock", "--reason", lock_reason(record.session), record.path
            )

    @contextmanager
    def _writing(self, common: str, purpose: str) -> Iterator[int]:
        with self._reading(purpose), self._locks.hold(common) as lock_fd:
            yield lock_fd

    @contextmanager
    def _reading(self, purpose: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            name = "" if error.filename is None else f" ({error.filename})"
            raise of_system(error, f"could not {purpose}{name}") from error
