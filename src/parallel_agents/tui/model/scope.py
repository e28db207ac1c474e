"""The scopes of a diff, as a person goes through them."""

from typing import assert_never

from parallel_agents.core.scope import (
    AnotherBase,
    AnotherSession,
    LastTurn,
    OneCommit,
    Scope,
    SinceLooked,
    Uncommitted,
    WholeChange,
)
from parallel_agents.core.state import SessionState

STEPS: tuple[Scope, ...] = (WholeChange(), LastTurn(), Uncommitted(), SinceLooked())
"""Those that need no further word, in the order of the key."""


def following(scope: Scope) -> Scope:
    """Return the next scope; after one that a person named, the first."""
    kinds = [type(step) for step in STEPS]
    if type(scope) not in kinds:
        return STEPS[0]
    return STEPS[(kinds.index(type(scope)) + 1) % len(STEPS)]


def since_look(state: SessionState) -> SinceLooked:
    """Compare with what a person had seen by now, whatever is looked at later."""
    seen = state.place.seen
    if seen is None:
        return SinceLooked(parts=())
    return SinceLooked(parts=seen.parts, at=state.because["looked"].at)


def title_of(scope: Scope) -> str:
    """Name a scope, before it is known what it comes to."""
    match scope:
        case WholeChange():
            return "all"
        case LastTurn():
            return "last turn"
        case Uncommitted():
            return "uncommitted"
        case SinceLooked():
            return "since you looked"
        case OneCommit():
            return "one commit"
        case AnotherBase():
            return "another base"
        case AnotherSession():
            return "another session"
        case _:
            assert_never(scope)
