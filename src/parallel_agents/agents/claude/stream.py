"""Translates the API's raw stream events into deltas: partial text with its position.

Keep true: a delta's offset is the number of characters already sent for its block, so that the
deltas, joined in order, are the finished text. A speaker's new message replaces its earlier one,
because the same words are sent again after a dropped connection.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from parallel_agents.agents.claude.protocol import Json, StreamEvent
from parallel_agents.core.events import Delta


@dataclass
class _Message:
    id: str
    sent: dict[int, int] = field(default_factory=dict)


class Stream:
    """Follows the current message of each speaker (the main agent, each subagent).

    Attributes:
        context: tokens that the main agent's last model call read, including from the cache.
    """

    def __init__(self) -> None:
        self._speaking: dict[str, _Message] = {}
        self.context = 0

    def deltas(self, line: StreamEvent) -> tuple[Delta, ...]:
        """Translate one stream event.

        Returns:
            The added text; an empty text at the start of a message clears the previous one.
        """
        parent = line.parent_tool_use_id or ""
        kind = line.event.get("type")
        if kind == "message_start":
            return self._start(parent, _object(line.event, "message"))
        if kind == "content_block_delta":
            return self._delta(parent, line.event)
        if kind == "message_stop":
            self._speaking.pop(parent, None)
        return ()

    def _start(self, parent: str, message: Json) -> tuple[Delta, ...]:
        identity = message.get("id")
        name = identity if isinstance(identity, str) else ""
        self._speaking[parent] = _Message(name)
        if not parent:
            self.context = tokens_read(_object(message, "usage"))
        return (Delta(message=name, block=0, offset=0, text="", parent=parent),)

    def _delta(self, parent: str, event: Json) -> tuple[Delta, ...]:
        message = self._speaking.get(parent)
        block, delta = event.get("index"), _object(event, "delta")
        thinking = delta.get("type") == "thinking_delta"
        text = delta.get("thinking" if thinking else "text")
        if message is None or not isinstance(block, int) or not isinstance(text, str):
            return ()
        offset = message.sent.get(block, 0)
        message.sent[block] = offset + len(text)
        said = Delta(
            message=message.id,
            block=block,
            offset=offset,
            text=text,
            thinking=thinking,
            parent=parent,
        )
        return (said,)


def _object(value: Json, key: str) -> Json:
    found = value.get(key)
    return found if isinstance(found, dict) else {}


def count(value: Json, key: str) -> int:
    """Return a count of tokens from one of the agent's objects; 0 if it has none."""
    found = value.get(key)
    return int(found) if isinstance(found, int) and not isinstance(found, bool) else 0


def tokens_read(usage: Json) -> int:
    """Return the tokens that a model call read, including from the cache."""
    keys = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")
    return sum(count(usage, key) for key in keys)
