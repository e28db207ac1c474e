"""What tools changed and said: bounded, and never able to forge anything."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, strategies as st
from unidiff.patch import PatchSet

from parallel_agents.agents.claude import advice, content, patch
from parallel_agents.agents.claude.translate import ClaudeTranslator
from parallel_agents.core import events as ev

CWD = "/home/dev/shop"
NAMES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="/\0"), min_size=1)
LINES = st.lists(st.tuples(st.sampled_from(" +-"), st.text(max_size=8)), min_size=1, max_size=8)


def say(**line: Any) -> list[ev.Event | ev.Delta]:
    return list(ClaudeTranslator().translate(json.dumps(line).encode()))


@given(NAMES, LINES)
def test_a_patch_is_a_diff_of_one_file_whatever_its_name(
    name: str, lines: list[tuple[str, str]]
) -> None:
    hunk = {
        "oldStart": 1,
        "oldLines": sum(1 for mark, _ in lines if mark != "+"),
        "newStart": 1,
        "newLines": sum(1 for mark, _ in lines if mark != "-"),
        "lines": [mark + text for mark, text in lines],
    }
    result = {"filePath": f"{CWD}/src/{name}", "structuredPatch": [hunk]}
    text = patch.unified(result, CWD)
    first, second, third, *_ = text.split("\n")
    assert first.startswith(("--- a/src/", '--- "a/src/'))
    assert second.startswith(("+++ b/src/", '+++ "b/src/'))
    assert third.startswith("@@ -1,")
    assert len(text.split("\n")) == len(lines) + 4


@given(
    st.text(
        st.characters(
            exclude_categories=["Cs"], exclude_characters="\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"
        ),
        min_size=1,
    )
)
def test_a_new_file_is_a_diff_of_added_lines(text: str) -> None:
    result = {"type": "create", "filePath": f"{CWD}/new.txt", "content": text}
    (file,) = PatchSet(patch.unified({**result, "structuredPatch": []}, CWD))
    assert file.is_added_file
    assert file.path == "new.txt"
    kept = "".join(line.value for hunk in file for line in hunk if line.is_added)
    assert kept.removesuffix("\n") == text.removesuffix("\n")


@given(
    st.recursive(
        st.none() | st.integers() | st.text(),
        lambda s: (
            st.lists(s)
            | st.dictionaries(
                st.sampled_from(
                    ["filePath", "structuredPatch", "lines", "type", "content", "oldStart"]
                ),
                s,
            )
        ),
    )
)
def test_a_result_of_any_shape_gives_text(result: object) -> None:
    assert isinstance(patch.unified(result, CWD), str)


def test_what_is_only_shown_is_bounded() -> None:
    huge = "x" * 1_000_000
    answer = [{"type": "tool_result", "tool_use_id": "t", "content": huge}]
    result = {"type": "create", "filePath": "/a", "content": huge + "\n" + huge}
    (returned,) = say(
        type="user", message={"role": "user", "content": answer}, tool_use_result=result
    )
    assert isinstance(returned, ev.ToolReturned)
    assert len(returned.text) < content.TEXT_LIMIT + 100
    assert "934,464" in returned.text or "934464" in returned.text
    assert len(returned.patch) <= patch.LIMIT
    uses = [
        {"type": "tool_use", "id": "a", "name": "Write", "input": {"content": huge}},
        {"type": "tool_use", "id": "b", "name": "Odd", "input": {"list": [huge]}},
    ]
    first, second = say(type="assistant", message={"id": "m", "content": uses})
    assert isinstance(first, ev.ToolUsed)
    assert len(first.input["content"]) < content.TEXT_LIMIT + 100
    assert isinstance(second, ev.ToolUsed)
    assert second.input == {"description": "(too long to show)"}


def test_a_request_keeps_its_whole_input() -> None:
    body = {"subtype": "can_use_tool", "tool_name": "Write", "input": {"content": "x" * 1_000_000}}
    (opened,) = say(type="control_request", request_id="r", request=body)
    assert isinstance(opened, ev.RequestOpened)
    assert opened.input == body["input"]


@pytest.mark.parametrize(
    ("line", "event"),
    [
        (
            {
                "rate_limit_info": {
                    "status": "rejected",
                    "resetsAt": 5,
                    "rateLimitType": "five_hour",
                }
            },
            ev.LimitChanged(status="rejected", kind="five_hour", resets_at=5),
        ),
        ({"rate_limit_info": {"status": "allowed"}}, ev.LimitChanged(status="allowed")),
    ],
)
def test_limits(line: dict[str, Any], event: ev.Event) -> None:
    assert say(type="rate_limit_event", **line) == [event]


def test_background_tasks_replace_what_was_said_before() -> None:
    tasks = [
        {"task_id": "1", "task_type": "local_agent", "description": "look"},
        {"task_id": "2", "task_type": "local_bash"},
        {"task_id": "3", "task_type": "new_kind"},
        {"task_id": "4", "task_type": "local_bash", "ambient": True},
    ]
    (said,) = say(type="system", subtype="background_tasks_changed", tasks=tasks)
    assert isinstance(said, ev.BackgroundTasks)
    assert [task.kind for task in said.tasks] == ["agent", "shell", "other"]


def test_words_for_the_person_are_notices() -> None:
    (said,) = say(type="system", subtype="informational", content="note")
    assert said == ev.Notice(text="note")
    output = {"role": "user", "content": "<local-command-stdout>Compacted</local-command-stdout>"}
    assert say(type="user", message=output, isReplay=True) == [ev.Notice(text="Compacted")]
    (denied,) = say(type="system", subtype="permission_denied", tool_name="Bash", message="no")
    assert denied == ev.Notice(text="no", level="warning")


@pytest.mark.parametrize(
    "text", ["[Request interrupted by user]", "[Request interrupted by user for tool use]"]
)
def test_a_mark_of_the_programs_is_nobodys_text(text: str) -> None:
    block = {"type": "text", "text": text}
    assert say(type="user", message={"role": "user", "content": [block]}) == []


@pytest.mark.parametrize(
    ("reason", "outcome"),
    [
        ("aborted_streaming", "interrupted"),
        ("aborted_tools", "interrupted"),
        ("max_turns", "error"),
        (None, "error"),
    ],
)
def test_only_an_abort_is_an_interrupt(reason: str | None, outcome: str) -> None:
    (ended,) = say(
        type="result", subtype="error_during_execution", is_error=True, terminal_reason=reason
    )
    assert isinstance(ended, ev.TurnEnded)
    assert ended.outcome == outcome
    assert bool(ended.error) == (outcome == "error")


def test_advice_is_given_for_what_is_known_alone() -> None:
    assert advice.is_fatal(None, status=401)
    assert advice.is_fatal("billing_error")
    assert not advice.is_fatal("rate_limit", None, status=429)
    assert advice.hint("something new", None, status=500) == ""
