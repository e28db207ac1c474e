"""Find the initialised submodules of a worktree, each with its own git directory.

Keep true: a submodule's own settings are disarmed like a repository's; a link on the way to a
submodule is not followed; the number and depth of submodules searched are limited. A closed or
damaged submodule is reported, and hides nothing else.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from parallel_agents.worktrees.filesystem.files import exists, read_regular
from parallel_agents.worktrees.plumbing.git import Git, attempt
from parallel_agents.worktrees.plumbing.porcelain import fields

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
    """Find the initialised submodules that git can read, including nested ones.

    Args:
        git: a git at the top of a worktree.

    Yields:
        Each submodule's path from the top, and the submodule.
    """
    left = MOST
    pending = [("", git, DEEPEST)]
    while pending:
        prefix, outer, depth = pending.pop(0)
        for name in _gitlinks_of(outer) if prefix else gitlinks(outer):
            found = _look(Path(outer.directory), name)
            if not isinstance(found, Submodule) or left <= 0:
                continue
            left -= 1
            yield prefix + name, found
            if depth > 1:
                pending.append((f"{prefix}{name}/", found.git, depth - 1))


def gitlinks(git: Git) -> tuple[str, ...]:
    """List the paths at which the index has a commit of another repository."""
    staged = fields(git.read("ls-files", "-z", "--stage").stdout)
    return tuple(dict.fromkeys(e.partition("\t")[2] for e in staged if e.startswith("160000 ")))


def _gitlinks_of(submodule: Git) -> tuple[str, ...]:
    """List a submodule's own; none if its index is damaged, which comparing it reports."""
    found: list[str] = []
    attempt(lambda: found.extend(gitlinks(submodule)))
    return tuple(found)


def unreadable(git: Git) -> dict[str, str]:
    """Find the submodules that are initialised, but closed or damaged.

    Git may stop at one of them, whichever of the surrounding files it is asked about.

    Args:
        git: a git in the worktree, or in a submodule.

    Returns:
        Why it cannot be read, by path.
    """
    top, asked = Path(git.directory), 0
    told: dict[str, str] = {}
    for name in gitlinks(git):
        found = _look(top, name, ask=asked < MOST)
        asked += isinstance(found, Submodule)
        if isinstance(found, str):
            told[name] = found
    return told


def is_initialised(top: Path, name: str) -> bool:
    """Tell whether there is a repository at a gitlink, as far as we can see.

    Args:
        top: top of the worktree.
        name: path of the gitlink.

    Returns:
        True also if there could be one behind a directory that is closed.
    """
    try:
        return exists(top / name / ".git")
    except PermissionError:
        return True


def _look(top: Path, name: str, *, ask: bool = True) -> Submodule | str | None:
    """Check a gitlink: the submodule, why git cannot read it, or None if there is none."""
    directory = top / name
    if os.path.realpath(directory) != os.path.join(os.path.realpath(top), name):  # noqa: PTH118
        return None
    if not is_initialised(top, name):
        return None
    try:
        place = _directory_of_git(directory)
        if place is None or not (place / "HEAD").is_file():
            return "its .git leads to no repository"
    except OSError as error:
        return f"cannot be read: {error.strerror}"
    git = Git(str(directory), git_dir=str(place), work_tree=str(directory))
    if ask and attempt(lambda: git.read("rev-parse", "--git-dir")):
        return "git cannot read it"
    return Submodule(git=git, directory_of_git=place)


def _directory_of_git(directory: Path) -> Path | None:
    inside = directory / ".git"
    if inside.is_dir():
        return inside
    named = os.fsdecode(read_regular(inside, 16384) or b"").strip()
    if not named.startswith("gitdir: "):
        return None
    return Path(os.path.realpath(directory / named.removeprefix("gitdir: ")))
