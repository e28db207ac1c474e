"""The one fold: total, harmless to replay, the same from a checkpoint, and true to the facts."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, strategies as st

from parallel_agents.core import events as ev
from parallel_agents.core.codec import from_plain, to_plain
from parallel_agents.core.label import derive, silent_since, since
from parallel_agents.core.options import Decision
from parallel_agents.core.reduce import EFFECTS, FACT_OF, reduce
from parallel_agents.core.state import KEYS, SessionState
from tests.support.facts import (
    EVENT_TYPES,
    LIVING,
    UUID,
    any_of,
    asked,
    fold,
    journals,
    numbered,
    records,
)

ALLOW = Decision(behavior="allow")
RUNNING = ev.AgentStateChanged(state="running")
IDLE = ev.AgentStateChanged(state="idle")
OK = ev.TurnEnded(outcome="ok")


def _queued(uuid: str = "m") -> ev.MessageQueued:
    return ev.MessageQueued(uuid=uuid, text="go")


def _progress(progress: ev.MessageProgress, uuid: str = "m") -> ev.MessageProgressed:
    return ev.MessageProgressed(uuid=uuid, progress=progress)


TURN: tuple[ev.Event, ...] = (
    *LIVING,
    _queued(),
    _progress("delivered"),
    RUNNING,
    _progress("started"),
)
"""A session in the middle of a turn."""


def _fold_records(journal: list[ev.Record], state: SessionState | None = None) -> SessionState:
    facts = state or SessionState()
    for record in journal:
        facts = reduce(facts, record)
    return facts


# --- what holds for any events in any order ---------------------------------------------------


@given(journals())
def test_total_and_numbered(journal: list[ev.Record]) -> None:
    state = SessionState()
    for record in journal:
        state = reduce(state, record)
        assert state.seq == record.seq
        derive(state)


@given(journals(), st.data())
def test_replaying_changes_nothing(journal: list[ev.Record], data: st.DataObject) -> None:
    state = _fold_records(journal)
    again = data.draw(st.lists(st.sampled_from(journal), max_size=5)) if journal else []
    for record in again:
        assert reduce(state, record) is state


@given(journals(), st.integers(0, 30))
def test_checkpoint_and_tail_are_the_whole(journal: list[ev.Record], cut: int) -> None:
    saved = to_plain(_fold_records(journal[:cut]))
    assert _fold_records(journal[cut:], from_plain(saved, SessionState)) == _fold_records(journal)


@given(any_of(SessionState, seq=st.just(0)), journals(max_size=3))
def test_from_any_facts(state: SessionState, journal: list[ev.Record]) -> None:
    derive(_fold_records(journal, state))


@given(journals())
def test_requests_are_open_only_while_a_process_lives(journal: list[ev.Record]) -> None:
    state = SessionState()
    for record in journal:
        state = reduce(state, record)
        if state.process.liveness == "none":
            open_work = [state.dialogue.requests, state.dialogue.decided, state.turn.running]
            assert open_work == [(), (), False]


@given(journals())
def test_the_reason_of_a_label_is_a_fact(journal: list[ev.Record]) -> None:
    assert set(_fold_records(journal).because) <= set(FACT_OF.values())


GROWING = {ev.MessageQueued, ev.RequestOpened}
"""Promises that are still to be kept: none may be forgotten, however many there are."""


def _sizes(kind: type[Any], *counts: int) -> list[int]:
    """How large the facts are, in characters, after so many different events of one type."""
    facts = fold(*LIVING)
    sizes = []
    for number in range(facts.seq + 1, max(counts) + 1):
        event = numbered(kind, number)
        facts = reduce(facts, ev.Record(seq=number, at=number, event=event, key=f"k{number}"))
        if number in counts:
            sizes.append(len(json.dumps(to_plain(facts))))
    return sizes


@pytest.mark.parametrize("kind", EVENT_TYPES, ids=lambda kind: kind.__name__)
def test_what_is_remembered_is_bounded(kind: type[Any]) -> None:
    few, many = _sizes(kind, 300, 900)
    assert (many > 2 * few) == (kind in GROWING)
    assert many < 1.1 * few or kind in GROWING


def test_what_was_kept_or_decided_is_forgotten() -> None:
    many = range(300)
    queued = [_queued(f"m{n}") for n in many]
    done = [_progress("started", f"m{n}") for n in many]
    opened = [asked(f"r{n}", f"t{n}") for n in many]
    gone = [ev.RequestWithdrawn(request=f"r{n}") for n in many]
    facts = fold(*LIVING, *queued, *done, *opened, *gone, OK, IDLE)
    assert (facts.dialogue.requests, facts.dialogue.messages) == ((), ())


def test_every_fact_is_made_by_events_that_exist() -> None:
    assert set(FACT_OF) <= {kind.__struct_config__.tag for kind in EVENT_TYPES}


def test_the_last_keys_are_remembered() -> None:
    state = SessionState()
    for seq in range(1, KEYS + 3):
        state = reduce(state, ev.Record(seq=seq, at=seq, event=ev.Seen(), key=f"k{seq}"))
    assert state.keys[0] == "k3"
    assert state.keys[-1] == f"k{KEYS + 2}"


def test_the_position_is_that_of_the_current_run() -> None:
    state = fold(*LIVING)
    line = ev.Record(seq=5, at=1, event=RUNNING, run=1, offset=80)
    late = ev.Record(seq=6, at=1, event=RUNNING, run=2, offset=999)
    state = reduce(reduce(state, line), late)
    assert state.offset == 80
    assert fold(ev.RunStarted(run=2, conversation=""), state=state).offset == 0


# --- since when -------------------------------------------------------------------------------


def test_finished_work_counts_from_the_end_of_its_turn_not_of_its_process() -> None:
    ended = fold(*TURN, OK, IDLE)
    asleep = fold(ev.StopRequested(reason="asleep"), ev.RunEnded(run=1, code=0), state=ended)
    stopped = fold(ev.StopRequested(reason="person"), ev.RunEnded(run=1, code=0), state=ended)
    assert ended.turn.ended_at == 10 * (len(TURN) + 1)
    assert since(ended) == since(asleep) == since(stopped) == ended.turn.ended_at


def test_a_stop_within_a_turn_counts_from_the_end_of_the_process() -> None:
    state = fold(*LIVING, RUNNING, OK, IDLE, RUNNING)
    assert not state.turn.is_over
    state = fold(ev.StopRequested(reason="person"), ev.RunEnded(run=1, code=0), state=state)
    assert (derive(state).state, since(state), state.turn.is_over) == (
        "stopped",
        state.updated_at,
        False,
    )


@pytest.mark.parametrize("end", [ev.RunEnded(run=1, signal=9), ev.RunEnded(run=1, error="no")])
def test_a_failure_counts_from_when_it_happened(end: ev.RunEnded) -> None:
    state = fold(*TURN, end)
    assert (derive(state).state, since(state)) == ("failed", state.updated_at)


@given(journals())
def test_a_state_is_no_older_than_its_session_and_no_newer_than_the_last_record(
    journal: list[ev.Record],
) -> None:
    state = SessionState()
    for record in journal:
        state = reduce(state, record)
        assert 0 <= since(state) <= record.at


# --- what it does -----------------------------------------------------------------------------


def test_silence_counts_from_the_agents_last_line_not_from_what_others_did() -> None:
    running = fold(*TURN)
    assert silent_since(running) == running.turn.started_at
    line = ev.Record(seq=50, at=900, event=ev.AssistantText(text="a word"), run=1, offset=7)
    spoken = reduce(running, line)
    counted = reduce(
        spoken,
        ev.Record(seq=51, at=950, event=ev.ChangesCounted(files=1, insertions=1, deletions=0)),
    )
    assert silent_since(counted) == 900
    for reason in (asked(), ev.LimitChanged(status="rejected", resets_at=9.0), OK, IDLE):
        silent = silent_since(fold(reason, state=counted))
        assert silent == (900 if reason is OK else 0)


def test_a_new_turn_does_not_show_what_the_last_one_said() -> None:
    said = (ev.AssistantText(text="done: all of it"), ev.TurnEnded(outcome="ok", text="done: all"))
    state = fold(*TURN, *said, IDLE, _queued("m2"), RUNNING)
    assert (derive(state).state, derive(state).detail) == ("working", "thinking")
    late = ev.AssistantText(text="a subagent's last words", parent="t1")
    begun = fold(late, ev.TurnStarted(conversation="c"), state=state)
    assert derive(begun).detail == "thinking"
    cut = fold(*TURN, said[0], ev.RunEnded(run=1, signal=9), *LIVING[2:], RUNNING)
    assert derive(cut).detail == "thinking"


# --- requests ---------------------------------------------------------------------------------


@pytest.mark.parametrize("end", [ev.RunEnded(run=1, asked=True), ev.RunEnded(run=1, signal=9)])
def test_the_end_of_the_process_voids_requests(end: ev.RunEnded) -> None:
    state = fold(*TURN, asked(), asked("r2", "t2"), end)
    assert state.dialogue.requests == ()
    assert derive(state).state != "blocked"


def test_the_end_of_another_run_means_nothing() -> None:
    before = fold(*TURN, asked())
    state = fold(ev.RunEnded(run=0, signal=9), state=before)
    assert state.dialogue.requests == before.dialogue.requests
    assert state.process.liveness == "alive"


@pytest.mark.parametrize("end", [OK, IDLE])
def test_the_end_of_the_turn_closes_no_request(end: ev.Event) -> None:
    """A subagent may still be waiting (recording `15-subagent`)."""
    assert [r.id for r in fold(*TURN, asked(), end).dialogue.requests] == ["r1"]


def test_a_decision_closes_its_request_and_is_kept_until_taken_up() -> None:
    decided = ev.RequestDecided(request="r1", decision=ALLOW, line="yes")
    state = fold(*TURN, asked(), asked("r2", "t2"), decided)
    assert [r.id for r in state.dialogue.requests] == ["r2"]
    assert state.dialogue.decided == ("yes",)
    assert derive(state).state == "blocked"
    assert fold(ev.RequestWithdrawn(request="r2"), RUNNING, state=state).dialogue.decided == ()


def test_a_decision_on_a_closed_request_is_not_kept() -> None:
    decided = ev.RequestDecided(request="r1", decision=ALLOW, line="yes")
    assert fold(*TURN, asked(), decided, decided).dialogue.decided == ("yes",)


def test_a_tools_answer_closes_its_own_request_only() -> None:
    state = fold(*TURN, asked(), asked("r2", "t2"), ev.ToolReturned(tool_use="t1", text=""))
    assert [r.id for r in state.dialogue.requests] == ["r2"]


def test_a_tools_answer_without_an_id_closes_no_request() -> None:
    state = fold(*TURN, asked(tool_use=""), ev.ToolReturned(tool_use="", text=""))
    assert [r.id for r in state.dialogue.requests] == ["r1"]


def test_a_request_asked_again_is_one() -> None:
    state = fold(*TURN, asked(), asked(digest="other"))
    assert [r.digest for r in state.dialogue.requests] == ["other"]


# --- how turns and processes end: the table of outcomes ---------------------------------------

REFUSED = (
    ev.RunEnded(run=1, asked=True),
    ev.RunStarted(run=2, conversation=UUID),
    ev.RunEnded(run=2, error="not trusted"),
)
"""The process ended as it was told to, and the next one was not allowed to start."""

ENDINGS: list[tuple[str, tuple[ev.Event, ...], str, str]] = [
    ("finished", (*TURN, OK, IDLE), "ok", "done"),
    ("failed", (*TURN, ev.TurnEnded(outcome="error", error="e"), IDLE), "error", "failed"),
    ("interrupted", (*TURN, ev.TurnEnded(outcome="interrupted"), IDLE), "interrupted", "idle"),
    (
        "stopped in a turn, with a result",
        (
            *TURN,
            ev.StopRequested(reason="person"),
            ev.TurnEnded(outcome="interrupted"),
            IDLE,
            ev.RunEnded(run=1, code=0, asked=True),
        ),
        "interrupted",
        "stopped",
    ),
    (
        "stopped in a turn, without one",
        (
            *TURN,
            ev.StopRequested(reason="person"),
            ev.RunEnded(run=1, signal=15, asked=True),
        ),
        "cut",
        "stopped",
    ),
    (
        "stopped while blocked",
        (
            *TURN,
            asked(),
            ev.StopRequested(reason="person"),
            ev.RunEnded(run=1, signal=15, asked=True),
        ),
        "cut",
        "stopped",
    ),
    ("killed in a turn", (*TURN, ev.RunEnded(run=1, signal=9)), "cut", "failed"),
    ("exit 0 in a turn", (*TURN, ev.RunEnded(run=1, code=0)), "cut", "failed"),
    ("killed while blocked", (*TURN, asked(), ev.RunEnded(run=1, signal=9)), "cut", "failed"),
    (
        "killed before the message was taken up",
        (
            *LIVING,
            _queued(),
            _progress("delivered"),
            ev.RunEnded(run=1, signal=9),
        ),
        "error",
        "failed",
    ),
    ("killed while idle", (*TURN, OK, IDLE, ev.RunEnded(run=1, signal=9)), "ok", "done"),
    ("exit 0 while idle", (*TURN, OK, IDLE, ev.RunEnded(run=1, code=0)), "ok", "done"),
    (
        "asleep",
        (
            *TURN,
            OK,
            IDLE,
            ev.StopRequested(reason="asleep"),
            ev.RunEnded(run=1, code=0, asked=True),
        ),
        "ok",
        "done",
    ),
    (
        "background shell goes on",
        (
            *TURN,
            OK,
            IDLE,
            ev.BackgroundTasks(tasks=(ev.BackgroundTask(id="s", kind="shell"),)),
        ),
        "ok",
        "done",
    ),
    (
        "background agent goes on",
        (
            *TURN,
            OK,
            IDLE,
            ev.BackgroundTasks(tasks=(ev.BackgroundTask(id="s", kind="agent"),)),
        ),
        "ok",
        "working",
    ),
    ("could not start", (*LIVING[:3], ev.RunEnded(run=1, error="no program")), "error", "failed"),
    ("set-up failed", (LIVING[0], ev.SetupFailed(message="no base")), "none", "failed"),
    (
        "set-up again",
        (LIVING[0], ev.SetupFailed(message="x"), ev.SetupRetried()),
        "none",
        "working",
    ),
    (
        "worktree gone",
        (*TURN, OK, IDLE, ev.RunEnded(run=1, asked=True), ev.WorktreeMissing(reason="x")),
        "ok",
        "failed",
    ),
    ("a start that was refused", (*TURN, OK, IDLE, *REFUSED), "error", "failed"),
    (
        "a start after one that was refused",
        (*TURN, OK, IDLE, *REFUSED, ev.RunStarted(run=3, conversation=UUID), ev.RunReady(run=3)),
        "ok",
        "done",
    ),
    (
        "a start after a cut turn",
        (
            *TURN,
            ev.RunEnded(run=1, signal=9),
            ev.RunStarted(run=2, conversation=UUID),
            ev.RunReady(run=2),
        ),
        "cut",
        "failed",
    ),
    ("an unprompted turn after it was done", (*TURN, OK, IDLE, RUNNING), "ok", "working"),
]


@pytest.mark.parametrize(
    ("events", "outcome", "state"), [row[1:] for row in ENDINGS], ids=[row[0] for row in ENDINGS]
)
def test_endings(events: tuple[ev.Event, ...], outcome: str, state: str) -> None:
    facts = fold(*events)
    assert (facts.turn.outcome, derive(facts).state) == (outcome, state)


def test_a_queued_message_does_not_start_what_was_stopped_but_sending_ends_the_stop() -> None:
    stop = (ev.StopRequested(reason="person"), ev.RunEnded(run=1, code=0, asked=True))
    stopped = fold(*TURN, OK, IDLE, _queued("m2"), *stop)
    assert derive(stopped).state == "stopped"
    assert [m.uuid for m in stopped.dialogue.messages] == ["m2"]
    assert derive(fold(_queued("m3"), state=stopped)).state != "stopped"


def test_an_asked_end_that_came_by_itself_is_not_shown_as_stopped() -> None:
    state = fold(*LIVING, RUNNING, ev.RunEnded(run=1, signal=11))
    assert state.process.stopped is None
    assert derive(state).state == "failed"


# --- messages: each once ----------------------------------------------------------------------


def test_a_message_is_kept_until_a_result_answers_it() -> None:
    """`completed` alone proves nothing: the CLI says it for a resent uuid, too."""
    assert [m.progress for m in fold(*TURN, _progress("completed")).dialogue.messages] == [
        "started"
    ]
    assert fold(*TURN, _progress("completed"), OK).dialogue.messages == ()


def test_completed_without_started_was_cut_by_an_earlier_process() -> None:
    state = fold(*LIVING, _queued(), _progress("delivered"), _progress("completed"))
    assert (state.turn.outcome, state.dialogue.messages) == ("cut", ())


def test_a_new_process_gets_messages_never_started_and_no_other() -> None:
    events = (*TURN, _queued("m2"), _progress("delivered", "m2"), ev.RunEnded(run=1, signal=9))
    state = fold(*events)
    assert [(m.uuid, m.progress, m.run) for m in state.dialogue.messages] == [("m2", "queued", 0)]
    assert state.turn.outcome == "cut"


def test_a_result_answers_started_messages_only() -> None:
    state = fold(*TURN, _queued("m2"), _progress("accepted", "m2"), OK)
    assert [m.uuid for m in state.dialogue.messages] == ["m2"]


def test_progress_never_goes_back() -> None:
    state = fold(*TURN, _progress("delivered"))
    assert state.dialogue.messages[0].progress == "started"


def test_a_cancelled_message_is_gone() -> None:
    assert fold(*LIVING, _queued(), _progress("cancelled")).dialogue.messages == ()


def test_the_same_message_queued_twice_is_one() -> None:
    assert len(fold(*LIVING, _queued(), _queued()).dialogue.messages) == 1


# --- the rest ---------------------------------------------------------------------------------


def test_cost_adds_up_over_cleared_conversations() -> None:
    costs = (0.5, 0.75, 0.25)
    ends: list[Any] = [ev.TurnEnded(outcome="ok", cost_usd=cost) for cost in costs]
    assert fold(*TURN, *ends).turn.cost_usd == 1.0


def test_resume_goes_on_in_the_last_conversation_named() -> None:
    assert fold(*LIVING, ev.TurnStarted(conversation="new")).conversation.id == "new"
    assert fold(*LIVING, ev.TurnStarted(conversation="")).conversation.id == LIVING[0].request  # type: ignore[union-attr]


def test_evidence_names_the_record() -> None:
    evidence = fold(*TURN, asked()).because["requests"]
    assert (evidence.seq, evidence.event) == (len(TURN) + 1, "request_opened")


def test_a_restored_session_is_what_it_was() -> None:
    before = fold(*TURN, OK, IDLE, ev.RunEnded(run=1, asked=True))
    after = fold(ev.DeleteRequested(), ev.Deleted(), ev.Restored(), state=before)
    assert not after.session.deleted
    assert derive(after) == derive(before)


def test_records_helper_numbers_without_gaps() -> None:
    assert [r.seq for r in records(OK, IDLE, first=4)] == [4, 5]


def test_a_refusal_is_said_again_until_the_agent_goes_on() -> None:
    """A supervisor that was killed before it answered would leave the agent waiting."""
    refused = ev.ControlRefused(request="r", subtype="elicitation", answer={"a": 1})
    state = SessionState()
    heard: tuple[ev.Event, ...] = (refused, ev.Notice(text="x"))
    for seq, event in enumerate(heard, 1):
        state = reduce(state, ev.Record(seq=seq, at=seq, event=event))
    assert state.dialogue.refused == ({"a": 1},)
    idle = ev.Record(seq=3, at=3, event=ev.AgentStateChanged(state="idle"))
    assert reduce(state, idle).dialogue.refused == ()


CHANGING_NOTHING = {
    "AssistantThinking", "ControlAnswered", "FileServed", "InterruptRequested", "LineKept",
    "Notice", "StepOutput", "TaskProgressed", "UserText",
}  # fmt: skip


def test_an_event_that_no_part_folds_is_one_that_changes_nothing() -> None:
    silent = {kind.__name__ for kind, effect in EFFECTS.items() if not effect.folds}
    assert silent == CHANGING_NOTHING
    assert set(EFFECTS) == set(EVENT_TYPES)
