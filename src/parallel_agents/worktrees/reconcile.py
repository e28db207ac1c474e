"""Compare the recorded worktrees with what is there; report, change nothing."""

import os
from collections.abc import Iterable
from pathlib import Path

from parallel_agents.core.errors import GitError, RepositoryError, WorktreeError
from parallel_agents.core.worktree import Finding, WorktreeRecord
from parallel_agents.worktrees.files import exists
from parallel_agents.worktrees.git import Git
from parallel_agents.worktrees.identity import lock_reason, verify
from parallel_agents.worktrees.porcelain import WorktreeEntry
from parallel_agents.worktrees.repository import list_worktrees


def reconcile(records: Iterable[WorktreeRecord]) -> tuple[Finding, ...]:
    """Find recorded worktrees that are gone, replaced or unlocked, and ours without a record.

    Args:
        records: the worktrees that should be there.

    Returns:
        One finding for each that is not as it should be.
    """
    by_root: dict[str, list[WorktreeRecord]] = {}
    for record in records:
        by_root.setdefault(record.root, []).append(record)
    findings: list[Finding] = []
    for root, group in by_root.items():
        findings += _repository(root, group)
    return tuple(findings)


def _repository(root: str, group: list[WorktreeRecord]) -> list[Finding]:
    entries: dict[str, WorktreeEntry] = {}
    listed = True
    try:
        entries = {os.path.realpath(e.path): e for e in list_worktrees(Git(root))[1:]}
    except (GitError, RepositoryError):
        listed = False  # the repository is gone, or somebody adds a worktree just now
    found = [f for r in group if (f := _one(r, entries.get(r.path), listed=listed)) is not None]
    known = {lock_reason(record.session) for record in group}
    for path, entry in entries.items():
        if (entry.locked or "").startswith(lock_reason("")) and entry.locked not in known:
            session = (entry.locked or "").removeprefix(lock_reason(""))
            reason = f"{path} was made for session {session}, which is not known here"
            found.append(Finding(kind="unknown", session=session, path=path, reason=reason))
    return found


def _one(record: WorktreeRecord, entry: WorktreeEntry | None, *, listed: bool) -> Finding | None:
    try:
        reason = verify(record)
    except WorktreeError as error:
        reason = error.message
    if reason is not None:
        return _finding("replaced" if exists(Path(record.path)) else "missing", record, reason)
    if not listed:
        return None
    if entry is None or entry.locked is None:
        return _finding("unlocked", record, f"{record.path} has lost its lock")
    if entry.locked != lock_reason(record.session):
        return _finding("foreign-lock", record, f"{record.path} is locked: {entry.locked}")
    return None


def _finding(kind: str, record: WorktreeRecord, reason: str) -> Finding:
    return Finding(kind=kind, session=record.session, path=record.path, reason=reason)
