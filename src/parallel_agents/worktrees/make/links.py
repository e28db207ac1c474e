"""Links large ignored directories into the checkout (`worktree.symlinkDirectories`).

Keep true: a directory becomes a link only if the checkout ignores it, it is a real directory there
and it holds no tracked file of the base; a link gets a free name, reached through real directories,
never outside the worktree; it also becomes ignored in the worktree, because `node_modules/` does
not match a link.
"""

import errno
import os
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from parallel_agents.worktrees.filesystem.files import open_directory, opened_parent
from parallel_agents.worktrees.look import exclude
from parallel_agents.worktrees.plumbing.git import Git
from parallel_agents.worktrees.plumbing.porcelain import fields
from parallel_agents.worktrees.settings.include import folded, unignored, ways

SETTING = "worktree.symlinkDirectories"
_RESERVED = (".git", ".claude")


def link_directories(
    source: Git, target: Git, common_dir: str, wanted: Iterable[str]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Make directories of a worktree symbolic links to those of the checkout.

    Args:
        source: a git in the checkout.
        target: a git in the new worktree.
        common_dir: the repository's common directory, for its `info/exclude`.
        wanted: the directories, relative, with `/` between the parts.

    Returns:
        The linked directories, and notes for the user.

    Raises:
        OSError: a link could not be written.
        GitError: git failed.
        RefusedError: `info/exclude` is a symbolic link.
    """
    asked = list(dict.fromkeys(path.rstrip("/") for path in wanted))
    if not asked:
        return (), ()
    top = Path(source.directory)
    present = [path for path in asked if _is_plain(path) and _is_own_directory(top, path)]
    shown = set(unignored(source, [f"{path}/" for path in present]))
    tracked = _with_parents(fields(target.read("ls-files", "-z").stdout))
    fit = [p for p in present if f"{p}/" not in shown and _is_free(p, tracked)]
    new = unignored(target, fit)
    exclude.add_lines(common_dir, [p for path in new if (p := exclude.pattern_for(path))])
    linked = [path for path in fit if _link(top, Path(target.directory), path)]
    missing = [path for path in asked if path not in linked and _may_be_told(top, path)]
    return tuple(linked), _notes(linked, missing)


def _is_plain(path: str) -> bool:
    parts = path.split("/")
    plain = path and not any(part in ("", ".", "..") for part in parts)
    ours = folded(parts[0]) in _RESERVED or ".git" in folded(path).split("/")
    return bool(plain) and not ours and path.isprintable()


def _is_own_directory(top: Path, path: str) -> bool:
    """Tell whether it is a directory of the checkout itself, reached without links."""
    found = top / path
    return found.is_dir() and os.path.realpath(found) == os.path.join(  # noqa: PTH118
        os.path.realpath(top), path
    )


def _with_parents(names: Iterable[str]) -> tuple[frozenset[str], frozenset[str]]:
    """Collect the tracked files, and the directories that contain them; both folded."""
    files = {folded(name) for name in names}
    parents = {str(parent) for name in files for parent in PurePosixPath(name).parents}
    return frozenset(files), frozenset(parents)


def _is_free(path: str, tracked: tuple[frozenset[str], frozenset[str]]) -> bool:
    files, parents = tracked
    return files.isdisjoint(ways(path)) and folded(path) not in parents


def _link(source: Path, target: Path, path: str) -> bool:
    top = open_directory(target)
    try:
        with opened_parent(top, path, make=True) as (directory, name):
            os.symlink(source / path, name, target_is_directory=True, dir_fd=directory)
    except OSError as error:
        if error.errno in (errno.EEXIST, errno.ELOOP, errno.ENOTDIR):
            return False
        raise
    finally:
        os.close(top)
    return True


def _may_be_told(top: Path, path: str) -> bool:
    """Tell whether to mention that a path was left out: not if it does not exist at all."""
    return not _is_plain(path) or os.path.lexists(top / path)


def _notes(linked: list[str], left: list[str]) -> tuple[str, ...]:
    notes = []
    if linked:
        notes.append(f"Links into your checkout, shared with it: {', '.join(linked)}.")
    if left:
        notes.append(
            f"{SETTING}: not linked, because they are tracked, not ignored, or outside: "
            f"{', '.join(left[:5])}"
        )
    return tuple(notes)
