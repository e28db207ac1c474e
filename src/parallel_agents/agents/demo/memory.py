"""Stores the demo agent's conversation between two processes.

Keep true: a half-written memory is never read; the memory of another session is ignored.
"""

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path


@dataclass
class Memory:
    """One conversation.

    Attributes:
        session: its id.
        completed: uuids of messages whose turn has ended.
        cut: uuids of messages whose turn has used a tool but not ended.
        turns: how many turns have ended.
        mode: the permission mode.
        model: the model.
        cost: US dollars so far.
    """

    session: str
    completed: list[str] = field(default_factory=list)
    cut: list[str] = field(default_factory=list)
    turns: int = 0
    mode: str = "default"
    model: str = "demo-large"
    cost: float = 0.0


def _git_dir(cwd: Path) -> Path | None:
    git = cwd / ".git"
    if git.is_file():
        return cwd / os.fsdecode(git.read_bytes().removeprefix(b"gitdir:").strip())
    return git if git.is_dir() else None


def place(cwd: Path, session: str) -> Path | None:
    """Find the file that stores a session.

    Args:
        cwd: the worktree.
        session: the session's id.

    Returns:
        A file below PARALLEL_AGENTS_DEMO_DIR, otherwise in the worktree's git directory; None if
        there is neither.
    """
    folder = os.environ.get("PARALLEL_AGENTS_DEMO_DIR")
    if folder:
        return Path(folder) / f"{session}.json"
    git = _git_dir(cwd)
    return git / "parallel-agents-demo.json" if git else None


def load(path: Path | None, session: str) -> Memory | None:
    """Read a session's memory; None if there is none."""
    if path is None:
        return None
    try:
        memory = Memory(**json.loads(path.read_text()))
    except (OSError, ValueError, TypeError):
        return None
    return memory if memory.session == session else None


def save(path: Path | None, memory: Memory) -> None:
    """Replace a session's memory."""
    if path is None:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".tmp")
    temporary.write_text(json.dumps(asdict(memory)))
    temporary.replace(path)
