"""Find what the checkout has, a new worktree lacks, and git does not mention.

Keep true: nothing is created and nothing from the repository is run; only things that the checkout
really has are reported as missing.
"""

import os
from pathlib import Path

from parallel_agents.worktrees.filesystem.files import exists
from parallel_agents.worktrees.plumbing.git import Git
from parallel_agents.worktrees.plumbing.submodules import gitlinks, is_initialised

_NAMED = 3


def notes(checkout: str, worktree: Git) -> tuple[str, ...]:
    """Say what is absent.

    Args:
        checkout: top of the checkout that the worktree was made from.
        worktree: a git in the finished worktree.

    Returns:
        One sentence each, with what to do about it.
    """
    return tuple(filter(None, (_hooks(checkout, worktree), _submodules(checkout, worktree))))


def _hooks(checkout: str, worktree: Git) -> str:
    """Report hooks in a directory that a tool created and git ignores, like husky's `.husky/_`."""
    named = [e.value for e in worktree.config() if e.key == "core.hookspath" and e.value]
    if not named or Path(named[-1]).is_absolute() or named[-1].startswith("~"):
        return ""
    for path in (named[-1], f"{named[-1]}/_"):
        there = os.path.isdir(Path(checkout, path))  # noqa: PTH112 - a closed one raises nothing
        if there and not exists(Path(worktree.directory, path)):
            return (
                f"core.hooksPath is {named[-1]}, and {path} is not in this worktree: git runs no "
                "hooks here until a set-up command makes them (setup in .parallel-agents.toml), or "
                f".worktreeinclude lists /{path}/."
            )
    return ""


def _submodules(checkout: str, worktree: Git) -> str:
    lacking = [name for name in gitlinks(worktree) if is_initialised(Path(checkout), name)]
    if not lacking:
        return ""
    more = f" and {len(lacking) - _NAMED} more" if len(lacking) > _NAMED else ""
    return (
        f"Submodules are not initialised in this worktree: {', '.join(lacking[:_NAMED])}{more}. "
        'As set-up: setup = "git submodule update --init --recursive"'
    )
