"""Find the worktrees, directories and branches of a repository that belong to no session.

Keep true: nothing is changed; what somebody else made is reported, but its removal is never
proposed without a look at it first.
"""

import os
import shlex
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from parallel_agents.core.worktree import Finding, WorktreeRecord
from parallel_agents.worktrees.filesystem.files import is_symlink
from parallel_agents.worktrees.look.identity import lock_reason
from parallel_agents.worktrees.make.adoption import dead_owner, owner
from parallel_agents.worktrees.plumbing import naming
from parallel_agents.worktrees.plumbing.git import Git
from parallel_agents.worktrees.plumbing.porcelain import WorktreeEntry

_UNFINISHED = "initializing"
"""The reason with which git locks a worktree while creating it (builtin/worktree.c,
`add_worktree`)."""


@dataclass(frozen=True, slots=True)
class Known:
    """The records of all sessions, whether listed or deleted.

    Args:
        standing: records of the listed sessions, by id.
        deleted: records of the sessions in the trash, by id.
    """

    standing: dict[str, WorktreeRecord]
    deleted: dict[str, WorktreeRecord]

    @property
    def records(self) -> tuple[WorktreeRecord, ...]:
        """All records."""
        return (*self.standing.values(), *self.deleted.values())


def strays(
    root: str, entries: dict[str, WorktreeEntry], *, spoken: Iterable[str], known: Known
) -> list[Finding]:
    """Find what belongs to no session, or to a session that looks for it elsewhere.

    Args:
        root: the repository.
        entries: git's list, by real path.
        spoken: paths that were already reported.
        known: all sessions.

    Returns:
        One finding for each.
    """
    done = set(spoken)
    found = [
        finding
        for path, entry in entries.items()
        if path not in done and (finding := _worktree(root, path, entry, known)) is not None
    ]
    found += _directories(root, {*entries, *done}, known)
    return found + _branches(root, entries, {record.branch for record in known.records})


def _worktree(root: str, path: str, entry: WorktreeEntry, known: Known) -> Finding | None:
    unlock = shlex.join(["git", "-C", root, "worktree", "unlock", path])
    adopt = f"parallel-agents adopt {shlex.quote(path)}"
    locked = entry.locked or ""
    if locked.startswith(lock_reason("")):
        return _locked_for(locked.removeprefix(lock_reason("")), path, unlock, known)
    if locked == _UNFINISHED:
        reason = f"{path} was being made when its git was killed, or is being made now"
        return _finding("unfinished", path, reason, f"if no git runs: {unlock}")
    if not Path(path).is_dir():
        prune = shlex.join(["git", "-C", root, "worktree", "prune", "--verbose"])
        action = f"{unlock} && {prune}" if entry.locked is not None else prune
        reason = (
            f"git knows {path}, but it is not there; if it was moved: git worktree repair NEW-PATH"
        )
        return _finding("gone", path, reason, action)
    if dead_owner(locked):
        reason = f"{path} is locked by a process that is gone: {locked}"
        return _finding("dead-lock", path, reason, f"{unlock} && {adopt}")
    return _finding("foreign", path, f"{path} was not made for a session", adopt)


def _locked_for(session: str, path: str, unlock: str, known: Known) -> Finding | None:
    """Report a worktree with a session's lock that is not where the session looks for it."""
    there = Path(path).is_dir()
    if session in known.standing:
        return _moved(session, path, known.standing[session]) if there else None
    if session in known.deleted:
        if not there:
            return None  # it moved with its repository, and is reported with the directories
        reason = f"{path} was left when the session {session} was deleted"
        return _finding("moved", path, reason, f"parallel-agents restore {session}", session)
    reason = f"{path} was made for session {session}, which is not known here"
    return _finding("unknown", path, reason, f"if it is known nowhere: {unlock}", session)


def _moved(session: str, path: str, record: WorktreeRecord) -> Finding:
    reason = f"{record.path} was moved to {path}"
    return _finding("moved", path, reason, f"parallel-agents adopt {shlex.quote(path)}", session)


def _directories(root: str, listed: set[str], known: Known) -> list[Finding]:
    home = naming.worktrees_dir(root)
    if is_symlink(home) or not home.is_dir():
        return []
    found = []
    for path in sorted(home.iterdir()):
        real = os.path.realpath(path)
        if not path.name.startswith(".") and real not in listed and path.is_dir():
            found.append(_directory(root, str(path), known))
    return found


def _directory(root: str, path: str, known: Known) -> Finding:
    session = owner(path)
    if session in known.standing:
        return _moved(session, path, known.standing[session])
    reason = f"{path} is a directory that git does not know as a worktree"
    action = f"look, then remove it: {shlex.join(['ls', '-la', '--', path])}"
    if os.path.lexists(Path(path, ".git")):
        repair = shlex.join(["git", "-C", root, "worktree", "repair", path])
        action = f"it may have been moved here; let git know it again: {repair}"
    return _finding("directory", path, reason, action)


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
