"""Delete a worktree into the trash, once the gate has let it through.

Keep true: first everything is saved, then the directory is renamed away, and only then does git
forget it: killed anywhere, the same call goes on and ends in the same state. What the worktree
holds is no reason to fail: after the rename nothing of it is.
"""

import errno
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from parallel_agents.core.errors import GitError
from parallel_agents.core.worktree import (
    CopiedFile,
    OwnWork,
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
    remove_tree,
    sync_directory,
    write_json,
)
from parallel_agents.worktrees.gate import refuse
from parallel_agents.worktrees.git import Git
from parallel_agents.worktrees.identity import (
    admin_dir,
    common_dir,
    parked_admin,
)
from parallel_agents.worktrees.locks import clear_leftovers
from parallel_agents.worktrees.merged_pull import Pulls
from parallel_agents.worktrees.snapshot import DURABLE, Snapshot, take, take_remains
from parallel_agents.worktrees.sweep import Sweeper
from parallel_agents.worktrees.trash import TrashBin, delete_ref


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
    plan = begun(removal.place)
    if plan is None:
        refuse(removal.record, removal.live_pids)
        plan = _plan(removal, git)
    return _carry_out(removal, plan, git)


def begun(place: TrashBin) -> dict[str, Any] | None:
    """Read the plan of a deletion that passed the point of no return, and did not end.

    Args:
        place: the session's place in the trash.

    Returns:
        The plan; `None` when none is under way, or when nothing was renamed yet.
    """
    plan = read_json(place.plan_file)
    if plan is None:
        return None
    plan["tree"] = place.tree_now(plan["tree"])
    renamed = plan["tree"] is not None and exists(Path(plan["tree"]))
    gone = plan["tree"] is None and not exists(Path(plan["record"]["path"]))
    return plan if renamed or gone else None


def _plan(removal: Removal, git: Git) -> dict[str, Any]:
    """Save everything under the ref, then write down what is going to happen."""
    record, place = removal.record, removal.place
    present = exists(Path(record.path))
    if present:
        found = own.look(record, removal.pulls)
        snapshot = take(record, removal.temporary, removal.lock_fd)
    else:
        found = OwnWork(saved=(), skipped=())
        snapshot = take_remains(record, git, removal.temporary)
    saved = (*found.saved, *snapshot.saved)
    hit("delete.snapshot")
    if snapshot.commit is not None:
        git.write("update-ref", place.ref, snapshot.commit, config=DURABLE)
    hit("delete.ref")
    place.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    sync_directory(place.directory.parent)
    plan = _plan_values(removal, snapshot, found.skipped, present=present)
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


def _plan_values(
    removal: Removal, snapshot: Snapshot, skipped: Sequence[str], *, present: bool
) -> dict[str, Any]:
    copies = {file.path for file in removal.record.copied}
    return {
        "record": to_json(removal.record),
        "commit": snapshot.commit,
        "tip": snapshot.tip,
        "head": snapshot.head,
        "deleted_at_ms": int(time.time() * 1000),
        "tree": str(_destination(removal)) if present else None,
        "skip": [name for name in skipped if name not in copies],
        "copied": _unchanged(removal.record) if present else [],
    }


def _notes(removal: Removal, git: Git, saved: Sequence[str]) -> list[str]:
    return [note for note in (removal.note, mirror.warning(git) if saved else "") if note]


def _destination(removal: Removal) -> Path:
    """Choose where the directory goes: into the trash, or beside it.

    Only within its own directory may it be renamed on another filesystem, or when it is another
    user's.
    """
    record, place = removal.record, removal.place
    same = Path(record.path).stat().st_dev == place.directory.stat().st_dev
    if same and os.access(record.path, os.W_OK | os.X_OK):
        return place.tree
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
    skipped, stayed = ((), ()) if tree is None else _drop_skipped(removal, tree, plan)
    hit("delete.skipped")
    entry = _entry(removal, plan, skipped, stayed)
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


def _drop_skipped(
    removal: Removal, tree: Path, plan: dict[str, Any]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Take out what can be made again: ignored build directories and unchanged copied files.

    What cannot be taken out stays with the tree: by now a deletion must not fail any more.

    Returns:
        What is out, and a note for each that stays.
    """
    dropped, stayed = [], []
    copied = {file.path: file for file in removal.record.copied if file.path in plan["copied"]}
    top = open_directory(tree)
    try:
        for name in (*plan["skip"], *copied):
            try:
                drop = (
                    _drop_copied(top, copied[name])
                    if name in copied
                    else (_drop_build(removal, tree, name))
                )
                dropped += [name] if drop else []
            except OSError as error:
                stayed.append(f"{name} could not be dropped and is kept: {error.strerror}")
    finally:
        os.close(top)
    return tuple(dropped), tuple(stayed)


def _drop_build(removal: Removal, tree: Path, name: str) -> bool:
    """Take a build directory out, unless a link leads to it; say whether it is out."""
    directory = tree / name
    if directory.parent.resolve() != tree.resolve() / Path(name).parent:
        return False
    removal.sweeper.drop(directory, tree.parent)
    return True


def _drop_copied(top: int, file: CopiedFile) -> bool:
    """Remove a copied file unless it was changed; say whether it is not there any more."""
    digest = include.digest_of(top, file.path)
    if digest is not None and digest != file.digest:
        return False
    if digest is not None:
        with opened_parent(top, file.path) as (directory, name):
            os.unlink(name, dir_fd=directory)
    return True


def _entry(
    removal: Removal, plan: dict[str, Any], skipped: tuple[str, ...], stayed: tuple[str, ...]
) -> TrashEntry:
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
        notes=(*plan.get("notes", ()), *stayed),
    )
