"""What a row says about now."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from parallel_agents.core import events as ev
from parallel_agents.core.events import WorktreeReady
from parallel_agents.core.state import Retry
from parallel_agents.core.summary import TRACKED, first_sentence
from parallel_agents.tui.model.row_words import counts_down, doing
from tests.support.facts import LIVING, facts_of, fold
from tests.tui.drive import screen
from tests.tui.fake import T0, Fake

WORKING = facts_of(id="w", liveness="alive", running=True)
RETRY = Retry(attempt=3, maximum=10, error="overloaded_error", status=429, due_at=20_000)


@pytest.mark.parametrize(
    ("now", "said"),
    [
        (12_000, "retrying 429 in 8s · 3/10"),
        (12_001, "retrying 429 in 8s · 3/10"),
        (19_999, "retrying 429 in 1s · 3/10"),
        (20_000, "retrying 3/10: overloaded_error"),
    ],
)
def test_a_retry_counts_down_to_its_time_and_not_beyond(now: int, said: str) -> None:
    state = facts_of(WORKING, retry=RETRY)
    assert doing(state, now) == said
    assert counts_down(state, now) == (now < 20_000)


def test_a_retry_in_vain_counts_nothing_down() -> None:
    fatal = Retry(attempt=1, maximum=10, error="401", hint="Log in.", fatal=True, due_at=20_000)
    assert not counts_down(facts_of(WORKING, retry=fatal), 0)


def test_the_time_of_a_retry_comes_from_its_record() -> None:
    state = fold(*LIVING, ev.Retrying(attempt=1, maximum=2, delay_ms=700, status=529))
    assert state.turn.retry is not None
    assert (state.turn.retry.due_at, state.turn.retry.status) == (state.updated_at + 700, 529)


def test_a_tool_is_named_with_its_target_in_the_worktree() -> None:
    tree = WorktreeReady(path="/r/w", root="/r", branch="b", base="m", base_commit="0")
    state = facts_of(WORKING, worktree=tree, activity="Edit: /r/w/src/a.py")
    assert doing(state, 0) == "Edit: src/a.py"


def test_finished_work_says_its_result_until_the_next_turn() -> None:
    ended = ev.TurnEnded(outcome="ok", text="**Fixed** the flaky test. It waited for a port.")
    done = fold(*LIVING, ended, ev.AgentStateChanged(state="idle"))
    assert doing(done, 0) == "Fixed the flaky test."
    again = fold(ev.TurnStarted(conversation="c"), state=done)
    assert "Fixed" not in doing(again, 0)


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("", ""),
        ("Done.", "Done."),
        ("## Summary of it\nMore.", "Summary of it"),
        ("1. 2. 3. All three work. Really.", "1. 2. 3. All three work."),
        ("See e.g. src/a.py for it", "See e.g. src/a.py for it"),
    ],
)
def test_the_first_sentence(text: str, first: str) -> None:
    assert first_sentence(text) == first


@given(st.text())
def test_any_text_has_a_first_sentence_of_one_line(text: str) -> None:
    said = first_sentence(text)
    assert len(said.splitlines()) <= 1
    assert len(said) <= TRACKED


async def test_a_timer_runs_only_while_a_row_counts_down() -> None:
    fake = Fake()
    fake.session("a1", "one")
    async with screen(fake) as drive:
        sidebar = drive.main.sidebar
        assert sidebar._countdown is None
        retrying = ev.Retrying(attempt=3, maximum=10, delay_ms=8_000, status=429)
        fake.happen("a1", retrying, at=T0 + 120_000)
        await drive.shows("retrying 429 in 8s · 3/10")
        assert sidebar._countdown is not None
        fake.happen("a1", ev.AssistantText(text="back again"))
        await drive.until(lambda: sidebar._countdown is None, "no timer")
