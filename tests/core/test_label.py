"""The state table: every row, the order of the rows, and that every set of facts has one label."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given

from parallel_agents.core.events import BackgroundTask
from parallel_agents.core.facts import Problem
from parallel_agents.core.label import SHOWN_AS, STATES, derive
from parallel_agents.core.state import Message, Request, Retry, SessionState
from tests.support.facts import any_of, facts_of

REQUEST = Request(
    id="r",
    kind="permission",
    tool_name="Bash",
    input={"command": "npm test"},
    digest="d",
    asked_at=1,
    seq=1,
)
MESSAGE = Message(uuid="m", text="hi")
AGENT = BackgroundTask(id="a", kind="agent")
SHELL = BackgroundTask(id="s", kind="shell")
OOPS = Problem(message="no credit")

ROWS: list[tuple[str, dict[str, Any], str, str]] = [
    # why, facts, state, detail
    ("asks", {"liveness": "alive", "requests": (REQUEST,)}, "blocked", "Bash: npm test"),
    (
        "asks twice",
        {"liveness": "alive", "requests": (REQUEST, REQUEST)},
        "blocked",
        "Bash: npm test (+1 more)",
    ),
    ("being created", {"creating": True}, "working", "making the worktree"),
    (
        "decision not taken up",
        {"liveness": "alive", "decided": ("{}",)},
        "working",
        "taking up the answer",
    ),
    (
        "message not taken up",
        {"liveness": "alive", "messages": (MESSAGE,)},
        "working",
        "taking up the message",
    ),
    (
        "starts with a message",
        {"liveness": "starting", "messages": (MESSAGE,)},
        "working",
        "starting",
    ),
    (
        "turn",
        {"liveness": "alive", "running": True, "activity": "Edit: a.py"},
        "working",
        "Edit: a.py",
    ),
    ("turn that has said nothing", {"liveness": "alive", "running": True}, "working", "thinking"),
    (
        "retrying",
        {"liveness": "alive", "running": True, "retry": Retry(attempt=3, maximum=10, error="529")},
        "working",
        "retrying 3/10: 529",
    ),
    (
        "retrying in vain",
        {
            "liveness": "alive",
            "running": True,
            "retry": Retry(attempt=1, maximum=10, error="401", hint="Log in.", fatal=True),
        },
        "working",
        "retrying 1/10: 401. Log in.",
    ),
    (
        "limited",
        {"liveness": "alive", "running": True, "limit_until": 5.0},
        "working",
        "waiting for the usage limit to reset",
    ),
    (
        "subagent goes on",
        {"liveness": "alive", "outcome": "ok", "tasks": (AGENT,)},
        "working",
        "1 subagent",
    ),
    (
        "two of them",
        {"liveness": "alive", "tasks": (AGENT, AGENT, SHELL)},
        "working",
        "2 subagents",
    ),
    ("stopped", {"stopped": "person"}, "stopped", ""),
    (
        "stopped in a turn",
        {"stopped": "person", "outcome": "error", "problem": OOPS},
        "stopped",
        "",
    ),
    (
        "stopped, and its worktree is gone",
        {"stopped": "person", "missing": "gone"},
        "stopped",
        "worktree missing: gone",
    ),
    ("shut down", {"stopped": "shutdown", "outcome": "ok"}, "stopped", ""),
    ("stopped to be deleted", {"stopped": "delete", "outcome": "ok"}, "stopped", ""),
    (
        "worktree gone",
        {"missing": "no such directory"},
        "failed",
        "worktree missing: no such directory",
    ),
    ("set-up", {"setup": OOPS}, "failed", "set-up: no credit"),
    ("error", {"liveness": "alive", "outcome": "error", "problem": OOPS}, "failed", "no credit"),
    ("cut", {"outcome": "cut", "problem": Problem(message="cut off")}, "failed", "cut off"),
    ("error unsaid", {"outcome": "error"}, "failed", "the turn failed"),
    ("finished", {"liveness": "alive", "outcome": "ok"}, "done", ""),
    (
        "finished, shell on",
        {"liveness": "alive", "outcome": "ok", "tasks": (SHELL,)},
        "done",
        "1 shell running",
    ),
    ("asleep", {"outcome": "ok", "stopped": "asleep"}, "done", "asleep"),
    ("reboot after work", {"outcome": "ok"}, "done", "asleep"),
    ("in a terminal", {"outcome": "ok", "stopped": "attach"}, "done", "attached in a terminal"),
    ("interrupted", {"liveness": "alive", "outcome": "interrupted"}, "idle", "interrupted"),
    ("nothing asked", {"liveness": "alive"}, "idle", ""),
    ("new", {}, "idle", ""),
]


@pytest.mark.parametrize(
    ("facts", "state", "detail"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS]
)
def test_each_row(facts: dict[str, Any], state: str, detail: str) -> None:
    label = derive(facts_of(**facts))
    assert (label.state, label.detail) == (state, detail)


ORDER: list[tuple[str, dict[str, Any]]] = [
    ("blocked", {"liveness": "alive", "requests": (REQUEST,)}),
    ("working", {"liveness": "alive", "running": True}),
    ("stopped", {"stopped": "person"}),
    ("failed", {"missing": "gone"}),
    ("done", {"outcome": "ok"}),
]
"""Facts of each state that can hold together with those of every later one."""


@pytest.mark.parametrize("place", range(len(ORDER)), ids=[name for name, _ in ORDER])
def test_the_first_row_that_matches_wins(place: int) -> None:
    facts: dict[str, Any] = {}
    for _, given_facts in reversed(ORDER[place:]):
        facts |= given_facts
    assert derive(facts_of(**facts)).state == ORDER[place][0]


@pytest.mark.parametrize("liveness", ["none", "starting", "alive"])
def test_a_request_blocks_only_while_its_process_lives(liveness: Any) -> None:
    label = derive(facts_of(liveness=liveness, requests=(REQUEST,), outcome="ok"))
    assert label.state == ("done" if liveness == "none" else "blocked")


@pytest.mark.parametrize(
    "open_work",
    [{"running": True}, {"decided": ("{}",)}, {"messages": (MESSAGE,)}, {"tasks": (AGENT,)}],
)
def test_without_a_process_nothing_works(open_work: dict[str, Any]) -> None:
    assert derive(facts_of(outcome="ok", **open_work)).state == "done"


def test_every_state_has_a_row_and_a_word() -> None:
    assert {row[2] for row in ROWS} == set(STATES) == set(SHOWN_AS)


@given(any_of(SessionState))
def test_any_facts_have_one_label_with_its_reasons(state: SessionState) -> None:
    label = derive(state)
    assert label.state in STATES
    assert label.shown == SHOWN_AS[label.state]
    assert label.facts
    if label.state == "blocked":
        assert state.dialogue.requests
        assert state.process.liveness != "none"
    if label.state == "stopped":
        assert state.process.liveness == "none"


@given(any_of(SessionState))
def test_what_a_person_named_or_looked_at_decides_nothing(state: SessionState) -> None:
    other = facts_of(
        state, name="x", unread=not state.unread, pinned=not state.session.pinned, because={}
    )
    assert derive(other) == derive(state)
