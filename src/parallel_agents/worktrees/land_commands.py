"""What would be lost with a worktree, and commands that bring its work into the checkout.

Keep true: every command is quoted for a POSIX shell, works from any directory, and names what is
checked out; no ref, index or file is changed here.
"""

import shlex
from pathlib import Path

from parallel_agents.core.worktree import WorktreeRecord
from parallel_agents.worktrees.compare import own_work
from parallel_agents.worktrees.look import standing
from parallel_agents.worktrees.look.identity import admin_dir, bound_git, require
from parallel_agents.worktrees.plumbing.git import Git
from parallel_agents.worktrees.plumbing.meanings import plain_name
from parallel_agents.worktrees.plumbing.porcelain import parse_status


def land_commands(record: WorktreeRecord) -> tuple[str, ...]:
    """Write the commands that bring a session's work into the main checkout.

    Args:
        record: the worktree.

    Returns:
        Shell lines: if there is uncommitted work, first the one that commits it; then the merge;
        then a cherry-pick that can replace the merge. None while `why_not` gives a reason.

    Raises:
        WorktreeError: the worktree does not match its record.
    """
    require(record)
    if why_not(record):
        return ()
    git = bound_git(record.path)
    lines = []
    if _uncommitted(git):
        commit = _line("git", "-C", record.path, "commit", "-m", f"Work of {record.slug}")
        lines.append(f"{_line('git', '-C', record.path, 'add', '-A')} && {commit}")
    main = record.checkout or record.root
    tip = git.read("rev-parse", "HEAD").line
    base = git.read("merge-base", tip, record.base_commit, ok=(0, 1, 128)).line
    start = (base or record.base_commit)[:12]
    branch = _current(git)
    if branch:
        lines.append(_line("git", "-C", main, "merge", plain_name(git, branch)))
        picked = _line(f"{start}..{plain_name(git, branch)}")
    elif lines:  # the commit that the first line creates has no name yet
        made = f'"$({_line("git", "-C", record.path, "rev-parse", "HEAD")})"'
        lines.append(f"{_line('git', '-C', main, 'merge')} {made}")
        picked = f"{start}..{made}"
    else:
        lines.append(_line("git", "-C", main, "merge", tip[:12]))
        picked = _line(f"{start}..{tip[:12]}")
    lines.append(f"{_line('git', '-C', main, 'cherry-pick')} {picked}")
    return tuple(lines)


def why_not(record: WorktreeRecord) -> str:
    """Give the reason why no command to land the work can be proposed now.

    Args:
        record: the worktree.

    Returns:
        One sentence; empty if there are commands, or nothing to land.

    Raises:
        WorktreeError: the worktree does not match its record.
    """
    require(record)
    git, place = bound_git(record.path), shlex.quote(record.path)
    found = standing.unfinished(admin_dir(record))
    if found:
        return f"An unfinished {found} is in the way: finish or abort it in {place} first."
    if git.read("ls-files", "--unmerged", "-z").stdout:
        return f"There are conflicts in {place}: resolve them first."
    if git.read("rev-parse", "--verify", "--quiet", "HEAD", ok=(0, 1, 128)).returncode:
        return f"{place} is on a branch without a commit: make the first one."
    main = Git(record.checkout or record.root)
    there = Path(main.read("rev-parse", "--absolute-git-dir").text)
    found = standing.unfinished(there)
    if found:
        return f"An unfinished {found} is in your checkout: finish or abort it first."
    return ""


def protection(record: WorktreeRecord) -> tuple[str, ...]:
    """Describe in plain words what exists only in this worktree.

    Args:
        record: the worktree.

    Returns:
        One phrase each for uncommitted files and for commits that exist nowhere else; empty if
        there is nothing.

    Raises:
        WorktreeError: the worktree does not match its record.
    """
    found = own_work.look(record)
    if not found.merged:
        return found.saved
    return (*found.saved, f"its commits are not: {found.merged}")


def _uncommitted(git: Git) -> int:
    listed = git.read(
        "status", "--porcelain=v2", "-z", "--untracked-files=all", "--ignore-submodules=dirty"
    )
    return len(parse_status(listed.stdout))


def _current(git: Git) -> str:
    """Name the branch that is checked out now: the agent may have created its own."""
    return git.read("symbolic-ref", "--short", "--quiet", "HEAD", ok=(0, 1, 128)).line


def _line(*words: str) -> str:
    return shlex.join(words)
