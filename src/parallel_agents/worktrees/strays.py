"""Find the worktrees, directories and branches of a repository that no session of ours has.

Keep true: nothing is changed; what somebody else made is shown, never proposed for removal
without a look at it.
"""

import os
import shlex
from collections.abc import Iterable
from pathlib import Path

from parallel_agents.core.worktree import Finding, WorktreeRecord
from parallel_agents.worktrees import naming
from parallel_agents.worktrees.adoption import dead_owner
from parallel_agents.worktrees.files import is_symlink
from parallel_agents.worktrees.git import Git
from parallel_agents.worktrees.identity import lock_reason
from parallel_agents.worktrees.porcelain import WorktreeEntry

_UNFINISHED = "initializing"
"""What git locks a worktree with while it makes one (builtin/worktree.c, `add_worktree`)."""


def strays(
    root: str,
    entries: dict[str, WorktreeEntry],
    *,
    known: Iterable[str],
    records: Iterable[WorktreeRecord],
) -> list[Finding]:
    """Find what belongs to no session.

    Args:
        root: the repository.
        entries: what git lists, by real path.
        known: paths that were spoken of already.
        records: of the sessions, those in the trash included.

    Returns:
        One finding each.
    """
    spoken = set(known)
    sessions = {record.session for record in records}
    found = [
        _worktree(root, path, entry, sessions)
        for path, entry in entries.items()
        if path not in spoken
    ]
    found += _directories(root, {*entries, *spoken})
    return found + _branches(root, entries, {record.branch for record in records})


def _worktree(root: str, path: str, entry: WorktreeEntry, sessions: set[str]) -> Finding:
    unlock = shlex.join(["git", "-C", root, "worktree", "unlock", path])
    adopt = f"parallel-agents adopt {shlex.quote(path)}"
    locked = entry.locked or ""
    ours = locked.startswith(lock_reason(""))
    session = locked.removeprefix(lock_reason("")) if ours else ""
    if ours and session not in sessions:
        reason = f"{path} was made for session {session}, which is not known here"
        return _finding("unknown", path, reason, f"if it is known nowhere: {unlock}", session)
    if locked == _UNFINISHED:
        reason = f"{path} was being made when its git was killed, or is being made now"
        return _finding("unfinished", path, reason, f"if no git runs: {unlock}")
    if not Path(path).is_dir():
        prune = shlex.join(["git", "-C", root, "worktree", "prune", "--verbose"])
        action = f"{unlock} && {prune}" if entry.locked is not None else prune
        return _finding("gone", path, f"git knows {path}, but it is not there", action)
    if dead_owner(locked):
        reason = f"{path} is locked by a process that is gone: {locked}"
        return _finding("dead-lock", path, reason, f"{unlock} && {adopt}")
    return _finding("foreign", path, f"{path} was not made for a session", adopt)


def _directories(root: str, listed: set[str]) -> list[Finding]:
    home = naming.worktrees_dir(root)
    if is_symlink(home) or not home.is_dir():
        return []
    found = []
    for path in sorted(home.iterdir()):
        real = os.path.realpath(path)
        if path.name.startswith(".") or real in listed or not path.is_dir():
            continue
        reason = f"{path} is a directory that git does not know as a worktree"
        look = shlex.join(["ls", "-la", "--", str(path)])
        found.append(_finding("directory", str(path), reason, f"look, then remove it: {look}"))
    return found


def _branches(root: str, entries: dict[str, WorktreeEntry], recorded: set[str]) -> list[Finding]:
    used = {entry.branch for entry in entries.values()}
    listed = Git(root).read(
        "for-each-ref", "--format=%(refname)", "refs/heads/worktree-*", "refs/heads/worktree-*/**"
    )
    found = []
    for ref in listed.text.split("\n"):
        name = ref.removeprefix("refs/heads/")
        if ref and ref not in used and name not in recorded:
            delete = shlex.join(["git", "-C", root, "branch", "-d", "--", name])
            reason = f"the branch {name} belongs to no worktree and no session"
            found.append(_finding("branch", root, reason, f"deleted if merged: {delete}"))
    return found


def _finding(kind: str, path: str, reason: str, action: str, session: str = "") -> Finding:
    return Finding(kind=kind, session=session, path=path, reason=reason, action=action)
