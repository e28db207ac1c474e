"""Compare the recorded worktrees with what is there; report, propose, change nothing.

Keep true: every finding says in one sentence what is so, and proposes what a person may do; a
command that is proposed loses nothing by itself; nothing here writes.
"""

import os
import shlex
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from parallel_agents.core.errors import GitError, RepositoryError, WorktreeError
from parallel_agents.core.worktree import Finding, WorktreeRecord
from parallel_agents.worktrees import mirror, naming
from parallel_agents.worktrees.files import exists
from parallel_agents.worktrees.git import Git
from parallel_agents.worktrees.identity import admin_dir, identify, lock_reason, verify
from parallel_agents.worktrees.porcelain import WorktreeEntry
from parallel_agents.worktrees.repository import list_worktrees
from parallel_agents.worktrees.strays import strays


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A repository, with what git lists of it; `listed` is false when git could not."""

    root: str
    entries: dict[str, WorktreeEntry]
    listed: bool


def reconcile(
    records: Iterable[WorktreeRecord], deleted: Iterable[WorktreeRecord] = (), root: str = ""
) -> tuple[Finding, ...]:
    """Find what of worktrees, their locks and branches is not as recorded.

    Args:
        records: the worktrees that should be there.
        deleted: those that are in the trash.
        root: another repository to look at, though nothing is recorded of it; empty for none.

    Returns:
        One finding for each thing.
    """
    by_root: dict[str, list[WorktreeRecord]] = {root: []} if root else {}
    trashed: dict[str, list[WorktreeRecord]] = {}
    for record in records:
        by_root.setdefault(record.root, []).append(record)
    for record in deleted:
        by_root.setdefault(record.root, [])
        trashed.setdefault(record.root, []).append(record)
    findings: list[Finding] = []
    for place, group in by_root.items():
        findings += _repository(place, group, trashed.get(place, []))
    return tuple(findings)


def _repository(
    root: str, group: list[WorktreeRecord], trashed: list[WorktreeRecord]
) -> list[Finding]:
    seen = _see(root)
    found = [finding for record in group for finding in _one(record, seen)]
    if not seen.listed:
        return found
    taken = {finding.path for finding in found} | {record.path for record in group}
    moved = {path for record in group if (path := _moved(record, seen)) is not None}
    found += strays(seen.root, seen.entries, known=taken | moved, records=[*group, *trashed])
    if trashed and (words := mirror.warning(Git(root))):
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


def _see(root: str) -> Seen:
    try:
        entries = {os.path.realpath(e.path): e for e in list_worktrees(Git(root))[1:]}
    except (GitError, RepositoryError):  # it is gone, or somebody adds a worktree just now
        return Seen(root=root, entries={}, listed=False)
    return Seen(root=root, entries=entries, listed=True)


def _one(record: WorktreeRecord, seen: Seen) -> list[Finding]:
    try:
        reason = verify(record)
    except WorktreeError as error:
        reason = error.message
    if reason is not None:
        return [_gone(record, seen, reason)]
    if not seen.listed or record.kind != "worktree":
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
    if not exists(Path(record.path)):
        return _finding("missing", record, reason, f"put it back, or: {delete}")
    if not _has_admin(record):
        reason = f"git no longer knows {record.path}: it was pruned"
        return _finding(
            "pruned", record, reason, f"move the directory to where you keep it, then: {delete}"
        )
    return _finding(
        "replaced", record, reason, f"look at it, move it away, then put back yours, or: {delete}"
    )


def _has_admin(record: WorktreeRecord) -> bool:
    try:
        return admin_dir(record).is_dir()
    except WorktreeError:
        return False


def _moved(record: WorktreeRecord, seen: Seen) -> str | None:
    """Where the directory that was made is now: known to git, or beside the others."""
    if os.path.lexists(record.path):
        return None
    home = naming.worktrees_dir(record.root)
    beside = sorted(home.iterdir()) if home.is_dir() else []
    for path in (*seen.entries, *(str(path) for path in beside)):
        try:
            found = identify(path)
        except WorktreeError:
            continue
        # The number of a directory that is gone may be given to the next one that is made.
        if found == (record.device, record.inode, record.git_file):
            return path
    return None


def _lock(record: WorktreeRecord, seen: Seen) -> Finding | None:
    entry = seen.entries.get(record.path)
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
    entry = seen.entries.get(record.path)
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
