"""What would be lost with a worktree, and how to take its work out.

Keep true: every command is quoted for a POSIX shell and works from any directory; no ref, index
or file is changed here.
"""

import shlex

from parallel_agents.core.worktree import WorktreeRecord
from parallel_agents.worktrees import own, place
from parallel_agents.worktrees.git import Git
from parallel_agents.worktrees.identity import bound_git, require
from parallel_agents.worktrees.porcelain import parse_status


def land_commands(record: WorktreeRecord) -> tuple[str, ...]:
    """Write down the commands that bring a session's work into the main checkout.

    Args:
        record: the worktree.

    Returns:
        Shell lines: with uncommitted work first the one that commits it, then the merge, then
        the cherry-pick that can replace the merge.

    Raises:
        WorktreeError: the worktree is not as recorded.
    """
    require(record)
    if record.kind != "worktree":
        return ()
    git = bound_git(record.path)
    lines = []
    if _uncommitted(git):
        commit = _line("git", "-C", record.path, "commit", "-m", f"Work of {record.slug}")
        lines.append(f"{_line('git', '-C', record.path, 'add', '-A')} && {commit}")
    main = record.checkout or record.root
    branch = _current(git) or record.branch
    base = git.read("merge-base", branch, record.base_commit, ok=(0, 1, 128)).line
    lines.append(_line("git", "-C", main, "merge", branch))
    lines.append(
        _line("git", "-C", main, "cherry-pick", f"{(base or record.base_commit)[:12]}..{branch}")
    )
    return tuple(lines)


def protection(record: WorktreeRecord) -> tuple[str, ...]:
    """Say in plain words what is only in this worktree.

    Args:
        record: the worktree.

    Returns:
        One phrase each: uncommitted files, commits not elsewhere; empty when there is nothing.

    Raises:
        WorktreeError: the worktree is not as recorded.
    """
    if record.kind != "worktree":
        return place.own_work(record).saved
    found = own.look(record)
    if not found.merged:
        return found.saved
    return (*found.saved, f"its commits are not: {found.merged}")


def _uncommitted(git: Git) -> int:
    listed = git.read(
        "status", "--porcelain=v2", "-z", "--untracked-files=all", "--ignore-submodules=dirty"
    )
    return len(parse_status(listed.stdout))


def _current(git: Git) -> str:
    """Name the branch that is checked out now: the agent may have made its own."""
    return git.read("symbolic-ref", "--short", "--quiet", "HEAD", ok=(0, 1, 128)).line


def _line(*words: str) -> str:
    return shlex.join(words)
