"""Find the initialised submodules of a worktree, each with a git of its own.

Keep true: whatever a submodule's own settings name is put out of force as a repository's is; a
link on the way to one is not followed; there is a bound to how many are looked at, and how deep.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from parallel_agents.worktrees.files import read_regular
from parallel_agents.worktrees.git import Git
from parallel_agents.worktrees.porcelain import fields

MOST = 50
DEEPEST = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Submodule:
    """One initialised submodule.

    Args:
        git: a git in it.
        directory_of_git: git's own directory for it.
    """

    git: Git
    directory_of_git: Path


def submodules(git: Git) -> Iterator[tuple[str, Submodule]]:
    """Find initialised submodules, those inside others too.

    Args:
        git: a git at the top of a worktree.

    Yields:
        The path of each from the top, and the submodule.
    """
    left = MOST
    pending = [("", git, DEEPEST)]
    while pending:
        prefix, outer, depth = pending.pop(0)
        for name in gitlinks(outer):
            found = _submodule(Path(outer.directory), name)
            if found is None or left <= 0:
                continue
            left -= 1
            yield prefix + name, found
            if depth > 1:
                pending.append((f"{prefix}{name}/", found.git, depth - 1))


def gitlinks(git: Git) -> tuple[str, ...]:
    """List the paths at which the index has a commit of another repository.

    Args:
        git: a git in the worktree.

    Returns:
        Their paths.
    """
    staged = fields(git.read("ls-files", "-z", "--stage").stdout)
    return tuple(dict.fromkeys(e.partition("\t")[2] for e in staged if e.startswith("160000 ")))


def _submodule(top: Path, name: str) -> Submodule | None:
    directory = top / name
    if os.path.realpath(directory) != os.path.join(os.path.realpath(top), name):  # noqa: PTH118
        return None
    inside = directory / ".git"
    place = inside
    if not inside.is_dir():
        named = os.fsdecode(read_regular(inside, 16384) or b"").strip()
        if not named.startswith("gitdir: "):
            return None
        place = Path(os.path.realpath(directory / named.removeprefix("gitdir: ")))
    if not (place / "HEAD").is_file():
        return None
    git = Git(str(directory), git_dir=str(place), work_tree=str(directory))
    return Submodule(git=git, directory_of_git=place)
