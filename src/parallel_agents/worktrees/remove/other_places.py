"""Places to work in that are no worktree: the person's own checkout, and what a hook has made.

Keep true: of the checkout nothing is ever removed or moved; a hook's directory is renamed into the
trash and back, whole; either is known again by its device and inode numbers.
"""

import errno
import stat
import time
from pathlib import Path

from parallel_agents.core.codec import to_plain
from parallel_agents.core.errors import GitError, RefusedError, WorktreeError
from parallel_agents.core.kinds import Kind
from parallel_agents.core.value import replace
from parallel_agents.core.worktree import (
    Base,
    OwnWork,
    Repository,
    TrashEntry,
    WorktreeRecord,
)
from parallel_agents.worktrees.filesystem.failpoints import hit
from parallel_agents.worktrees.filesystem.files import exists, sync_directory, write_json
from parallel_agents.worktrees.look.gate import processes_in
from parallel_agents.worktrees.look.identity import require, verify
from parallel_agents.worktrees.plumbing.git import Git
from parallel_agents.worktrees.remove.removal import Removal, leave
from parallel_agents.worktrees.remove.trash import TrashBin

CHECKOUT_NOTE = (
    "This session works in your own checkout, since worktree.bgIsolation is “none”: nothing keeps "
    "its "
    "work apart from yours, and deleting it leaves the files as they are"
)
HOOK_NOTE = (
    "A WorktreeCreate hook made this directory; the agent's own fence does not guard what is "
    "outside of it"
)


def checkout(repository: Repository, session: str, base: Base) -> WorktreeRecord:
    """Describe the person's own checkout as the place of a session.

    Args:
        repository: where.
        session: id of the session.
        base: what is checked out there now.

    Returns:
        The record; nothing was changed.

    Raises:
        RefusedError: the repository is bare.
    """
    if repository.bare:
        raise RefusedError(
            f"{repository.root} is bare: there is no checkout to work in",
            "Remove worktree.bgIsolation from the settings.",
        )
    return _record(repository, session, repository.checkout, base, "checkout", CHECKOUT_NOTE)


def directory(repository: Repository, session: str, path: str, base: Base) -> WorktreeRecord:
    """Describe a directory that a hook made as the place of a session.

    Args:
        repository: where it was dispatched.
        session: id of the session.
        path: what the hook made.
        base: what to compare its work with, as far as git knows it.

    Returns:
        The record.

    Raises:
        RefusedError: it is the checkout itself, or holds it.
    """
    if Path(repository.root).is_relative_to(path):
        raise RefusedError(
            f"The WorktreeCreate hook named {path}, which holds {repository.root} itself.",
            "It must make a directory of its own.",
        )
    return _record(repository, session, path, base, "directory", HOOK_NOTE)


def _record(
    repository: Repository, session: str, path: str, base: Base, kind: Kind, note: str
) -> WorktreeRecord:
    found = Path(path).stat()
    git_dir, head, branch = _git_facts(path)
    return WorktreeRecord(
        session=session,
        root=repository.root,
        path=path,
        slug=Path(path).name,
        branch=branch,
        base=base.name,
        base_ref=None,
        base_commit=head or base.commit,
        device=found.st_dev,
        inode=found.st_ino,
        git_file=f"gitdir: {git_dir}" if git_dir else "",
        notes=(*repository.notes, note),
        checkout=repository.checkout,
        made_branch=False,
        kind=kind,
    )


def _git_facts(path: str) -> tuple[str, str, str]:
    """Git's directory, HEAD and branch of a checkout's top; all empty for anything else."""
    git = Git(path)
    try:
        git_dir = git.read("rev-parse", "--absolute-git-dir").text
        if git.read("rev-parse", "--show-toplevel").text != path:
            return "", "", ""
        head = git.read("rev-parse", "--verify", "--quiet", "HEAD^{commit}", ok=(0, 1, 128)).line
        branch = git.read("symbolic-ref", "--short", "--quiet", "HEAD", ok=(0, 1, 128)).line
    except GitError:
        return "", "", ""
    return git_dir, head, branch


def stranded(record: WorktreeRecord) -> tuple[str, ...]:
    """Say why a place is not ours to touch, though its session may end.

    Args:
        record: the place.

    Returns:
        What stays as it is, and why, one phrase each; empty when a deletion may go on.
    """
    reason = verify(record)
    return () if reason is None else (f"nothing of {record.path}: {reason}",)


def own_work(record: WorktreeRecord) -> OwnWork:
    """Say what a deletion saves: all of a hook's directory; of the checkout nothing is removed.

    Args:
        record: the place.

    Returns:
        What a deletion saves.
    """
    return OwnWork(saved=("the whole directory",) if _is_moved(record) else (), skipped=())


def _is_moved(record: WorktreeRecord) -> bool:
    """Whether a deletion moves it into the trash; what is the person's own stays."""
    return record.traits.is_apart


def delete(job: Removal) -> TrashEntry:
    """Delete a session's place into the trash; the same call after a crash goes on.

    Args:
        job: what, and how.

    Returns:
        The entry.

    Raises:
        RefusedError: it is in use, or not as recorded; nothing has changed.
        OSError: a step failed.
    """
    record, place = job.record, job.place
    if (done := place.entry()) is not None:
        return done
    tree = _renamed(record, place)
    if tree is None and (saved := stranded(record)):
        return leave(job, saved)
    if job.live_pids():
        raise RefusedError("A process of the session is still alive.", "Stop the session first.")
    place.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    hit("place.begun")
    if tree is None and _is_moved(record):
        tree = _trash_path(record, place)
        _move_away(record, tree)
        hit("place.renamed")
    entry = TrashEntry(
        session=record.session,
        root=record.root,
        path=record.path,
        branch=record.branch,
        tip=None,
        head=None,
        refs=(),
        deleted_at_ms=int(time.time() * 1000),
        size_bytes=0 if tree is None else None,
        saved=own_work(record).saved,
        skipped=(),
        tree=None if tree is None else str(tree),
        record=record,
        notes=(job.note,) if job.note else (),
    )
    write_json(place.entry_file, to_plain(entry))
    hit("place.entry")
    job.sweeper.later(place.count)
    return entry


def _renamed(record: WorktreeRecord, place: TrashBin) -> Path | None:
    """Where a deletion that was cut off has put a hook's directory; None when it has not."""
    beside = _beside(record)
    if exists(place.tree):
        return place.tree
    # What has this name, but is another directory, an agent may have put there.
    moved = exists(beside) and not exists(Path(record.path)) and _is_recorded(beside, record)
    return beside if moved else None


def _is_recorded(path: Path, record: WorktreeRecord) -> bool:
    found = path.lstat()
    return stat.S_ISDIR(found.st_mode) and found.st_ino == record.inode


def _beside(record: WorktreeRecord) -> Path:
    path = Path(record.path)
    return path.with_name(f".{record.slug}.deleted-{record.session}")


def _trash_path(record: WorktreeRecord, place: TrashBin) -> Path:
    """In the trash when that is on the same filesystem, else beside the directory."""
    beside = _beside(record)
    same = beside.parent.stat().st_dev == place.directory.stat().st_dev
    return place.tree if same else beside


def _move_away(record: WorktreeRecord, tree: Path) -> None:
    require(record)
    if users := processes_in(record.path):
        raise RefusedError(
            f"these processes still run in {record.path}: {', '.join(users[:5])}",
            "End these processes, or leave the directory in that shell.",
        )
    try:
        Path(record.path).rename(tree)
    except OSError as error:
        if error.errno not in {errno.EXDEV, errno.EBUSY}:
            raise
        raise RefusedError(
            f"{record.path} is a mount point and cannot be moved", "Unmount it first."
        ) from error
    sync_directory(tree.parent)


def restore(entry: TrashEntry, place: TrashBin) -> WorktreeRecord:
    """Bring the place back; the same call after a crash goes on.

    Args:
        entry: from `delete`.
        place: its place in the trash.

    Returns:
        Its record.

    Raises:
        RefusedError: something is at its path now.
        WorktreeError: it is gone, or something else is there in its stead.
    """
    record = entry.record
    if entry.tree is not None and exists(Path(entry.tree)):
        if exists(Path(record.path)):
            raise RefusedError(f"{record.path} exists already", "Move it away, then try again.")
        Path(record.path).parent.mkdir(parents=True, exist_ok=True)
        Path(entry.tree).rename(record.path)
        sync_directory(Path(record.path).parent)
        hit("place.back")
    if not exists(Path(record.path)):
        raise WorktreeError(f"{record.path} is gone", "Look for it in your own backups.")
    if entry.tree is not None:
        require(record)
    found = Path(record.path).stat()
    record = replace(record, device=found.st_dev, inode=found.st_ino)
    write_json(place.restored_file, to_plain(record))
    hit("place.restored")
    place.entry_file.unlink(missing_ok=True)
    return record
