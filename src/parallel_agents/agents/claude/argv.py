"""The one recipe that starts claude, first and resumed alike.

Keep true: the directory is `--worktree NAME` from the main worktree, never a working directory of
ours, because only then does the program's edit fence exist; `baseRef` is `head`, without which it
may move our branch; a value that a person gave is never taken for an option; the permission mode is
always named, since the program chooses another one in a terminal than without (`auto` and
`default`, claude 2.1.329).

Measured with claude 2.1.329: session rules in `--settings` hold, also without the repository's
own settings, and the fence stays in every form.
"""

from __future__ import annotations

import json

from parallel_agents.agents.base import SpawnSpec

_PROTOCOL = (
    "-p",
    "--input-format",
    "stream-json",
    "--output-format",
    "stream-json",
    "--verbose",
    "--include-partial-messages",
    "--permission-prompt-tool",
    "stdio",
)
_UNTRUSTED = ("--setting-sources=user", "--strict-mcp-config")


def spawn_argv(spec: SpawnSpec) -> list[str]:
    """The argument list that starts claude.

    Args:
        spec: what decides it; its `worktree` is a slug of ours.

    Returns:
        Program and arguments; the working directory must be the repository's main root, or the
        place itself when the agent is to make none.
    """
    return [
        *spec.program,
        *_PROTOCOL,
        *([f"--worktree={spec.worktree}"] if spec.worktree else []),
        f"--settings={_settings(spec)}",
        f"--{'resume' if spec.resume else 'session-id'}={spec.conversation}",
        *_options(spec),
    ]


def interactive_argv(spec: SpawnSpec) -> list[str]:
    """The argument list that opens the same conversation for a person, in their terminal.

    Without `--worktree`: the interactive program refuses that flag until its own trust dialog was
    accepted, and a resumed conversation goes back to its worktree by itself (claude 2.1.329,
    measured). The conversation must exist.

    Args:
        spec: what decides it.

    Returns:
        Program and arguments; the working directory must be the repository's main root.
    """
    return [
        *spec.program,
        f"--settings={_settings(spec)}",
        f"--resume={spec.conversation}",
        *_options(spec),
    ]


def _settings(spec: SpawnSpec) -> str:
    settings: dict[str, object] = {"worktree": {"baseRef": "head"}}
    if spec.options.rules:
        settings["permissions"] = {"allow": list(spec.options.rules)}
    return json.dumps(settings, ensure_ascii=True)


def _options(spec: SpawnSpec) -> list[str]:
    options = spec.options
    chosen = {
        "--name": _printable(spec.name),
        "--model": options.model,
        "--permission-mode": options.mode or "default",
        "--effort": options.effort,
        "--append-system-prompt": _meant(spec.directory),
    }
    given = [f"{flag}={value}" for flag, value in chosen.items() if value]
    return given if options.trusted else [*given, *_UNTRUSTED]


def _meant(directory: str) -> str:
    """Tell the agent where the person stood: its own program always begins at the top."""
    if not directory:
        return ""
    return (
        f"The user started this session in the directory {json.dumps(directory)} of the "
        "repository; what they name without a path is most likely there."
    )


def _printable(name: str) -> str:
    """An argument can hold no NUL, and a title no control characters."""
    return " ".join("".join(c if c.isprintable() else " " for c in name).split())
