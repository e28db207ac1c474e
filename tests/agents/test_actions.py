"""What is said to claude: always one line, and only what the person decided."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, strategies as st

from parallel_agents.agents.base import Agent, SpawnSpec
from parallel_agents.agents.claude.agent import ClaudeAgent
from parallel_agents.core.ids import digest
from parallel_agents.core.options import Decision, Options
from parallel_agents.core.state import Request

AGENT: Agent = ClaudeAgent()
RULE = {
    "type": "addRules",
    "rules": [{"toolName": "Bash", "ruleContent": "touch zz *"}, {"toolName": "Read"}],
    "behavior": "allow",
    "destination": "localSettings",
}
SUGGESTED = (
    RULE,
    {"type": "addDirectories", "directories": ["/w"], "destination": "session"},
    {"type": "setMode", "mode": "acceptEdits", "destination": "session"},
    {**RULE, "behavior": "deny"},
    {**RULE, "type": "removeRules"},
)
QUESTIONS = {
    "questions": [
        {"question": "Which?", "header": "W", "options": [], "multiSelect": True},
        {"question": "Why?", "header": "Y", "options": [], "multiSelect": False},
    ]
}
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


def request(kind: Any = "permission", given_input: Any = None, **more: Any) -> Request:
    tool_input = {"command": "ls"} if given_input is None else given_input
    return Request(
        id="r1",
        kind=kind,
        tool_name="Bash",
        input=tool_input,
        digest=digest(tool_input),
        asked_at=0,
        seq=1,
        **more,
    )


def answered(asked: Request, decision: Decision) -> Any:
    """The inner response of the line that answers."""
    line = json.loads(AGENT.decide(asked, decision))
    assert line["type"] == "control_response"
    assert line["response"]["request_id"] == asked.id
    assert line["response"]["subtype"] == "success"
    return line["response"]["response"]


@given(st.dictionaries(st.text(), JSON))
def test_an_input_that_was_not_edited_goes_back_as_it_came(tool_input: dict[str, Any]) -> None:
    line = AGENT.decide(request(given_input=tool_input), Decision(behavior="allow"))
    assert line.isascii()
    assert "\n" not in line
    sent = json.loads(line)["response"]["response"]
    assert json.dumps(sent["updatedInput"]) == json.dumps(tool_input)
    assert sent.keys() == {"behavior", "updatedInput"}


@given(st.text(), st.text())
def test_a_message_is_one_ascii_line(uuid: str, text: str) -> None:
    line = AGENT.message(uuid, text)
    assert line.isascii()
    assert not {"\n", "\r"} & set(line)
    assert json.loads(line)["message"] == {"role": "user", "content": text}


def test_an_edited_input_replaces_the_one_shown() -> None:
    sent = answered(request(), Decision(behavior="allow", updated_input={"command": "pwd"}))
    assert sent == {"behavior": "allow", "updatedInput": {"command": "pwd"}}


def test_always_grants_only_rules_and_only_for_this_session() -> None:
    sent = answered(request(suggestions=SUGGESTED), Decision(behavior="allow", scope="session"))
    assert sent["updatedPermissions"] == [{**RULE, "destination": "session"}]


def test_a_rule_for_the_repository_is_a_choice_of_its_own() -> None:
    sent = answered(request(suggestions=SUGGESTED), Decision(behavior="allow", scope="repository"))
    assert sent["updatedPermissions"] == [RULE]


def test_a_denial_carries_its_reason() -> None:
    assert answered(request(), Decision(behavior="deny", message="use b.txt")) == {
        "behavior": "deny",
        "message": "use b.txt",
    }
    assert answered(request(), Decision(behavior="deny"))["message"]
    assert "planning" in answered(request("plan"), Decision(behavior="deny"))["message"]


def test_questions_are_answered_by_their_own_text() -> None:
    chosen: dict[str, str | list[str]] = {"Which?": ["A", "B"], "Why?": "because"}
    sent = answered(request("question", QUESTIONS), Decision(behavior="allow", answers=chosen))
    assert sent["updatedInput"] == {**QUESTIONS, "answers": {"Which?": "A, B", "Why?": "because"}}


def test_a_plan_is_approved_into_a_mode() -> None:
    plan = {"plan": "# P", "planFilePath": "/p.md"}
    sent = answered(request("plan", plan), Decision(behavior="allow", mode="acceptEdits"))
    update = {"type": "setMode", "mode": "acceptEdits", "destination": "session"}
    assert sent == {"behavior": "allow", "updatedInput": plan, "updatedPermissions": [update]}


@pytest.mark.parametrize(
    ("line", "body"),
    [
        (AGENT.initialize("r"), {"subtype": "initialize"}),
        (AGENT.interrupt("r"), {"subtype": "interrupt"}),
        (AGENT.set_mode("r", "plan"), {"subtype": "set_permission_mode", "mode": "plan"}),
        (AGENT.set_model("r", None), {"subtype": "set_model", "model": None}),
        (
            AGENT.set_effort("r", "high"),
            {"subtype": "apply_flag_settings", "settings": {"effortLevel": "high"}},
        ),
        (AGENT.end("r"), {"subtype": "end_session"}),
    ],
)
def test_control_requests(line: str, body: dict[str, Any]) -> None:
    assert json.loads(line) == {"type": "control_request", "request_id": "r", "request": body}


# --- how it is started --------------------------------------------------------------------


def spec(**more: Any) -> SpawnSpec:
    fields = {"program": ("claude",), "conversation": "c-1", "resume": False, "worktree": "feat"}
    return SpawnSpec(**{**fields, "name": "n", "options": Options(), **more})


def test_a_start_and_a_resume_differ_in_one_argument() -> None:
    first, again = AGENT.argv(spec()), AGENT.argv(spec(resume=True))
    assert set(first) ^ set(again) == {"--session-id=c-1", "--resume=c-1"}
    assert "--worktree=feat" in first
    assert '--settings={"worktree": {"baseRef": "head"}}' in first


def test_the_directory_of_the_person_is_told() -> None:
    (told,) = set(AGENT.argv(spec(directory='web "app"'))) - set(AGENT.argv(spec()))
    assert told.startswith("--append-system-prompt=")
    assert '"web \\"app\\""' in told


def test_granted_rules_are_passed_again() -> None:
    argv = AGENT.argv(spec(options=Options(rules=("Bash(a, b *)",))))
    (settings,) = [a.removeprefix("--settings=") for a in argv if a.startswith("--settings=")]
    assert json.loads(settings)["permissions"] == {"allow": ["Bash(a, b *)"]}


def test_an_untrusted_repository_loads_nothing_of_its_own() -> None:
    argv = AGENT.argv(spec(options=Options(trusted=False)))
    assert argv[-2:] == ["--setting-sources=user", "--strict-mcp-config"]
    assert "--worktree=feat" in argv


@given(st.text(), st.text(min_size=1))
def test_nothing_a_person_typed_becomes_an_option(name: str, model: str) -> None:
    plain = AGENT.argv(spec())
    argv = AGENT.argv(spec(name=name, options=Options(model=model)))
    added = [a for a in argv if a not in plain]
    assert all(a.startswith(("--name=", "--model=")) for a in added)
    assert "\0" not in "".join(a for a in argv if a.startswith("--name="))
