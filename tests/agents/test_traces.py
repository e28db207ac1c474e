"""Recordings of the real claude, folded to the states that a person is shown."""

from __future__ import annotations

from typing import Any, TypeVar

import pytest

from parallel_agents.core import events as ev
from tests.support import recordings
from tests.support.folding import Fold
from tests.support.recordings import Entry

ALLOWED = "working blocked working done"
FAILED = "working failed working done"
EXPECTED = {
    "01-plain": "idle done",  # without session-state events
    "02-write-allow": ALLOWED,
    "03-write-deny": ALLOWED,
    "04-write-updatedinput": ALLOWED,
    "05-write-always": ALLOWED,
    "06-bash": ALLOWED,
    "07-ask": ALLOWED,
    "07b-ask-deny": ALLOWED,
    "08-plan": ALLOWED,
    "09-interrupt-stream": "working idle working done",
    "10-interrupt-bash": "working idle",
    "10b-interrupt-perm": "working blocked working idle",
    "11-queued": "working done",
    "11b-queued-tool": "working done",
    "12-setmode-setmodel": "working done working done",
    "13-resume-a": "working done",
    "13-resume-b": "working done",
    "13-resume-fork": "working done",
    "13-resume-fork-newid": "working done",
    "13-resume-missing": "failed",
    "13-resume-same-id": "idle",
    "15-subagent": ALLOWED,
    "16-kill9-a": "working done working failed",
    "16-kill9-b": "working done",
    "17-par": "working blocked working blocked working done",
    "17-think": "working done",
    "18-replay-user": "working done",
    "19-nopartial-noenv": "idle blocked working idle done",
    "20-badinput": "working done",
    "20b-allow-noinput": ALLOWED,
    "30-err400": FAILED,
    "30-err401": FAILED,
    "30-err429": FAILED,
    "30-err429-retryafter": FAILED,
    "30-err500": FAILED,
    "30-err529": FAILED,
    "30-err529-maxretries2": FAILED,
    "30-refused": "working failed working failed",
    "40-close-midturn": "working done",
    "41-sigkill-resume-a": "working",
    "41-sigkill-resume-b": "working done",
    "41-sigterm-resume-a": "working",
    "41-sigterm-resume-b": "working done",
    "42-early-kill-a": "working",
    "42-early-kill-b": "failed",
    "43-dup-a": "working done working done",
    "43-dup-b": "working done",
    "43-dup-c": "working done",
    "50-mode-None": "working blocked",
    "50-mode-None-rm": "working blocked",
    "50-mode-acceptEdits": "working",
    "50-mode-acceptEdits-rm": "working blocked",
    "50-mode-auto": "working",
    "50-mode-auto-rm": "working",
    "50-mode-dontAsk": "working done",
    "50-mode-dontAsk-rm": "working",
    "60-untrusted": ALLOWED,
    "70-worktree-background-agent": ALLOWED,
    "71-worktree-background-shell": ALLOWED + " working done",
    "72-worktree-clear": "working done working done working done",
    "72-worktree-clear-resumed": "working done",
    "73-worktree-compact": ALLOWED + " working done" * 3,
    "74-worktree-dropped": "working done",
    "75-worktree-fence": "working done",
    "76-worktree-no-login": "working failed",
    "77-worktree-session-rules": "working done",
    "78-worktree-initialize": "idle working done",
}
T = TypeVar("T")
NAMES = recordings.names()
CLAUDES_WORD = {"running": {"working"}, "requires_action": {"blocked"}}
AT_REST = {"idle", "done", "failed", "stopped"}


def folded(name: str) -> Fold:
    fold = Fold()
    fold.begin()
    for entry in recordings.load(name):
        fold.play(entry)
    return fold


def only(fold: Fold, kind: type[T]) -> list[T]:
    return [event for event in fold.events if isinstance(event, kind)]


def test_every_recording_has_an_expectation() -> None:
    assert set(NAMES) == set(EXPECTED)


@pytest.mark.parametrize("name", NAMES)
def test_the_states_shown(name: str) -> None:
    assert " ".join(folded(name).states) == EXPECTED[name]


@pytest.mark.parametrize("name", NAMES)
def test_every_line_is_understood(name: str) -> None:
    assert only(folded(name), ev.LineKept) == []


def is_settled(entry: Entry, following: Entry | None) -> bool:
    """Whether claude says nothing more that belongs to its last change of state."""
    if entry.direction != "out" or following is None or following.direction != "out":
        return entry.direction == "out"
    return bool(following.value.get("subtype") == "session_state_changed")


def compared(name: str) -> list[tuple[str, str]]:
    """Claude's own state and ours, wherever claude's is settled.

    After the person spoke ours is ahead until claude says what it made of it.
    """
    fold, pairs, ahead = Fold(), [], False
    fold.begin()
    entries = recordings.load(name)
    for entry, following in zip(entries, [*entries[1:], None], strict=True):
        fold.play(entry)
        said = entry.direction == "out" and entry.value.get("subtype") == "session_state_changed"
        ahead = (ahead or entry.direction == "in") and not said
        if fold.claude and not ahead and is_settled(entry, following):
            pairs.append((fold.claude, fold.shown))
    return pairs


def test_claude_agrees_with_the_state_shown(record_property: Any) -> None:
    pairs = [(name, *pair) for name in NAMES for pair in compared(name)]
    wrong = [p for p in pairs if p[2] not in CLAUDES_WORD.get(p[1], AT_REST)]
    figure = f"{len(pairs) - len(wrong)} of {len(pairs)} settled points agree"
    record_property("agreement", figure)
    print(figure)
    assert wrong == []
    assert len(pairs) > 150


@pytest.mark.parametrize("name", NAMES)
def test_partial_text_adds_up_to_the_finished_text(name: str) -> None:
    fold = folded(name)
    finished = {(e.parent, e.message): "" for e in only(fold, ev.AssistantText)}
    for event in only(fold, ev.AssistantText):
        finished[(event.parent, event.message)] += event.text
    partial: dict[tuple[str, str], str] = {}
    sizes: dict[tuple[str, str, int], int] = {}
    for delta in fold.deltas:
        key = (delta.parent, delta.message, delta.block)
        assert delta.offset == sizes.get(key, 0)
        sizes[key] = delta.offset + len(delta.text)
        if not delta.thinking:
            partial[key[:2]] = partial.get(key[:2], "") + delta.text
    streamed = {key: text for key, text in finished.items() if key in partial}
    assert streamed == {key: partial[key] for key in streamed}
    assert streamed or not fold.deltas or name.startswith(("41-", "42-", "16-", "17-think"))


# --- what single recordings tell ----------------------------------------------------------


def test_a_write_is_a_request_a_tool_and_a_patch() -> None:
    fold = folded("02-write-allow")
    (request,) = only(fold, ev.RequestOpened)
    assert (request.kind, request.tool_name) == ("permission", "Write")
    assert request.input["content"] == "AAA\n"
    (returned,) = only(fold, ev.ToolReturned)
    assert returned.tool_use == request.tool_use
    assert returned.patch == "--- /dev/null\n+++ b/a.txt\n@@ -0,0 +1 @@\n+AAA\n"


def test_questions_and_plans_are_their_own_kinds() -> None:
    assert [e.kind for e in only(folded("07-ask"), ev.RequestOpened)] == ["question"]
    plan = folded("08-plan")
    assert [e.kind for e in only(plan, ev.RequestOpened)] == ["plan"]
    assert [e.mode for e in only(plan, ev.ModeChanged)] == ["acceptEdits"]


def test_an_interrupt_is_no_error_and_withdraws() -> None:
    fold = folded("10b-interrupt-perm")
    (ended,) = only(fold, ev.TurnEnded)
    assert (ended.outcome, ended.reason, ended.error) == ("interrupted", "aborted_tools", "")
    assert len(only(fold, ev.RequestWithdrawn)) == 1
    assert only(fold, ev.UserText) == []


def test_clearing_gives_the_conversation_that_the_next_turn_names() -> None:
    turns = [e.conversation for e in only(folded("72-worktree-clear"), ev.TurnStarted)]
    (resumed,) = only(folded("72-worktree-clear-resumed"), ev.TurnStarted)
    assert turns[0] != turns[-1] == resumed.conversation


def test_clearing_forgets_no_cost() -> None:
    fold = folded("72-worktree-clear")
    assert [e.cost_usd for e in only(fold, ev.TurnEnded)] == [0.00492, 0, 0.00492]
    assert fold.state.turn.cost_usd == pytest.approx(2 * 0.00492)


def test_compacting_repeats_no_output_of_a_command() -> None:
    texts = [e.text for e in only(folded("73-worktree-compact"), ev.AssistantText)]
    assert len(texts) == len(set(texts)) == 3


def test_a_foreground_command_is_no_task_of_its_own() -> None:
    assert only(folded("11b-queued-tool"), ev.TaskProgressed) == []
    shell = only(folded("71-worktree-background-shell"), ev.TaskProgressed)
    assert [e.status for e in shell] == ["started", "completed", "completed"]


def test_text_repeated_after_a_dropped_connection_is_shown_once() -> None:
    fold = folded("74-worktree-dropped")
    assert [e.text for e in only(fold, ev.AssistantText)] == ["holding released"]
    assert [d.text for d in fold.deltas] == ["", "holding ", "", "holding ", "released"]


def test_a_missing_login_is_said_at_the_first_retry() -> None:
    fold = folded("30-err401")
    first, *_ = only(fold, ev.Retrying)
    assert first.fatal
    assert "/login" in first.hint
    assert "/login" in only(fold, ev.TurnEnded)[0].hint
    assert not any(e.fatal for e in only(folded("30-err429"), ev.Retrying))


def test_costs_are_cumulative_and_tokens_are_not() -> None:
    ends = only(folded("01-plain"), ev.TurnEnded)
    assert [e.cost_usd for e in ends] == [0.00492, 0.00984]
    assert [(e.input_tokens, e.output_tokens, e.context_window) for e in ends] == [
        (1200, 6, 1_000_000),
        (1200, 6, 1_000_000),
    ]


def test_a_subagents_words_carry_the_tool_use_that_started_it() -> None:
    fold = folded("15-subagent")
    (agent,) = [e for e in only(fold, ev.ToolUsed) if not e.parent]
    nested = [e for e in only(fold, ev.ToolUsed) if e.parent]
    assert [e.name for e in nested] == ["Bash"]
    assert {e.parent for e in nested} == {agent.id}
    (request,) = only(fold, ev.RequestOpened)
    assert request.subagent
    statuses = [e.status for e in only(fold, ev.TaskProgressed)]
    assert statuses == ["started", "running", "completed", "completed"]


def test_messages_are_followed_by_their_uuids() -> None:
    fold = folded("11-queued")
    progress = [e.progress for e in only(fold, ev.MessageProgressed)]
    assert progress.count("accepted") == progress.count("completed") == 3
    assert fold.state.dialogue.messages == ()
