"""Run work beside the screen."""

from collections.abc import Callable, Coroutine

from textual.dom import DOMNode
from textual.worker import WorkType


def alone(node: DOMNode, work: Callable[[], Coroutine[None, None, None]], group: str) -> None:
    """Run something beside the screen, and cancel what runs in the same group.

    Args:
        node: the owner; the work ends when it goes.
        work: called only when its turn comes.
        group: name of the group.
    """
    chosen: WorkType[None] = work
    node.run_worker(chosen, group=group, exclusive=True)
