"""Pages and pushes in any order give the transcript of the whole journal."""

from hypothesis import given, strategies as st

from parallel_agents.core.events import AssistantText, Delta, Record
from parallel_agents.core.transcript import Transcript
from parallel_agents.tui.model.conversation import Conversation


def record(seq: int) -> Record:
    return Record(seq=seq, at=seq, event=AssistantText(text=f"text {seq}"))


def texts(transcript: Transcript) -> list[str]:
    return [item.text for item in transcript.items]


@given(st.integers(1, 12), st.integers(0, 12), st.integers(0, 12), st.integers(1, 5))
def test_reading_while_records_arrive_loses_nothing(
    before: int, during: int, after: int, page: int
) -> None:
    total = before + during + after
    conversation = Conversation("s")
    for seq in range(before + 1, before + during + 1):
        assert conversation.take(record(seq)) == set()
    first = max(before - page + 1, 1)
    conversation.begin([record(n) for n in range(first, before + 1)], more=first > 1)
    for seq in range(before + during + 1, total + 1):
        assert conversation.take(record(seq)) is not None
    while conversation.more:
        low = max(conversation.oldest - page, 1)
        records = [record(n) for n in range(low, conversation.oldest)]
        conversation.older(records, more=low > 1)
    assert texts(conversation.transcript) == [f"text {n}" for n in range(1, total + 1)]


def test_a_gap_is_told_and_filled() -> None:
    conversation = Conversation("s")
    conversation.begin([record(1)], more=False)
    assert conversation.take(record(3)) is None
    assert conversation.follow_up([record(2), record(3)]) == {1, 2}


def test_partial_text_older_than_the_page_is_not_shown_again() -> None:
    conversation = Conversation("s")
    conversation.stream(Delta(message="m", block=0, offset=0, text="text"))
    conversation.take(record(1))
    conversation.stream(Delta(message="n", block=0, offset=0, text="next"))
    conversation.begin([record(1)], more=False)
    assert list(conversation.transcript.partial.values()) == ["next"]
