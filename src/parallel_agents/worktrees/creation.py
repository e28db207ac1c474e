"""Make a worktree, or leave nothing.

Keep true: a marker is on the disk before the first effect. While it holds the plan, what lies
under our name is unfinished and may be cleaned; once it holds the record, the worktree is complete,
and whoever asks again for the same session gets that record. A branch is deleted only when we made
it and it has not moved.
"""

import os
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from parallel_agents.core.errors import GitError, RefusedError, WorktreeError
from parallel_agents.core.worktree import (
    Base,
    CopiedFile,
    Repository,
    WorktreeRecord,
    record_from_json,
    to_json,
)
from parallel_agents.worktrees import exclude, naming
from parallel_agents.worktrees.failpoint import hit
from parallel_agents.worktrees.files import (
    exists,
    is_symlink,
    make_directories,
    read_json,
    read_regular,
    remove_tree,
    write_json,
)
from parallel_agents.worktrees.git import Git
from parallel_agents.worktrees.identity import bound_git, identify, lock_reason, verify
from parallel_agents.worktrees.include import copy_included
from parallel_agents.worktrees.locks import clear_leftovers
from parallel_agents.worktrees.porcelain import WorktreeEntry, parse_progress
from parallel_agents.worktrees.repository import list_worktrees

_WORKERS = 4
_PLAIN_TAIL = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What to make.

    Args:
        repository: where.
        session: id of the session.
        slug: name of the worktree.
        base: what the branch is cut from.
        branch: short name of the branch.
        marker: file for the plan, then the record.
        progress: called with files written and files in all.
        cancelled: asked whether to stop.
    """

    repository: Repository
    session: str
    slug: str
    base: Base
    branch: str
    marker: Path
    progress: Callable[[int, int], None] | None = None
    cancelled: Callable[[], bool] | None = None
    notes: list[str] = field(default_factory=list)

    @property
    def path(self) -> Path:
        """Where the worktree goes."""
        return naming.worktrees_dir(self.repository.root) / self.slug


def create(order: Order, lock_fd: int) -> WorktreeRecord:
    """Make the worktree; the caller holds the repository's lock.

    Args:
        order: what to make.
        lock_fd: descriptor of that lock.

    Returns:
        Its record.

    Raises:
        RefusedError: `.claude` is a symbolic link, or a name is taken.
        GitError: git failed, or was cancelled; nothing is left.
        OSError: the disk is full or failing; nothing is left.
    """
    git = Git(order.repository.root, lock_fd=lock_fd)
    refuse_symlinks(order.repository.root)
    finished = _finished(order.marker)
    if finished is not None:
        return finished
    clean(order.marker, git)
    _refuse_taken(order, git)
    try:
        return _make(order, git, lock_fd)
    except (GitError, OSError, RefusedError, WorktreeError):
        clean(order.marker, git)
        raise


def clean_all(directory: Path, common_dir: str, lock_fd: int) -> None:
    """Remove what unfinished creations left in one repository; the caller holds its lock.

    Args:
        directory: where the markers are.
        common_dir: the repository's common directory.
        lock_fd: descriptor of the lock.
    """
    for marker in sorted(directory.glob("*.json")):
        plan = read_json(marker)
        if plan is not None and plan.get("common_dir") == common_dir:
            clean(marker, Git(plan["root"], lock_fd=lock_fd))


def refuse_symlinks(root: str) -> None:
    """Refuse a repository whose worktrees would land somewhere else.

    Args:
        root: the main worktree or bare directory.

    Raises:
        RefusedError: `.claude` or `.claude/worktrees` is a symbolic link or no directory.
    """
    for path in (Path(root) / ".claude", naming.worktrees_dir(root)):
        if is_symlink(path):
            raise RefusedError(
                f"{path} is a symbolic link, which the agent program does not accept",
                f"Make {path} a directory of its own.",
            )
        if exists(path) and not path.is_dir():
            raise RefusedError(f"{path} is not a directory", f"Move {path} away.")


def clean(marker: Path, git: Git) -> None:
    """Remove what an unfinished creation left; a complete worktree stays.

    Args:
        marker: its marker file.
        git: a git in the repository.

    Raises:
        GitError, OSError: something could not be removed; the marker stays for the next try.
    """
    plan = read_json(marker)
    if plan is None:
        marker.unlink(missing_ok=True)
        return
    if "record" in plan:
        return
    remove_tree(Path(plan["path"]))
    for admin in _unfinished_admins(plan):
        remove_tree(admin)
    ref = f"refs/heads/{plan['branch']}"
    clear_leftovers(plan["common_dir"], ref)
    tip = git.read("rev-parse", "--verify", "--quiet", ref, ok=(0, 1)).line
    if tip == plan["commit"]:
        git.write("update-ref", "-d", ref, plan["commit"])
    marker.unlink(missing_ok=True)


def _unfinished_admins(plan: dict[str, str]) -> list[Path]:
    """Find what `worktree add` made for us; killed early, it breaks git's own list."""
    directory = Path(plan["common_dir"]) / "worktrees"
    if not directory.is_dir():
        return []
    ours = os.fsencode(lock_reason(plan["session"]))
    # Git adds digits when the name is taken; it writes the lock first, and `gitdir` before it
    # makes anything that somebody could work in.
    named = re.compile(re.escape(Path(plan["path"]).name) + r"\d*")
    return [
        admin
        for admin in directory.iterdir()
        if (read_regular(admin / "locked", _PLAIN_TAIL) or b"").strip() == ours
        or (named.fullmatch(admin.name) and not read_regular(admin / "gitdir", _PLAIN_TAIL))
    ]


def _finished(marker: Path) -> WorktreeRecord | None:
    """Find the worktree whose record was lost by who asked for it."""
    done = read_json(marker)
    if done is None or "record" not in done:
        return None
    record = record_from_json(done["record"])
    return record if verify(record) is None else None


def _refuse_taken(order: Order, git: Git) -> None:
    if exists(order.path) or _entry(git, order.path) is not None:
        raise RefusedError(
            f"{order.path} exists already", "Choose another name, or remove that worktree first."
        )
    ref = f"refs/heads/{order.branch}"
    if git.read("check-ref-format", ref, ok=(0, 1)).returncode or order.branch.startswith("-"):
        raise RefusedError(f"{order.branch!r} cannot name a branch", "See git-check-ref-format(1).")
    if git.read("show-ref", "--verify", "--quiet", ref, ok=(0, 1)).returncode == 0:
        raise RefusedError(
            f"the branch {order.branch} exists already",
            f"Choose another --branch, or start from it: --base {order.branch}",
        )


def _make(order: Order, git: Git, lock_fd: int) -> WorktreeRecord:
    order.marker.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_json(order.marker, _plan(order))
    hit("create.marker")
    if exclude.add_lines(order.repository.common_dir, [exclude.WORKTREES_LINE]):
        order.notes.append(
            f"{exclude.WORKTREES_LINE} was added to the repository's info/exclude, "
            "so that worktrees do not show up as untracked."
        )
    hit("create.exclude")
    make_directories(order.path.parent, Git.umask)
    hit("create.directories")
    _add(order, git)
    hit("create.added")
    bound = bound_git(str(order.path), lock_fd=lock_fd)
    _check_out(order, bound)
    hit("create.checked-out")
    copied, notes = copy_included(
        Git(order.repository.checkout), bound, order.repository.common_dir
    )
    order.notes.extend(notes)
    hit("create.included")
    record = _record(order, copied)
    write_json(order.marker, {"record": to_json(record)})
    hit("create.finished")
    return record


def _plan(order: Order) -> dict[str, str]:
    return {
        "session": order.session,
        "root": order.repository.root,
        "path": str(order.path),
        "branch": order.branch,
        "commit": order.base.commit,
        "common_dir": order.repository.common_dir,
    }


def _add(order: Order, git: Git) -> None:
    # Without the checkout: only in the new worktree does git tell which settings apply there.
    git.write(
        "worktree",
        "add",
        "--quiet",
        "--no-checkout",
        "--no-track",
        "--lock",
        "--reason",
        lock_reason(order.session),
        "-b",
        order.branch,
        "--end-of-options",
        str(order.path),
        order.base.commit,
        cancelled=order.cancelled,
    )


def _check_out(order: Order, bound: Git) -> None:
    bound.write(
        "read-tree",
        "--reset",
        "-u",
        "-v",
        "--no-recurse-submodules",
        "HEAD",
        config=(("checkout.workers", str(_WORKERS)),),
        on_stderr=_reporter(order.progress),
        cancelled=order.cancelled,
    )


def _reporter(progress: Callable[[int, int], None] | None) -> Callable[[bytes], None] | None:
    if progress is None:
        return None
    tail = b""

    def report(piece: bytes) -> None:
        nonlocal tail
        tail = (tail + piece)[-_PLAIN_TAIL:]
        counts = parse_progress(tail)
        if counts is not None:
            progress(*counts)

    return report


def _record(order: Order, copied: tuple[CopiedFile, ...]) -> WorktreeRecord:
    device, inode, git_file = identify(str(order.path))
    notes = (order.base.note,) if order.base.note else ()
    return WorktreeRecord(
        session=order.session,
        root=order.repository.root,
        path=str(order.path),
        slug=order.slug,
        branch=order.branch,
        base=order.base.name,
        base_ref=order.base.ref,
        base_commit=order.base.commit,
        device=device,
        inode=inode,
        git_file=git_file,
        copied=copied,
        notes=(*order.repository.notes, *notes, *order.notes),
        checkout=order.repository.checkout,
    )


def _entry(git: Git, path: Path) -> WorktreeEntry | None:
    wanted = os.path.realpath(path)
    for entry in list_worktrees(git)[1:]:
        if os.path.realpath(entry.path) == wanted:
            return entry
    return None
