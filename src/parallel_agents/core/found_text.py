"""Looking for a text in what was said and done; pure functions.

Keep true: a text is literal, in upper or lower case; what is found stays raw.
"""

import re

from parallel_agents.core.events import (
    AssistantText,
    AssistantThinking,
    Event,
    MessageQueued,
    Notice,
    RequestOpened,
    StepOutput,
    ToolReturned,
    ToolUsed,
    TurnEnded,
    UserText,
)
from parallel_agents.core.summary import telling, tool_summary

_BEFORE, _LENGTH = 40, 200
_PLAIN = re.compile(rb"[a-z0-9 _.,:;/+*=()<>@#$%&!?-]+")


def texts_of(event: Event) -> tuple[str, tuple[str, ...]]:
    """List the texts of an event that the transcript shows.

    Returns:
        Who said them (you, agent, tool or program), and the texts; none for most events.
    """
    match event:
        case MessageQueued():
            return "you", (event.text,)
        case UserText(uuid=""):  # with a uuid, it is the agent's echo of a message
            return "you", (event.text,)
        case AssistantText() | AssistantThinking():
            return "agent", (event.text,)
        case ToolUsed():
            said = event.summary or tool_summary(event.name, event.input)
            return "tool", (said, telling(event.input))
        case ToolReturned():
            return "tool", (event.text, event.patch)
        case RequestOpened():
            return "agent", (event.summary, event.plan, *(q.text for q in event.questions))
        case TurnEnded():
            return "agent", (event.error,)
        case StepOutput() | Notice():
            return "program", (event.text,)
        case _:
            return "", ()


def line_with(text: str, wanted: str) -> str | None:
    """Find the first line of a text that has the wanted text.

    Args:
        text: any text.
        wanted: as `folded` returns it.

    Returns:
        As much of the line as fits, raw; None if no line has it.
    """
    if wanted not in text.casefold():
        return None
    for line in text.splitlines():
        at = line.casefold().find(wanted)
        if at >= 0:
            start = max(at - _BEFORE, 0)
            return f"{'…' if start else ''}{line[start : start + _LENGTH]}".strip()
    return None


def folded(text: str) -> str:
    """The form of a text in which upper and lower case are the same; on one line."""
    return " ".join(text.split("\n")).strip().casefold()


def certain_bytes(wanted: str) -> bytes:
    """The longest part of a wanted text that stands in an ASCII line of JSON as it is.

    A line in lower case without it has not got the text, so that it need not be read.
    """
    parts = _PLAIN.findall(wanted.encode("utf-8", "replace"))
    return max(parts, key=len, default=b"")
