"""The frames that the demo agent writes: the stream-json of Claude Code 2.1.329.

Keep true: every object has the keys that objects of its type always have in recordings of the real
program; each object is one line, written as a whole.
"""

import json
import os
import threading
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

Frame = dict[str, Any]

TOOLS = ["Task", "AskUserQuestion", "Bash", "Edit", "ExitPlanMode", "Read", "Write"]
MODELS = ("demo-large", "demo-small")
VERSION = "demo"


def new_id() -> str:
    """Make a random UUID as text; the `uuid` module would be a slow import."""
    raw = bytearray(os.urandom(16))
    raw[6] = raw[6] & 0x0F | 0x40
    raw[8] = raw[8] & 0x3F | 0x80
    text = raw.hex()
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


def short_id(prefix: str) -> str:
    """Make an id in the style of messages and tool uses."""
    return prefix + os.urandom(10).hex()


def timestamp() -> str:
    """Format the current time as the real program does."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Out:
    """Writes standard output one whole line at a time, from any thread."""

    def __init__(self, fd: int = 1) -> None:
        self._fd = fd
        self._lock = threading.Lock()

    def raw(self, data: bytes) -> None:
        """Write bytes as they are."""
        with self._lock:
            rest = memoryview(data)
            while rest:
                rest = rest[os.write(self._fd, rest) :]

    def frame(self, frame: Frame) -> None:
        """Write one object as one line."""
        self.raw(json.dumps(frame, ensure_ascii=True).encode() + b"\n")


def usage(sent: int, received: int) -> Frame:
    """Make the token counts of a result."""
    return {
        "input_tokens": sent,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 0,
        "output_tokens": received,
        "output_tokens_details": {"thinking_tokens": 0},
        "server_tool_use": {"web_search_requests": 0, "web_fetch_requests": 0},
        "service_tier": "standard",
        "cache_creation": {"ephemeral_1h_input_tokens": 0, "ephemeral_5m_input_tokens": 0},
        "inference_geo": "",
        "iterations": [],
        "speed": "standard",
        "fallback_credit": None,
    }


def message_usage(received: int) -> Frame:
    """Make the token counts of a message."""
    return {
        "input_tokens": 1200,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 0,
        "output_tokens": received,
        "service_tier": "standard",
    }


def model_usage(model: str, sent: int, received: int, cost: float) -> Frame:
    """Make the per-model part of a result."""
    return {
        model: {
            "inputTokens": sent,
            "outputTokens": received,
            "cacheReadInputTokens": 0,
            "cacheCreationInputTokens": 0,
            "webSearchRequests": 0,
            "costUSD": cost,
            "contextWindow": 200_000,
            "maxOutputTokens": 32_000,
            "thinkingTokens": 0,
            "cacheCreationEphemeral5mInputTokens": 0,
            "cacheCreationEphemeral1hInputTokens": 0,
            "canonicalModel": model,
            "provider": "firstParty",
            "costBasis": "list",
        }
    }


def init(cwd: str, model: str, mode: str) -> Frame:
    """Make the frame that begins every turn."""
    return {
        "cwd": cwd,
        "tools": TOOLS,
        "mcp_servers": [],
        "model": model,
        "permissionMode": mode,
        "slash_commands": ["clear", "context", "cost"],
        "terminal_slash_commands": [],
        "apiKeySource": "none",
        "claude_code_version": VERSION,
        "output_style": "default",
        "agents": ["general-purpose"],
        "skills": [],
        "plugins": [],
        "capabilities": ["interrupt_receipt_v1", "msg_lifecycle_v1"],
        "analytics_disabled": True,
        "product_feedback_disabled": True,
        "served_by_anthropic": False,
        "memory_paths": {},
        "original_cwd": cwd,
        "additional_directories": [],
        "messaging_socket_path": "",
        "fast_mode_state": "off",
        "fast_mode_disabled_reason": "sdk_opt_in_required",
        "per_turn_effort_active": True,
        "ultrathink_available": False,
        "ultrathink_typed_raises": False,
        "view_mode": "default",
    }


def described(mode: str, state: str) -> Frame:
    """Make the answer to `initialize`."""
    levels = ["low", "medium", "high"]
    return {
        "commands": [
            {"name": "clear", "description": "Start a new conversation", "argumentHint": ""},
            {"name": "context", "description": "Show the context in use", "argumentHint": ""},
        ],
        "agents": [{"name": "general-purpose", "description": "Any task", "model": "inherit"}],
        "models": [
            {
                "value": name,
                "displayName": name,
                "description": "A scripted story, no model",
                "supportsEffort": True,
                "supportedEffortLevels": levels,
            }
            for name in MODELS
        ],
        "account": {},
        "output_style": "default",
        "available_output_styles": ["default"],
        "pid": os.getpid(),
        "current_permission_mode": mode,
        "session_state": state,
        "capabilities": ["interrupt_receipt_v1", "msg_lifecycle_v1"],
        "claude_code_version": VERSION,
    }


def result(spent: Mapping[str, Any], outcome: Mapping[str, Any]) -> Frame:
    """Make the frame that ends every turn.

    Args:
        spent: `model`, `sent`, `received` (tokens), `cost`, `total` (US dollars) and
            `began` (monotonic seconds).
        outcome: the fields that differ: subtype, is_error, result or errors, ...

    Returns:
        The frame without its session id.
    """
    took = int((time.monotonic() - spent["began"]) * 1000)
    each = model_usage(spent["model"], spent["sent"], spent["received"], spent["cost"])
    return {
        "type": "result",
        "duration_ms": took,
        "duration_api_ms": took // 2,
        "total_cost_usd": spent["total"],
        "usage": usage(spent["sent"], spent["received"]),
        "modelUsage": each,
        "model_usage_since_last_result": each,
        "permission_denials": [],
        "fast_mode_state": "off",
        "fast_mode_disabled_reason": "sdk_opt_in_required",
        "subagent_stats": {"spawned": 0, "completed": 0, "failed": 0},
        "safety_stops": 0,
        "queued_turn_count": 0,
        "uuid": new_id(),
        **outcome,
    }


def patch(before: str, after: str) -> list[Frame]:
    """Make a `structuredPatch` of one hunk, with three lines around the change."""
    old, new = before.splitlines(), after.splitlines()
    if old == new:
        return []
    head = 0
    while head < min(len(old), len(new)) and old[head] == new[head]:
        head += 1
    tail = 0
    while tail < min(len(old), len(new)) - head and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    start, end = max(0, head - 3), max(0, tail - 3)
    old_end, new_end = len(old) - tail, len(new) - tail
    lines = [f" {line}" for line in old[start:head]]
    lines += [f"-{line}" for line in old[head:old_end]]
    lines += [f"+{line}" for line in new[head:new_end]]
    lines += [f" {line}" for line in old[old_end : len(old) - end]]
    return [
        {
            "oldStart": start + 1,
            "oldLines": len(old) - end - start,
            "newStart": start + 1,
            "newLines": len(new) - end - start,
            "lines": lines,
        }
    ]
