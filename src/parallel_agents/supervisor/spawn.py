"""What an agent's process is started with: program, argument list, environment.

Keep true: an agent gets the environment of whoever dispatched it, less what belongs to us, to
another session of the CLI, or to another repository; it always carries the session's marker.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from parallel_agents.agents.base import Agent, SpawnSpec
from parallel_agents.core.errors import AgentError
from parallel_agents.core.options import MODES
from parallel_agents.core.state import SessionState
from parallel_agents.core.value import replace
from parallel_agents.supervisor import started
from parallel_agents.supervisor.steps import place_variables
from parallel_agents.wire.peer import MARKER

_OURS = re.compile(r"PARALLEL_AGENTS_(?!HOME$|DEMO_)")
_NOT_PASSED = re.compile(
    r"CLAUDECODE$|CLAUDE_CODE_\w*(SESSION|CHILD|SSE_PORT|ENTRYPOINT)\w*$|CLAUDE_CODE_HOST_\w+$"
    r"|GIT_(DIR|WORK_TREE|INDEX_FILE|COMMON_DIR|OBJECT_DIRECTORY|NAMESPACE|PREFIX|EXEC_PATH"
    r"|ALTERNATE_OBJECT_DIRECTORIES|CEILING_DIRECTORIES|CONFIG|CONFIG_PARAMETERS|CONFIG_COUNT"
    r"|CONFIG_KEY_\d+|CONFIG_VALUE_\d+|GRAFT_FILE|SHALLOW_FILE|REPLACE_REF_BASE"
    r"|IMPLICIT_WORK_TREE|QUARANTINE_PATH|REFLOG_ACTION|CHERRY_PICK_HELP|PROTOCOL"
    r"|(AUTHOR|COMMITTER)_DATE|(LITERAL|GLOB|NOGLOB|ICASE)_PATHSPECS|EXTERNAL_DIFF|EXT_SERVICE\w*"
    r"|DIFF_PATH_\w+|DIFFTOOL_\w+|PUSH_(CERT|OPTION)\w*|INTERNAL_\w+|TRACE2_PARENT_\w+)$"
    r"|GITHEAD_\w+$|.*=|$"
)
"""What git sets for its hooks among them, and names that no environment can have."""

_OF_A_HOOK = re.compile(r"GIT_(AUTHOR|COMMITTER)_(NAME|EMAIL)$")
_NO_EDITOR = re.compile(r"GIT_(SEQUENCE_)?EDITOR$")
_IN_A_HOOK = ("GIT_PREFIX", "GIT_INDEX_FILE", "GIT_DIR", "GIT_EXEC_PATH")
CLAUDE_VARIABLE = "PARALLEL_AGENTS_CLAUDE"
"""Environment variable that names the `claude` program."""

INSTALL_HINT = (
    "Install Claude Code (`npm install -g @anthropic-ai/claude-code`), or set "
    f"{CLAUDE_VARIABLE} to its program. Without it, try `parallel-agents demo`."
)


def kept_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """What of the caller's environment a session keeps.

    Args:
        environment: as the client sent it.

    Returns:
        The variables to store with the session and pass to its agent.
    """
    hook = any(name in environment for name in _IN_A_HOOK)
    kept = {
        name: value
        for name, value in environment.items()
        if not _OURS.match(name)
        and not _NOT_PASSED.match(name)
        # In a hook these are of the one commit that it is about, perhaps somebody else's.
        and not (hook and _OF_A_HOOK.match(name))
        and not (value == ":" and _NO_EDITOR.match(name))
    }
    if CLAUDE_VARIABLE in environment:
        kept[CLAUDE_VARIABLE] = environment[CLAUDE_VARIABLE]
    return kept


def known_agent(agents: Mapping[str, Agent], name: str) -> Agent:
    """Find an agent by its name.

    Args:
        agents: those that this version knows.
        name: as it is journalled.

    Raises:
        AgentError: it is none of them.
    """
    if name not in agents:
        raise AgentError(
            f"This version knows no agent “{name}”.", f"It knows: {', '.join(agents)}."
        )
    return agents[name]


def find_program(
    agent: str, environment: Mapping[str, str], own: tuple[str, ...]
) -> tuple[str, ...]:
    """The program that starts an agent.

    Args:
        agent: the agent's name.
        environment: the session's environment; its `PATH` is searched.
        own: argument list of an agent that is part of this package; empty for the others.

    Returns:
        The beginning of the argument list.

    Raises:
        AgentError: it is not installed.
    """
    if own:
        return own
    named = environment.get(CLAUDE_VARIABLE, "")
    found = shutil.which(named or agent, path=environment.get("PATH", os.defpath))
    if found is None:
        what = (
            f"{CLAUDE_VARIABLE} names {named}, which is no program"
            if named
            else (f"`{agent}` is not on the PATH")
        )
        raise AgentError(f"The agent cannot be started: {what}.", INSTALL_HINT)
    return (str(Path(found).absolute()),)


@cache
def _version_of(program: str, changed: int) -> str:
    """What a program says it is; asked again when its file changed (`changed`, nanoseconds)."""
    try:
        done = subprocess.run(
            [program, "--version"], capture_output=True, text=True, timeout=20, check=False, cwd="/"
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip()


def check_version(agent: Agent, program: tuple[str, ...]) -> None:
    """Refuse an agent program that is too old to be driven; one that will not say is tried.

    Args:
        agent: its `minimum` is the oldest version that will do.
        program: the beginning of its argument list.

    Raises:
        AgentError: it is too old.
    """
    minimum = tuple(getattr(agent, "minimum", ()))
    if not minimum:
        return
    said = _version_of(program[0], Path(program[0]).stat().st_mtime_ns)
    numbers = re.match(r"(\d+)\.(\d+)\.(\d+)", said)
    if numbers and tuple(int(n) for n in numbers.groups()) < minimum:
        wanted = ".".join(str(n) for n in minimum)
        raise AgentError(
            f"{program[0]} is version {numbers[0]}; {wanted} or newer is needed.",
            "Update it: npm install -g @anthropic-ai/claude-code",
        )


def start_directory(state: SessionState) -> str:
    """Where an agent's process starts: the main worktree's root, or a place that is no worktree.

    Under a bare hub it is the checkout that the session was dispatched from: claude refuses the
    bare directory itself, and finds the worktree from any linked checkout (measured).
    """
    worktree = state.standing
    if _kind(state) != "worktree":
        return worktree.path
    root = Path(worktree.root)
    checkout = str(worktree.record.get("checkout") or "")
    return str(root) if (root / ".git").exists() or not checkout else checkout


def _kind(state: SessionState) -> str:
    return str(state.standing.record.get("kind") or "worktree")


def mode_now(state: SessionState, default: str) -> str:
    """The permission mode that a start hands over: left out, it would depend on the program.

    Args:
        state: the session's facts; the agent's last word counts, then what the person chose.
        default: what the person's own settings say; may be empty.
    """
    known = (state.mode, state.options.mode, default)
    return next((mode for mode in known if mode in MODES), "default")


def spawn_spec(
    state: SessionState, program: tuple[str, ...], *, resume: bool, mode: str
) -> SpawnSpec:
    """What decides the argument list of a session's agent; `mode` is from `mode_now`."""
    return SpawnSpec(
        program=program,
        conversation=state.conversation,
        resume=resume,
        worktree=Path(state.standing.path).name if _kind(state) == "worktree" else "",
        name=state.name,
        options=replace(state.options, mode=mode),
        directory=started.subdirectory(state.standing.record, state.directory),
    )


def agent_environment(
    agent: Agent, state: SessionState, environment: Mapping[str, str]
) -> dict[str, str]:
    """The environment of an agent's process, its marker included."""
    return {
        **{name: value for name, value in environment.items() if name != CLAUDE_VARIABLE},
        **agent.environment(),
        **place_variables(state),
        "GIT_CEILING_DIRECTORIES": str(Path(state.standing.path).parent),
        MARKER: state.id,
    }


def run_spec(
    agent: Agent,
    state: SessionState,
    program: tuple[str, ...],
    environment: Mapping[str, str],
    *,
    resume: bool,
    mode: str,
) -> dict[str, Any]:
    """What the shim is told to start.

    Args:
        agent: the agent program.
        state: the session, whose worktree stands.
        program: beginning of the argument list.
        environment: the session's environment.
        resume: whether the conversation exists already.
        mode: the permission mode, from `mode_now`.

    Returns:
        The content of `spec.json`, without its version.
    """
    return {
        "argv": agent.argv(spawn_spec(state, program, resume=resume, mode=mode)),
        "cwd": start_directory(state),
        "session": state.id,
        "env": agent_environment(agent, state, environment),
    }
