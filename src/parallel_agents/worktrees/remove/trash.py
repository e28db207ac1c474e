"""The trash on disk: one directory per deleted session, and one ref that keeps its commits.

Keep true: `entry.json` exists exactly as long as a deletion is complete; `plan.json` while a
deletion is in progress, `restore.json` while a restore is, `restored.json` after it; the ref is
written before anything is removed.
"""

import shlex
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from parallel_agents.core.codec import from_plain
from parallel_agents.core.errors import GitError, NoSuchSessionError, UsageError
from parallel_agents.core.value import replace
from parallel_agents.core.worktree import (
    Finding,
    TrashEntry,
    WorktreeRecord,
)
from parallel_agents.worktrees.filesystem.files import exists, read_json, size_of, write_json
from parallel_agents.worktrees.filesystem.sweep import Sweeper
from parallel_agents.worktrees.look.identity import common_dir
from parallel_agents.worktrees.plumbing import naming
from parallel_agents.worktrees.plumbing.git import Git, attempt

REF_PREFIX = "refs/parallel-agents/trash/"


@dataclass(frozen=True, slots=True)
class TrashBin:
    """The place for one session's deletion.

    Args:
        directory: `<state>/trash/<session>`.
        session: id of the session.
    """

    directory: Path
    session: str

    @property
    def entry_file(self) -> Path:
        """The completed entry."""
        return self.directory / "entry.json"

    @property
    def plan_file(self) -> Path:
        """The deletion in progress."""
        return self.directory / "plan.json"

    @property
    def restore_file(self) -> Path:
        """The restore in progress."""
        return self.directory / "restore.json"

    @property
    def restored_file(self) -> Path:
        """The record of a restored worktree, for repeated calls."""
        return self.directory / "restored.json"

    @property
    def size_file(self) -> Path:
        """The size of the kept directory, once it was measured."""
        return self.directory / "size.json"

    @property
    def modes_file(self) -> Path:
        """The permissions of a closed worktree, from before it was opened for deletion."""
        return self.directory / "modes.json"

    @property
    def admin(self) -> Path:
        """The administrative directory of the worktree, moved here."""
        return self.directory / "admin"

    @property
    def branch_log(self) -> Path:
        """The reflog of the branch, which git deletes with the branch."""
        return self.directory / "branch.log"

    @property
    def tree(self) -> Path:
        """The worktree, moved here."""
        return self.directory / "tree"

    @property
    def ref(self) -> str:
        """Full name of the ref that keeps the commits."""
        return REF_PREFIX + self.session

    def clear_lock(self, common_dir: str) -> None:
        """Remove a killed git's lock on our ref; the caller holds the repository's lock.

        Args:
            common_dir: the repository's common directory.
        """
        with suppress(FileNotFoundError, NotADirectoryError):  # a ref may have a directory's name
            (Path(common_dir) / f"{self.ref}.lock").unlink()

    def restored(self) -> WorktreeRecord | None:
        """Read the record of a restored worktree; `None` if there is none."""
        data = read_json(self.restored_file)
        return None if data is None else from_plain(data, WorktreeRecord)

    def entry(self) -> TrashEntry | None:
        """Read the completed entry; `None` if there is none or it cannot be understood."""
        data = read_json(self.entry_file)
        try:
            entry = None if data is None else from_plain(data, TrashEntry)
        except (KeyError, TypeError):
            return None
        if entry is None:
            return None
        entry = replace(entry, tree=self.tree_now(entry.tree))
        if entry.size_bytes is not None:
            return entry
        return replace(entry, size_bytes=(read_json(self.size_file) or {}).get("bytes"))

    def tree_now(self, recorded: str | None) -> str | None:
        """Find the kept directory, even after the whole state directory was moved.

        Args:
            recorded: where it was put.

        Returns:
            Where it is; `None` for `None`.
        """
        if recorded is None or exists(Path(recorded)):
            return recorded
        inside = Path(recorded).parts[-2:] == self.tree.parts[-2:]
        return str(self.tree) if inside and exists(self.tree) else recorded

    def count(self) -> None:
        """Measure the size of the kept directory, unless that was done before.

        Raises:
            OSError: the disk is full or failing.
        """
        entry = self.entry()
        if entry is None or entry.tree is None or entry.size_bytes is not None:
            return
        with suppress(FileNotFoundError):  # restored or emptied meanwhile
            write_json(self.size_file, {"bytes": size_of(Path(entry.tree))})
        if not exists(self.entry_file):
            self.size_file.unlink(missing_ok=True)


class Trash:
    """All deleted worktrees.

    Args:
        directory: `<state>/trash`.
        sweeper: removes the entries that are dropped.
    """

    def __init__(self, directory: Path, sweeper: Sweeper) -> None:
        self._directory = directory
        self._sweeper = sweeper

    def resume(self) -> None:
        """Measure the sizes that an earlier process had no time to measure."""
        for place in self._bins():
            self._sweeper.later(place.count)

    def bin(self, session: str) -> TrashBin:
        """Return the place of one session.

        Args:
            session: id of the session.

        Returns:
            Its place, existing or not.

        Raises:
            UsageError: the id is not a session id.
        """
        if not naming.SESSION.fullmatch(session):
            raise UsageError(f"{session!r} is no session id")
        return TrashBin(self._directory / session, session)

    def entries(self) -> tuple[TrashEntry, ...]:
        """List the entries that can be restored, newest first."""
        found = [entry for place in self._bins() if (entry := place.entry()) is not None]
        return tuple(sorted(found, key=lambda entry: -entry.deleted_at_ms))

    def entry(self, session: str) -> TrashEntry:
        """Find one entry.

        Args:
            session: id of the session.

        Returns:
            The entry.

        Raises:
            NoSuchSessionError: it is not in the trash.
        """
        entry = self.bin(session).entry()
        if entry is None:
            raise NoSuchSessionError(
                f"{session} is not in the trash", "See what is: parallel-agents trash"
            )
        return entry

    def findings(self) -> tuple[Finding, ...]:
        """Report what in the trash is unfinished or cannot be understood."""
        return tuple(
            _finding(place)
            for place in self._bins()
            if place.entry() is None and not exists(place.restored_file)
            if any(map(exists, (place.entry_file, place.plan_file, place.tree, place.admin)))
        )

    def expired(self, older_than_ms: int | None) -> tuple[TrashEntry, ...]:
        """List the entries to drop.

        Args:
            older_than_ms: minimum age in milliseconds; `None` means all.

        Returns:
            The entries.
        """
        latest = time.time() * 1000 - (older_than_ms or 0)
        return tuple(
            entry
            for entry in self.entries()
            if older_than_ms is None or entry.deleted_at_ms <= latest
        )

    def drop(self, entry: TrashEntry, git: Git) -> None:
        """Remove an entry for good: the entry at once, its files in the background.

        Args:
            entry: the entry.
            git: a git in its repository.

        Raises:
            OSError: something could not be renamed; the entry stays listed.
            GitError: the ref cannot be deleted at the moment.
        """
        place = self.bin(entry.session)
        if entry.tree is not None and not Path(entry.tree).is_relative_to(place.directory):
            self._sweeper.drop(Path(entry.tree), Path(entry.tree).parent)
        if Path(common_dir(entry.record)).is_dir():
            place.clear_lock(common_dir(entry.record))
            for ref in entry.refs:
                # If git cannot write, the ref stays; that is no reason to keep the entry for ever.
                attempt(lambda ref=ref: git.write("update-ref", "--no-deref", "-d", ref))  # type: ignore[misc]
        self._sweeper.drop(place.directory, place.directory.parent)

    def _bins(self) -> list[TrashBin]:
        if not self._directory.is_dir():
            return []
        names = sorted(path.name for path in self._directory.iterdir() if path.is_dir())
        return [self.bin(name) for name in names if naming.SESSION.fullmatch(name)]


def _finding(place: TrashBin) -> Finding:
    begun = exists(place.plan_file)
    reason = "this trash entry cannot be read"
    look = shlex.join(["ls", "-la", "--", str(place.directory)])
    action = f"look at what it holds before you remove it: {look}"
    if begun:
        reason = "a deletion was begun and not finished"
        action = (
            f"go on: parallel-agents rm {place.session}, "
            f"or bring it back: parallel-agents restore {place.session}"
        )
    return Finding(
        kind="trash",
        session=place.session,
        path=str(place.directory),
        reason=reason,
        action=action,
    )


def delete_ref(git: Git, ref: str, commit: str | None) -> None:
    """Delete a ref, but only if it still has the hash that we know.

    Args:
        git: a git in the repository.
        ref: full name.
        commit: the hash it must have; `None` deletes nothing.

    Raises:
        GitError: the ref moved in the meantime, or something holds a lock.
    """
    if commit is None:
        return
    found = git.read("rev-parse", "--verify", "--quiet", ref, ok=(0, 1)).line
    if found == commit:
        git.write("update-ref", "--no-deref", "-d", ref, commit)
    elif found:
        raise GitError(f"{ref} moved while it was being deleted", "Try again.")
