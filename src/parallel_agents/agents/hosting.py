"""Host requests: an agent may ask us to read or write text files of its own worktree.

Keep true: a request only describes the action and how to write the answer; it does nothing itself.
The supervisor carries it out inside the session's worktree, or refuses it.
"""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """The result of a host request.

    Attributes:
        text: the file's content, if it was read.
        refused: why nothing was done; empty if it was done.
    """

    text: str = ""
    refused: str = ""


Answering = Callable[[Served], str]
"""Makes the line that tells the agent the result of its request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadFile:
    """The agent wants to read a text file.

    Attributes:
        path: absolute, or relative to the worktree's top.
    """

    path: str
    answering: Answering


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteFile:
    """The agent wants to write a text file.

    Attributes:
        path: absolute, or relative to the worktree's top.
        text: its complete new content.
    """

    path: str
    text: str
    answering: Answering


HostRequest = ReadFile | WriteFile
"""The closed list of host requests."""
