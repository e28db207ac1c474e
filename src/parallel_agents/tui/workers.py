"""Work beside the screen."""

from collections.abc import Callable, Coroutine

from textual.dom import DOMNode
from textual.worker import WorkType


def alone(node: DOMNode, work: Callable[[], Coroutine[None, None, None]], group: str) -> None:
    """Run something beside the screen; what runs in the same group is called off.

    Args:
        node: whose work it is; it ends with it.
        work: called only when its turn comes.
        group: name of the group.
    """
    chosen: WorkType[None] = work
    node.run_worker(chosen, group=group, exclusive=True)
