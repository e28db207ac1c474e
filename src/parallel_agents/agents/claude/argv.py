"""Builds the argument lists that start claude, for new and resumed conversations.

Keep true: the directory is `--worktree NAME` from the main worktree, never a working directory of
ours, because the program's fence exists only then; `baseRef` is `head`, because the program may
otherwise move our branch; no value from a person is taken for an option; the permission mode is
always named, because the program's default differs in a terminal (`auto`) and without one
(`default`, claude 2.1.329).

Measured with claude 2.1.329: session rules in `--settings` are in effect even without the
repository's own settings, and the fence exists in every form.
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
    """Build the argument list that starts claude.

    Args:
        spec: how to start it; its `worktree` is one of our slugs.

    Returns:
        Program and arguments; the working directory must be the repository's main root, or the
        place itself if `spec.worktree` is empty.
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
    """Build the argument list that opens an existing conversation in a person's terminal.

    It has no `--worktree`, because the interactive program refuses that flag until its own trust
    dialog was accepted, and a resumed conversation returns to its worktree by itself (measured
    with claude 2.1.329).

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
    """Tell the agent where the person was, because its program always starts at the top."""
    if not directory:
        return ""
    return (
        f"The user started this session in the directory {json.dumps(directory)} of the "
        "repository; what they name without a path is most likely there."
    )


def _printable(name: str) -> str:
    """Remove what a title must not contain: control characters, and NUL, as in any argument."""
    return " ".join("".join(c if c.isprintable() else " " for c in name).split())
