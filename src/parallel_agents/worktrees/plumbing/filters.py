"""Filters that only a repository's configuration defines: what they run, which paths use them.

Keep true: such a filter runs only with exactly the lines, and exactly the programs in the work
tree, that the user accepted; a path whose filter is disabled is never checked out in the form that
git stores, and never read without the filter.
"""

import os
import shlex
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from parallel_agents.core.errors import RefusedError
from parallel_agents.core.worktree import ConfigFile
from parallel_agents.worktrees.plumbing import filter_lines
from parallel_agents.worktrees.plumbing.filter_lines import Read
from parallel_agents.worktrees.plumbing.git import Git
from parallel_agents.worktrees.plumbing.porcelain import fields

_NAMED = 3
_REMEMBERED = 64


def executable_lines(git: Git, commit: str, worktree: str | None = None) -> ConfigFile | None:
    """Collect what the filters of a repository's configuration would run for a base.

    Args:
        git: a git in the repository.
        commit: full hash of the base commit.
        worktree: top of a session's worktree, to use its files instead of the commit's.

    Returns:
        The lines, with their hash; `None` if there are none.
    """
    read = filter_lines.on_disk(worktree) if worktree else _stored_in(git, commit)
    return filter_lines.collect(git.entries, git.directory, read)


def refuse_lost(git: Git, commit: str, checkout: str, *, base: str = "") -> None:
    """Refuse to start from a commit whose files need a filter that nobody accepted.

    Args:
        git: a git in the repository.
        commit: full hash.
        checkout: the path to name in the hint.
        base: name of a pull request, which has to be accepted itself; empty for none.

    Raises:
        RefusedError: the commit has such files.
    """
    lines, accepts = executable_lines(git, commit), Git.accepts
    if lines is None or accepts is None or (not base and accepts(lines.digest)):
        return
    found = _at(git, commit, git.disarmed.own)
    refuse(tuple(found), sorted(set(found.values())), checkout, base=base)


def refuse(names: Sequence[str], drivers: Sequence[str], checkout: str, *, base: str = "") -> None:
    """Refuse to check out files in the form that git stores.

    Args:
        names: the files; may be empty.
        drivers: names of their filters.
        checkout: the path to name in the hint.
        base: name of a pull request; empty for none.

    Raises:
        RefusedError: there are such files.
    """
    if not names:
        return
    raise RefusedError(
        f"{_listed(names)} would be checked out as git stores it: its filter "
        f"“{', '.join(drivers)}” is only in .git/config and was not accepted.",
        "Look at what it runs and accept it: parallel-agents trust "
        + shlex.quote(checkout)
        + (f" --base {shlex.quote(base)}" if base else "")
        + ". Or name it in your own settings: git config --global.",
    )


def used(git: Git, names: Iterable[str], *, cached: bool = False) -> dict[str, str]:
    """Find the paths that pass through a filter.

    Args:
        git: a git in a work tree.
        names: paths, relative to its top.
        cached: whether to use the attributes in the index instead of those in the work tree.

    Returns:
        The filter's name for each such path.
    """
    asked = b"".join(os.fsencode(name) + b"\0" for name in names)
    if not asked:
        return {}
    options = ("--cached",) if cached else ()
    told = fields(git.read("check-attr", *options, "-z", "--stdin", "filter", stdin=asked).stdout)
    found = zip(told[0::3], told[2::3], strict=False)
    return {name: value for name, value in found if value not in ("unspecified", "unset", "set")}


def left_out(git: Git, commit: str, untracked: Iterable[str]) -> tuple[str, ...]:
    """Choose the paths that must not be read, because their filter is disabled or was changed.

    Args:
        git: a git in a session's worktree.
        commit: the commit that the worktree started from.
        untracked: files to check besides the tracked ones.

    Returns:
        The paths whose stored form differs from their current content.
    """
    own = git.disarmed.own
    if not own:
        return ()
    names = (*fields(git.read("ls-files", "-z").stdout), *untracked)
    now = used(git, names)
    before = _at(git, commit, own)
    return tuple(
        name
        for name in names
        if now.get(name) in git.disarmed.lost or (name in before and now.get(name) != before[name])
    )


def hide(git: Git, commit: str) -> None:
    """Hide the content of such paths from a private index, which treats them as unchanged.

    Args:
        git: a git with a private index.
        commit: the commit that the worktree started from.
    """
    left = left_out(git, commit, ())
    if left:
        lines = b"".join(os.fsencode(name) + b"\0" for name in left)
        git.write("update-index", "--assume-unchanged", "-z", "--stdin", stdin=lines)


def through(git: Git, before: Git, checkout: str) -> None:
    """Check out files again whose filter got enabled by the files that it runs.

    Args:
        git: a git in a worktree that was just checked out.
        before: the git that checked it out.
        checkout: the path to name if a filter is still disabled.

    Raises:
        RefusedError: a file is there in the form that git stores.
    """
    if Git.accepts is None or not before.disarmed.lost:
        return
    found = used(git, fields(git.read("ls-files", "-z").stdout))
    left = [name for name in found if found[name] in git.disarmed.lost]
    refuse(left, sorted({found[name] for name in left}), checkout)
    again = [name for name in found if found[name] in before.disarmed.lost]
    for name in again:
        Path(git.directory, name).unlink(missing_ok=True)
    lines = b"".join(os.fsencode(name) + b"\0" for name in again)
    git.write("checkout-index", "--force", "--index", "-z", "--stdin", stdin=lines)


def note(names: Sequence[str]) -> str:
    """Say which paths a comparison left out.

    Args:
        names: the paths.

    Returns:
        Words to append to the name of what it compares with; empty without paths.
    """
    return f", without {_listed(names)}: the filter is not accepted" if names else ""


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more


_KNOWN: dict[tuple[str, str, frozenset[str]], dict[str, str]] = {}
"""Results of `_at`: a commit does not change, and every count of changes asks again."""


def _at(git: Git, commit: str, drivers: frozenset[str]) -> dict[str, str]:
    """Find the files of a commit that use certain filters, by the commit's own attributes."""
    key = (git.directory, commit, drivers)
    if key not in _KNOWN:
        if len(_KNOWN) >= _REMEMBERED:
            _KNOWN.clear()
        _KNOWN[key] = _look(git, commit, drivers)
    return _KNOWN[key]


def _look(git: Git, commit: str, drivers: frozenset[str]) -> dict[str, str]:
    if not drivers:
        return {}
    with tempfile.TemporaryDirectory(prefix="parallel-agents-") as directory:
        other = git.with_index(str(Path(directory) / "index"))
        other.write("read-tree", commit)
        found = used(other, fields(other.read("ls-files", "-z").stdout), cached=True)
    return {name: driver for name, driver in found.items() if driver in drivers}


def _stored_in(git: Git, commit: str) -> Read:
    def read(name: str) -> bytes | None:
        asked = os.fsencode(f"{commit}:{os.path.normpath(name)}\n")
        told = git.read("cat-file", "--batch", "--follow-symlinks", stdin=asked).stdout
        head, _, content = told.partition(b"\n")
        return content[:-1] if head.split(b" ")[1:2] == [b"blob"] else None

    return read
