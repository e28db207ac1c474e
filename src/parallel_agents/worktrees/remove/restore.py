"""Restore a deleted worktree: same path, same branch, same index, same files.

Keep true: nothing that exists is overwritten; every step first checks whether it is already done,
so that the same call finishes a restore that was cut off; the trash entry is removed last.
"""

import os
import shlex
import tempfile
from dataclasses import dataclass
from pathlib import Path

from parallel_agents.core.codec import to_plain
from parallel_agents.core.errors import RefusedError
from parallel_agents.core.value import replace
from parallel_agents.core.worktree import TrashEntry, WorktreeRecord
from parallel_agents.worktrees.filesystem.failpoints import hit
from parallel_agents.worktrees.filesystem.files import (
    exists,
    make_directories,
    move,
    put_file,
    read_json,
    read_regular,
    remove_tree,
    write_json,
)
from parallel_agents.worktrees.filesystem.locks import clear_leftovers
from parallel_agents.worktrees.look import branches
from parallel_agents.worktrees.look.identity import (
    admin_dir,
    close_again,
    closed_modes,
    identify,
    lock_reason,
    open_up,
    parked_admin,
    points_to,
    verify,
)
from parallel_agents.worktrees.make.creation import refuse_symlinks
from parallel_agents.worktrees.plumbing import naming, reflog
from parallel_agents.worktrees.plumbing.git import Git, attempt
from parallel_agents.worktrees.remove.trash import TrashBin, delete_ref
from parallel_agents.worktrees.settings import include


@dataclass(frozen=True, slots=True, kw_only=True)
class Restore:
    """One restore.

    Args:
        entry: the trash entry to restore.
        place: the session's directory in the trash.
        temporary: a directory for short-lived files.
        common_dir: the repository's common directory.
        lock_fd: descriptor of the repository's lock, which the caller holds.
    """

    entry: TrashEntry
    place: TrashBin
    temporary: Path
    common_dir: str
    lock_fd: int


def restore(job: Restore) -> WorktreeRecord:
    """Restore the worktree, or finish a restore that was cut off.

    Returns:
        The new record.

    Raises:
        RefusedError: its path or branch is taken; nothing has changed.
        GitError, OSError: a step failed; the same call continues from there.
    """
    entry = job.entry
    git = Git(entry.root, lock_fd=job.lock_fd)
    refuse_symlinks(entry.root)
    plan = read_json(job.place.restore_file)
    job.place.clear_lock(job.common_dir)
    if plan is not None:
        clear_leftovers(job.common_dir, f"refs/heads/{entry.branch}")
    else:
        _refuse_taken(job, git)
        modes = {} if entry.tree is None else closed_modes(Path(entry.tree))
        plan = {"admin": str(_free_admin(job)), "modes": modes}
        write_json(job.place.restore_file, plan)
    hit("restore.plan")
    admin = Path(plan["admin"])
    _restore_branch(entry, git)
    reflog.put_back(Path(job.common_dir), entry.branch, job.place.branch_log)
    hit("restore.branch")
    _restore_admin(job, admin)
    hit("restore.admin")
    _restore_tree(job, admin)
    hit("restore.tree")
    record = _record(job)
    _restore_copied(record, entry)
    close_again(Path(entry.path), plan.get("modes", {}))
    hit("restore.copied")
    commit = git.read("rev-parse", "--verify", "--quiet", job.place.ref, ok=(0, 1)).line
    delete_ref(git, job.place.ref, commit or None)
    write_json(job.place.restored_file, to_plain(record))
    job.place.entry_file.unlink(missing_ok=True)
    hit("restore.entry")
    _tidy(job.place)
    return record


def restored_before(place: TrashBin) -> WorktreeRecord | None:
    """Find the result of a restore that finished although its caller never got the answer.

    Args:
        place: the session's directory in the trash.

    Returns:
        The record; `None` if no restored worktree with the same identity is there.
    """
    record = place.restored()
    if record is None:
        return None
    if verify(record) is not None and not closed_modes(Path(record.path), record):
        return None
    _tidy(place)
    return record


def _tidy(place: TrashBin) -> None:
    remove_tree(place.admin)
    place.size_file.unlink(missing_ok=True)
    place.modes_file.unlink(missing_ok=True)
    place.restore_file.unlink(missing_ok=True)


def _refuse_taken(job: Restore, git: Git) -> None:
    entry = job.entry
    if exists(Path(entry.path)):
        raise RefusedError(
            f"{entry.path} exists, so the worktree cannot come back there",
            "Move it away, then try again.",
        )
    if entry.tip is None and entry.tree is None and not entry.refs:
        raise RefusedError(f"the branch {entry.branch} was gone already, nothing can be restored")
    ref = f"refs/heads/{entry.branch}"
    found = _hash(git, ref)
    if entry.tip and found is None and (led := _leads_to(git, ref)):
        raise RefusedError(
            f"{ref} leads to {led}, which is not there, so the branch cannot come back",
            f"Remove it: git symbolic-ref --delete {shlex.quote(ref)}",
        )
    if entry.tip and found not in (None, entry.tip) and entry.record.made_branch:
        raise RefusedError(
            f"a branch {entry.branch} exists again, with other commits",
            f"Rename it: git branch -m {entry.branch} NEW-NAME",
        )


def _free_admin(job: Restore) -> Path:
    """Choose git's name for the worktree: the old one if it is free or still ours."""
    old = admin_dir(job.entry.record)
    if _stayed(job, old):
        return old
    number, path = 0, old
    while exists(path):
        number += 1
        path = old.with_name(f"{old.name}{number}")
    return path


def _stayed(job: Restore, admin: Path) -> bool:
    """Whether git's directory is still there, index included: the deletion could not move it."""
    if exists(job.place.admin) or not points_to(admin, job.entry.path):
        return False
    locked = read_regular(admin / "locked", 1024) or b""
    return os.fsdecode(locked).strip() == lock_reason(job.entry.session)


def _restore_branch(entry: TrashEntry, git: Git) -> None:
    ref = f"refs/heads/{entry.branch}"
    if entry.tip is not None and _hash(git, ref) is None:
        git.write("update-ref", "--no-deref", ref, entry.tip, "0" * len(entry.tip))


def _restore_admin(job: Restore, admin: Path) -> None:
    """Put the administrative directory back, or make a new one if it is lost."""
    if exists(admin):
        return
    admin.parent.mkdir(exist_ok=True)
    parked = parked_admin(job.entry.record)
    if not exists(parked):
        if not job.place.admin.is_dir():
            _make_admin(job)
        # The agent may have put a link or a pipe there, or pointed git to another repository.
        for name in ("gitdir", "locked", "commondir"):
            remove_tree(job.place.admin / name)
        (job.place.admin / "commondir").write_text("../..\n")
        (job.place.admin / "gitdir").write_bytes(os.fsencode(f"{job.entry.path}/.git\n"))
        (job.place.admin / "locked").write_text(lock_reason(job.entry.session))
        move(job.place.admin, parked)
    hit("restore.parked")
    parked.rename(admin)


def _make_admin(job: Restore) -> None:
    """Write what git needs to recognise a worktree: `worktrees/<id>/` (gitrepository-layout(5))."""
    made = job.place.directory / "admin.new"
    remove_tree(made)
    made.mkdir()
    (made / "HEAD").write_text(f"ref: refs/heads/{job.entry.branch}\n")
    made.rename(job.place.admin)


def _restore_tree(job: Restore, admin: Path) -> None:
    path = Path(job.entry.path)
    tree = None if job.entry.tree is None else Path(job.entry.tree)
    if tree is not None and exists(tree):
        open_up(tree)
        _write_git_file(tree, admin)
        make_directories(path.parent, Git.umask)
        if exists(path):
            raise RefusedError(f"{path} exists again", "Move it away, then try again.")
        move(tree, path)
    elif not exists(path):
        _check_out_snapshot(job, admin)
    open_up(path)
    _repair(job, admin)


def _write_git_file(tree: Path, admin: Path) -> None:
    content = os.fsencode(f"gitdir: {admin}\n")
    target = tree / ".git"
    if read_regular(target, len(content) + 1) != content:
        put_file(target, content, tree.with_name(f"{tree.name}.git-file"))


def _check_out_snapshot(job: Restore, admin: Path) -> None:
    """Write the files from the saved commit, because no kept directory exists."""
    made = naming.worktrees_dir(job.entry.root) / f".restore-{job.entry.session}"
    remove_tree(made)
    make_directories(made, Git.umask)
    source = job.place.ref if job.entry.refs else f"refs/heads/{job.entry.branch}"
    bound = Git(str(made), git_dir=str(admin), work_tree=str(made), lock_fd=job.lock_fd)
    with tempfile.TemporaryDirectory(dir=job.temporary) as directory:
        scratch = bound.with_index(str(Path(directory) / "index"))
        scratch.write("read-tree", "--reset", "-u", "--no-recurse-submodules", source)
    if not exists(admin / "index"):
        bound.write("read-tree", "HEAD")
    (made / ".git").write_bytes(os.fsencode(f"gitdir: {admin}\n"))
    made.rename(job.entry.path)


def _repair(job: Restore, admin: Path) -> None:
    """Detach HEAD if its branch is gone, has moved or is in use elsewhere; complete the index."""
    bound = Git(job.entry.path, git_dir=str(admin), work_tree=job.entry.path, lock_fd=job.lock_fd)
    named = bound.read("symbolic-ref", "--quiet", "HEAD", ok=(0, 1, 128)).line
    branch = named.removeprefix("refs/heads/")
    used = named and branches.used_in(bound, branch, but=job.entry.path)
    head = job.entry.head
    # Failures do not matter here: what git could not do before the deletion, it cannot do now, and
    # the files are back anyway.
    if head is not None and (used or _hash(bound, "HEAD") != head):
        attempt(lambda: bound.write("update-ref", "--no-deref", "HEAD", head))
    # Entries made by `add --intent-to-add` name the empty blob, which no commit of ours holds.
    attempt(lambda: bound.write("hash-object", "-w", "-t", "blob", os.devnull))


def _record(job: Restore) -> WorktreeRecord:
    device, inode, git_file = identify(job.entry.path)
    return replace(job.entry.record, device=device, inode=inode, git_file=git_file)


def _restore_copied(record: WorktreeRecord, entry: TrashEntry) -> None:
    """Copy the unchanged copies that the deletion dropped again, if the source still has them."""
    dropped = [file.path for file in record.copied if file.path in entry.skipped]
    source = Path(os.path.realpath(record.checkout or record.root))
    if dropped and source.is_dir():
        include.copy_files(source, Path(record.path), dropped)


def _hash(git: Git, name: str) -> str | None:
    found = git.read("rev-parse", "--verify", "--quiet", name, ok=(0, 1, 128))
    return found.line if found.returncode == 0 else None


def _leads_to(git: Git, ref: str) -> str:
    found = git.read("symbolic-ref", "--quiet", ref, ok=(0, 1, 128))
    return found.line if found.returncode == 0 else ""
