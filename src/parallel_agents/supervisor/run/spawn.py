"""How an agent's process is started: program, argument list, environment.

Keep true: an agent gets the environment of whoever dispatched it, except what belongs to us, to
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
from parallel_agents.core.agents import Offer, Traits
from parallel_agents.core.errors import AgentError
from parallel_agents.core.events import Notice
from parallel_agents.core.state import SessionState
from parallel_agents.core.value import replace
from parallel_agents.supervisor.run.start_subdirectory import subdirectory
from parallel_agents.wire.peer import MARKER

_OURS = re.compile(r"PARALLEL_AGENTS_(?!HOME$|DEMO_)")
_NOT_PASSED = re.compile(
    r"GIT_(DIR|WORK_TREE|INDEX_FILE|COMMON_DIR|OBJECT_DIRECTORY|NAMESPACE|PREFIX|EXEC_PATH"
    r"|ALTERNATE_OBJECT_DIRECTORIES|CEILING_DIRECTORIES|CONFIG|CONFIG_PARAMETERS|CONFIG_COUNT"
    r"|CONFIG_KEY_\d+|CONFIG_VALUE_\d+|GRAFT_FILE|SHALLOW_FILE|REPLACE_REF_BASE"
    r"|IMPLICIT_WORK_TREE|QUARANTINE_PATH|REFLOG_ACTION|CHERRY_PICK_HELP|PROTOCOL"
    r"|(AUTHOR|COMMITTER)_DATE|(LITERAL|GLOB|NOGLOB|ICASE)_PATHSPECS|EXTERNAL_DIFF|EXT_SERVICE\w*"
    r"|DIFF_PATH_\w+|DIFFTOOL_\w+|PUSH_(CERT|OPTION)\w*|INTERNAL_\w+|TRACE2_PARENT_\w+)$"
    r"|GITHEAD_\w+$|.*=|$"
)
"""Includes the variables that git sets for its hooks, and names no environment can have."""

_OF_A_HOOK = re.compile(r"GIT_(AUTHOR|COMMITTER)_(NAME|EMAIL)$")
_NO_EDITOR = re.compile(r"GIT_(SEQUENCE_)?EDITOR$")
_IN_A_HOOK = ("GIT_PREFIX", "GIT_INDEX_FILE", "GIT_DIR", "GIT_EXEC_PATH")


def place_variables(state: SessionState) -> dict[str, str]:
    """The environment variables that tell a session's commands about their place.

    Args:
        state: a session whose worktree is ready.
    """
    worktree = state.place.worktree
    if worktree is None:
        return {}
    variables = {
        "PARALLEL_AGENTS_NAME": state.session.name,
        "PARALLEL_AGENTS_WORKTREE": worktree.path,
        "PARALLEL_AGENTS_DIRECTORY": str(
            Path(
                worktree.path,
                subdirectory(worktree.record, state.place.directory),
            )
        ),
        "PARALLEL_AGENTS_ROOT": worktree.root,
        "PARALLEL_AGENTS_BRANCH": worktree.branch,
    }
    if state.place.ports:
        variables["PARALLEL_AGENTS_PORT"] = str(state.place.port)
        variables["PARALLEL_AGENTS_PORTS"] = str(state.place.ports)
    return variables


def kept_environment(environment: Mapping[str, str], agents: Mapping[str, Agent]) -> dict[str, str]:
    """The part of the caller's environment that a session keeps.

    Args:
        environment: as the client sent it.
        agents: the caller may be a process of any of them.

    Returns:
        The variables to store with the session; we use those that name an agent's program.
    """
    traits = [agent.traits for agent in agents.values()]
    named = _program_variables(agents)
    private = re.compile(
        "|".join(f"(?:{t.private_variables})" for t in traits if t.private_variables) or "$"
    )
    hook = any(name in environment for name in _IN_A_HOOK)
    return {
        name: value
        for name, value in environment.items()
        if (name in named or not _OURS.match(name))
        and not _NOT_PASSED.match(name)
        and not private.fullmatch(name)
        # In a hook these describe the author of one commit, perhaps somebody else.
        and not (hook and _OF_A_HOOK.match(name))
        and not (value == ":" and _NO_EDITOR.match(name))
    }


def _program_variables(agents: Mapping[str, Agent]) -> frozenset[str]:
    return frozenset(agent.traits.variable for agent in agents.values()) - {""}


def known_agent(agents: Mapping[str, Agent], name: str) -> Agent:
    """Find an agent by its name.

    Args:
        agents: those that this version knows.
        name: as it is journalled.

    Raises:
        AgentError: this version does not know it.
    """
    if name not in agents:
        raise AgentError(
            f"There is no agent “{name}” in this version.", f"Known agents: {', '.join(agents)}."
        )
    return agents[name]


def find_program(traits: Traits, environment: Mapping[str, str]) -> tuple[str, ...]:
    """Find the program that starts an agent.

    Args:
        traits: the agent's.
        environment: the session's environment; its `PATH` is searched.

    Returns:
        The beginning of the argument list.

    Raises:
        AgentError: it is not installed.
    """
    if traits.command:
        return traits.command
    named = environment.get(traits.variable, "") if traits.variable else ""
    found = shutil.which(named or traits.program, path=environment.get("PATH", os.defpath))
    if found is None:
        what = (
            f"{traits.variable} names {named}, which is not a program"
            if named
            else f"`{traits.program}` is not on the PATH"
        )
        raise AgentError(f"The agent cannot be started: {what}.", traits.install)
    return (str(Path(found).absolute()),)


@cache
def _said_version(program: str, changed: int) -> str:
    """A program's version output; `changed` (file time in nanoseconds) renews the cached value."""
    try:
        done = subprocess.run(
            [program, "--version"], capture_output=True, text=True, timeout=20, check=False, cwd="/"
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip()


def version_of(program: tuple[str, ...]) -> str:
    """The version that an agent's program reports; empty if it does not answer."""
    return _said_version(program[0], Path(program[0]).stat().st_mtime_ns)


def check_version(traits: Traits, program: tuple[str, ...]) -> None:
    """Refuse an agent program that is too old; one that reports no version is tried.

    Args:
        traits: the agent's; `minimum` is the oldest version accepted.
        program: the beginning of its argument list.

    Raises:
        AgentError: it is too old.
    """
    minimum = traits.minimum
    if not minimum:
        return
    said = version_of(program)
    numbers = re.match(r"(\d+)\.(\d+)\.(\d+)", said)
    if numbers and tuple(int(n) for n in numbers.groups()) < minimum:
        wanted = ".".join(str(n) for n in minimum)
        raise AgentError(
            f"{program[0]} is version {numbers[0]}; {wanted} or newer is needed.",
            traits.update,
        )


def offer(traits: Traits, environment: Mapping[str, str]) -> Offer:
    """Whether an agent can be started in an environment."""
    try:
        program = find_program(traits, environment)
    except AgentError as error:
        return Offer(traits=traits, available=False, hint=f"{error.message} {error.hint}".strip())
    return Offer(traits=traits, available=True, program=program[0])


def with_version(offered: Offer) -> Offer:
    """Add the version that the program reports; a program of this package has none."""
    if not offered.program or offered.traits.command:
        return offered
    return replace(offered, version=version_of((offered.program,)))


def start_directory(traits: Traits, state: SessionState) -> str:
    """Where an agent's process starts: in its place, or for some in the main worktree's root.

    Under a bare hub, it starts in the checkout that the session was dispatched from: no program
    accepts the bare directory as a checkout, and the worktree is found from any linked checkout.
    """
    worktree = state.place.standing
    if not _goes_there(traits, state):
        return worktree.path
    root = Path(worktree.root)
    checkout = worktree.record.checkout if worktree.record else ""
    return str(root) if (root / ".git").exists() or not checkout else checkout


def _goes_there(traits: Traits, state: SessionState) -> bool:
    """Whether the agent starts elsewhere and enters its worktree by itself."""
    return state.place.traits.is_git_worktree and traits.starts_in == "repository"


def mode_now(traits: Traits, state: SessionState, default: str) -> str:
    """The permission mode for a start; without one, it would depend on the program.

    Args:
        traits: the agent's.
        state: the session's facts; the mode last reported by the agent counts first, then the
            person's choice.
        default: the mode in the person's own settings; may be empty.
    """
    known = (state.conversation.mode, state.session.options.mode, default)
    return next((mode for mode in known if mode in traits.mode_names), traits.usual_mode)


def spawn_spec(
    traits: Traits, state: SessionState, program: tuple[str, ...], *, resume: bool, mode: str
) -> SpawnSpec:
    """What decides the argument list of a session's agent; `mode` is from `mode_now`."""
    return SpawnSpec(
        program=program,
        conversation=state.conversation.id,
        resume=resume,
        worktree=Path(state.place.standing.path).name if _goes_there(traits, state) else "",
        name=state.session.name,
        options=replace(state.session.options, mode=mode or None),
        directory=subdirectory(state.place.standing.record, state.place.directory),
    )


def agent_environment(
    agent: Agent, state: SessionState, environment: Mapping[str, str]
) -> dict[str, str]:
    """The environment of an agent's process, its marker included."""
    return {
        **{name: value for name, value in environment.items() if not _OURS.match(name)},
        **agent.environment(),
        **place_variables(state),
        "GIT_CEILING_DIRECTORIES": str(Path(state.place.standing.path).parent),
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
        state: the session, whose worktree is ready.
        program: beginning of the argument list.
        environment: the session's environment.
        resume: whether the conversation exists already.
        mode: the permission mode, from `mode_now`.

    Returns:
        The content of `spec.json`, without its version.
    """
    return {
        "argv": agent.argv(spawn_spec(agent.traits, state, program, resume=resume, mode=mode)),
        "cwd": start_directory(agent.traits, state),
        "session": state.id,
        "env": agent_environment(agent, state, environment),
    }


def forgotten(traits: Traits) -> Notice:
    """The notice that an agent that cannot resume has started again without its conversation."""
    text = (
        f"The agent “{traits.name}” cannot resume a conversation: it starts without what was said "
        "before."
    )
    return Notice(text=text, level="warning")
