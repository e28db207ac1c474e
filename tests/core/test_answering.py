"""A decision that does not fit its request is refused, whatever agent asked."""

from __future__ import annotations

from typing import Any

import pytest

from parallel_agents.core.answering import check_fits
from parallel_agents.core.asking import Question
from parallel_agents.core.errors import UsageError
from parallel_agents.core.options import Decision
from parallel_agents.core.state import Request


def request(kind: Any = "permission", **more: Any) -> Request:
    return Request(
        id="r", kind=kind, tool_name="paint", input={}, digest="d", asked_at=0, seq=1, **more
    )


RULED = request(rules=("paint(*)",))
ASKED = request("question", questions=(Question(text="Which?"), Question(text="Why?")))


@pytest.mark.parametrize("scope", ["session", "repository"])
def test_always_without_a_suggested_rule_is_refused(scope: Any) -> None:
    with pytest.raises(UsageError, match="no rule"):
        check_fits(request(), Decision(behavior="allow", scope=scope))


def test_a_rule_is_kept_for_a_repository_only_where_there_is_a_place() -> None:
    check_fits(RULED, Decision(behavior="allow", scope="session"))
    with pytest.raises(UsageError, match="keeps no rules"):
        check_fits(RULED, Decision(behavior="allow", scope="repository"))
    kept = request(rules=("x",), kept_in="rules.json")
    check_fits(kept, Decision(behavior="allow", scope="repository"))


@pytest.mark.parametrize("answers", [None, {}, {"Who?": "me"}])
def test_a_question_needs_an_answer_to_what_was_asked(answers: Any) -> None:
    with pytest.raises(UsageError):
        check_fits(ASKED, Decision(behavior="allow", answers=answers))


def test_one_of_several_questions_may_be_answered() -> None:
    check_fits(ASKED, Decision(behavior="allow", answers={"Why?": "because"}))


def test_a_permission_takes_no_answers() -> None:
    with pytest.raises(UsageError):
        check_fits(request(), Decision(behavior="allow", answers={"Which?": "A"}))


def test_another_input_only_where_the_agent_takes_one() -> None:
    edited = Decision(behavior="allow", updated_input={"a": 1})
    check_fits(request(), edited)
    with pytest.raises(UsageError, match="does not let you"):
        check_fits(request(editable=False), edited)


@pytest.mark.parametrize("kind", ["permission", "plan", "question"])
def test_everything_can_be_denied(kind: Any) -> None:
    check_fits(request(kind, editable=False), Decision(behavior="deny", message="no"))
