"""What is done to a place, by its kind: looked at for its own work, landed, deleted, restored.

Keep true: nothing outside of this table asks of which kind a place is; what is only a fact of a
kind is one of its traits (`core.kinds`), and how it is known again is in `identity`.
"""

from pathlib import Path
from typing import Protocol

from parallel_agents.core.kinds import Kind
from parallel_agents.core.worktree import OwnWork, Standing, TrashEntry, WorktreeRecord
from parallel_agents.worktrees import land_commands
from parallel_agents.worktrees.compare import own_work
from parallel_agents.worktrees.compare.merged_pull import Pulls
from parallel_agents.worktrees.compare.snapshot import take_remains
from parallel_agents.worktrees.filesystem.files import exists
from parallel_agents.worktrees.look import gate
from parallel_agents.worktrees.look.identity import admin_dir, require
from parallel_agents.worktrees.look.standing import Standings
from parallel_agents.worktrees.plumbing.git import Git
from parallel_agents.worktrees.remove import other_places, removal, restore as restoring


class PlaceKind(Protocol):
    """What one kind of place can be asked."""

    def own_work(self, record: WorktreeRecord, temporary: Path) -> OwnWork:
        """Say what a deletion would have to save.

        Args:
            record: the place.
            temporary: directory for short-lived files.
        """
        ...

    def pulls(self, record: WorktreeRecord) -> Pulls:
        """Ask a remote for pull requests that may have merged its work; see `own.pulls`."""
        ...

    def protection(self, record: WorktreeRecord) -> tuple[str, ...]:
        """Say in plain words what is only there; see `landing.protection`."""
        ...

    def standing(self, record: WorktreeRecord, standings: Standings) -> Standing | None:
        """Read what is checked out; None where no branch is the session's own.

        Raises:
            WorktreeError: it is not as recorded.
            OSError: it cannot be read.
        """
        ...

    def why_not_land(self, record: WorktreeRecord) -> str:
        """Say why nothing is proposed to land the work; see `landing.why_not`.

        Raises:
            WorktreeError: it is not as recorded.
        """
        ...

    def land_commands(self, record: WorktreeRecord) -> tuple[str, ...]:
        """Write down how to bring the work into the checkout; see `landing.land_commands`.

        Raises:
            WorktreeError: it is not as recorded.
        """
        ...

    def delete(self, job: removal.Removal) -> TrashEntry:
        """Move it to the trash, as far as it is ours; the same call after a crash goes on.

        Raises:
            RefusedError: the gate says no; nothing has changed.
            GitError, OSError: a step failed.
        """
        ...

    def restore(self, job: restoring.Restore) -> WorktreeRecord:
        """Bring it back; the same call after a crash goes on.

        Raises:
            RefusedError: its path or branch is taken; nothing has changed.
            GitError, OSError: a step failed.
        """
        ...


class _Worktree:
    """One of git's worktrees, made for the session or adopted."""

    def own_work(self, record: WorktreeRecord, temporary: Path) -> OwnWork:
        if saved := gate.stranded(record):
            return OwnWork(saved=saved, skipped=())
        if exists(Path(record.path)):
            return own_work.look(record, own_work.pulls(record))
        remains = take_remains(record, Git(record.root), temporary)
        return OwnWork(saved=remains.saved, skipped=())

    def pulls(self, record: WorktreeRecord) -> Pulls:
        return own_work.pulls(record)

    def protection(self, record: WorktreeRecord) -> tuple[str, ...]:
        return land_commands.protection(record)

    def standing(self, record: WorktreeRecord, standings: Standings) -> Standing | None:
        return standings.of(record.path, record.git_file, lambda: admin_dir(record))

    def why_not_land(self, record: WorktreeRecord) -> str:
        return land_commands.why_not(record)

    def land_commands(self, record: WorktreeRecord) -> tuple[str, ...]:
        return land_commands.land_commands(record)

    def delete(self, job: removal.Removal) -> TrashEntry:
        return removal.delete(job)

    def restore(self, job: restoring.Restore) -> WorktreeRecord:
        return restoring.restore(job)


class _Directory:
    """A directory that git does not list for us: the person's checkout, or one that hooks made."""

    def own_work(self, record: WorktreeRecord, temporary: Path) -> OwnWork:
        del temporary
        saved = other_places.stranded(record)
        return OwnWork(saved=saved, skipped=()) if saved else other_places.own_work(record)

    def pulls(self, record: WorktreeRecord) -> Pulls:
        del record
        return {}

    def protection(self, record: WorktreeRecord) -> tuple[str, ...]:
        return other_places.own_work(record).saved

    def standing(self, record: WorktreeRecord, standings: Standings) -> Standing | None:
        del record, standings
        return None

    def why_not_land(self, record: WorktreeRecord) -> str:
        require(record)
        return ""

    def land_commands(self, record: WorktreeRecord) -> tuple[str, ...]:
        require(record)
        return ()

    def delete(self, job: removal.Removal) -> TrashEntry:
        return other_places.delete(job)

    def restore(self, job: restoring.Restore) -> WorktreeRecord:
        return other_places.restore(job.entry, job.place)


_KINDS: dict[Kind, PlaceKind] = {
    "worktree": _Worktree(),
    "checkout": _Directory(),
    "directory": _Directory(),
}


def of(record: WorktreeRecord) -> PlaceKind:
    """The kind of a recorded place."""
    return _KINDS[record.kind]
