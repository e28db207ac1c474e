"""The kinds of place where a session can work, and what is fixed about each.

Keep true: values only; what is done to a place of a kind is in `worktrees.kinds`.
"""

from typing import Literal

from parallel_agents.core.value import Value

Kind = Literal["worktree", "checkout", "directory"]


class PlaceTraits(Value):
    """What is fixed about one kind of place.

    Attributes:
        is_git_worktree: git lists it as a linked worktree: it is cut from a base, on a branch.
        is_apart: its work stays apart from the person's checkout; where it does not, only one
            session at a time may work.
        by_hooks: the repository's hooks make it, and are told of its removal.
        alarm: what a person must see in place of the branch; empty for none.
    """

    is_git_worktree: bool = False
    is_apart: bool = True
    by_hooks: bool = False
    alarm: str = ""


_TRAITS: dict[Kind, PlaceTraits] = {
    "worktree": PlaceTraits(is_git_worktree=True),
    "checkout": PlaceTraits(is_apart=False, alarm="works in your own checkout"),
    "directory": PlaceTraits(by_hooks=True),
}


def traits_of(kind: Kind) -> PlaceTraits:
    """What is fixed about a kind of place."""
    return _TRAITS[kind]
