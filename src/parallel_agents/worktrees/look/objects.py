"""The objects that comparisons write: one store for each session, outside of its repository.

Keep true: nothing is written into the repository's own object directory; a tree is written into one
generation, with everything of it that the repository lacks, so that a generation can be removed
without damage to the others; at most two generations are kept, and all go with their session.
"""

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from parallel_agents.worktrees.filesystem.files import remove_tree

BYTES_LIMIT = 100 * 1000 * 1000
COUNT_LIMIT = 20_000


@dataclass(frozen=True, slots=True)
class Objects:
    """Where a git writes objects, and where else it reads them.

    Args:
        directory: the object directory that it writes to.
        others: further ones, such as the repository's own.
    """

    directory: Path
    others: tuple[Path, ...] = ()

    @property
    def env(self) -> dict[str, str]:
        """What to add to git's environment (git(1), “Git Repository”)."""
        env = {"GIT_OBJECT_DIRECTORY": str(self.directory)}
        if self.others:
            env["GIT_ALTERNATE_OBJECT_DIRECTORIES"] = ":".join(map(_quoted, self.others))
        return env


def _quoted(path: Path) -> str:
    return '"' + str(path).replace("\\", "\\\\").replace('"', '\\"') + '"'


@dataclass(frozen=True, slots=True)
class ObjectStore:
    """The objects of one session.

    Args:
        directory: `<state>/objects/<session>`.
        beside: the same of another session, whose trees are read too.
    """

    directory: Path
    beside: Path | None = None

    def open(self) -> Path:
        """Choose the generation to write to; a full one makes room for the next.

        Make sure only afterwards that the session's worktree is there: a deletion then either
        removes this directory, or has already taken the worktree away.

        Returns:
            The newest generation; whoever writes to it reads none of an older one.

        Raises:
            OSError: the disk is full or failing.
        """
        numbers = _numbers(self.directory)
        newest = numbers[-1] if numbers else 1
        if numbers and _is_full(self.directory / str(newest)):
            newest += 1
        (self.directory / str(newest)).mkdir(mode=0o700, parents=True, exist_ok=True)
        for number in numbers:
            if number < newest - 1:
                remove_tree(self.directory / str(number))
        os.utime(self.directory)  # so that a store in use is not taken for an abandoned one
        return self.directory / str(newest)

    def reading(self, repository: Path) -> Objects:
        """Read every generation and the repository.

        Args:
            repository: the repository's own object directory.
        """
        kept = _generations(self.directory)
        if self.beside is not None:
            kept += _generations(self.beside)
        return Objects(kept[0], (*kept[1:], repository)) if kept else Objects(repository)


def _numbers(directory: Path) -> list[int]:
    try:
        names = os.listdir(directory)  # noqa: PTH208
    except FileNotFoundError:
        return []
    return sorted(int(name) for name in names if name.isdecimal())


def _generations(directory: Path) -> list[Path]:
    """The generations of a store, the newest first."""
    return [directory / str(number) for number in reversed(_numbers(directory))]


def _is_full(generation: Path) -> bool:
    size = 0
    for count, path in enumerate(_files(generation)):
        with suppress(FileNotFoundError):  # a file that git had not finished
            size += path.lstat().st_size
        if size >= BYTES_LIMIT or count + 1 >= COUNT_LIMIT:
            return True
    return False


def _files(directory: Path) -> Iterator[Path]:
    """List the files one level down, where git puts loose objects and packs."""
    for inner in directory.iterdir():
        if inner.is_dir():
            yield from inner.iterdir()
