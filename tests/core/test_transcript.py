"""The transcript's fold: items keep their place, partial text goes with its own speaker."""

from __future__ import annotations

from hypothesis import given, strategies as st

from parallel_agents.core import events as ev
from parallel_agents.core.items import RequestItem, TaskItem, ToolItem, UserItem
from parallel_agents.core.options import Decision
from parallel_agents.core.transcript import Transcript
from tests.support.facts import LIVING, any_of, asked, journals, records


def _folded(*events: ev.Event) -> Transcript:
    transcript = Transcript()
    transcript.extend(records(*events))
    return transcript


def _kinds(transcript: Transcript) -> list[str]:
    return [item.kind for item in transcript.items]


def _delta(
    text: str, *, message: str = "m", block: int = 0, offset: int = 0, parent: str = ""
) -> ev.Delta:
    return ev.Delta(message=message, block=block, offset=offset, text=text, parent=parent)


# --- partial text -----------------------------------------------------------------------------


def test_partial_text_grows_block_by_block() -> None:
    transcript = Transcript()
    assert transcript.stream(_delta("Hel"))
    assert transcript.stream(_delta("lo", offset=3))
    assert transcript.stream(_delta("world", block=1))
    assert list(transcript.partial.values()) == ["Hello", "world"]


def test_a_delta_that_does_not_follow_is_refused() -> None:
    transcript = Transcript()
    transcript.stream(_delta("Hel"))
    assert not transcript.stream(_delta("lo", offset=4))
    assert transcript.partial == {("", "m", 0): "Hel"}


def test_a_block_begun_anew_replaces_what_was_there() -> None:
    transcript = Transcript()
    transcript.stream(_delta("Hello"))
    transcript.stream(_delta("He"))
    assert transcript.partial == {("", "m", 0): "He"}


def test_the_next_message_of_a_speaker_drops_its_last() -> None:
    transcript = Transcript()
    transcript.stream(_delta("old"))
    transcript.stream(_delta("new", message="m2"))
    assert transcript.partial == {("", "m2", 0): "new"}


def test_one_speaker_does_not_drop_anothers_partial_text() -> None:
    transcript = Transcript()
    transcript.stream(_delta("main"))
    transcript.stream(_delta("sub", message="s", parent="task"))
    transcript.stream(_delta("other", message="o", parent="task2"))
    assert list(transcript.partial.values()) == ["main", "sub", "other"]


def test_a_finished_block_replaces_its_speakers_partial_text_only() -> None:
    transcript = Transcript()
    transcript.stream(_delta("main"))
    transcript.stream(_delta("sub", message="s", parent="task"))
    transcript.extend(records(ev.AssistantText(text="done", parent="task")))
    assert list(transcript.partial.values()) == ["main"]


def test_the_end_of_a_run_leaves_no_partial_text() -> None:
    transcript = Transcript()
    transcript.stream(_delta("half"))
    transcript.extend(records(ev.RunEnded(run=1, asked=True)))
    assert transcript.partial == {}


# --- requests ---------------------------------------------------------------------------------

_OPEN = (*LIVING, ev.ToolUsed(id="t1", name="Bash", input={}), asked())


def _request(transcript: Transcript) -> RequestItem:
    return next(item for item in transcript.items if isinstance(item, RequestItem))


def test_a_request_is_open_until_it_is_decided() -> None:
    assert _request(_folded(*_OPEN)).status == "open"
    decided = ev.RequestDecided(request="r1", decision=Decision(behavior="deny", message="no"))
    transcript = _folded(*_OPEN, decided)
    assert _request(transcript).status == "deny"
    assert _request(transcript).decision == decided.decision


def test_a_request_is_closed_when_its_tool_answers() -> None:
    returned = ev.ToolReturned(tool_use="t1", text="interrupted", is_error=True)
    transcript = Transcript()
    transcript.extend(records(*_OPEN))
    changed = transcript.extend(records(returned, first=len(_OPEN) + 1))
    assert _request(transcript).status == "withdrawn"
    assert {transcript.items[index].kind for index in changed} == {"tool", "request"}


def test_another_tools_answer_leaves_it_open() -> None:
    assert _request(_folded(*_OPEN, ev.ToolReturned(tool_use="t2", text=""))).status == "open"


def test_a_tool_without_an_id_closes_no_request() -> None:
    events = (*LIVING, asked(tool_use=""), ev.ToolReturned(tool_use="", text=""))
    assert _request(_folded(*events)).status == "open"


def test_a_decision_stays_when_its_tool_answers_or_a_withdrawal_comes_late() -> None:
    decided = ev.RequestDecided(request="r1", decision=Decision(behavior="allow"))
    after = (ev.ToolReturned(tool_use="t1", text="ok"), ev.RequestWithdrawn(request="r1"))
    assert _request(_folded(*_OPEN, decided, *after)).status == "allow"


def test_the_end_of_the_process_closes_requests() -> None:
    transcript = _folded(*_OPEN, ev.RunEnded(run=1, signal=9))
    assert _request(transcript).status == "withdrawn"
    assert transcript.items[-1].text == "The process was ended by signal 9."


def test_an_ending_that_nobody_recorded_is_said_in_words() -> None:
    said = _folded(*LIVING, ev.RunEnded(run=1)).items[-1].text
    assert said == "The process is gone and its end was not recorded."


# --- the rest ---------------------------------------------------------------------------------


def test_a_message_is_one_item_however_often_it_is_said() -> None:
    transcript = _folded(
        ev.MessageQueued(uuid="m", text="hi"),
        ev.MessageProgressed(uuid="m", progress="started"),
        ev.UserText(text="hi", uuid="m"),
    )
    (item,) = transcript.items
    assert isinstance(item, UserItem)
    assert (item.text, item.status) == ("hi", "started")


def test_a_tool_is_filled_in_where_it_stands() -> None:
    transcript = _folded(
        ev.ToolUsed(id="t", name="Edit", input={"file_path": "a"}),
        ev.AssistantText(text="meanwhile"),
        ev.ToolReturned(tool_use="t", text="ok", patch="+a"),
    )
    assert _kinds(transcript) == ["tool", "text"]
    tool = transcript.items[0]
    assert isinstance(tool, ToolItem)
    assert (tool.result, tool.patch, tool.ended_at) == ("ok", "+a", 30)


def test_an_interrupted_message_was_not_cancelled() -> None:
    def status(*progress: ev.MessageProgress) -> str:
        told = [ev.MessageProgressed(uuid="m", progress=p) for p in progress]
        (item,) = _folded(ev.MessageQueued(uuid="m", text="hi"), *told).items
        assert isinstance(item, UserItem)
        return item.status

    assert status("delivered", "cancelled") == "cancelled"
    assert status("delivered", "started", "cancelled") == "started"


def test_the_wait_for_a_person_is_not_the_tools_time() -> None:
    transcript = _folded(
        ev.ToolUsed(id="t1", name="Bash", input={"command": "ls"}),
        asked(),
        ev.AssistantText(text="meanwhile"),
        ev.RequestDecided(request="r1", decision=Decision(behavior="allow")),
        ev.ToolReturned(tool_use="t1", text="ok"),
    )
    tool = transcript.items[0]
    assert isinstance(tool, ToolItem)
    assert (tool.ended_at - tool.at, tool.waited, tool.took) == (40, 20, 20)


def test_a_task_is_one_item() -> None:
    transcript = _folded(
        ev.TaskProgressed(task="k", status="running", description="look"),
        ev.TaskProgressed(task="k", status="completed", summary="found"),
    )
    (item,) = transcript.items
    assert isinstance(item, TaskItem)
    assert (item.text, item.status) == ("found", "completed")


deltas = any_of(ev.Delta, offset=st.integers(0, 3), block=st.integers(0, 1))


@given(journals(), st.lists(deltas, max_size=10))
def test_any_records_in_any_order(journal: list[ev.Record], partial: list[ev.Delta]) -> None:
    """Total; harmless to replay; items keep their place, kind and number; changes are named."""
    transcript = Transcript()
    for delta in partial:
        transcript.stream(delta)
    for record in journal:
        before = [(item.seq, item.kind, repr(item)) for item in transcript.items]
        changed = transcript.apply(record)
        assert transcript.apply(record) == set()
        after = [(item.seq, item.kind, repr(item)) for item in transcript.items]
        assert [x[:2] for x in after[: len(before)]] == [x[:2] for x in before]
        differing = {i for i, item in enumerate(after) if i >= len(before) or item != before[i]}
        assert differing <= changed


@given(journals())
def test_folding_at_once_or_in_parts_is_the_same(journal: list[ev.Record]) -> None:
    whole, parts = Transcript(), Transcript()
    whole.extend(journal)
    for record in journal:
        parts.extend([record])
    assert whole.items == parts.items
    assert whole.partial == parts.partial
