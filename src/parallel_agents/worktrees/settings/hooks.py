"""Claude Code's `WorktreeCreate` and `WorktreeRemove` hooks, run as Claude Code runs them.

Keep true: only hooks from accepted files run; each has a deadline, after which its process group is
killed, and processes that left the group are not waited for; the directory that a hook names is
used only if it is a plain one, by its real path.
Source: code.claude.com/docs, "Hooks", WorktreeCreate and WorktreeRemove; claude 2.1.329.
"""

import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from parallel_agents.core.errors import WorktreeError

HookEvent = Literal["WorktreeCreate", "WorktreeRemove"]
_SECONDS = 600.0
_OUTPUT_LIMIT = 1 << 20
_SAID = 300
_GRACE = 1.0
_ANSI = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Hook:
    """One command hook.

    Args:
        command: the shell command.
        seconds: its deadline.
        file: the settings file that defines it.
    """

    command: str
    seconds: float
    file: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """The context in which hooks are called.

    Args:
        session: uuid of the conversation, or the session's id.
        name: name of the worktree.
        directory: where the user dispatched the session; the hooks run there.
        environment: their complete environment.
        cancelled: called about ten times a second; true stops the hook.
    """

    session: str
    name: str
    directory: str
    environment: Mapping[str, str]
    cancelled: Callable[[], bool] | None = None


def read_hooks(files: Sequence[Path], event: HookEvent) -> tuple[Hook, ...]:
    """Find the hooks of an event.

    Args:
        files: settings files that may apply, the weakest first.
        event: the event.

    Returns:
        The command hooks, in order.

    Raises:
        WorktreeError: a hook has a type that is not run here.
    """
    found: list[Hook] = []
    for path in files:
        for entry in _entries(path, event):
            kind, command = entry.get("type"), entry.get("command")
            if kind != "command" or not isinstance(command, str):
                raise WorktreeError(
                    f"{path}: a {event} hook of type “{kind}” is not run by parallel-agents",
                    "Make it a command hook, or start with --untrusted.",
                )
            seconds = entry.get("timeout")
            wanted = (
                float(seconds) if isinstance(seconds, int | float) and seconds > 0 else _SECONDS
            )
            found.append(Hook(command=command, seconds=wanted, file=str(path)))
    return tuple(found)


def _entries(path: Path, event: HookEvent) -> list[dict[str, Any]]:
    if not path.is_file():  # reading a pipe could block for ever
        return []
    try:
        settings = json.loads(path.read_bytes())
        groups = settings["hooks"][event]
        return [dict(entry) for group in groups for entry in group["hooks"]]
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return []


def create(hooks: Sequence[Hook], call: Call) -> str:
    """Let hooks create a directory to work in.

    Args:
        hooks: from `read_hooks`, at least one.
        call: the context.

    Returns:
        Real path of the directory that the first hook to name one created.

    Raises:
        WorktreeError: a hook failed, none named a directory, or the directory is not a plain one.
    """
    for hook in hooks:
        said = _run(hook, call, {"hook_event_name": "WorktreeCreate", "name": call.name})
        lines = [line for line in _ANSI.sub("", said).splitlines() if line.strip()]
        if lines:
            return _plain_directory(lines[-1].strip(), hook)
    raise WorktreeError(
        "The WorktreeCreate hook printed no directory.",
        "It must print the path of what it made as its last line.",
    )


def remove(hooks: Sequence[Hook], call: Call, path: str) -> str:
    """Tell hooks that a directory they created is gone; failures are only reported.

    Args:
        hooks: from `read_hooks`.
        call: the context.
        path: the directory.

    Returns:
        What went wrong, in one sentence; empty if nothing did.
    """
    for hook in hooks:
        try:
            _run(hook, call, {"hook_event_name": "WorktreeRemove", "worktree_path": path})
        except WorktreeError as error:
            return error.message
    return ""


def _plain_directory(named: str, hook: Hook) -> str:
    path = Path(named)
    odd = not path.is_absolute() or any(part in (".", "..") for part in named.split("/"))
    if odd or not path.is_dir() or os.path.realpath(path) != os.path.normpath(named):
        raise WorktreeError(
            f"The WorktreeCreate hook printed {named!r}, which is not a plain absolute directory.",
            f"See the hook in {hook.file}: {hook.command}",
        )
    return os.path.realpath(path)


def _run(hook: Hook, call: Call, fields: dict[str, str]) -> str:
    """Run one hook to its end; return its standard output."""
    given = {"session_id": call.session, "transcript_path": "", "cwd": call.directory, **fields}
    try:
        process = subprocess.Popen(
            ["/bin/sh", "-c", hook.command],
            cwd=call.directory,
            env={**call.environment, "CLAUDE_PROJECT_DIR": call.directory},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    except OSError as error:
        raise WorktreeError(f"A hook could not be started: {error}", hook.command) from error
    with process:
        out, err = _communicate(process, json.dumps(given).encode(), hook, call)
    if process.returncode != 0:
        why = " ".join(err.decode("utf-8", "replace").split())[-_SAID:]
        raise WorktreeError(
            f"The {fields['hook_event_name']} hook ended with exit status {process.returncode}"
            f"{f': {why}' if why else ''}",
            f"See the hook in {hook.file}: {hook.command}",
        )
    return out[-_OUTPUT_LIMIT:].decode("utf-8", "surrogateescape")


def _communicate(
    process: "subprocess.Popen[bytes]", data: bytes, hook: Hook, call: Call
) -> tuple[bytes, bytes]:
    ends = time.monotonic() + hook.seconds
    given: bytes | None = data
    while True:
        try:
            return process.communicate(given, timeout=0.1)
        except subprocess.TimeoutExpired:
            given = None
        late = time.monotonic() > ends
        if late or (call.cancelled is not None and call.cancelled()):
            os.killpg(process.pid, signal.SIGKILL)
            # A process that left the group may hold the pipes open for ever: do not wait for it.
            with suppress(subprocess.TimeoutExpired):
                process.communicate(timeout=_GRACE)
            why = f"took longer than {hook.seconds:g} s" if late else "was cancelled"
            raise WorktreeError(f"A hook {why} and was ended.", hook.command)
