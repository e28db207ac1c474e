"""Parses git's machine formats: `config -z`, `worktree list -z`, `status -z`, progress lines.

Keep true: pure functions over bytes from an untrusted repository; none raises on odd input.
Formats: git-config(1) `--show-scope --show-origin -z`, git-worktree(1) "Porcelain Format",
git-status(1) "Porcelain Format Version 2".
"""

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigEntry:
    """One setting: its scope (`system`, `global`, `local`, `worktree`, `command`), key, value."""

    scope: str
    origin: str
    key: str
    value: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WorktreeEntry:
    """One entry of the list of worktrees.

    Args:
        path: top of the worktree, or the bare directory.
        head: hash of its HEAD; `None` if it is bare or has no commit yet.
        branch: full ref; `None` if detached or bare.
        bare: whether it is the bare directory.
        locked: reason of its lock (may be empty); `None` if it is not locked.
        prunable: whether git would prune it.
    """

    path: str
    head: str | None = None
    branch: str | None = None
    bare: bool = False
    locked: str | None = None
    prunable: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusEntry:
    """One path from `git status`: the letters for index and worktree, `??` for untracked."""

    code: str
    path: str
    old_path: str | None = None


def text(data: bytes) -> str:
    """Decode a name as UTF-8, with other bytes as surrogates, so that it can go back to git."""
    return data.decode("utf-8", "surrogateescape")


def fields(data: bytes) -> list[str]:
    """Split NUL-terminated names, as printed with `-z`; there is no empty last one."""
    parts = text(data).split("\0")
    return parts[:-1] if parts[-1] == "" else parts


def parse_config(data: bytes) -> tuple[ConfigEntry, ...]:
    """Parse `git config --show-scope --show-origin -z --list`, in the order that git uses."""
    parts = fields(data)
    entries = []
    for scope, origin, setting in zip(parts[0::3], parts[1::3], parts[2::3], strict=False):
        key, separator, value = setting.partition("\n")
        entries.append(
            ConfigEntry(scope=scope, origin=origin, key=key, value=value if separator else None)
        )
    return tuple(entries)


def parse_worktrees(data: bytes) -> tuple[WorktreeEntry, ...]:
    """Parse `git worktree list --porcelain -z`; the main worktree is first."""
    entries = []
    for block in text(data).split("\0\0"):
        values: dict[str, str] = {}
        for line in block.split("\0"):
            name, _, value = line.partition(" ")
            values.setdefault(name, value)
        if values.get("worktree"):
            entries.append(_worktree(values))
    return tuple(entries)


def _worktree(values: dict[str, str]) -> WorktreeEntry:
    head = values.get("HEAD")
    return WorktreeEntry(
        path=values["worktree"],
        head=None if not head or set(head) == {"0"} else head,
        branch=values.get("branch"),
        bare="bare" in values,
        locked=values.get("locked"),
        prunable="prunable" in values,
    )


def parse_status(data: bytes) -> tuple[StatusEntry, ...]:
    """Parse `git status --porcelain=v2 -z`.

    Args:
        data: its output.

    Returns:
        Changed, unmerged and untracked paths; header and ignored lines are left out.
    """
    entries = []
    parts = iter(fields(data))
    for part in parts:
        kind = part[:2]
        if kind == "? ":
            entries.append(StatusEntry(code="??", path=part[2:]))
        elif kind in _STATUS_WORDS:
            words = part.split(" ", _STATUS_WORDS[kind])
            if len(words) <= _STATUS_WORDS[kind]:
                continue
            old = next(parts, None) if kind == "2 " else None
            entries.append(StatusEntry(code=words[1], path=words[-1], old_path=old))
    return tuple(entries)


_STATUS_WORDS = {"1 ": 8, "2 ": 9, "u ": 10}

_PROGRESS = re.compile(rb"Updating files:\s+\d+% \((\d{1,12})/(\d{1,12})\)")


def parse_progress(data: bytes) -> tuple[int, int] | None:
    """Find the latest checkout progress in a piece of git's error output.

    Args:
        data: bytes of stderr with `--progress`.

    Returns:
        Files written and files in all, or `None` if the piece holds no progress.
    """
    found = _PROGRESS.findall(data)
    return (int(found[-1][0]), int(found[-1][1])) if found else None


def parse_version(data: bytes) -> tuple[int, ...]:
    """Parse the output of `git version`, as in `(2, 39, 5)`; empty if there are no numbers."""
    match = re.search(rb"\d+(?:\.\d+)*", data)
    return tuple(int(part) for part in match[0].split(b".")[:4]) if match else ()
