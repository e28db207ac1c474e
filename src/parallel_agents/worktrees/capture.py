"""Update a private index to match the files, even if git cannot read some of them.

Keep true: what git cannot add is named but never stops the work, since the directory is kept
anyway; a file with a filter is stored through that filter or not at all, because the filter may be
there to keep the plain text from ever being stored.
"""

import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from parallel_agents.core.errors import GitError
from parallel_agents.worktrees.git import Git, attempt
from parallel_agents.worktrees.porcelain import fields
from parallel_agents.worktrees.submodules import unreadable
from parallel_agents.worktrees.unread import unread

ANY_NAME = (("core.protectNTFS", "false"), ("core.protectHFS", "false"))
"""Accept names that git rejects only to protect other systems' file systems."""
DURABLE = (("core.fsync", "all"), ("core.fsyncMethod", "fsync"))
_AS_THEY_ARE = "* -text -ident !eol !working-tree-encoding -filter\n"
"""Attributes that make git store a file's bytes unchanged (gitattributes(5))."""


def enter_all(git: Git, common_dir: Path, temporary: Path, files: Iterable[str]) -> dict[str, str]:
    """Add all changed and untracked files to a private index.

    Args:
        git: a git in the worktree, with the private index.
        common_dir: the directory that all worktrees share.
        temporary: a directory for short-lived files.
        files: the untracked ones.

    Returns:
        Why each file that could not be added was left out, by path.

    Raises:
        GitError: git failed for a reason that may be temporary.
    """
    closed = unreadable(git)
    hide(git, closed)
    attempt(lambda: _refresh(git))
    listed = fields(
        git.read(
            "diff-files", "-z", "--name-status", "--no-renames", "--ignore-submodules=all"
        ).stdout
    )
    changes = dict(zip(listed[1::2], listed[0::2], strict=False))
    gone = [path for path, status in changes.items() if status == "D"]
    remove_entries(git, gone)
    present = [path for path in (*changes, *files) if path not in set(gone)]
    refused = unread(Path(git.directory), present)
    names = [name for name in present if name not in refused]
    if names and attempt(lambda: _enter(git, names)):
        refused |= _enter_apart(git, common_dir, temporary, names)
    # No tree can be written while a conflict remains; its versions are saved separately.
    unmerged = fields(git.read("ls-files", "--unmerged", "-z").stdout)
    remove_entries(git, dict.fromkeys(entry.partition("\t")[2] for entry in unmerged))
    entered = set(fields(git.read("ls-files", "-z").stdout))
    missed = [name for name in names if name not in entered and name not in refused]
    refused |= closed
    return refused | {
        name: "git takes no such name"
        for name in missed
        if os.path.lexists(os.path.join(git.directory, name))  # noqa: PTH118 - names are bytes
    }


def remove_entries(git: Git, names: Iterable[str]) -> None:
    """Remove paths from a private index."""
    zero = "0" * len(git.read("hash-object", "-t", "blob", os.devnull).line)
    lines = b"".join(f"0 {zero}\t".encode() + os.fsencode(name) + b"\0" for name in names)
    if lines:
        git.write("update-index", "-z", "--index-info", stdin=lines)


def hide(git: Git, names: Iterable[str]) -> GitError | None:
    """Make git trust the private index for these paths instead of looking at the files.

    Args:
        git: a git with the private index.
        names: the paths; those in conflict cannot be hidden.

    Returns:
        Why some could not be hidden.
    """
    lines = b"".join(os.fsencode(name) + b"\0" for name in names)
    args = ("update-index", "-z", "--assume-unchanged", "--stdin")
    return attempt(lambda: git.write(*args, stdin=lines, config=ANY_NAME)) if lines else None


def _refresh(git: Git) -> None:
    git.write("update-index", "-q", "--unmerged", "--ignore-submodules", "--refresh", ok=(0, 1))


def _enter(git: Git, names: Iterable[str], objects: str = "") -> None:
    git.write(
        "update-index", "--add", "--remove", "--replace", "-z", "--stdin",
        stdin=b"".join(os.fsencode(name) + b"\0" for name in names),
        config=DURABLE,
        env={"GIT_OBJECT_DIRECTORY": objects} if objects else {},
    )  # fmt: skip


def _enter_apart(git: Git, common_dir: Path, temporary: Path, names: list[str]) -> dict[str, str]:
    """Add files one filter at a time, since git stops at the first file that it cannot add."""
    refused: dict[str, str] = {}
    plain = []
    for driver, group in by_filter(git, names).items():
        if not driver:
            plain = group
        elif attempt(lambda group=group: _enter(git, group)):  # type: ignore[misc]
            refused |= dict.fromkeys(group, f"its filter {driver} failed")
    if plain:
        with _without_conversion(git, common_dir, temporary) as (bare, objects):
            _enter_halves(bare, objects, plain, refused)
    return refused


def by_filter(git: Git, names: list[str]) -> dict[str, list[str]]:
    """Group paths by the filter that their attributes name.

    Args:
        git: a git in the worktree.
        names: the paths.

    Returns:
        The paths by name of the filter; an empty name for those without one.
    """
    asked = b"".join(os.fsencode(name) + b"\0" for name in names)
    answer = fields(git.read("check-attr", "-z", "--stdin", "filter", stdin=asked).stdout)
    groups: dict[str, list[str]] = {}
    for name, value in zip(answer[0::3], answer[2::3], strict=False):
        driver = "" if value in ("unspecified", "unset", "set") else value
        groups.setdefault(driver, []).append(name)
    return groups


@contextmanager
def _without_conversion(git: Git, common_dir: Path, temporary: Path) -> Iterator[tuple[Git, str]]:
    """Yield a git that stores bytes unchanged, with the same object store and index."""
    objects = str(common_dir / "objects")
    kind = git.read("rev-parse", "--show-object-format").line
    with tempfile.TemporaryDirectory(dir=temporary) as directory:
        made = Path(directory)
        for name in ("objects", "refs", "info"):
            (made / name).mkdir()
        (made / "HEAD").write_text("ref: refs/heads/none\n")
        (made / "info/attributes").write_text(_AS_THEY_ARE)
        version = "1\n[extensions]\n objectFormat = sha256" if kind == "sha256" else "0"
        (made / "config").write_text(f"[core]\n repositoryFormatVersion = {version}\n")
        yield git.with_git_dir(directory), objects


def _enter_halves(git: Git, objects: str, names: list[str], refused: dict[str, str]) -> None:
    error = attempt(lambda: _enter(git, names, objects))
    if error is None:
        return
    if len(names) == 1:
        refused[names[0]] = error.message
        return
    middle = len(names) // 2
    _enter_halves(git, objects, names[:middle], refused)
    _enter_halves(git, objects, names[middle:], refused)
