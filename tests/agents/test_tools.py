"""What claude's tools do and ask, in our words."""

from __future__ import annotations

import pytest

from parallel_agents.agents.claude import tools
from parallel_agents.core.asking import Choice, Question
from parallel_agents.core.options import JsonObject
from tests.support.told import opened


@pytest.mark.parametrize(
    ("plan", "said"),
    [
        ("# Plan\n\n1. Add a route", "Plan: 1. Add a route"),
        ("## Add a health route\n\ntext", "Plan: Add a health route"),
        ("# Plan: add a route", "Plan: add a route"),
        ("# Plan", "Plan: ready for approval"),
        ("", "Plan: ready for approval"),
        ("\n\n###\njust words", "Plan: just words"),
    ],
)
def test_a_plan_says_what_it_is_about(plan: str, said: str) -> None:
    assert tools.summary("ExitPlanMode", {"plan": plan}) == said


RULE: JsonObject = {
    "type": "addRules",
    "rules": [{"toolName": "Bash", "ruleContent": "touch zz *"}, {"toolName": "Read"}],
    "behavior": "allow",
}


def _rules(*suggestions: JsonObject) -> tuple[str, ...]:
    given: JsonObject = {"command": "ls"}
    return opened(
        request="r", kind="permission", tool_name="Bash", input=given, digest="d",
        suggestions=suggestions,
    ).rules  # fmt: skip


def test_always_is_only_the_rules_that_allow() -> None:
    more = ({"type": "setMode", "mode": "acceptEdits"}, {**RULE, "behavior": "deny"})
    assert _rules(RULE, *more) == ("Bash(touch zz *)", "Read")
    assert _rules(*more) == ()


@pytest.mark.parametrize("rules", [None, 3, "x", [3], [{}], [{"toolName": 4}]])
def test_a_suggestion_of_a_wrong_shape_grants_nothing(rules: object) -> None:
    assert _rules({**RULE, "rules": rules}) == ()


@pytest.mark.parametrize("bad", [None, 3, "x", {}, [3], [{}], [{"question": 4}]])
def test_a_question_of_a_wrong_shape_is_none(bad: object) -> None:
    assert tools.questions({"questions": bad}) == ()
    assert tools.summary("AskUserQuestion", {"questions": bad}) == "asks a question"


def test_a_question_is_read_with_what_it_offers() -> None:
    options = [{"label": "SQLite", "description": "a file"}, {"label": 3}, "x", {"label": "Other"}]
    asked = {"question": "Which database?\nSay", "header": "DB", "options": options}
    (read,) = tools.questions({"questions": [{**asked, "multiSelect": True}]})
    choices = (Choice(label="SQLite", description="a file"), Choice(label="Other"))
    assert read == Question(
        text="Which database?\nSay", header="DB", choices=choices, multiple=True
    )
    assert tools.summary("AskUserQuestion", {"questions": [asked]}) == "Which database?"
