"""Remove from a kept directory what can be created again.

Keep true: only what the plan names is removed; what cannot be removed is kept and noted, since at
this point a deletion must no longer fail.
"""

import os
from pathlib import Path
from typing import Any

from parallel_agents.core.worktree import CopiedFile, WorktreeRecord
from parallel_agents.worktrees.filesystem.files import open_directory, opened_parent
from parallel_agents.worktrees.filesystem.sweep import Sweeper
from parallel_agents.worktrees.settings import include


def unchanged_copies(record: WorktreeRecord) -> list[str]:
    """List the copied files that another copy would restore exactly as they are."""
    source = Path(os.path.realpath(record.checkout or record.root))
    if not source.is_dir():
        return []
    source_top, top = open_directory(source), open_directory(Path(record.path))
    try:
        return [
            file.path
            for file in record.copied
            if include.digest_of(top, file.path) == file.digest
            and include.digest_of(source_top, file.path) == file.digest
            and include.rights_of(top, file.path) == include.rights_of(source_top, file.path)
        ]
    finally:
        os.close(source_top)
        os.close(top)


def drop(
    sweeper: Sweeper, record: WorktreeRecord, tree: Path, plan: dict[str, Any]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Remove ignored build directories and unchanged copied files.

    Args:
        sweeper: removes them, later.
        record: the worktree.
        tree: the kept directory.
        plan: of the deletion.

    Returns:
        What was removed, and a note for each item that was kept.
    """
    dropped, stayed = [], []
    copied = {file.path: file for file in record.copied if file.path in plan["copied"]}
    top = open_directory(tree)
    try:
        for name in (*plan["skip"], *copied):
            try:
                if name in copied:
                    out = _drop_copied(top, copied[name])
                else:
                    out = _drop_build(sweeper, tree, name)
                dropped += [name] if out else []
            except OSError as error:
                stayed.append(f"{name} could not be dropped and is kept: {error.strerror}")
    finally:
        os.close(top)
    return tuple(dropped), tuple(stayed)


def _drop_build(sweeper: Sweeper, tree: Path, name: str) -> bool:
    """Move a build directory out unless the path goes through a link; return whether it is gone."""
    directory = tree / name
    if directory.parent.resolve() != tree.resolve() / Path(name).parent:
        return False
    sweeper.drop(directory, tree.parent)
    return True


def _drop_copied(top: int, file: CopiedFile) -> bool:
    """Remove a copied file unless it was changed; return whether it is gone."""
    digest = include.digest_of(top, file.path)
    if digest is not None and digest != file.digest:
        return False
    if digest is not None:
        with opened_parent(top, file.path) as (directory, name):
            os.unlink(name, dir_fd=directory)
    return True
