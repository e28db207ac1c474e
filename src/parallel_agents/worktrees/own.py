"""What only one worktree has: what a deletion has to save, in plain words.

Keep true: whatever would be lost with the directory, its administrative directory or its branch
has a phrase here, except what a deletion names as skipped; nothing is written but objects, no
program of the repository's is run, and no lock is taken.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from parallel_agents.core.errors import GitError
from parallel_agents.core.worktree import OwnWork, WorktreeRecord
from parallel_agents.worktrees import builds, include
from parallel_agents.worktrees.files import exists, is_symlink, open_directory
from parallel_agents.worktrees.git import Git, attempt
from parallel_agents.worktrees.identity import admin_dir, bound_git, require, verify
from parallel_agents.worktrees.looking import untracked
from parallel_agents.worktrees.merged import hash_of, merged, own_tips, targets_of
from parallel_agents.worktrees.merged_pull import Pulls, merged_pulls, remote_to_ask
from parallel_agents.worktrees.porcelain import fields, parse_status
from parallel_agents.worktrees.submodules import gitlinks, is_initialised, unreadable

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
    """Ask a remote for the pull requests that may have merged what only a worktree has.

    Args:
        record: the worktree; it may be gone.

    Returns:
        For `look`; nothing when there is nothing to ask, or no answer in time.
    """
    if verify(record) is not None:
        return {}
    try:
        git = bound_git(record.path)
        # Most branches are never pushed: the one setting that says so is read before all else.
        remote = remote_to_ask(git, record)
        if not remote or not own_commits(git, record):
            return {}
        return merged_pulls(git, remote, own_tips(git, record), targets_of(git, record))
    except GitError:
        return {}  # whoever looks next says what is wrong


def look(record: WorktreeRecord, known: Pulls | None = None) -> OwnWork:
    """Find out what a deletion of a worktree would have to save; waits for no network.

    Args:
        record: the worktree.
        known: from `pulls`, when that was asked.

    Returns:
        What only it has.

    Raises:
        WorktreeError: the worktree is not as recorded.
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
    """Ask git; what it cannot read is said, and is kept with the directory."""
    told: list[str] = []
    error = attempt(lambda: told.append(ask()))
    return told[0] if error is None else f"{what}, which git cannot list ({error.message})"


def own_commits(git: Git, record: WorktreeRecord) -> int:
    """Count the commits that are neither in the base nor on a remote nor on another's branch.

    Args:
        git: a git in the worktree.
        record: the worktree.

    Returns:
        How many.
    """
    tips = own_tips(git, record)
    if not tips:
        return 0
    base = hash_of(git, record.base_ref) if record.base_ref else ""
    kept = "" if record.made_branch else hash_of(git, f"refs/heads/{record.branch}")
    known = [c for c in (base, record.base_commit, record.started_at, kept) if c]
    elsewhere = ("--remotes", "--glob=refs/pull/*", "--glob=refs/merge-requests/*")
    return int(git.read("rev-list", "--count", *tips, "--not", *known, *elsewhere).line)


def counted(number: int, noun: str, several: str = "") -> str:
    """Say how many of something.

    Args:
        number: how many.
        noun: what, of one.
        several: what, of several, where an `s` does not do.

    Returns:
        `1 file`, `2 files`; empty for none.
    """
    if not number:
        return ""
    return f"{number} {noun}" if number == 1 else f"{number} {several or noun + 's'}"


def _changed(git: Git) -> int:
    status = ("status", "--porcelain=v2", "-z", "--untracked-files=no", "--ignore-submodules=dirty")
    # Git stops at a submodule that it cannot read, unless it is not asked of it at all.
    without = [f":(exclude,literal){name}" for name in unreadable(git)]
    listed = git.read(*status, "--", *without, env={"GIT_LITERAL_PATHSPECS": "0"})
    return len(parse_status(listed.stdout))


def _commits(git: Git, record: WorktreeRecord, known: Pulls | None, how: list[str]) -> str:
    """Count the commits that are nowhere else, or find out how they were merged."""
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
    """Submodules that were initialised here; all of it is kept, so none is looked into."""
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
    """What git ignores, sorted into what a deletion drops and what it keeps.

    Args:
        kept: how many files and directories are kept.
        skipped: paths that are dropped.
        repositories: build directories that are kept for the repositories in them.
        reasons: why other build directories are kept, one phrase each.
    """

    kept: int = 0
    skipped: tuple[str, ...] = ()
    repositories: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()

    def sort(self, git: Git, record: WorktreeRecord) -> None:
        """Fill it in."""
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
    """The ignored files of one line; a directory without copied files is not looked into."""
    if not name.endswith("/"):
        return {name}
    if not any(copied.startswith(name) for copied in unchanged):
        closed: list[OSError] = []
        walk = os.walk(Path(record.path, name), onerror=closed.append)
        return {name} if any(files for _, _, files in walk) or closed else set()
    listed = git.read("ls-files", "-z", "--others", "--ignored", "--exclude-standard", "--", name)
    return set(fields(listed.stdout))


def _links(record: WorktreeRecord) -> set[str]:
    """The links into the main checkout that are still links: what they lead to is not ours."""
    return {name for name in record.linked if is_symlink(Path(record.path, name))}


def _unchanged(record: WorktreeRecord) -> set[str]:
    """The copied files that are as they were copied."""
    top = open_directory(Path(record.path))
    try:
        return {f.path for f in record.copied if include.digest_of(top, f.path) == f.digest}
    finally:
        os.close(top)
