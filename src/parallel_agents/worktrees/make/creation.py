"""Create a worktree, or leave nothing behind.

Keep true: a marker is on disk before the first change. While it holds the plan, everything under
our name is unfinished and may be removed; once it holds the record, the worktree is complete, and
asking again for the same session returns that record. A branch is deleted only if we created it and
it has not moved; an existing branch is used only where nobody else is working on it.
"""

import os
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from parallel_agents.core.codec import from_plain, to_plain
from parallel_agents.core.errors import GitError, RefusedError, WorktreeError
from parallel_agents.core.worktree import (
    Base,
    CopiedFile,
    Extras,
    Repository,
    WorktreeRecord,
)
from parallel_agents.worktrees.filesystem.failpoints import hit
from parallel_agents.worktrees.filesystem.files import (
    exists,
    is_symlink,
    make_directories,
    read_json,
    read_regular,
    remove_tree,
    write_json,
)
from parallel_agents.worktrees.filesystem.locks import clear_leftovers
from parallel_agents.worktrees.look import branches, exclude
from parallel_agents.worktrees.look.identity import bound_git, identify, lock_reason, verify
from parallel_agents.worktrees.look.repository import list_worktrees
from parallel_agents.worktrees.make import absent
from parallel_agents.worktrees.make.links import link_directories
from parallel_agents.worktrees.plumbing import filters, naming
from parallel_agents.worktrees.plumbing.git import Git
from parallel_agents.worktrees.plumbing.porcelain import WorktreeEntry, parse_progress
from parallel_agents.worktrees.settings.include import FILE_NAME, copy_included

_WORKERS = 4
_PLAIN_TAIL = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What to create.

    Args:
        repository: where.
        session: id of the session.
        slug: name of the worktree.
        base: what the branch is cut from, or the branch itself.
        branch: short name of the branch.
        marker: file for the plan, later for the record.
        extras: what to add beside the tracked files.
        progress: called with the number of files written and the total.
        cancelled: called to ask whether to stop.
    """

    repository: Repository
    session: str
    slug: str
    base: Base
    branch: str
    marker: Path
    extras: Extras = field(default_factory=Extras)
    progress: Callable[[int, int], None] | None = None
    cancelled: Callable[[], bool] | None = None
    notes: list[str] = field(default_factory=list)

    @property
    def path(self) -> Path:
        """Where the worktree goes."""
        return naming.worktrees_dir(self.repository.root) / self.slug


def create(order: Order, lock_fd: int) -> WorktreeRecord:
    """Create the worktree; the caller holds the repository's lock.

    Args:
        order: what to create.
        lock_fd: descriptor of that lock.

    Returns:
        Its record.

    Raises:
        RefusedError: `.claude` is a symbolic link, or a name is taken.
        GitError: git failed, or was cancelled; nothing is left behind.
        OSError: the disk is full or failing; nothing is left behind.
    """
    git = Git(order.repository.root, lock_fd=lock_fd)
    refuse_symlinks(order.repository.root)
    finished = _finished(order.marker)
    if finished is not None:
        return finished
    clean(order.marker, git)
    branch = _choose_branch(order, git)
    try:
        return _make(order, branch, git, lock_fd)
    except (GitError, OSError, RefusedError, WorktreeError):
        clean(order.marker, git)
        raise


def clean_all(directory: Path, common_dir: str, lock_fd: int) -> None:
    """Remove the remains of unfinished creations in one repository; the caller holds its lock.

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
    """Refuse a repository whose worktrees would end up somewhere else.

    Args:
        root: the main worktree or bare directory.

    Raises:
        RefusedError: `.claude` or `.claude/worktrees` is a symbolic link or not a directory.
    """
    for path in (Path(root) / ".claude", naming.worktrees_dir(root)):
        if is_symlink(path):
            raise RefusedError(
                f"{path} is a symbolic link, which the agent's program does not accept",
                f"Make {path} a directory of its own.",
            )
        if exists(path) and not path.is_dir():
            raise RefusedError(f"{path} is not a directory", f"Move {path} away.")


def clean(marker: Path, git: Git) -> None:
    """Remove the remains of an unfinished creation; a complete worktree is kept.

    Args:
        marker: its marker file.
        git: a git in the repository.

    Raises:
        GitError, OSError: something could not be removed; the marker is kept for the next attempt.
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
    if tip == plan["commit"] and plan.get("made_branch", True):
        git.write("update-ref", "--no-deref", "-d", ref, plan["commit"])
    marker.unlink(missing_ok=True)


def _unfinished_admins(plan: dict[str, Any]) -> list[Path]:
    """Find what `worktree add` created for us; if killed early, it breaks git's own list."""
    directory = Path(plan["common_dir"]) / "worktrees"
    if not directory.is_dir():
        return []
    ours = os.fsencode(lock_reason(plan["session"]))
    # Git adds digits when the name is taken. It writes the lock first, and `gitdir` before it
    # creates anything that somebody could work in.
    named = re.compile(re.escape(Path(plan["path"]).name) + r"\d*")
    return [
        admin
        for admin in directory.iterdir()
        if (read_regular(admin / "locked", _PLAIN_TAIL) or b"").strip() == ours
        or (named.fullmatch(admin.name) and not read_regular(admin / "gitdir", _PLAIN_TAIL))
    ]


def _finished(marker: Path) -> WorktreeRecord | None:
    """Find a finished worktree whose record never reached the caller."""
    done = read_json(marker)
    if done is None or "record" not in done:
        return None
    record = from_plain(done["record"], WorktreeRecord)
    return record if verify(record) is None else None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Branch:
    """The branch for a new worktree.

    Args:
        made: the branch is created, at `start`.
        start: hash to check out.
        tracks: full ref of the remote branch to set as upstream.
    """

    made: bool
    start: str
    tracks: str | None = None


def _choose_branch(order: Order, git: Git) -> _Branch:
    """Choose between a new branch and an existing one, now that nobody else can create one."""
    if exists(order.path) or _entry(git, order.path) is not None:
        raise RefusedError(
            f"{order.path} exists already", "Choose another name, or remove that worktree first."
        )
    branches.check_name(git, order.branch)
    found = branches.exists(git, order.branch)
    if order.base.branch is not None:
        branches.refuse_used(git, order.branch)
        tip = branches.tip(git, order.branch)
        tracks = None if found else branches.on_remote(git, order.branch)
        return _Branch(made=not found, start=tip, tracks=tracks)
    branches.refuse_taken(git, order.branch)
    return _Branch(made=True, start=order.base.commit)


def _make(order: Order, branch: _Branch, git: Git, lock_fd: int) -> WorktreeRecord:
    order.marker.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_json(order.marker, _plan(order, branch))
    hit("create.marker")
    added = exclude.add_lines(order.repository.common_dir, [exclude.WORKTREES_LINE])
    if added and (order.repository.bare or exclude.is_needed(git, order.path)):
        order.notes.append(
            f"{exclude.WORKTREES_LINE} was added to the repository's info/exclude, "
            "so that worktrees do not show up as untracked."
        )
    hit("create.exclude")
    make_directories(order.path.parent, Git.umask)
    hit("create.directories")
    _add(order, branch, git)
    if not order.repository.bare and (told := exclude.ensure_ignored(git, order.path)):
        order.notes.append(told)
    hit("create.added")
    bound = bound_git(str(order.path), lock_fd=lock_fd)
    sparse = _narrow(order, bound)
    hit("create.narrowed")
    _check_out(order, bound)
    hit("create.checked-out")
    linked = _link(order, bound)
    hit("create.linked")
    copied = _copy(order, bound)
    hit("create.included")
    if branch.tracks is not None:
        git.write("branch", "--quiet", f"--set-upstream-to={branch.tracks}", "--", order.branch)
    hit("create.tracking")
    order.notes.extend(absent.notes(order.repository.checkout, bound))
    record = _record(order, branch, copied=copied, linked=linked, sparse=sparse)
    write_json(order.marker, {"record": to_plain(record)})
    hit("create.finished")
    return record


def _plan(order: Order, branch: _Branch) -> dict[str, Any]:
    return {
        "session": order.session,
        "root": order.repository.root,
        "path": str(order.path),
        "branch": order.branch,
        "commit": branch.start,
        "made_branch": branch.made,
        "common_dir": order.repository.common_dir,
    }


def _add(order: Order, branch: _Branch, git: Git) -> None:
    named = ("--no-track", "-b", order.branch) if branch.made else ()
    # Do not check out yet: git knows which settings apply only once it is in the new worktree.
    git.write(
        "worktree",
        "add",
        "--quiet",
        "--no-checkout",
        "--no-guess-remote",
        "--lock",
        "--reason",
        lock_reason(order.session),
        *named,
        "--end-of-options",
        str(order.path),
        branch.start if branch.made else order.branch,
        cancelled=order.cancelled,
    )


def _narrow(order: Order, bound: Git) -> tuple[str, ...]:
    """Exclude most directories before any file is written, as git's own sparse checkout does."""
    if not order.extras.sparse:
        return ()
    lines = "".join(f"{path}\n" for path in order.extras.sparse)
    # It sets `extensions.worktreeConfig`; without that, all checkouts would become sparse.
    bound.write(
        "sparse-checkout", "set", "--cone", "--skip-checks", "--stdin", stdin=lines.encode()
    )
    return order.extras.sparse


def _copy(order: Order, bound: Git) -> tuple[CopiedFile, ...]:
    source = Git(order.repository.checkout)
    if order.extras.without_copies:
        if exists(Path(source.directory) / FILE_NAME):
            order.notes.append(f"{FILE_NAME}: nothing was copied: {order.extras.without_copies}.")
        return ()
    copied, notes = copy_included(source, bound, order.repository.common_dir)
    order.notes.extend(notes)
    return copied


def _link(order: Order, bound: Git) -> tuple[str, ...]:
    source = Git(order.repository.checkout)
    linked, notes = link_directories(source, bound, order.repository.common_dir, order.extras.links)
    order.notes.extend(notes)
    return linked


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
    again = bound_git(str(order.path))
    filters.through(again, bound, order.repository.checkout)


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


def _record(
    order: Order,
    branch: _Branch,
    *,
    copied: tuple[CopiedFile, ...],
    linked: tuple[str, ...],
    sparse: tuple[str, ...],
) -> WorktreeRecord:
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
        made_branch=branch.made,
        start_commit="" if branch.start == order.base.commit else branch.start,
        stranger=order.base.stranger,
        linked=linked,
        sparse=sparse,
    )


def _entry(git: Git, path: Path) -> WorktreeEntry | None:
    wanted = os.path.realpath(path)
    for entry in list_worktrees(git)[1:]:
        if os.path.realpath(entry.path) == wanted:
            return entry
    return None
