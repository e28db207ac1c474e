"""Reads from claude's own file of a conversation in which mode a person left it.

Keep true: only a limited part of the file is read, and its content is only a claim: an agent that
can write there must not give itself a mode that never asks. Measured with claude 2.1.329 and
2.1.332: the interactive program writes a line `permission-mode` when the mode changes, and when the
program ends.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

_TAIL = 256 << 10
_NEVER = frozenset({"bypassPermissions"})


def mode_left(conversation: str, environment: Mapping[str, str]) -> str:
    """Find the mode that the conversation was in when the person left it.

    Args:
        conversation: its uuid.
        environment: the session's environment; `CLAUDE_CONFIG_DIR` or `HOME` says where claude's
            files are.

    Returns:
        The mode; empty if it is unknown, or is a mode that we never accept from a file.
    """
    own = environment.get("CLAUDE_CONFIG_DIR")
    home = environment.get("HOME")
    if not own and not home:
        return ""
    base = Path(own) if own else Path(home or "") / ".claude"
    mode = ""
    for path in sorted(base.glob(f"projects/*/{conversation}.jsonl")):
        mode = _last_mode(path) or mode
    return "" if mode in _NEVER else mode


def _last_mode(path: Path) -> str:
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - _TAIL))
            lines = file.read(_TAIL).splitlines()
    except OSError:
        return ""
    return next((mode for line in reversed(lines) if (mode := _mode(line))), "")


def _mode(line: bytes) -> str:
    if b'"permission-mode"' not in line:
        return ""
    try:
        said = json.loads(line)
    except (ValueError, RecursionError):
        return ""
    mode = said.get("permissionMode") if isinstance(said, dict) else None
    kind = said.get("type") if isinstance(said, dict) else None
    return mode if kind == "permission-mode" and isinstance(mode, str) else ""
