"""The one fold from events to facts, used by the supervisor and by every client.

Keep true: pure; total (every event in every state gives a state); a record whose `seq` is not
above the state's is ignored, so that replaying is harmless; requests are open only while the
process that asked lives; turn end does not close a request (a subagent may still be waiting:
recording `15-subagent`), only a decision, a withdrawal, the tool's own answer or the end of the
process does.
"""

from parallel_agents.core import events as ev
from parallel_agents.core.reduce.conversation import fold_conversation
from parallel_agents.core.reduce.dialogue import fold_dialogue
from parallel_agents.core.reduce.place import fold_place
from parallel_agents.core.reduce.process import fold_process
from parallel_agents.core.reduce.session import fold_session
from parallel_agents.core.reduce.turn import fold_turn
from parallel_agents.core.state import KEYS, Evidence, SessionState
from parallel_agents.core.value import replace

FACT_OF = {
    "session_created": "created",
    "worktree_ready": "worktree",
    "worktree_missing": "worktree",
    "setup_failed": "setup",
    "setup_retried": "setup",
    "setup_done": "setup",
    "run_started": "process",
    "run_ready": "process",
    "run_ended": "process",
    "stop_requested": "stop",
    "message_queued": "messages",
    "message_progressed": "messages",
    "agent_state_changed": "turn",
    "turn_started": "turn",
    "turn_ended": "outcome",
    "request_opened": "requests",
    "request_decided": "requests",
    "request_withdrawn": "requests",
    "retrying": "retry",
    "limit_changed": "limit",
    "background_tasks": "tasks",
    "delete_requested": "delete",
    "delete_cancelled": "delete",
    "deleted": "delete",
}
"""Which fact an event type bears on; the evidence that `explain` prints."""


def reduce(state: SessionState, record: ev.Record) -> SessionState:
    """Fold one record into the facts.

    Args:
        state: the facts after `state.seq` records.
        record: the next record.

    Returns:
        The facts after it; `state` itself when the record was folded before.
    """
    if record.seq <= state.seq:
        return state
    event = record.event
    after = _fold(state, event, record)
    because = after.because
    fact = FACT_OF.get(event.type)
    if fact is not None:
        evidence = Evidence(seq=record.seq, at=record.at, event=event.type)
        because = {**because, fact: evidence}
    position = record.offset if record.run and record.run == after.run else after.offset
    keys = after.keys
    if record.key and record.key not in keys:
        keys = (*keys, record.key)[-KEYS:]
    return replace(
        after,
        seq=record.seq,
        updated_at=record.at,
        offset=position,
        because=because,
        keys=keys,
    )


def _fold(state: SessionState, event: ev.Event, record: ev.Record) -> SessionState:
    # The most frequent ones first: recovery folds thousands of records.
    if isinstance(event, ev.ConversationEvent):
        return fold_conversation(state, event)
    if isinstance(event, ev.TurnEvent):
        return fold_turn(state, event, record)
    if isinstance(event, ev.DialogueEvent):
        return fold_dialogue(state, event, record)
    if isinstance(event, ev.ProcessEvent):
        return fold_process(state, event, record)
    if isinstance(event, ev.PlaceEvent):
        return fold_place(state, event)
    return fold_session(state, event, record)
