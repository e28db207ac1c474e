"""What an agent wants, in one line."""

from __future__ import annotations

import pytest

from parallel_agents.core.summary import tool_summary


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
    assert tool_summary("ExitPlanMode", {"plan": plan}) == said
