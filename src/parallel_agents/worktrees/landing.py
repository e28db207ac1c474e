"""What would be lost with a worktree, and how to take its work out.

Keep true: every command is quoted for a POSIX shell and works from any directory; no ref, index
or file is changed here.
"""

import shlex

from parallel_agents.core.worktree import WorktreeRecord
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
    require(record)
    git = bound_git(record.path)
    phrases = []
    files = _uncommitted(git)
    if files:
        phrases.append(_count(files, "uncommitted file"))
    commits = _own_commits(git, record)
    if commits:
        merged = " (their changes are already there)" if _is_landed(git, record) else ""
        phrases.append(f"{_count(commits, 'commit')} not in {record.base} or on a remote{merged}")
    return tuple(phrases)


def _uncommitted(git: Git) -> int:
    listed = git.read(
        "status", "--porcelain=v2", "-z", "--untracked-files=all", "--ignore-submodules=dirty"
    )
    return len(parse_status(listed.stdout))


def _current(git: Git) -> str:
    """Name the branch that is checked out now: the agent may have made its own."""
    return git.read("symbolic-ref", "--short", "--quiet", "HEAD", ok=(0, 1, 128)).line


def _own_commits(git: Git, record: WorktreeRecord) -> int:
    tips = [tip for name in ("HEAD", f"refs/heads/{record.branch}") if (tip := _hash(git, name))]
    if not tips:
        return 0
    base = _hash(git, record.base_ref) if record.base_ref else ""
    known = [commit for commit in (base, record.base_commit) if commit]
    counted = git.read("rev-list", "--count", *tips, "--not", *known, "--remotes")
    return int(counted.line)


def _is_landed(git: Git, record: WorktreeRecord) -> bool:
    """Tell whether merging into the base would change nothing, as after a squash merge."""
    base = _hash(git, record.base_ref) if record.base_ref else ""
    head = _hash(git, "HEAD")
    if not base or not head:
        return False
    # Older than 2.38, git has no such command: the plain answer is then "not landed".
    merged = git.read("merge-tree", "--write-tree", base, head, ok=(0, 1, 128, 129))
    return merged.returncode == 0 and merged.line == _hash(git, f"{base}^{{tree}}")


def _hash(git: Git, name: str) -> str:
    found = git.read("rev-parse", "--verify", "--quiet", "--end-of-options", name, ok=(0, 1, 128))
    return found.line if found.returncode == 0 else ""


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _line(*words: str) -> str:
    return shlex.join(words)
