"""What an agent's process is started with: the caller's environment, less what is not its."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, strategies as st
from msgspec.structs import replace

from parallel_agents.agents.claude.agent import ClaudeAgent
from parallel_agents.agents.demo.agent import DemoAgent
from parallel_agents.agents.registry import all_agents
from parallel_agents.core.errors import AgentError, WorktreeError
from parallel_agents.supervisor.run.spawn import (
    agent_environment,
    find_program,
    kept_environment,
    mode_now,
    run_spec,
)
from parallel_agents.wire.peer import MARKER
from tests.support.facts import CREATED, LIVING, facts_of, fold

STATE = fold(*LIVING)
AGENTS = all_agents()
KEPT = [
    "PATH",
    "HOME",
    "SSH_AUTH_SOCK",
    "ANTHROPIC_API_KEY",
    "ANTHROPIC_BASE_URL",
    "CLAUDE_CONFIG_DIR",
    "CLAUDE_CODE_USE_BEDROCK",
    "CLAUDE_CODE_MAX_OUTPUT_TOKENS",
    "GIT_AUTHOR_NAME",
    "GIT_COMMITTER_EMAIL",
    "GIT_SSH_COMMAND",
    "GIT_CONFIG_GLOBAL",
    "VIRTUAL_ENV",
    "PARALLEL_AGENTS_HOME",
    "PARALLEL_AGENTS_CLAUDE",
    "PARALLEL_AGENTS_DEMO_SPEED",
]
DROPPED = [
    MARKER,
    "PARALLEL_AGENTS_ANYTHING",
    "CLAUDECODE",
    "CLAUDE_CODE_SESSION_ID",
    "CLAUDE_CODE_ENTRYPOINT",
    "CLAUDE_CODE_SSE_PORT",
    "CLAUDE_CODE_CHILD_SESSION",
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_COMMON_DIR",
    "GIT_OBJECT_DIRECTORY",
    "GIT_CEILING_DIRECTORIES",
    "GIT_CONFIG_PARAMETERS",
    "GIT_CONFIG_COUNT",
    "GIT_CONFIG_KEY_0",
    "GIT_CONFIG_VALUE_12",
    "GIT_AUTHOR_DATE",
    "GIT_COMMITTER_DATE",
    "GIT_REFLOG_ACTION",
    "GIT_QUARANTINE_PATH",
    "GIT_PUSH_OPTION_0",
    "GITHEAD_0123",
    "A=B",
    "",
]


def test_nothing_is_started_before_there_is_a_place() -> None:
    with pytest.raises(WorktreeError, match="no worktree"):
        run_spec(DemoAgent(), fold(CREATED), ("agent",), {}, resume=False, mode="default")


def test_what_is_kept_and_dropped() -> None:
    assert sorted(kept_environment(dict.fromkeys(KEPT, "v"), AGENTS)) == sorted(KEPT)
    assert kept_environment(dict.fromkeys(DROPPED, "v"), AGENTS) == {}


HOOK = """#!/bin/sh
cat /proc/self/environ > "$OUT/$(basename "$0")"
"""


@pytest.mark.parametrize("hook", ["pre-commit", "post-commit", "post-checkout", "post-merge"])
def test_nothing_of_a_git_hook_is_kept(hook: str, tmp_path: Path) -> None:
    """Everything that git adds for its hooks is of that commit, and of that checkout."""
    mine = {
        "PATH": os.environ["PATH"], "HOME": str(tmp_path), "OUT": str(tmp_path),
        "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1",
    }  # fmt: skip
    identity = ("-c", "user.name=A", "-c", "user.email=a@b.c")

    def git(*args: str) -> None:
        subprocess.run(
            ["git", *identity, *args], cwd=tmp_path, env=mine, check=True, capture_output=True
        )

    git("init", "-q", "-b", "main")
    git("commit", "-q", "--allow-empty", "-m", "first")
    path = tmp_path / ".git/hooks" / hook
    path.parent.mkdir(exist_ok=True)
    path.write_text(HOOK)
    path.chmod(0o755)
    git("checkout", "-q", "-b", "side")
    git("commit", "-q", "--allow-empty", "-m", "second", "--author", "Other <o@example.org>")
    git("checkout", "-q", "main")
    git("merge", "-q", "--no-ff", "side")
    words = (tmp_path / hook).read_bytes().decode().split("\0")
    there = dict(word.split("=", 1) for word in words if "=" in word)
    assert "GIT_EXEC_PATH" in there or "GIT_INDEX_FILE" in there
    kept = kept_environment(there, AGENTS)
    assert [name for name in kept if name.startswith("GIT") and name not in mine] == []


def test_an_identity_of_ones_own_is_kept_outside_of_hooks() -> None:
    mine = {"GIT_AUTHOR_NAME": "A", "GIT_COMMITTER_EMAIL": "a@b.c", "GIT_EDITOR": "vim"}
    assert kept_environment(mine, AGENTS) == mine
    assert kept_environment({**mine, "GIT_PREFIX": ""}, AGENTS) == {"GIT_EDITOR": "vim"}


@given(st.dictionaries(st.text(min_size=1), st.text()))
def test_values_are_never_changed_and_keeping_twice_is_once(environment: dict[str, str]) -> None:
    kept = kept_environment(environment, AGENTS)
    assert kept.items() <= environment.items()
    assert kept_environment(kept, AGENTS) == kept


@pytest.mark.parametrize("name", list(all_agents()))
def test_every_agent_carries_its_sessions_marker_and_cannot_find_the_main_worktree(
    name: str,
) -> None:
    agent = all_agents()[name]
    environment = {MARKER: "another", "GIT_CEILING_DIRECTORIES": "/", "PATH": "/bin"}
    found = agent_environment(agent, STATE, {**environment, "PARALLEL_AGENTS_CLAUDE": "/x"})
    assert found[MARKER] == STATE.id
    assert found["GIT_CEILING_DIRECTORIES"] == "/r"
    assert found["PATH"] == "/bin"
    assert "PARALLEL_AGENTS_CLAUDE" not in found


@pytest.mark.parametrize(
    ("said", "chosen", "default", "mode"),
    [
        ("", None, "", "default"),
        ("", None, "acceptEdits", "acceptEdits"),
        ("", "plan", "acceptEdits", "plan"),
        ("acceptEdits", "plan", "", "acceptEdits"),
        ("from the future", "plan", "", "plan"),
        ("", None, "nonsense", "default"),
    ],
)
def test_every_start_names_the_mode(said: str, chosen: str | None, default: str, mode: str) -> None:
    """What the agent is in now, then what the person chose, then what their settings say."""
    state = facts_of(STATE, mode=said, options=replace(STATE.session.options, mode=chosen))
    assert mode_now(ClaudeAgent.traits, state, default) == mode
    spec = run_spec(
        ClaudeAgent(),
        state,
        ("/a",),
        {},
        resume=True,
        mode=mode_now(ClaudeAgent.traits, state, default),
    )
    assert f"--permission-mode={mode}" in spec["argv"]


def test_a_start_is_from_the_main_root_with_the_worktrees_name() -> None:
    spec = run_spec(DemoAgent(), STATE, ("/agent",), {"PATH": "/bin"}, resume=True, mode="default")
    assert spec["cwd"] == "/r"
    assert spec["argv"][0] == "/agent"
    assert "--worktree=w" in spec["argv"]
    assert f"--resume={STATE.conversation.id}" in spec["argv"]


def _program(directory: Path, name: str) -> Path:
    directory.mkdir(exist_ok=True)
    path = directory / name
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


def test_the_program_is_searched_in_the_sessions_own_path(tmp_path: Path) -> None:
    program = _program(tmp_path / "bin", "claude")
    assert find_program(ClaudeAgent.traits, {"PATH": str(program.parent)}) == (str(program),)


def test_the_named_program_comes_first(tmp_path: Path) -> None:
    _program(tmp_path / "bin", "claude")
    other = _program(tmp_path / "other", "mine")
    environment = {"PATH": str(tmp_path / "bin"), "PARALLEL_AGENTS_CLAUDE": str(other)}
    assert find_program(ClaudeAgent.traits, environment) == (str(other),)


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"PATH": "/nowhere"}, "`claude` is not on the PATH"),
        ({"PATH": "/bin", "PARALLEL_AGENTS_CLAUDE": "/no/claude"}, "names /no/claude"),
    ],
)
def test_a_missing_program_says_what_to_install(environment: dict[str, str], said: str) -> None:
    with pytest.raises(AgentError, match=said) as missing:
        find_program(ClaudeAgent.traits, environment)
    assert "npm install" in missing.value.hint
    assert "demo" in missing.value.hint


def test_our_own_agent_needs_no_program_on_the_path() -> None:
    assert find_program(DemoAgent.traits, {"PATH": ""}) == DemoAgent.traits.command
    assert "-I" in DemoAgent.traits.command
