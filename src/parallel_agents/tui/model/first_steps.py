"""The first minute: five things to try in the demo, one after the other, each said in one line.

Keep true: a step is done when the facts say that it happened, in whatever order; a step that was
done is kept in `first_steps.json` of the state directory and never asked for again; nothing is
shown outside the demo's repositories.
"""

from collections.abc import Iterable, Sequence

from parallel_agents.core.codec import dump
from parallel_agents.core.state import SessionState
from parallel_agents.core.value import Value
from parallel_agents.tui.model.key_table import USUAL, KeyTable
from parallel_agents.tui.model.private_file import read_kept, write_private
from parallel_agents.wire.endpoint import state_dir

STEPS = ("unblock", "diff", "reply", "delete", "undo")


class KeptSteps(Value):
    """The content of the file.

    Attributes:
        done: the steps that were done.
        gone: the sessions that were deleted and are not back.
    """

    done: frozenset[str] = frozenset()
    gone: frozenset[str] = frozenset()


class FirstSteps:
    """Follows the demo's sessions, and knows what to try next.

    Args:
        keys: the keys that count.
    """

    def __init__(self, keys: KeyTable = USUAL) -> None:
        self._keys = keys
        self._path = state_dir() / "first_steps.json"
        self._home = str(state_dir().resolve() / "demo") + "/"
        self._kept = read_kept(self._path, KeptSteps())
        self._asked: set[tuple[str, str]] = set()
        self._seen: set[str] = set()
        self._is_demo = False

    @property
    def is_over(self) -> bool:
        """Whether there is nothing left to try."""
        return self._kept.done.issuperset(STEPS)

    def look(
        self,
        states: Iterable[SessionState],
        selected: SessionState | None,
        panes: Sequence[str],
    ) -> str:
        """Compare the sessions with those seen before.

        Args:
            states: all sessions.
            selected: the one that is shown.
            panes: which of its panes are shown.

        Returns:
            What to try next; empty when there is nothing.
        """
        if self.is_over:
            return ""
        here = {state.id: state for state in states if self._is_ours(state)}
        self._is_demo = bool(here) or (self._is_demo and bool(self._kept.gone))
        done = {
            "unblock": self._unblocked(here),
            "diff": "diff" in panes and selected is not None and _has_changes(here, selected),
            "reply": any(map(_was_replied_to, here.values())),
        }
        gone = self._gone(here)
        done |= {"delete": bool(gone), "undo": bool(self._kept.gone - gone)}
        self._keep(frozenset(step for step, holds in done.items() if holds), gone)
        return self._hint() if self._is_demo else ""

    def _is_ours(self, state: SessionState) -> bool:
        return state.place.directory.startswith(self._home)

    def _unblocked(self, here: dict[str, SessionState]) -> bool:
        """Whether a request that was seen is no longer open, though its agent lives."""
        asked = {(name, r.id) for name, state in here.items() for r in state.dialogue.requests}
        before, self._asked = self._asked, asked
        return any(
            name in here and here[name].process.is_there and not here[name].process.stopping
            for name, _ in before - asked
        )

    def _gone(self, here: dict[str, SessionState]) -> frozenset[str]:
        """The sessions that a person has deleted."""
        left = {name for name, state in here.items() if _is_leaving(state)}
        missing = (self._seen | self._kept.gone) - here.keys()
        self._seen |= here.keys()
        return frozenset(left | missing)

    def _keep(self, done: frozenset[str], gone: frozenset[str]) -> None:
        kept = KeptSteps(done=self._kept.done | done, gone=gone)
        if kept != self._kept:
            self._kept = kept
            write_private(self._path, dump(kept))

    def _hint(self) -> str:
        step = next((step for step in STEPS if step not in self._kept.done), "")
        return f"{STEPS.index(step) + 1}/{len(STEPS)}  {_words(self._keys)[step]}" if step else ""


def _is_leaving(state: SessionState) -> bool:
    return state.session.deleted or state.session.deleting


def _has_changes(here: dict[str, SessionState], state: SessionState) -> bool:
    return state.id in here and state.place.changes.files > 0


def _was_replied_to(state: SessionState) -> bool:
    """Whether it got a message besides its task."""
    others = (message.text != state.session.prompt for message in state.dialogue.messages)
    return state.turn.count > 1 or any(others)


def _words(keys: KeyTable) -> dict[str, str]:
    stop = keys.shown("stop")
    return {
        "unblock": (
            f"A session needs you: {keys.shown('next_needing')} goes there; its card shows the keys"
        ),
        "diff": f"See what a session with +n −m changed: choose it, then {keys.shown('diff')}",
        "reply": f"Tell a session something: {keys.shown('peek')}, your words, Enter",
        "delete": f"Stop and delete a session: {stop}, and {stop} once more",
        "undo": f"Bring it back, with everything it had: {keys.shown('undo')}",
    }
