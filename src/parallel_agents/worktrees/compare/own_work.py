"""Work that exists only in one worktree: what a deletion has to save, in plain words.

Keep true: everything that would be lost with the directory, its administrative directory or its
branch has a phrase here, except what a deletion reports as skipped; only objects are written, none
of the repository's programs is run, and no lock is taken.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from parallel_agents.core.errors import GitError
from parallel_agents.core.worktree import OwnWork, WorktreeRecord
from parallel_agents.worktrees.compare import builds
from parallel_agents.worktrees.compare.merged import hash_of, merged, own_tips, targets_of
from parallel_agents.worktrees.compare.merged_pull import Pulls, merged_pulls, remote_to_ask
from parallel_agents.worktrees.filesystem.files import exists, is_symlink, open_directory
from parallel_agents.worktrees.look.identity import admin_dir, bound_git, require, verify
from parallel_agents.worktrees.look.looking import untracked
from parallel_agents.worktrees.plumbing.git import Git, attempt
from parallel_agents.worktrees.plumbing.porcelain import fields, parse_status
from parallel_agents.worktrees.plumbing.submodules import gitlinks, is_initialised, unreadable
from parallel_agents.worktrees.settings import include

_NAMED = 5
_UNFINISHED = {
    "MERGE_HEAD": "merge",
    "rebase-merge": "rebase",
    "rebase-apply": "rebase",
    "CHERRY_PICK_HEAD": "cherry-pick",
    "REVERT_HEAD": "revert",
    "BISECT_LOG": "bisection",
}


def pulls(record: WorktreeRecord) -> Pulls:
    """Ask a remote for the pull requests that may have merged a worktree's own commits.

    Args:
        record: the worktree, which may no longer exist.

    Returns:
        The argument for `look`; empty if there is nothing to ask, or no answer in time.
    """
    if verify(record) is not None:
        return {}
    try:
        git = bound_git(record.path)
        # Most branches are never pushed: read the one setting that shows it before anything else.
        remote = remote_to_ask(git, record)
        if not remote or not own_commits(git, record):
            return {}
        return merged_pulls(git, remote, own_tips(git, record), targets_of(git, record))
    except GitError:
        return {}  # the next look at the worktree reports the error


def look(record: WorktreeRecord, known: Pulls | None = None) -> OwnWork:
    """Find what a deletion of a worktree would have to save; does not wait for the network.

    Args:
        record: the worktree.
        known: the result of `pulls`, if it was called.

    Returns:
        The work that exists only there.

    Raises:
        WorktreeError: the worktree does not match its record.
        GitError: git cannot read it.
    """
    require(record)
    git = bound_git(record.path)
    nested: list[str] = []
    closed: list[str] = []
    ignored = _Ignored()

    def files() -> str:
        found = untracked(git)
        nested.extend(found.nested)
        closed.extend(found.closed)
        return counted(len(found.files), "untracked file")

    def sort_ignored() -> str:
        ignored.sort(git, record)
        return counted(ignored.kept, "ignored file or directory", "ignored files or directories")

    how: list[str] = []
    phrases = [
        _told("changed files", lambda: counted(_changed(git), "changed file")),
        _told("untracked files", files),
        _told("submodules", lambda: _named("submodules", _submodules(git, record))),
        _told("ignored files", sort_ignored),
        _unfinished(record),
        _told("commits", lambda: _commits(git, record, known, how)),
        _told("stashes", lambda: _stashes(git, record)),
    ]
    phrases[2:2] = [
        _named("directories that cannot be read", tuple(closed)),
        _named("nested repositories", (*nested, *ignored.repositories)),
    ]
    saved = tuple(phrase for phrase in (*phrases, *ignored.reasons) if phrase)
    return OwnWork(saved=saved, skipped=ignored.skipped, merged="".join(how))


def _told(what: str, ask: Callable[[], str]) -> str:
    """Ask git; if it cannot read something, say so, since the whole directory is kept anyway."""
    told: list[str] = []
    error = attempt(lambda: told.append(ask()))
    return told[0] if error is None else f"{what}, which git cannot list ({error.message})"


def own_commits(git: Git, record: WorktreeRecord) -> int:
    """Count the commits that are neither in the base nor on a remote nor on another's branch."""
    tips = own_tips(git, record)
    if not tips:
        return 0
    base = hash_of(git, record.base_ref) if record.base_ref else ""
    kept = "" if record.made_branch else hash_of(git, f"refs/heads/{record.branch}")
    known = [c for c in (base, record.base_commit, record.started_at, kept) if c]
    elsewhere = ("--remotes", "--glob=refs/pull/*", "--glob=refs/merge-requests/*")
    return int(git.read("rev-list", "--count", *tips, "--not", *known, *elsewhere).line)


def counted(number: int, noun: str, several: str = "") -> str:
    """Count in words: `1 file`, `2 files`; empty for zero. `several` is an irregular plural."""
    if not number:
        return ""
    return f"{number} {noun}" if number == 1 else f"{number} {several or noun + 's'}"


def _changed(git: Git) -> int:
    status = ("status", "--porcelain=v2", "-z", "--untracked-files=no", "--ignore-submodules=dirty")
    # Git stops at a submodule that it cannot read, unless that is excluded.
    without = [f":(exclude,literal){name}" for name in unreadable(git)]
    listed = git.read(*status, "--", *without, env={"GIT_LITERAL_PATHSPECS": "0"})
    return len(parse_status(listed.stdout))


def _commits(git: Git, record: WorktreeRecord, known: Pulls | None, how: list[str]) -> str:
    """Count the commits that exist nowhere else, or find how they were merged."""
    if found := merged(git, record, known):
        how.append(found)
        return ""
    commits = counted(own_commits(git, record), "commit")
    return f"{commits} not in {record.base} or on a remote" if commits else ""


def _named(what: str, names: tuple[str, ...]) -> str:
    if not names:
        return ""
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"{what}: {', '.join(names[:_NAMED])}{more}"


def _submodules(git: Git, record: WorktreeRecord) -> tuple[str, ...]:
    """Find the initialised submodules; they are kept whole, so none is searched."""
    top = Path(record.path)
    return tuple(name for name in gitlinks(git) if is_initialised(top, name))


def _unfinished(record: WorktreeRecord) -> str:
    admin = admin_dir(record)
    found = [what for name, what in _UNFINISHED.items() if exists(admin / name)]
    return f"an unfinished {found[0]}" if found else ""


def _stashes(git: Git, record: WorktreeRecord) -> str:
    listed = git.read("log", "-g", "-z", "--format=%gs", "refs/stash", "--", ok=(0, 128))
    starts = (f"WIP on {record.branch}:", f"On {record.branch}:")
    stashes = counted(sum(name.startswith(starts) for name in fields(listed.stdout)), "stash")
    return (
        f"{stashes.replace('stashs', 'stashes')}, which `git stash list` keeps" if stashes else ""
    )


def _listed(git: Git) -> list[str]:
    return fields(
        git.read(
            "ls-files", "-z", "--others", "--ignored", "--exclude-standard",
            "--directory",
        ).stdout
    )  # fmt: skip


def _is_build(name: str) -> bool:
    return name.endswith("/") and name.rstrip("/").rpartition("/")[2] in builds.NAMES


@dataclass(slots=True)
class _Ignored:
    """What git ignores, split into what a deletion skips and what it keeps.

    Args:
        kept: number of files and directories that are kept.
        skipped: paths that are skipped.
        repositories: build directories that are kept because they contain repositories.
        reasons: why other build directories are kept, one phrase each.
    """

    kept: int = 0
    skipped: tuple[str, ...] = ()
    repositories: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()

    def sort(self, git: Git, record: WorktreeRecord) -> None:
        """Fill in all fields."""
        unchanged, links = _unchanged(record), _links(record)
        dropped: list[str] = []
        for name in _listed(git):
            if not _is_build(name):
                self.kept += not _below(git, record, name, unchanged | links) <= unchanged | links
            elif why := builds.why_kept(Path(record.path, name)):
                self._keep(name, why)
            else:
                dropped.append(name.rstrip("/"))
        self.skipped = (*dropped, *sorted(unchanged))

    def _keep(self, name: str, why: str) -> None:
        if why == builds.REPOSITORY:
            self.repositories += (name,)
        else:
            self.reasons += (f"{name.rstrip('/')}, kept since {why}",)


def _below(git: Git, record: WorktreeRecord, name: str, unchanged: set[str]) -> set[str]:
    """List the ignored files of one entry; a directory without copied files is not listed."""
    if not name.endswith("/"):
        return {name}
    if not any(copied.startswith(name) for copied in unchanged):
        closed: list[OSError] = []
        walk = os.walk(Path(record.path, name), onerror=closed.append)
        return {name} if any(files for _, _, files in walk) or closed else set()
    listed = git.read("ls-files", "-z", "--others", "--ignored", "--exclude-standard", "--", name)
    return set(fields(listed.stdout))


def _links(record: WorktreeRecord) -> set[str]:
    """Find our links into the main checkout that are still links: their targets are not ours."""
    return {name for name in record.linked if is_symlink(Path(record.path, name))}


def _unchanged(record: WorktreeRecord) -> set[str]:
    """Find the copied files that have not changed since they were copied."""
    top = open_directory(Path(record.path))
    try:
        return {f.path for f in record.copied if include.digest_of(top, f.path) == f.digest}
    finally:
        os.close(top)
