"""Reads Claude Code's own settings for worktrees: `worktree.baseRef`, and so on.

Keep true: the order is Claude's (managed over local over project over user; lists add up); a
repository's files count only if they were accepted; a value of the wrong type counts as not set,
and is reported. Source: code.claude.com/docs, "Settings" and "Worktrees"; claude 2.1.329's own
schema.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from parallel_agents.worktrees.filesystem.files import read_regular

MANAGED = Path("/etc/claude-code/managed-settings.json")
BASES = ("fresh", "head")
_LIMIT = 4 << 20
_ENTRIES = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """The settings that apply.

    Args:
        base: `worktree.baseRef`, the base if none is named; empty if not set.
        links: `worktree.symlinkDirectories`.
        sparse: `worktree.sparsePaths`.
        in_checkout: whether `worktree.bgIsolation` is `"none"`: work in the user's own checkout.
        notes: what to tell the user, one sentence each.
    """

    base: str = ""
    links: tuple[str, ...] = ()
    sparse: tuple[str, ...] = ()
    in_checkout: bool = False
    notes: tuple[str, ...] = ()


def read_wishes(main: Path, environment: Mapping[str, str], *, accepted: bool) -> Wishes:
    """Read the settings.

    Args:
        main: top of the checkout whose settings Claude Code would read.
        environment: the caller's; `CLAUDE_CONFIG_DIR` or `HOME` says where the user's own settings
            are.
        accepted: whether the repository's own files count.

    Returns:
        The settings.
    """
    base, isolation, notes = "", "", list[str]()
    lists: dict[str, dict[str, None]] = {"symlinkDirectories": {}, "sparsePaths": {}}
    for path in settings_files(main, environment, accepted=accepted):
        section = _section(path, notes)
        if section.get("baseRef") in BASES:
            base = section["baseRef"]
        elif "baseRef" in section:
            notes.append(f"{path}: worktree.baseRef is neither “fresh” nor “head”: not used.")
        isolation = str(section.get("bgIsolation", isolation))
        for name, found in lists.items():
            found.update(dict.fromkeys(_texts(path, section, name, notes)))
    sparse = [p for p in lists["sparsePaths"] if _is_inside(p)]
    left = [p for p in lists["sparsePaths"] if not _is_inside(p)]
    if left:
        notes.append(f"worktree.sparsePaths: not used, since outside: {', '.join(left[:5])}")
    return Wishes(
        base=base,
        links=tuple(lists["symlinkDirectories"])[:_ENTRIES],
        sparse=_with_settings(sparse[:_ENTRIES]),
        in_checkout=isolation == "none",
        notes=tuple(notes),
    )


def default_mode(main: Path, environment: Mapping[str, str], *, accepted: bool) -> str:
    """Read `permissions.defaultMode`, which applies to a start without a mode; empty if not set.

    Args:
        main: top of the checkout whose settings Claude Code would read.
        environment: the caller's.
        accepted: whether the repository's own files count.
    """
    mode = ""
    for path in settings_files(main, environment, accepted=accepted):
        found = _section(path, [], "permissions").get("defaultMode")
        mode = found if isinstance(found, str) else mode
    return mode


def settings_files(main: Path, environment: Mapping[str, str], *, accepted: bool) -> list[Path]:
    """List the files that Claude Code would read, strongest last.

    Args:
        main: top of the checkout whose settings Claude Code would read.
        environment: the caller's.
        accepted: whether the repository's own files count.

    Returns:
        Their paths; some may not exist.
    """
    own = environment.get("CLAUDE_CONFIG_DIR") or str(
        Path(environment.get("HOME") or "/nonexistent") / ".claude"
    )
    user = [Path(own) / "settings.json"]
    names = ("settings.json", "settings.local.json") if accepted else ()
    return [*user, *(main / ".claude" / name for name in names), MANAGED]


def _section(path: Path, notes: list[str], name: str = "worktree") -> dict[str, Any]:
    data = read_regular(path, _LIMIT)
    if data is None:
        return {}
    try:
        settings = json.loads(data)
    except (ValueError, RecursionError):
        notes.append(f"{path} is not JSON: its worktree settings are not used.")
        return {}
    section = settings.get(name) if isinstance(settings, dict) else None
    return section if isinstance(section, dict) else {}


def _texts(path: Path, section: dict[str, Any], name: str, notes: list[str]) -> list[str]:
    value = section.get(name, [])
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return value
    notes.append(f"{path}: worktree.{name} is no list of paths: not used.")
    return []


def _is_inside(path: str) -> bool:
    parts = path.rstrip("/").split("/")
    plain = path.isprintable() and not any(part in ("", ".", "..", ".git") for part in parts)
    # Git gives a leading quote, "!" or "#" on a line a special meaning.
    return plain and path[:1] not in ('"', "!", "#") and "\\" not in path


def _with_settings(sparse: list[str]) -> tuple[str, ...]:
    """Keep `.claude` in the worktree: an agent must find there what was accepted."""
    return tuple(dict.fromkeys([*(p.rstrip("/") for p in sparse), ".claude"])) if sparse else ()
