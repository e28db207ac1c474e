"""The one fold from events to facts, used by the supervisor and by every client.

Keep true: pure; total (every event in every state gives a state); a record whose `seq` is not
above the state's is ignored, so that replaying is harmless; requests are open only while the
process that asked lives; turn end does not close a request (a subagent may still be waiting:
recording `15-subagent`), only a decision, a withdrawal, the tool's own answer or the end of the
process does.
"""

from collections.abc import Callable
from types import UnionType
from typing import Any, NamedTuple, get_args

from parallel_agents.core import events as ev
from parallel_agents.core.reduce.checks import ChecksConcern, fold_checks
from parallel_agents.core.reduce.conversation import ConversationConcern, fold_conversation
from parallel_agents.core.reduce.dialogue import DialogueConcern, fold_dialogue
from parallel_agents.core.reduce.place import PlaceConcern, fold_place
from parallel_agents.core.reduce.process import ProcessConcern, fold_process
from parallel_agents.core.reduce.review import ReviewConcern, fold_review
from parallel_agents.core.reduce.session import SessionConcern, fold_session
from parallel_agents.core.reduce.turn import TurnConcern, fold_turn
from parallel_agents.core.reduce.unread import UnreadConcern, fold_unread
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
    "changes_seen": "looked",
    "delete_requested": "delete",
    "delete_cancelled": "delete",
    "deleted": "delete",
}
"""Which fact an event type bears on; the evidence that `explain` prints."""


def _first_offset(event: ev.RunStarted, record: ev.Record) -> int:
    """Up to where the log of a run is journalled when it starts."""
    return record.offset if record.run and record.run == event.run else event.offset


_Fold = Callable[[SessionState, Any, ev.Record], object]
_FOLDS: tuple[tuple[str, UnionType | type[ev.Event], _Fold], ...] = (
    ("session", SessionConcern, lambda s, e, r: fold_session(s.session, e, r)),
    ("place", PlaceConcern, lambda s, e, _: fold_place(s.place, e)),
    ("process", ProcessConcern, lambda s, e, r: fold_process(s.process, e, r, s.dialogue)),
    ("dialogue", DialogueConcern, lambda s, e, r: fold_dialogue(s.dialogue, e, r, s.process)),
    ("turn", TurnConcern, lambda s, e, r: fold_turn(s.turn, e, r, s.process, s.dialogue)),
    (
        "conversation",
        ConversationConcern,
        lambda s, e, _: fold_conversation(s.conversation, e, s.session.options),
    ),
    ("review", ReviewConcern, lambda s, e, r: fold_review(s.review, e, r)),
    ("checks", ChecksConcern, lambda s, e, r: fold_checks(s.checks, e, r.at)),
    (
        "unread",
        UnreadConcern,
        lambda s, e, _: fold_unread(e, s.process, s.dialogue, unread=s.unread),
    ),
    ("offset", ev.RunStarted, lambda _, e, r: _first_offset(e, r)),
)
"""Each part of the facts: its name, the events that change it, and what its fold needs."""


class _Effect(NamedTuple):
    """What an event of one type changes: the fact it bears on, if any, and parts of the facts."""

    fact: str | None
    folds: tuple[tuple[str, _Fold], ...]


def _effect(kind: type[ev.Event]) -> _Effect:
    folds = tuple(
        (part, fold) for part, concern, fold in _FOLDS if kind in (get_args(concern) or (concern,))
    )
    return _Effect(FACT_OF.get(str(kind.__struct_config__.tag)), folds)


EFFECTS: dict[type[ev.Event], _Effect] = {kind: _effect(kind) for kind in get_args(ev.Event)}
"""By type of event: recovery folds thousands of records, most of which change one part."""


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
    before = SessionState() if isinstance(event, ev.SessionCreated) else state
    fact, folds = EFFECTS[type(event)]
    changed: dict[str, Any] = {"seq": record.seq, "updated_at": record.at}
    if record.run and record.run == before.process.run:
        changed |= {"offset": record.offset, "heard_at": record.at}
    for part, fold in folds:
        changed[part] = fold(before, event, record)
    if fact is not None:
        evidence = Evidence(seq=record.seq, at=record.at, event=event.type)
        changed["because"] = {**before.because, fact: evidence}
    if record.key and record.key not in before.keys:
        changed["keys"] = (*before.keys, record.key)[-KEYS:]
    return replace(before, **changed)
