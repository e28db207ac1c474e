"""Compare the recorded worktrees with the real ones; report and propose, but change nothing.

Keep true: every finding states one fact in one sentence, and proposes what the user may do; a
proposed command by itself loses nothing; nothing here writes.
"""

import os
import shlex
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from parallel_agents.core.errors import GitError, RepositoryError, WorktreeError
from parallel_agents.core.worktree import Finding, WorktreeRecord
from parallel_agents.worktrees.filesystem.files import exists
from parallel_agents.worktrees.look.gate import moved_beside
from parallel_agents.worktrees.look.identity import admin_dir, lock_reason, verify
from parallel_agents.worktrees.look.repository import list_worktrees
from parallel_agents.worktrees.plumbing import push_mirrors
from parallel_agents.worktrees.plumbing.git import Git
from parallel_agents.worktrees.plumbing.porcelain import WorktreeEntry
from parallel_agents.worktrees.remove.strays import Known, strays
from parallel_agents.worktrees.remove.trash import REF_PREFIX


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A repository and git's list of its worktrees; `listed` is false if git could not list any."""

    root: str
    entries: dict[str, WorktreeEntry]
    listed: bool


def reconcile(
    records: Iterable[WorktreeRecord], deleted: Iterable[WorktreeRecord] = (), root: str = ""
) -> tuple[Finding, ...]:
    """Find differences between records and reality, in worktrees, their locks and branches.

    Args:
        records: the worktrees that should exist.
        deleted: the worktrees in the trash.
        root: one more repository to check, even if nothing is recorded about it; empty for none.

    Returns:
        One finding for each difference.
    """
    standing, gone = tuple(records), tuple(deleted)
    known = Known({r.session: r for r in standing}, {r.session: r for r in gone})
    roots = dict.fromkeys(([root] if root else []) + [r.root for r in (*standing, *gone)])
    findings: list[Finding] = []
    for place in roots:
        findings += _repository(place, known)
    return tuple(findings)


def _repository(root: str, known: Known) -> list[Finding]:
    group = [record for record in known.standing.values() if record.root == root]
    trashed = [record for record in known.deleted.values() if record.root == root]
    seen = _see(root)
    found = [finding for record in group for finding in _one(record, seen)]
    if not seen.listed:
        return found
    taken = {finding.path for finding in found}
    taken |= {path for r in group for path in (r.path, os.path.realpath(r.path))}
    moved = {path for record in group if (path := _moved(record, seen)) is not None}
    found += strays(seen.root, seen.entries, spoken=taken | moved, known=known)
    found += _moved_trash(root, known)
    if trashed and (words := push_mirrors.warning(Git(root))):
        found.append(
            Finding(
                kind="mirror",
                session="",
                path=root,
                reason=words.partition("; ")[0],
                action="parallel-agents trash --empty",
            )
        )
    return found


def _moved_trash(root: str, known: Known) -> list[Finding]:
    """Find trash entries whose repository was moved here."""
    gone = {
        session: record
        for session, record in known.deleted.items()
        if record.root != root and not Path(record.root).is_dir()
    }
    asked = ("for-each-ref", "--format=%(refname)", REF_PREFIX)
    here = Git(root).read(*asked).text.splitlines() if gone else []
    return [
        Finding(
            kind="trash",
            session=session,
            path=root,
            reason=f"this is where {record.root}, which a deleted session belongs to, was moved",
            action=f"parallel-agents restore {session} --in {shlex.quote(root)}",
        )
        for session, record in gone.items()
        if REF_PREFIX + session in here
    ]


def _see(root: str) -> Seen:
    try:
        entries = {os.path.realpath(e.path): e for e in list_worktrees(Git(root))[1:]}
    except (GitError, RepositoryError):  # it is gone, or a worktree is being added right now
        return Seen(root=root, entries={}, listed=False)
    return Seen(root=root, entries=entries, listed=True)


def _one(record: WorktreeRecord, seen: Seen) -> list[Finding]:
    try:
        reason = verify(record)
    except WorktreeError as error:
        reason = error.message
    except OSError as error:  # one of git's directories is closed, or the disk fails
        where = os.fsdecode(error.filename or record.root)
        reason = f"{where} cannot be read: {error.strerror}"
        action = f"see which directory is closed: namei -l -- {shlex.quote(where)}"
        return [_finding("closed", record, reason, action)]
    if reason is not None:
        return [_gone(record, seen, reason)]
    if not seen.listed or not record.traits.is_git_worktree:
        return []
    return [f for f in (_lock(record, seen), _branch(record, seen)) if f is not None]


def _gone(record: WorktreeRecord, seen: Seen, reason: str) -> Finding:
    delete = f"parallel-agents rm {record.session}"
    moved = _moved(record, seen)
    if moved is not None:
        reason = f"{record.path} was moved to {moved}"
        back = ["git", "-C", record.root, "worktree", "move", "-f", "-f", moved, record.path]
        if moved not in seen.entries:
            back = ["mv", "-n", "--", moved, record.path]
        return _finding("moved", record, reason, shlex.join(back))
    if not seen.listed and not Path(record.root).is_dir():
        place = f"NEW-PLACE/{os.path.relpath(record.path, record.root)}"
        action = f"if the repository was moved: parallel-agents adopt {place}; if not: {delete}"
        reason = f"the repository {record.root} is not there"
        return _finding("missing", record, reason, action)
    if _is_closed(record.path):
        action = f"if it is yours: chmod u+rwX {shlex.quote(record.path)}, or: {delete}"
        return _finding("closed", record, reason, action)
    if not exists(Path(record.path)):
        return _finding("missing", record, reason, f"put it back, or: {delete}")
    ends = f"this ends the session and leaves the directory: {delete}"
    if not _has_admin(record):
        return _finding("pruned", record, f"git no longer knows {record.path}: it was pruned", ends)
    return _finding("replaced", record, reason, ends)


def _is_closed(path: str) -> bool:
    """Whether the directory exists but cannot be read."""
    try:
        os.lstat(os.path.join(path, ".git"))  # noqa: PTH118 - pathlib hides the error
        return not os.access(os.path.join(path, ".git"), os.R_OK)  # noqa: PTH118
    except OSError as error:
        return isinstance(error, PermissionError)


def _has_admin(record: WorktreeRecord) -> bool:
    try:
        return admin_dir(record).is_dir()
    except WorktreeError:
        return False


def _moved(record: WorktreeRecord, seen: Seen) -> str | None:
    """Find where our directory is now: known to git, or beside the others."""
    if os.path.lexists(record.path):
        return None
    for path, entry in seen.entries.items():
        if entry.locked == lock_reason(record.session) and Path(path).is_dir():
            return path
    return moved_beside(record) or None


def _lock(record: WorktreeRecord, seen: Seen) -> Finding | None:
    entry = seen.entries.get(os.path.realpath(record.path))
    place = ["git", "-C", record.root, "worktree"]
    if entry is None or entry.locked is None:
        reason = lock_reason(record.session)
        lock = shlex.join([*place, "lock", "--reason", reason, record.path])
        return _finding("unlocked", record, f"{record.path} has lost its lock", lock)
    if entry.locked != lock_reason(record.session):
        unlock = shlex.join([*place, "unlock", record.path])
        reason = f"{record.path} is locked: {entry.locked}"
        return _finding("foreign-lock", record, reason, f"if that is over: {unlock}")
    return None


def _branch(record: WorktreeRecord, seen: Seen) -> Finding | None:
    entry = seen.entries.get(os.path.realpath(record.path))
    if entry is None or entry.branch == f"refs/heads/{record.branch}":
        return None
    now = "no branch" if entry.branch is None else entry.branch.removeprefix("refs/heads/")
    switch = shlex.join(["git", "-C", record.path, "switch", record.branch])
    reason = f"{record.path} is on {now}, not on {record.branch}"
    return _finding("other-branch", record, reason, f"if the agent did not mean it: {switch}")


def _finding(kind: str, record: WorktreeRecord, reason: str, action: str) -> Finding:
    return Finding(
        kind=kind, session=record.session, path=record.path, reason=reason, action=action
    )
