"""How the composer describes where and how a session would start."""

import re
from collections.abc import Sequence
from pathlib import PurePath

from parallel_agents.core.agents import Traits
from parallel_agents.tui.model.remembered import Remembered
from parallel_agents.tui.model.task import Place
from parallel_agents.wire.messages import ResolvedRepository

_PULL = re.compile(r"#|\w+://")
_ACCEPTED = "a pull request, accepted at this commit"
_UNASKED = "this agent never asks before it acts"
_MADE = 3
"""How many of the sessions just started are named."""

_STRANGER = "untrusted pull request: starts without the repository's settings until you accept them"


def is_pull(base: str) -> bool:
    """Whether a base looks like a pull request, so that a remote is asked for it."""
    return _PULL.match(base) is not None


def place_words(place: Place, resolved: ResolvedRepository | None, *, short: bool = False) -> str:
    """Describe where a session would start: repository, its checked-out branch, the base.

    Args:
        place: what the user typed.
        resolved: the reply about it; None while there is none.
        short: whether to name the repository without its path.
    """
    if resolved is None:
        typed = PurePath(place.path).name if short else place.path
        return _joined(typed, place.branch.strip(), place.base.strip() and f"from {place.base}")
    base = resolved.base
    return _joined(
        PurePath(resolved.root).name if short else resolved.root,
        resolved.branch and f"on {resolved.branch}",
        f"{'compared with' if base.branch else 'from'} {base.name}",
        branch_words(resolved, place.branch.strip()),
    )


def notes_of(resolved: ResolvedRepository, traits: Traits | None) -> str:
    """Say what the user may not expect of a start here."""
    base = resolved.base
    unasked = traits is not None and not traits.asks
    stranger = base.stranger and (_ACCEPTED if resolved.trusted else _STRANGER)
    return _joined(unasked and _UNASKED, base.note, stranger)


def choice_words(chosen: Remembered, usual: str) -> str:
    """Describe how the agent would start; choices left open are left out, except the mode."""
    return _joined(
        chosen.mode or "its usual mode", chosen.model, chosen.effort, chosen.agent or usual
    )


def progress_words(starting: int, modeless: int, undecided: int, made: Sequence[str]) -> str:
    """Describe the tasks on their way, and the sessions started since the composer was opened."""
    return _joined(
        starting and ("starting …" if starting == 1 else f"starting {starting} …"),
        modeless and f"{modeless} waiting for your choice",
        undecided and f"{undecided} waiting for trust",
        made and f"started: {', '.join(made[-_MADE:])}",
    )


def _joined(*words: str | int | Sequence[str] | None) -> str:
    return " · ".join(word for word in words if isinstance(word, str) and word)


def branch_words(resolved: ResolvedRepository, branch: str) -> str:
    """Describe what happens to the branch that the user named; empty if they named none."""
    if not branch:
        return ""
    existing = resolved.base.branch
    return f"on the existing branch {existing}" if existing else f"new branch {branch}"
