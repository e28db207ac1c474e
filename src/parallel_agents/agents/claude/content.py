"""Translates the blocks of `assistant` and `user` messages into events of the conversation.

Keep true: text that is only displayed is limited; a block of an unknown type is kept as JSON, cut.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from parallel_agents.agents.claude import patch, tools
from parallel_agents.agents.claude.protocol import Assistant, Json, User
from parallel_agents.core import events as ev

TEXT_LIMIT = 64 * 1024
"""How many characters of one text of a tool (its result, or a text in its input) are kept."""
KEPT = 4096
"""How many characters of an unknown block are kept."""
_INPUT_LIMIT = 256 * 1024

_TOOL_USES = ("tool_use", "server_tool_use", "mcp_tool_use")
_MARKS = ("[Request interrupted by user", "<system-reminder>", "<command-")
_OUTPUT = "<local-command-stdout>"


def said(line: Assistant) -> Iterator[ev.Event]:
    """Translate the finished blocks of an assistant message."""
    parent, name = line.parent_tool_use_id or "", line.message.id
    content = line.message.content
    blocks = [{"type": "text", "text": content}] if isinstance(content, str) else content
    for block in blocks:
        yield from _said(block, name, parent)


def _said(block: Json, message: str, parent: str) -> Iterator[ev.Event]:
    kind = block.get("type")
    if kind == "text":
        if text := _text(block, "text"):
            yield ev.AssistantText(text=text, message=message, parent=parent)
    elif kind == "thinking":
        if text := _text(block, "thinking"):
            yield ev.AssistantThinking(text=text, message=message, parent=parent)
    elif kind in _TOOL_USES:
        name, given = _text(block, "name"), _bounded(block.get("input"))
        yield ev.ToolUsed(
            id=_text(block, "id"),
            name=name,
            input=given,
            summary=tools.summary(name, given),
            does=tools.tool_kind(name),
            message=message,
            parent=parent,
        )
    elif _is_answer(block):
        yield _returned(block, parent, "")
    elif kind != "redacted_thinking":
        yield ev.LineKept(why="unknown", text=json.dumps(block)[:KEPT])


def heard(line: User, cwd: str) -> Iterator[ev.Event]:
    """Translate a user message: results of tools, and text that counts as the person's.

    Args:
        line: the message.
        cwd: the agent's working directory.
    """
    parent = line.parent_tool_use_id or ""
    content = line.message.content
    blocks = [{"type": "text", "text": content}] if isinstance(content, str) else content
    results = sum(1 for block in blocks if _is_answer(block))
    changed = patch.unified(line.tool_use_result, cwd) if results == 1 else ""
    for block in blocks:
        if _is_answer(block):
            yield _returned(block, parent, changed)
        elif block.get("type") == "text":
            yield from _heard(_text(block, "text"), line, parent)


def _heard(text: str, line: User, parent: str) -> Iterator[ev.Event]:
    if text.startswith(_OUTPUT):
        output = text.removeprefix(_OUTPUT).partition("</local-command-stdout>")[0].strip()
        if output:
            yield ev.Notice(text=output[:TEXT_LIMIT])
    elif text and not line.is_synthetic and not text.startswith(_MARKS):
        yield ev.UserText(text=text, uuid=line.uuid, parent=parent)


def _is_answer(block: Json) -> bool:
    return bool(_text(block, "tool_use_id"))


def _returned(block: Json, parent: str, changed: str) -> ev.ToolReturned:
    return ev.ToolReturned(
        tool_use=_text(block, "tool_use_id"),
        text=cut(_plain(block.get("content"))),
        is_error=block.get("is_error") is True,
        patch=changed,
        parent=parent,
    )


def _plain(content: object) -> str:
    """Return the text of a tool's result; other blocks are only named."""
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        return "" if content is None else json.dumps(content)
    parts = [block for block in content if isinstance(block, dict)]
    return "\n".join(_text(b, "text") or f"[{b.get('type')}]" for b in parts)


def cut(text: str) -> str:
    """Limit the length of a text that is only displayed."""
    more = len(text) - TEXT_LIMIT
    return f"{text[:TEXT_LIMIT]}\n… {more} more characters" if more > 0 else text


def _bounded(value: object) -> Json:
    """Limit a tool's input for display: cut long texts, and replace an input that is huge."""
    if not isinstance(value, dict):
        return {}
    short = {k: cut(v) if isinstance(v, str) else v for k, v in value.items()}
    if sum(len(v) if isinstance(v, str) else len(json.dumps(v)) for v in short.values()) > (
        _INPUT_LIMIT
    ):
        return {"description": "(too long to show)"}
    return short


def _text(block: Json, key: str) -> str:
    value = block.get(key)
    return value if isinstance(value, str) else ""
