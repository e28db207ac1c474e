"""What a row of the list says about now; pure functions.

Keep true: at the time that is given, every word is true; outside text stays raw.
"""

from parallel_agents.core.label import derive, silent_since
from parallel_agents.core.state import Retry, SessionState
from parallel_agents.tui.model.check_words import check_words
from parallel_agents.tui.text.ages import age

MINUTE_MS = 60_000
QUIET_MS = 3 * MINUTE_MS
"""How long a turn may say nothing until its row tells: longer than most tools and thoughts take."""


def doing(state: SessionState, now: int, progress: tuple[int, int] | None = None) -> str:
    """Say on one line what a session asks or does now, or what came of its last turn.

    Args:
        state: its facts.
        now: milliseconds since 1970.
        progress: for a worktree being created: files done, and files in all.
    """
    if progress is not None and state.place.creating and progress[1]:
        return f"checking out {progress[0]:,} of {progress[1]:,}"
    if state.process.stopping:
        return "stopping…"
    if counts_down(state, now) and state.turn.retry is not None:
        return _retrying(state.turn.retry, now)
    said = _said(state)
    silent = silent_since(state)
    return f"quiet {age(now - silent)} · {said}" if silent and now - silent >= QUIET_MS else said


def counts_down(state: SessionState, now: int) -> bool:
    """Whether what the row says changes each second."""
    retry = state.turn.retry
    waits = retry is not None and not retry.fatal and retry.due_at > now
    return waits and derive(state).state == "working" and state.turn.limit_until is None


def _retrying(retry: Retry, now: int) -> str:
    why = str(retry.status or "") or retry.error
    seconds = -((now - retry.due_at) // 1000)
    return f"retrying {why} in {seconds}s · {retry.attempt}/{retry.maximum}"


def _said(state: SessionState) -> str:
    label = derive(state)
    rests = not state.turn.tasks and not state.place.missing and state.process.stopped != "attach"
    result = state.conversation.result if rests and label.state in {"done", "stopped"} else ""
    said = result or label.detail
    checked = check_words(state)
    if checked and label.state in {"done", "idle", "stopped"}:
        said = f"{checked} · {said}" if said else checked
    return said.replace(f"{state.place.worktree.path}/", "") if state.place.worktree else said
