"""Adopt a worktree that somebody else made, so that it becomes a session's worktree.

Keep true: never adopt the main worktree, a worktree in use, or one locked by somebody else; only
git's lock changes, and the branch is still not ours.
"""

import os
import re
import shlex
from dataclasses import dataclass
from pathlib import Path

import psutil

from parallel_agents.core.errors import RefusedError, UserError
from parallel_agents.core.worktree import Base, Repository, WorktreeRecord
from parallel_agents.worktrees.filesystem.files import read_regular
from parallel_agents.worktrees.look import exclude
from parallel_agents.worktrees.look.gate import processes_in
from parallel_agents.worktrees.look.identity import identify, lock_reason
from parallel_agents.worktrees.look.repository import common_dir_of, list_worktrees
from parallel_agents.worktrees.plumbing import naming
from parallel_agents.worktrees.plumbing.git import Git
from parallel_agents.worktrees.plumbing.porcelain import WorktreeEntry

_LIMIT = 16 * 1024
_DEPTH = 3
"""How deep worktrees lie in their repository: `.claude/worktrees/<slug>`."""
_CLAUDES = re.compile(r"claude (?:session|agent) .{0,200}\(pid (\d{1,10})(?: start \S{1,40})?\)")
"""The agent program's own lock. It never removes it, so most of these locks name a dead process."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Adoptable:
    """A worktree that may be adopted: its real path, its branch, its HEAD."""

    path: str
    branch: str
    head: str
    locked: bool


def adoptable(repository: Repository, session: str, path: str) -> Adoptable:
    """Decide whether a worktree may be adopted.

    Args:
        repository: the repository it belongs to.
        session: id of the session that will own it.
        path: a directory; symbolic links are followed.

    Returns:
        What was found.

    Raises:
        RefusedError: the worktree may not be adopted.
    """
    real = os.path.realpath(path)
    entry = _entry(repository, real)
    _check_place(repository, real)
    _check_lock(repository, session, entry, real)
    users = processes_in(real)
    if users:
        raise RefusedError(
            f"{real} is in use: {', '.join(users[:5])}",
            "End these processes, or leave the directory in that shell.",
        )
    if entry.branch is None or entry.head is None:
        raise RefusedError(
            f"{real} is on no branch with a commit",
            f"Put it on one: git -C {shlex.quote(real)} switch -c NAME",
        )
    branch = entry.branch.removeprefix("refs/heads/")
    return Adoptable(path=real, branch=branch, head=entry.head, locked=entry.locked is not None)


def adopt(
    repository: Repository, session: str, path: str, base: Base, lock_fd: int
) -> WorktreeRecord:
    """Adopt a worktree; calling again gives the same result.

    Args:
        repository: the repository it belongs to.
        session: id of the session.
        path: its directory.
        base: what to compare its work with.
        lock_fd: descriptor of the repository's lock, which the caller holds.

    Returns:
        Its record.

    Raises:
        RefusedError: it may not be adopted; nothing has changed.
        GitError: git failed.
    """
    found = adoptable(repository, session, path)
    git = Git(repository.root, lock_fd=lock_fd)
    fork = git.read("merge-base", found.head, base.commit, ok=(0, 1, 128)).line
    exclude.add_lines(repository.common_dir, [exclude.WORKTREES_LINE])
    if not found.locked:
        git.write("worktree", "lock", "--reason", lock_reason(session), found.path)
    device, inode, git_file = identify(found.path)
    return WorktreeRecord(
        session=session,
        root=repository.root,
        path=found.path,
        slug=Path(found.path).name,
        branch=found.branch,
        base=base.name,
        base_ref=base.ref,
        base_commit=fork or base.commit,
        device=device,
        inode=inode,
        git_file=git_file,
        notes=(f"adopted; the branch {found.branch} stays when the session is deleted",),
        checkout=repository.checkout,
        made_branch=False,
    )


def owner(path: str) -> str:
    """Find the session whose lock is on a worktree, even if git lost track of the worktree's place.

    Args:
        path: top of the worktree, in `<repository>/.claude/worktrees`.

    Returns:
        Id of the session; empty when no session's lock is on it.
    """
    admin = _admin_at(os.path.realpath(path))
    locked = None if admin is None else read_regular(admin / "locked", _LIMIT)
    reason = "" if locked is None else os.fsdecode(locked).strip()
    return reason.removeprefix(lock_reason("")) if reason.startswith(lock_reason("")) else ""


def root_around(path: str) -> str:
    """Find the repository directory that contains a worktree.

    Args:
        path: top of the worktree.

    Returns:
        The directory; the worktree itself when no repository contains it.
    """
    real = Path(os.path.realpath(path))
    return str(real.parents[_DEPTH - 1] if len(real.parents) >= _DEPTH else real)


def _admin_at(real: str) -> Path | None:
    """Find git's directory for a worktree from the repository around it, and the name in `.git`."""
    content = os.fsdecode(read_regular(Path(real, ".git"), _LIMIT) or b"").strip()
    if not content.startswith("gitdir: "):
        return None
    try:
        common = common_dir_of(root_around(real))
    except UserError:
        return None
    admin = Path(common) / "worktrees" / Path(content.removeprefix("gitdir: ")).name
    return admin if admin.is_dir() else None


def dead_owner(reason: str) -> bool:
    """Tell whether a lock names a process of the agent program that no longer exists.

    Args:
        reason: the lock's reason.

    Returns:
        True only if it does; false for a reason in any other format.
    """
    match = _CLAUDES.fullmatch(reason.strip())
    return match is not None and not psutil.pid_exists(int(match[1]))


def _entry(repository: Repository, real: str) -> WorktreeEntry:
    if real == repository.root:
        raise RefusedError(
            f"{real} is the main worktree; a session needs one of its own",
            "Start one: parallel-agents new",
        )
    for entry in list_worktrees(Git(repository.root))[1:]:
        if os.path.realpath(entry.path) == real:
            return entry
    raise RefusedError(
        f"{real} is not the top of a linked worktree that git knows",
        f"See: git -C {shlex.quote(repository.root)} worktree list",
    )


def _check_place(repository: Repository, real: str) -> None:
    """Refuse other places: the agent program looks for worktrees by name in this directory only."""
    home = naming.worktrees_dir(repository.root)
    name = Path(real).name
    if Path(real).parent == home and naming.SLUG.fullmatch(name):
        return
    target = str(home / naming.plain(name))
    raise RefusedError(
        f"{real} cannot be adopted where it is: the agent works in {home} only, and a name there "
        "has up to 40 of a-z, 0-9 and '-'",
        f"Move it: mkdir -p {shlex.quote(str(home))} && "
        f"{shlex.join(['git', '-C', repository.root, 'worktree', 'move', real, target])}",
    )


def _check_lock(repository: Repository, session: str, entry: WorktreeEntry, real: str) -> None:
    if entry.locked is None or entry.locked == lock_reason(session):
        return
    prefix = lock_reason("")
    if entry.locked.startswith(prefix):
        theirs = entry.locked.removeprefix(prefix)
        free = shlex.join(["git", "-C", repository.root, "worktree", "unlock", real])
        raise RefusedError(
            f"{real} already belongs to the session {theirs}",
            f"parallel-agents show {theirs}; if no supervisor knows it: {free}",
        )
    over = "Its owner is gone" if dead_owner(entry.locked) else "If that is over"
    unlock = shlex.join(["git", "-C", repository.root, "worktree", "unlock", real])
    raise RefusedError(
        f"{real} is locked: {entry.locked or 'no reason given'}", f"{over}: {unlock}"
    )
