"""What an agent may ask of its host: text files of its own worktree.

Keep true: a request says what is wanted and how its answer is written, and does nothing itself; the
supervisor carries it out within the session's worktree, or refuses it.
"""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """What became of a request.

    Attributes:
        text: the file's content, when it was read.
        refused: why nothing was done; empty when it was done.
    """

    text: str = ""
    refused: str = ""


Answering = Callable[[Served], str]
"""Makes the line for the agent that says what became of its request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadFile:
    """The agent wants to know what a text file holds.

    Attributes:
        path: absolute, or relative to the worktree's top.
    """

    path: str
    answering: Answering


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteFile:
    """The agent wants a text file to hold something else.

    Attributes:
        path: absolute, or relative to the worktree's top.
        text: its whole new content.
    """

    path: str
    text: str
    answering: Answering


HostRequest = ReadFile | WriteFile
"""The closed list of what an agent may ask."""
