"""The one gate through which a worktree is deleted.

Keep true: only what the record says, with its identity; never the main worktree, never with a
process at work in it, never with another's lock. First everything is saved, then the directory is
renamed away, and only then does git forget it: killed anywhere, the same call goes on and ends in
the same state.
"""

import errno
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from parallel_agents.core.errors import GitError, RefusedError
from parallel_agents.core.worktree import (
    CopiedFile,
    TrashEntry,
    WorktreeRecord,
    record_from_json,
    to_json,
)
from parallel_agents.worktrees import include, mirror, naming, own, reflog
from parallel_agents.worktrees.failpoint import hit
from parallel_agents.worktrees.files import (
    exists,
    move,
    open_directory,
    opened_parent,
    read_json,
    read_regular,
    remove_tree,
    sync_directory,
    write_json,
)
from parallel_agents.worktrees.git import Git
from parallel_agents.worktrees.identity import (
    admin_dir,
    bound_git,
    common_dir,
    lock_reason,
    parked_admin,
    verify,
)
from parallel_agents.worktrees.locks import clear_leftovers
from parallel_agents.worktrees.merged_pull import Pulls
from parallel_agents.worktrees.snapshot import DURABLE, Snapshot, take, take_remains
from parallel_agents.worktrees.sweep import Sweeper
from parallel_agents.worktrees.trash import TrashBin, delete_ref

_GIT_SECONDS = 5.0
_POLL_SECONDS = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """One deletion.

    Args:
        record: what to delete.
        place: its place in the trash.
        temporary: directory for short-lived files.
        live_pids: tells the session's processes that still live.
        lock_fd: descriptor of the repository's lock, which the caller holds.
        sweeper: removes what is not kept, later.
        note: why it is deleted, when nobody asked for it just now.
        pulls: from `own.pulls`, asked before the lock was taken.
    """

    record: WorktreeRecord
    place: TrashBin
    temporary: Path
    live_pids: Callable[[], Sequence[int]]
    lock_fd: int
    sweeper: Sweeper
    note: str = ""
    pulls: Pulls = field(default_factory=dict)


def delete(removal: Removal) -> TrashEntry:
    """Delete a worktree into the trash, or finish a deletion that was cut off.

    Args:
        removal: what, and how.

    Returns:
        The entry to restore it from.

    Raises:
        RefusedError: the gate says no; nothing has changed.
        GitError, OSError: a step failed; the same call goes on from there.
    """
    done = removal.place.entry()
    if done is not None and not Path(removal.record.path, ".git").is_file():
        removal.place.plan_file.unlink(missing_ok=True)
        return done
    git = Git(removal.record.root, lock_fd=removal.lock_fd)
    removal.place.clear_lock(common_dir(removal.record))
    if exists(removal.place.plan_file):
        clear_leftovers(common_dir(removal.record), f"refs/heads/{removal.record.branch}")
    plan = _begun(removal)
    if plan is None:
        refuse(removal)
        plan = _plan(removal, git)
    return _carry_out(removal, plan, git)


def refuse(removal: Removal) -> None:
    """Be the gate: say no unless all conditions of a deletion hold.

    Args:
        removal: what is to be deleted.

    Raises:
        RefusedError: the reason.
    """
    record = removal.record
    naming.check(record.session, record.slug)
    if Path(record.path) != naming.worktrees_dir(record.root) / record.slug:
        raise RefusedError(f"{record.path} is not a worktree of ours; it stays")
    admin = admin_dir(record)
    if exists(Path(record.path)) and (reason := verify(record)) is not None:
        raise RefusedError(f"{reason}; it stays", "Look at it, and remove it by hand if you wish.")
    if admin.is_dir():
        _refuse_foreign_admin(record, admin)
    _refuse_processes(removal)


def _refuse_foreign_admin(record: WorktreeRecord, admin: Path) -> None:
    recorded = os.fsdecode(read_regular(admin / "gitdir", 16384) or b"").removesuffix("\n")
    if os.path.realpath(admin / recorded) != os.path.join(record.path, ".git"):  # noqa: PTH118
        raise RefusedError(
            f"git knows {record.path} under another path now; it stays", "See: git worktree list"
        )
    locked = read_regular(admin / "locked", 16384)
    reason = "" if locked is None else os.fsdecode(locked).strip()
    if locked is not None and reason != lock_reason(record.session):
        raise RefusedError(
            f"{record.path} is locked by another: {reason or 'no reason given'}",
            f"If that is over: git -C {record.root} worktree unlock {record.path}",
        )


def _refuse_processes(removal: Removal) -> None:
    alive = list(removal.live_pids())
    if alive:
        raise RefusedError(
            f"{len(alive)} processes of the session are still alive", "Stop the session first."
        )
    ends = time.monotonic() + _GIT_SECONDS
    users = processes_in(removal.record.path)
    # A git is mostly one of ours, reading; or one that a killed supervisor has left.
    while users and all(user.startswith("git") for user in users) and time.monotonic() < ends:
        time.sleep(_POLL_SECONDS)
        users = processes_in(removal.record.path)
    if users:
        raise RefusedError(
            f"still working in {removal.record.path}: {', '.join(users[:5])}",
            "End these processes, or leave the directory in that shell.",
        )


def processes_in(path: str) -> list[str]:
    """Find the processes whose current directory is in a worktree.

    Args:
        path: top of the worktree.

    Returns:
        Name and pid of each that we may look at.
    """
    found = []
    for process in psutil.process_iter():
        try:
            cwd = process.cwd()
            if cwd == path or cwd.startswith(path + "/"):
                found.append(f"{process.name()} ({process.pid})")
        except (psutil.Error, OSError):
            continue
    return found


def _begun(removal: Removal) -> dict[str, Any] | None:
    """Read the plan of a deletion that passed the point of no return: the rename."""
    plan = read_json(removal.place.plan_file)
    if plan is None:
        return None
    renamed = plan["tree"] is not None and exists(Path(plan["tree"]))
    gone = plan["tree"] is None and not exists(Path(removal.record.path))
    return plan if renamed or gone else None


def _plan(removal: Removal, git: Git) -> dict[str, Any]:
    """Save everything under the ref, then write down what is going to happen."""
    record, place = removal.record, removal.place
    present = exists(Path(record.path))
    if present:
        saved = own.look(record, removal.pulls).saved
        snapshot = take(record, removal.temporary, removal.lock_fd)
    else:
        snapshot = take_remains(record, git, removal.temporary)
        saved = snapshot.saved
    hit("delete.snapshot")
    if snapshot.commit is not None:
        git.write("update-ref", place.ref, snapshot.commit, config=DURABLE)
    hit("delete.ref")
    place.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    sync_directory(place.directory.parent)
    plan = _plan_values(removal, snapshot, present=present)
    plan |= {"saved": list(saved), "notes": _notes(removal, git, saved)}
    # What an earlier deletion and restore of the session left would now tell of the wrong state.
    for stale in (
        place.entry_file, place.restore_file, place.restored_file, place.size_file,
        place.branch_log,
    ):  # fmt: skip
        stale.unlink(missing_ok=True)
    remove_tree(place.admin)
    remove_tree(parked_admin(record))
    write_json(place.plan_file, plan)
    hit("delete.plan")
    return plan


def _plan_values(removal: Removal, snapshot: Snapshot, *, present: bool) -> dict[str, Any]:
    return {
        "record": to_json(removal.record),
        "commit": snapshot.commit,
        "tip": snapshot.tip,
        "head": snapshot.head,
        "deleted_at_ms": int(time.time() * 1000),
        "tree": str(_destination(removal)) if present else None,
        "skip": own.skippable(bound_git(removal.record.path)) if present else [],
        "copied": _unchanged(removal.record) if present else [],
    }


def _notes(removal: Removal, git: Git, saved: Sequence[str]) -> list[str]:
    return [note for note in (removal.note, mirror.warning(git) if saved else "") if note]


def _destination(removal: Removal) -> Path:
    """Choose where the directory goes: into the trash, or beside it on another filesystem."""
    record = removal.record
    if Path(record.path).stat().st_dev == removal.place.directory.stat().st_dev:
        return removal.place.tree
    return naming.worktrees_dir(record.root) / f".trash-{record.session}"


def _carry_out(removal: Removal, plan: dict[str, Any], git: Git) -> TrashEntry:
    record, place = removal.record, removal.place
    tree = None if plan["tree"] is None else Path(plan["tree"])
    if tree is not None and not exists(tree):
        _rename_away(removal, tree)
    hit("delete.renamed")
    admin, parked = admin_dir(record), parked_admin(record)
    if admin.is_dir():
        admin.rename(parked)
    hit("delete.parked")
    if exists(parked) and not exists(place.admin):
        move(parked, place.admin)
    remove_tree(parked)
    hit("delete.admin")
    if record.made_branch:
        reflog.keep(Path(common_dir(record)), record.branch, place.branch_log)
        delete_ref(git, f"refs/heads/{record.branch}", plan["tip"])
    hit("delete.branch")
    skipped = () if tree is None else _drop_skipped(removal, tree, plan)
    hit("delete.skipped")
    entry = _entry(removal, plan, skipped)
    write_json(place.entry_file, to_json(entry))
    hit("delete.entry")
    place.plan_file.unlink(missing_ok=True)
    removal.sweeper.later(place.count)
    return entry


def _rename_away(removal: Removal, tree: Path) -> None:
    try:
        Path(removal.record.path).rename(tree)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        raise GitError(
            f"{removal.record.path} is a mount point and cannot be moved", "Unmount it first."
        ) from error
    sync_directory(tree.parent)
    sync_directory(Path(removal.record.path).parent)


def _unchanged(record: WorktreeRecord) -> list[str]:
    """List the copied files that copying again would bring back just as they are."""
    source = Path(record.checkout or record.root)
    if not source.is_dir():
        return []
    source_top, top = open_directory(source), open_directory(Path(record.path))
    try:
        return [
            file.path
            for file in record.copied
            if include.digest_of(top, file.path) == file.digest
            and include.rights_of(top, file.path) == include.rights_of(source_top, file.path)
        ]
    finally:
        os.close(source_top)
        os.close(top)


def _drop_skipped(removal: Removal, tree: Path, plan: dict[str, Any]) -> tuple[str, ...]:
    """Take out what can be made again: ignored build directories and unchanged copied files."""
    for name in plan["skip"]:
        directory = tree / name
        if directory.parent.resolve() == directory.parent:
            removal.sweeper.drop(directory, tree.parent)
    top = open_directory(tree)
    try:
        copied = [
            file.path
            for file in removal.record.copied
            if file.path in plan["copied"] and _drop_copied(top, file)
        ]
    finally:
        os.close(top)
    return (*plan["skip"], *copied)


def _drop_copied(top: int, file: CopiedFile) -> bool:
    """Remove a copied file unless it was changed; say whether it is not there any more."""
    digest = include.digest_of(top, file.path)
    if digest is not None and digest != file.digest:
        return False
    if digest is not None:
        with opened_parent(top, file.path) as (directory, name):
            os.unlink(name, dir_fd=directory)
    return True


def _entry(removal: Removal, plan: dict[str, Any], skipped: tuple[str, ...]) -> TrashEntry:
    tree = plan["tree"]
    record = record_from_json(plan["record"])
    return TrashEntry(
        session=record.session,
        root=record.root,
        path=record.path,
        branch=record.branch,
        tip=plan["tip"],
        head=plan["head"],
        refs=(removal.place.ref,) if plan["commit"] else (),
        deleted_at_ms=plan["deleted_at_ms"],
        size_bytes=0 if tree is None else None,
        saved=tuple(plan["saved"]),
        skipped=skipped,
        tree=tree,
        record=record,
        notes=tuple(plan.get("notes", ())),
    )
