"""What is kept of a rejected change, and how its files are moved.

Keep true: everything is on the disk before the first file of a worktree is moved; moving what is
moved already changes nothing; either all files are moved or none.
"""

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Literal

from parallel_agents.core.worktree import WorktreeRecord
from parallel_agents.worktrees.filesystem.exchange import (
    ChangedError,
    Content,
    OccupiedError,
    Spot,
    put,
)
from parallel_agents.worktrees.filesystem.failpoints import hit
from parallel_agents.worktrees.filesystem.files import (
    is_obstacle,
    open_directory,
    opened_parent,
    read_json,
    remove_tree,
    sync_directory,
    write_bytes,
    write_json,
)
from parallel_agents.worktrees.look.identity import require

_PLAN = "moves.json"


@dataclass(frozen=True, slots=True)
class Move:
    """One file of a worktree, before and after.

    Attributes:
        path: from the top of the worktree.
        before: what is there; None for nothing.
        after: what will be there.
        token: tells its names beside the file from those of others.
    """

    path: str
    before: Content | None
    after: Content | None
    token: str

    @property
    def reverse(self) -> "Move":
        """The move that undoes it."""
        return Move(self.path, self.after, self.before, self.token)


def keep(moves: tuple[Move, ...], directory: Path) -> None:
    """Write down what will be moved.

    Args:
        moves: the moves, in their order.
        directory: where; what an interrupted call left there is removed.

    Raises:
        OSError: the disk is full or failing.
    """
    remove_tree(directory)
    directory.mkdir(parents=True)
    sync_directory(directory.parent)
    sync_directory(directory.parent.parent)
    plan = [
        {
            "path": move.path,
            "token": move.token,
            "before": _kept(move.before, directory / f"{number}.before"),
            "after": _kept(move.after, directory / f"{number}.after"),
        }
        for number, move in enumerate(moves)
    ]
    write_json(directory / _PLAN, {"moves": plan})
    hit("reject.kept")


def _kept(content: Content | None, path: Path) -> dict[str, object] | None:
    if content is None:
        return None
    write_bytes(path, content.data)
    return {"kind": content.kind, "mode": content.mode}


def _read(directory: Path) -> tuple[Move, ...]:
    """Read what was kept; nothing if that is damaged."""
    plan = read_json(directory / _PLAN)
    try:
        return tuple(
            Move(
                move["path"],
                _content(move["before"], directory / f"{number}.before"),
                _content(move["after"], directory / f"{number}.after"),
                move["token"],
            )
            for number, move in enumerate(plan["moves"] if plan else ())
        )
    except (FileNotFoundError, KeyError, TypeError, ValueError):
        return ()


def _content(told: dict[str, Any] | None, path: Path) -> Content | None:
    if told is None:
        return None
    kind: Literal["file", "link"] = "link" if told["kind"] == "link" else "file"
    return Content(kind, path.read_bytes(), int(told["mode"]))


def carry_out(record: WorktreeRecord, directory: Path, *, back: bool) -> str:
    """Move the files of a rejected change out of the worktree, or back.

    Args:
        record: the worktree.
        directory: what is kept of the change.
        back: put the change back.

    Returns:
        Why nothing was moved; empty if everything was.

    Raises:
        WorktreeError: the worktree is not as recorded.
        OSError: the disk is full or failing; the same call may be tried again.
    """
    require(record)
    moves = _read(directory)
    if not moves:
        return "What was kept of the change cannot be read."
    if back:
        moves = tuple(move.reverse for move in reversed(moves))
    top = open_directory(Path(record.path))
    try:
        for number, move in enumerate(moves):
            if not _moved(top, move, directory):
                for done in reversed(moves[:number]):
                    _moved(top, done.reverse, directory)
                return f"{move.path} has changed since, or is being written now."
            hit("reject.moved")
        for move in moves:
            if move.after is None:
                _prune(top, move.path)
    finally:
        os.close(top)
    return ""


def _moved(top: int, move: Move, directory: Path) -> bool:
    """Move one file; whether it was as expected."""
    try:
        with opened_parent(top, move.path, make=move.after is not None) as (folder, name):
            put(Spot(folder, name, move.token, directory), move.before, move.after)
    except FileNotFoundError:
        return move.after is None and move.before is None
    except (ChangedError, OccupiedError):
        return False
    except OSError as error:
        if is_obstacle(error):
            return False
        raise
    return True


def _prune(top: int, path: str) -> None:
    """Remove the directories that a file leaves empty, as git does."""
    with suppress(OSError):
        for parent in PurePosixPath(path).parents[:-1]:
            with opened_parent(top, str(parent)) as (folder, name):
                os.rmdir(name, dir_fd=folder)
