"""Update a private index to match the files, even if git cannot read some of them.

Keep true: what git cannot add is named but never stops the work, since the directory is kept
anyway; a file with a filter is stored through that filter or not at all, because the filter may be
there to keep the plain text from ever being stored.
"""

import os
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from parallel_agents.core.errors import GitError
from parallel_agents.worktrees.look.objects import Objects
from parallel_agents.worktrees.look.unread import unread
from parallel_agents.worktrees.plumbing.git import Git, attempt
from parallel_agents.worktrees.plumbing.porcelain import fields
from parallel_agents.worktrees.plumbing.submodules import unreadable

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
    intake = Intake(git, temporary, Objects(common_dir / "objects"), DURABLE)
    refused |= intake.enter(names)
    # No tree can be written while a conflict remains; its versions are saved separately.
    unmerged = fields(git.read("ls-files", "--unmerged", "-z").stdout)
    remove_entries(git, dict.fromkeys(entry.partition("\t")[2] for entry in unmerged))
    return refused | passed_over(git, [name for name in names if name not in refused]) | closed


def passed_over(git: Git, names: Iterable[str]) -> dict[str, str]:
    """Find the files that git left out of a private index without an error.

    Args:
        git: a git with the private index.
        names: what was to be added.

    Returns:
        Why not, by path; files that are gone by now are not among them.
    """
    entered = set(fields(git.read("ls-files", "-z").stdout))
    return {
        name: "git takes no such name"
        for name in names
        if name not in entered
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


def by_filter(git: Git, names: Iterable[str]) -> dict[str, list[str]]:
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


@dataclass(slots=True)
class Intake:
    """Adds files to a private index.

    Args:
        git: a git in the worktree, with the private index.
        temporary: a directory for short-lived files.
        objects: where the files' contents are written.
        config: more settings.
        passes_over: whether git left out a file without an error.
    """

    git: Git
    temporary: Path
    objects: Objects
    config: Sequence[tuple[str, str]]
    passes_over: bool = False

    def enter(self, names: Sequence[str]) -> dict[str, str]:
        """Add files as they are on disk.

        Args:
            names: their paths; git removes the entry of a file that is gone.

        Returns:
            Why each file that git could not add was left out, by path.

        Raises:
            GitError: git failed for a reason that may be temporary.
        """
        if names and attempt(lambda: self._enter(self.git, names)):
            return self._enter_apart(names)
        return {}

    def _enter(self, git: Git, names: Iterable[str]) -> None:
        done = git.write(
            "update-index", "--add", "--remove", "--replace", "-z", "--stdin",
            stdin=b"".join(os.fsencode(name) + b"\0" for name in names),
            config=self.config,
            env=self.objects.env,
        )  # fmt: skip
        self.passes_over |= b"Ignoring path" in done.stderr

    def _enter_apart(self, names: Sequence[str]) -> dict[str, str]:
        """Add files one filter at a time, since git stops at the first file that it cannot add."""
        refused: dict[str, str] = {}
        plain: list[str] = []
        for driver, group in by_filter(self.git, names).items():
            if not driver:
                plain = group
            elif attempt(lambda group=group: self._enter(self.git, group)):  # type: ignore[misc]
                refused |= dict.fromkeys(group, f"its filter {driver} failed")
        if plain:
            with _without_conversion(self.git, self.temporary) as bare:
                self._enter_halves(bare, plain, refused)
        return refused

    def _enter_halves(self, git: Git, names: list[str], refused: dict[str, str]) -> None:
        error = attempt(lambda: self._enter(git, names))
        if error is None:
            return
        if len(names) == 1:
            refused[names[0]] = error.message
            return
        middle = len(names) // 2
        self._enter_halves(git, names[:middle], refused)
        self._enter_halves(git, names[middle:], refused)


@contextmanager
def _without_conversion(git: Git, temporary: Path) -> Iterator[Git]:
    """Yield a git that stores bytes unchanged, with the same index and no objects of its own."""
    kind = git.read("rev-parse", "--show-object-format").line
    with tempfile.TemporaryDirectory(dir=temporary) as directory:
        made = Path(directory)
        for name in ("objects", "refs", "info"):
            (made / name).mkdir()
        (made / "HEAD").write_text("ref: refs/heads/none\n")
        (made / "info/attributes").write_text(_AS_THEY_ARE)
        version = "1\n[extensions]\n objectFormat = sha256" if kind == "sha256" else "0"
        (made / "config").write_text(f"[core]\n repositoryFormatVersion = {version}\n")
        yield git.with_git_dir(directory)
