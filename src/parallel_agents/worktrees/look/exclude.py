"""Adds our lines to the repository's `info/exclude`, and copes with rules that override them.

Keep true: lines are only added, each once, and the file is never read through a symbolic link (git
reads no other exclude file for a linked worktree: gitrepository-layout(5), `info/exclude`). Git
itself decides whether a worktree is ignored, once the worktree exists.
"""

import errno
import os
import re
from collections.abc import Iterable
from pathlib import Path

from parallel_agents.core.errors import RefusedError
from parallel_agents.worktrees.filesystem.appearing import appearing
from parallel_agents.worktrees.filesystem.files import open_directory, read_regular
from parallel_agents.worktrees.plumbing.git import Git
from parallel_agents.worktrees.plumbing.porcelain import fields

WORKTREES_LINE = "/.claude/worktrees/"
_OWN_FILE = b"# Worktrees of parallel-agents, which no `git add` is to take.\n*\n"
_LIMIT = 64 * 1024 * 1024


def pattern_for(path: str) -> str | None:
    """Write a path as an anchored ignore pattern that matches only that path.

    Args:
        path: relative to the top of a worktree.

    Returns:
        The pattern; `None` for a name that the format cannot hold.
    """
    if "\n" in path or "\r" in path:
        return None
    escaped = re.sub(r"([\\*?\[])", r"\\\1", path)
    stripped = escaped.rstrip(" ")
    return "/" + stripped + "\\ " * (len(escaped) - len(stripped))


def add_lines(common_dir: str, lines: Iterable[str]) -> tuple[str, ...]:
    """Add the lines that are missing; the caller holds the repository's lock.

    Args:
        common_dir: the repository's common directory.
        lines: ignore patterns.

    Returns:
        The lines that were added.

    Raises:
        RefusedError: the file is a symbolic link or a pipe.
        OSError: the file cannot be written.
    """
    path = Path(common_dir) / "info" / "exclude"
    present = read_regular(path, _LIMIT) or b""
    known = set(present.split(b"\n"))
    new = [line for line in dict.fromkeys(lines) if os.fsencode(line) not in known]
    if not new:
        return ()
    path.parent.mkdir(exist_ok=True)
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        descriptor = os.open(path, flags, 0o666)
    except OSError as error:
        if error.errno == errno.ENXIO:
            raise RefusedError(
                f"{path} is a pipe", "Replace it with a file: it must ignore worktrees."
            ) from error
        if error.errno == errno.ELOOP:
            raise RefusedError(
                f"{path} is a symbolic link", "Replace it with a file: it must ignore worktrees."
            ) from error
        raise
    try:
        start = b"" if not present or present.endswith(b"\n") else b"\n"
        os.write(descriptor, start + b"".join(os.fsencode(line) + b"\n" for line in new))
    finally:
        os.close(descriptor)
    return tuple(new)


def ensure_ignored(git: Git, path: Path) -> str:
    """Make sure that a worktree does not show up as untracked in the checkout that contains it.

    A `.gitignore` overrides `info/exclude`, but not a `.gitignore` in the directory of all
    worktrees.

    Args:
        git: a git in that checkout.
        path: top of the worktree, which must exist.

    Returns:
        What to tell the user, in one sentence; empty if our line was enough.

    Raises:
        OSError: the file cannot be written.
    """
    against = _not_ignored(git, path)
    if not against:
        return ""
    own = path.parent / ".gitignore"
    directory = open_directory(own.parent)
    try:
        with appearing(directory, own.name, 0o666) as file:
            os.write(file, _OWN_FILE)
    except FileExistsError:
        pass
    finally:
        os.close(directory)
    left = _not_ignored(git, path)
    if not left:
        return f"{against} would show worktrees as untracked: {own} was added against that."
    return f"{left} shows this worktree as untracked: `git add -A` in your checkout would take it."


def is_needed(git: Git, path: Path) -> bool:
    """Whether our line in `info/exclude` is what makes git ignore a worktree.

    A `.gitignore`, which counts before it, may have such a line as well; only on some branches,
    though, so ours is added all the same.
    """
    source, _, pattern = next(iter(_rules(git, path)), ("", "", ""))
    return not source.endswith(".gitignore") or pattern.startswith("!")


def _not_ignored(git: Git, path: Path) -> str:
    """Name the line that makes git not ignore a path; empty if git ignores it."""
    rules = _rules(git, path)
    if rules and rules[0][2] and not rules[0][2].startswith("!"):
        return ""
    # A rule that only un-ignores the parent directory matches nothing inside.
    for source, line, pattern in rules:
        if pattern.startswith("!"):
            return f"Line {line} of {source} ({pattern})"
    return "No rule that git reads hides worktrees, which"


def _rules(git: Git, path: Path) -> list[tuple[str, str, str]]:
    """List the file, line and pattern that decide about a path, then about those above it."""
    args = ("check-ignore", "--verbose", "--non-matching", "--no-index", "-z", "--stdin")
    inside = path.relative_to(git.directory)
    asked = b"".join(os.fsencode(part) + b"\0" for part in (inside, *list(inside.parents)[:-1]))
    env = {"GIT_LITERAL_PATHSPECS": "0"}  # this command does not support it; a slug needs none
    told = fields(git.read(*args, stdin=asked, env=env, ok=(0, 1)).stdout)
    return list(zip(told[0::4], told[1::4], told[2::4], strict=False))
