"""Move a worktree to the trash once the gate allows it.

Keep true: first everything is saved, then the directory is renamed away, and only then does git
forget it. If we are killed at any point, the same call continues and ends in the same state. The
contents of the worktree never make a deletion fail, least of all after the rename.
"""

import errno
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from parallel_agents.core.codec import from_plain, to_plain
from parallel_agents.core.errors import GitError, RefusedError
from parallel_agents.core.worktree import (
    OwnWork,
    TrashEntry,
    WorktreeRecord,
)
from parallel_agents.worktrees.compare import own_work
from parallel_agents.worktrees.compare.merged_pull import Pulls
from parallel_agents.worktrees.compare.snapshot import Snapshot, take, take_remains
from parallel_agents.worktrees.filesystem.failpoints import hit
from parallel_agents.worktrees.filesystem.files import (
    exists,
    is_obstacle,
    move,
    read_json,
    remove_tree,
    sync_directory,
    write_json,
)
from parallel_agents.worktrees.filesystem.locks import clear_leftovers
from parallel_agents.worktrees.filesystem.sweep import Sweeper
from parallel_agents.worktrees.look.capture import DURABLE
from parallel_agents.worktrees.look.gate import check, refuse, stranded
from parallel_agents.worktrees.look.identity import (
    admin_dir,
    close_again,
    closed_modes,
    common_dir,
    open_up,
    parked_admin,
)
from parallel_agents.worktrees.plumbing import naming, push_mirrors, reflog
from parallel_agents.worktrees.plumbing.git import Git, attempt
from parallel_agents.worktrees.remove import dropping
from parallel_agents.worktrees.remove.trash import TrashBin, delete_ref


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """One deletion.

    Args:
        record: the worktree to delete.
        place: the session's directory in the trash.
        temporary: a directory for short-lived files.
        live_pids: returns the ids of the session's processes that are still alive.
        lock_fd: descriptor of the repository's lock, which the caller holds.
        sweeper: removes in the background what is not kept.
        note: the reason for the deletion, if nobody asked for it just now.
        pulls: the result of `own.pulls`, obtained before the lock was taken.
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
    """Move a worktree to the trash, or finish a deletion that was cut off.

    Returns:
        The trash entry, from which the worktree can be restored.

    Raises:
        RefusedError: the gate refuses; nothing has changed.
        GitError, OSError: a step failed; the same call continues from there.
    """
    check(removal.record)
    done = removal.place.entry()
    if done is not None and not exists(Path(removal.record.path)):
        removal.place.plan_file.unlink(missing_ok=True)
        removal.place.modes_file.unlink(missing_ok=True)
        return done
    plan = begun(removal.place)
    modes = _open_up(removal) if plan is None else {}
    if plan is None and (saved := stranded(removal.record)):
        _close_again(removal, modes)
        return leave(removal, saved)
    git = Git(removal.record.root, lock_fd=removal.lock_fd)
    removal.place.clear_lock(common_dir(removal.record))
    if exists(removal.place.plan_file):
        clear_leftovers(common_dir(removal.record), f"refs/heads/{removal.record.branch}")
    if plan is None:
        plan = _let_through(removal, git, modes)
    return _carry_out(removal, plan, git)


def leave(removal: Removal, saved: tuple[str, ...]) -> TrashEntry:
    """Delete a session whose worktree we must not touch; the worktree is left unchanged.

    Args:
        removal: the deletion.
        saved: what is left unchanged, and why, one phrase each.

    Returns:
        The trash entry; restoring it brings the session back as it was.

    Raises:
        RefusedError: a process of the session is still alive.
        OSError: the disk is full or failing.
    """
    record, place = removal.record, removal.place
    if removal.live_pids():
        raise RefusedError("A process of the session is still alive.", "Stop the session first.")
    place.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    _clear(place)
    entry = TrashEntry(
        session=record.session,
        root=record.root,
        path=record.path,
        branch=record.branch,
        tip=None,
        head=None,
        refs=(),
        deleted_at_ms=int(time.time() * 1000),
        size_bytes=0,
        saved=saved,
        skipped=(),
        tree=None,
        record=record,
        notes=(removal.note,) if removal.note else (),
        untouched=True,
    )
    write_json(place.entry_file, to_plain(entry))
    place.plan_file.unlink(missing_ok=True)
    return entry


def _let_through(removal: Removal, git: Git, modes: dict[str, int]) -> dict[str, Any]:
    """Pass the gate, make the plan and rename the directory away; on failure, restore its rights.

    Args:
        removal: the deletion.
        git: a git in the repository.
        modes: the rights that `_open_up` changed.
    """
    try:
        refuse(removal.record, removal.live_pids)
        plan = _plan(removal, git, modes)
        if plan["tree"] is not None:
            _rename_away(removal, Path(plan["tree"]))
    except BaseException:
        _close_again(removal, modes)
        raise
    return plan


def _open_up(removal: Removal) -> dict[str, int]:
    """Give us the rights over a worktree that we lack, after recording the old ones on disk.

    Returns:
        The old permission bits, by path below the worktree.
    """
    path, place = Path(removal.record.path), removal.place
    modes = closed_modes(path, removal.record)
    if modes:
        place.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        modes |= read_json(place.modes_file) or {}
        write_json(place.modes_file, modes)
        open_up(path)
    elif exists(path):
        modes = read_json(place.modes_file) or {}
    return modes


def _close_again(removal: Removal, modes: dict[str, int]) -> None:
    close_again(Path(removal.record.path), modes)
    removal.place.modes_file.unlink(missing_ok=True)


def begun(place: TrashBin) -> dict[str, Any] | None:
    """Read the plan of a deletion that passed the point of no return but did not finish.

    Args:
        place: the session's directory in the trash.

    Returns:
        The plan; `None` if no deletion has begun, or if nothing was renamed yet.
    """
    plan = read_json(place.plan_file)
    if plan is None:
        return None
    plan["tree"] = place.tree_now(plan["tree"])
    renamed = plan["tree"] is not None and exists(Path(plan["tree"]))
    gone = plan["tree"] is None and not exists(Path(plan["record"]["path"]))
    return plan if renamed or gone else None


def _plan(removal: Removal, git: Git, modes: dict[str, int]) -> dict[str, Any]:
    """Save everything under the ref, then write the plan of the next steps to disk."""
    record, place = removal.record, removal.place
    present = exists(Path(record.path))
    if present:
        found = own_work.look(record, removal.pulls)
        snapshot = take(record, removal.temporary)
    else:
        found = OwnWork(saved=(), skipped=())
        snapshot = take_remains(record, git, removal.temporary)
    hit("delete.snapshot")
    snapshot = _referred(git, place.ref, snapshot)
    saved = (*found.saved, *snapshot.saved)
    hit("delete.ref")
    place.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    sync_directory(place.directory.parent)
    plan = _plan_values(removal, snapshot, found.skipped, present=present)
    plan |= {"saved": list(saved), "notes": _notes(removal, git, saved), "modes": modes}
    _clear(place)
    remove_tree(parked_admin(record))
    write_json(place.plan_file, plan)
    hit("delete.plan")
    return plan


def _clear(place: TrashBin) -> None:
    """Remove the files of an earlier deletion and restore, because they describe an old state."""
    for stale in (
        place.entry_file, place.restore_file, place.restored_file, place.size_file,
        place.branch_log,
    ):  # fmt: skip
        stale.unlink(missing_ok=True)
    remove_tree(place.admin)


def _referred(git: Git, ref: str, snapshot: Snapshot) -> Snapshot:
    """Point the ref at the snapshot; if that fails, only the kept directory holds the work."""
    if snapshot.commit is None:
        return snapshot
    commit = snapshot.commit
    error = attempt(lambda: git.write("update-ref", "--no-deref", ref, commit, config=DURABLE))
    if error is None:
        return snapshot
    phrase = f"only the directory, since git cannot keep commits here ({error.message})"
    return replace(snapshot, commit=None, saved=(*snapshot.saved, phrase))


def _plan_values(
    removal: Removal, snapshot: Snapshot, skipped: Sequence[str], *, present: bool
) -> dict[str, Any]:
    copies = {file.path for file in removal.record.copied}
    return {
        "record": to_plain(removal.record),
        "commit": snapshot.commit,
        "tip": snapshot.tip,
        "head": snapshot.head,
        "spares_branch": snapshot.spares_branch,
        "deleted_at_ms": int(time.time() * 1000),
        "tree": str(_destination(removal)) if present else None,
        "skip": [name for name in skipped if name not in copies],
        "copied": dropping.unchanged_copies(removal.record) if present else [],
    }


def _notes(removal: Removal, git: Git, saved: Sequence[str]) -> list[str]:
    warnings = [removal.note]
    if saved:
        attempt(lambda: warnings.append(push_mirrors.warning(git)))
    return [note for note in warnings if note]


def _destination(removal: Removal) -> Path:
    """Choose where the directory goes: into the trash, or next to the other worktrees.

    A directory on another filesystem, or one that belongs to another user, can be renamed only
    within its parent directory.
    """
    record, place = removal.record, removal.place
    same = Path(record.path).stat().st_dev == place.directory.stat().st_dev
    if same and os.access(record.path, os.W_OK | os.X_OK):
        return place.tree
    return naming.worktrees_dir(record.root) / f".trash-{record.session}"


def _carry_out(removal: Removal, plan: dict[str, Any], git: Git) -> TrashEntry:
    record, place = removal.record, removal.place
    tree = None if plan["tree"] is None else Path(plan["tree"])
    hit("delete.renamed")
    stayed = _park(removal)
    if record.made_branch and not plan.get("spares_branch"):
        stayed += _drop_branch(removal, plan, git)
    hit("delete.branch")
    skipped: tuple[str, ...] = ()
    if tree is not None:
        open_up(tree)
        skipped, more = dropping.drop(removal.sweeper, record, tree, plan)
        stayed += more
        close_again(tree, plan.get("modes", {}))
    hit("delete.skipped")
    entry = _entry(removal, plan, skipped, stayed)
    write_json(place.entry_file, to_plain(entry))
    hit("delete.entry")
    place.plan_file.unlink(missing_ok=True)
    place.modes_file.unlink(missing_ok=True)
    removal.sweeper.later(place.count)
    return entry


def _park(removal: Removal) -> tuple[str, ...]:
    """Move git's directory for the worktree to the trash, if we have the rights to.

    Returns:
        A note if it could not be moved; empty otherwise.
    """
    admin, parked = admin_dir(removal.record), parked_admin(removal.record)
    try:
        if admin.is_dir():
            admin.rename(parked)
        hit("delete.parked")
        if exists(parked) and not exists(removal.place.admin):
            move(parked, removal.place.admin)
        remove_tree(parked)
    except OSError as error:
        if not is_obstacle(error):
            raise
        return (f"git's directory for the worktree stays where it is: {error.strerror}",)
    hit("delete.admin")
    return ()


def _drop_branch(removal: Removal, plan: dict[str, Any], git: Git) -> tuple[str, ...]:
    """Delete the branch after saving its reflog.

    Returns:
        A note if the branch could not be deleted and stays; empty otherwise.
    """
    branch = removal.record.branch
    common = common_dir(removal.record)
    try:
        reflog.keep(Path(common), branch, removal.place.branch_log)
        delete_ref(git, f"refs/heads/{branch}", plan["tip"])
    except OSError as error:
        if not is_obstacle(error):
            raise
        return (f"the branch {branch} stays: {error.strerror}",)
    except GitError as error:
        if error.returncode < 0:  # git was killed or timed out: the same call continues from here
            raise
        return (f"the branch {branch} stays: {error.message}",)
    return ()


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


def _entry(
    removal: Removal, plan: dict[str, Any], skipped: tuple[str, ...], stayed: tuple[str, ...]
) -> TrashEntry:
    tree = plan["tree"]
    record = from_plain(plan["record"], WorktreeRecord)
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
        notes=(*plan.get("notes", ()), *stayed),
    )
