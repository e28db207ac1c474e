"""Decide which settings of a repository must not take effect when we run git.

Keep true: settings from the system's and the user's own configuration stay in force (git-lfs,
credential helpers). Settings from the repository's files (scopes `local` and `worktree`, including
includes) never name a program that our git runs, except a filter whose exact lines a person
accepted. An agent can write `.git/config`, so we decide from what git itself reports right before
each use.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from parallel_agents.worktrees.plumbing.porcelain import ConfigEntry

ALWAYS: tuple[tuple[str, str], ...] = (
    ("core.hooksPath", "/dev/null"),
    ("core.fsmonitor", "false"),
    ("protocol.ext.allow", "never"),
    ("gc.auto", "0"),
    ("maintenance.auto", "false"),
    ("submodule.recurse", "false"),
    ("fetch.recurseSubmodules", "false"),
    ("diff.ignoreSubmodules", "all"),
    ("status.showUntrackedFiles", "normal"),
    ("advice.addEmbeddedRepo", "false"),
    ("commit.gpgSign", "false"),
    ("core.splitIndex", "false"),
)
"""Set in every call: no hooks, no monitors, no background work, no submodule's own settings."""

_UNTRUSTED = ("local", "worktree")

# The last part of each key that git documents as a command or program (git-config(1)).
_COMMANDS = frozenset({
    "alternaterefscommand", "askpass", "clean", "cmd", "command", "diffcmd", "diffdriver",
    "difffilter", "driver", "editor", "external", "gitproxy", "helper", "packobjectshook",
    "pager", "path", "process", "program", "receivepack", "smudge", "sshcommand", "textconv",
    "standalonetransferagent", "tool", "uploadarch", "uploadpack", "vcs",
})  # fmt: skip
_DATA_PATHS = ("include.", "includeif.", "submodule.")

_DEFAULTS = {
    "sshcommand": "ssh",
    "uploadpack": "git-upload-pack",
    "receivepack": "git-receive-pack",
    "editor": ":",
    "pager": "cat",
}

_STOCK_LFS = frozenset({
    ("clean", "git-lfs clean -- %f"),
    ("smudge", "git-lfs smudge -- %f"),
    ("smudge", "git-lfs smudge --skip -- %f"),
    ("process", "git-lfs filter-process"),
    ("process", "git-lfs filter-process --skip"),
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Disarmed:
    """What to add to a git call.

    Args:
        settings: keys and values with the highest precedence.
        env: environment.
        upload_packs: by name of the remote, the program that the other end runs.
        own: names of the filters that only the repository defines.
        lost: those of them that are disabled.
    """

    settings: tuple[tuple[str, str], ...]
    env: dict[str, str]
    upload_packs: dict[str, str]
    own: frozenset[str] = frozenset()
    lost: frozenset[str] = frozenset()

    def arguments(self, args: tuple[str, ...]) -> tuple[str, ...]:
        """Add the option that overrides the repository's settings for its remotes.

        Args:
            args: subcommand and arguments.

        Returns:
            The completed arguments.
        """
        if not self.upload_packs or args[0] not in ("fetch", "ls-remote"):
            return args
        named = (program for name, program in self.upload_packs.items() if name in args)
        return (args[0], f"--upload-pack={next(named, _DEFAULTS['uploadpack'])}", *args[1:])


def disarm(entries: tuple[ConfigEntry, ...], *, accepted: bool = False) -> Disarmed:
    """Work out what to add to a git call so that the repository cannot make it run programs.

    Args:
        entries: all settings that git reads there, in its order.
        accepted: a person accepted its `own_filters` as they are.

    Returns:
        The additions.
    """
    proxied = any(e.key == "core.gitproxy" and e.scope in _UNTRUSTED for e in entries)
    # For these, git uses the first setting it finds, so a later one cannot override it.
    env = {"GIT_PROXY_COMMAND": ""} if proxied else {}
    if accepted and any(" -m" in (e.value or "") for e in own_filters(entries)):
        # Otherwise `python -m` would load its module from the work tree, which the agent can write.
        env["PYTHONSAFEPATH"] = "1"
    return Disarmed(
        overrides(entries, accepted=accepted),
        env,
        _upload_packs(entries),
        own=_only_here(entries),
        lost=_only_here(e for e in entries if not (accepted and e.scope == "local")),
    )


def own_filters(entries: Iterable[ConfigEntry]) -> tuple[ConfigEntry, ...]:
    """Choose the settings of filters defined in the configuration that all checkouts share.

    Args:
        entries: all settings that git reads there, in its order.

    Returns:
        Those that say what runs and whether the filter is required; git-lfs's own lines are left
            out.
    """
    own = [e for e in entries if e.scope == "local" and e.key.startswith("filter.")]
    running = {_driver(e) for e in own if _runs_code(e) and not _is_stock_lfs(e)}
    return tuple(e for e in own if _driver(e) in running)


def _only_here(entries: Iterable[ConfigEntry]) -> frozenset[str]:
    """Name the filters whose commands only the repository defines."""
    running = [e for e in entries if e.key.startswith("filter.") and _runs_code(e)]
    kept = {_driver(e) for e in running if e.scope not in _UNTRUSTED}
    return (
        frozenset(_driver(e) for e in running if e.scope in _UNTRUSTED and not _is_stock_lfs(e))
        - kept
    )


def _driver(entry: ConfigEntry) -> str:
    """The name in `filter.<name>.<part>`; it may hold dots."""
    return entry.key.partition(".")[2].rpartition(".")[0]


def _upload_packs(entries: tuple[ConfigEntry, ...]) -> dict[str, str]:
    """Choose the program for each remote for which the repository names one."""
    suffix = ".uploadpack"
    own: dict[str, str] = {}
    suspects: set[str] = set()
    for entry in entries:
        if entry.key.startswith("remote.") and entry.key.endswith(suffix):
            if entry.scope in _UNTRUSTED:
                suspects.add(entry.key)
            else:
                own.setdefault(entry.key, entry.value or "")
    return {
        key.removeprefix("remote.").removesuffix(suffix): own.get(key, _DEFAULTS["uploadpack"])
        for key in suspects
    }


def overrides(
    entries: Iterable[ConfigEntry], *, accepted: bool = False
) -> tuple[tuple[str, str], ...]:
    """Work out the settings to add to a git call so that the repository runs nothing.

    Args:
        entries: all settings that git reads there, in its order.
        accepted: a person accepted its `own_filters` as they are.

    Returns:
        Keys and values to set with the highest precedence; a later one wins.
    """
    trusted: dict[str, list[str]] = {}
    suspects: dict[str, None] = {}
    for entry in entries:
        if entry.scope not in _UNTRUSTED:
            trusted.setdefault(entry.key, []).append(entry.value or "")
        elif accepted and entry.scope == "local" and entry.key.startswith("filter."):
            continue
        elif _runs_code(entry) and not _is_stock_lfs(entry):
            suspects[entry.key] = None
    result = list(ALWAYS)
    for key in suspects:
        result.extend(_override(key, trusted))
    filters = {key.rpartition(".")[0] for key in suspects if key.startswith("filter.")}
    result += [(f"{f}.required", _required(f, suspects, trusted)) for f in sorted(filters)]
    return tuple(result)


def _runs_code(entry: ConfigEntry) -> bool:
    section, _, _ = entry.key.partition(".")
    last = entry.key.rpartition(".")[2]
    if section in ("pager", "hook"):
        return True
    return last in _COMMANDS and not entry.key.startswith(_DATA_PATHS)


def _is_stock_lfs(entry: ConfigEntry) -> bool:
    prefix, _, last = entry.key.rpartition(".")
    return prefix == "filter.lfs" and (last, entry.value) in _STOCK_LFS


def _override(key: str, trusted: dict[str, list[str]]) -> list[tuple[str, str]]:
    prefix, _, last = key.rpartition(".")
    own = trusted.get(key, [])
    if last == "helper":  # a list: an empty value clears it, then the user's own are added again
        return [(key, ""), *((key, value) for value in own)]
    result = [(key, own[-1] if own else _DEFAULTS.get(last, ""))]
    if prefix.startswith("hook."):
        result.append((f"{prefix}.enabled", "false"))
    return result


def _required(prefix: str, suspects: Iterable[str], trusted: dict[str, list[str]]) -> str:
    """Say whether git requires this filter.

    A required filter that has lost its commands makes git fail on every file. But where an empty
    `process` disables the person's own commands, failing is right: skipping an encrypting filter
    would store plain text.
    """
    if not any(f"{prefix}.{part}" in trusted for part in ("clean", "smudge", "process")):
        return "false"
    process = f"{prefix}.process"
    if process in suspects and process not in trusted:
        return "true"
    return trusted.get(f"{prefix}.required", ["false"])[-1]
