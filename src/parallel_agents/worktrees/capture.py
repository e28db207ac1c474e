"""Bring a private index to the state of the files, whatever git says of some of them.

Keep true: what git cannot take is named, never a reason to stop, since the directory is kept
anyway; a file with a filter is stored through that filter or not at all, for a filter may be there
so that its plain text is never stored.
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
"""Names that git refuses for the sake of other systems' file systems are taken all the same."""
DURABLE = (("core.fsync", "all"), ("core.fsyncMethod", "fsync"))
_AS_THEY_ARE = "* -text -ident !eol !working-tree-encoding -filter\n"
"""Attributes under which git stores the bytes of a file (gitattributes(5))."""


def enter_all(git: Git, common_dir: Path, temporary: Path, files: Iterable[str]) -> dict[str, str]:
    """Enter all changed and untracked files into a private index.

    Args:
        git: a git in the worktree, with the private index.
        common_dir: the directory that all worktrees share.
        temporary: a directory for short-lived files.
        files: the untracked ones.

    Returns:
        What could not be entered: why, by path.

    Raises:
        GitError: git failed for a reason that may pass.
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
    # Of a conflict that could not be entered, no tree can be made; its versions are held apart.
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
    """Take paths out of a private index.

    Args:
        git: a git with the private index.
        names: the paths.
    """
    zero = "0" * len(git.read("hash-object", "-t", "blob", os.devnull).line)
    lines = b"".join(f"0 {zero}\t".encode() + os.fsencode(name) + b"\0" for name in names)
    if lines:
        git.write("update-index", "-z", "--index-info", stdin=lines)


def hide(git: Git, names: Iterable[str]) -> GitError | None:
    """Let git take paths for what a private index says of them, without looking at the files.

    Args:
        git: a git with the private index.
        names: the paths; those in conflict cannot be hidden.

    Returns:
        Why some could not be.
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
    """Enter files by their filters: git stops at the first that it cannot take."""
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
        The paths by the name of the filter; those without one by an empty name.
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
    """Lend a git that stores bytes as they are, into the same objects and the same index."""
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
