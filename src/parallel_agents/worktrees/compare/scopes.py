"""What a session's files can be compared with, besides its base: commits that a person names.

Keep true: a name reaches git only after `--end-of-options`, and is a hash from then on; nothing is
fetched; nothing is written.
"""

from parallel_agents.core.errors import GitError
from parallel_agents.core.scope import Commit
from parallel_agents.core.worktree import DiffPart, WorktreeRecord
from parallel_agents.worktrees.compare.diff import diff_base, head_or_nothing, nothing
from parallel_agents.worktrees.look.identity import git_of, require
from parallel_agents.worktrees.make.base_commit import commit_named
from parallel_agents.worktrees.make.pull import parse_pull
from parallel_agents.worktrees.plumbing.git import Git
from parallel_agents.worktrees.plumbing.porcelain import fields

_LISTED = 200
"""Commits that are listed."""


def head(record: WorktreeRecord) -> str:
    """Find the hash of the commit that is checked out; of the empty tree when there is none.

    Raises:
        WorktreeError: the worktree is not as recorded.
    """
    return head_or_nothing(_git(record))


def fork(record: WorktreeRecord, name: str) -> str:
    """Find the commit where the work left another branch, or last took it in.

    Args:
        record: the worktree.
        name: anything that git takes for a commit, or a pull request that was fetched before.

    Raises:
        GitError: there is no such commit, or it has no history in common with the work.
        UsageError: the name means several commits.
        WorktreeError: the worktree is not as recorded.
    """
    git = _git(record)
    pull = parse_pull(name)
    other = commit_named(git, name if pull is None else pull.ref, record.root)
    found = git.read("merge-base", head_or_nothing(git), other, ok=(0, 1, 128))
    if found.returncode or not found.line:
        raise GitError(
            f"{name!r} has no commit in common with this session", "Name another branch."
        )
    return found.line


def one_commit(record: WorktreeRecord, rev: str) -> tuple[Commit, DiffPart]:
    """Find a commit, and pair it with its first parent; the first of all, with no files.

    Args:
        record: the worktree.
        rev: anything that git takes for a commit.

    Raises:
        GitError: there is no such commit.
        UsageError: the name means several commits.
        WorktreeError: the worktree is not as recorded.
    """
    git = _git(record)
    commit = commit_named(git, rev, record.root)
    (found,) = _listed(git, "--max-count=1", commit)
    parent = git.read("rev-parse", "--verify", "--quiet", f"{commit}^1", ok=(0, 1, 128)).line
    return found, DiffPart(base=parent or nothing(git), tree=commit)


def commits(record: WorktreeRecord) -> tuple[Commit, ...]:
    """List the commits that the work has beyond its base, newest first.

    Raises:
        WorktreeError: the worktree is not as recorded.
    """
    git = _git(record)
    top = git.read("rev-parse", "--verify", "--quiet", "HEAD^{commit}", ok=(0, 1, 128)).line
    if not top:
        return ()
    _, base = diff_base(git, record)
    return _listed(git, f"--max-count={_LISTED}", top, f"^{base}")


def _git(record: WorktreeRecord) -> Git:
    require(record)
    return git_of(record)


def _listed(git: Git, *which: str) -> tuple[Commit, ...]:
    words = ("log", "-z", "--no-color", "--no-show-signature", "--format=%H %ct %s")
    lines = fields(git.read(*words, *which, "--").stdout)
    return tuple(_commit(*line.split(" ", 2)) for line in lines)


def _commit(name: str, seconds: str, subject: str) -> Commit:
    at = int(seconds) if seconds.isdecimal() and len(seconds) < 12 else 0
    return Commit(hash=name, subject=subject, at=at * 1000)
