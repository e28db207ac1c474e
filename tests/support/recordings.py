"""Recordings of the real `claude`: what went in and what came out, in order.

Keep true: a recording is JSON lines of `t` (seconds), `dir` (meta, in, out, err, exit) and `line`;
lists and fields that only describe the program are cut, message types never.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DIRECTORY = Path(__file__).parent.parent / "data" / "claude-traces"
_LISTS = re.findall(
    r"\w+", "tools slash_commands agents capabilities commands models all_uuids uuids"
)
_DROPPED = re.findall(
    r"\w+",
    """
    subagent_stats memory_paths messaging_socket_path model_usage_since_last_result
    analytics_disabled product_feedback_disabled served_by_anthropic original_cwd
    additional_directories fast_mode_state fast_mode_disabled_reason per_turn_effort_active
    ultrathink_available ultrathink_typed_raises view_mode timestamp api_message_id
    thinking_display ttft_ms ttft_stream_ms time_to_request_ms first_content_frame_ms
    cache_creation server_tool_use iterations service_tier inference_geo speed fallback_credit
    output_tokens_details context_management terminal_slash_commands diagnostics container
    webSearchRequests cacheCreationEphemeral5mInputTokens cacheCreationEphemeral1hInputTokens
    canonicalModel provider costBasis maxOutputTokens safety_stops stop_details plugins skills
    request_sent_wall_ms first_request_input_tokens first_request_cache_read_input_tokens
    owed_rows run_id
""",
)


@dataclass(frozen=True)
class Entry:
    """One line of a recording.

    Attributes:
        direction: `meta`, `in` (to the program), `out`, `err`, or `exit`.
        value: the JSON object said; for `err` and `exit` the text or number.
    """

    direction: str
    value: Any

    @property
    def line(self) -> bytes:
        """The value as the program wrote or read it."""
        text = self.value if isinstance(self.value, str) else json.dumps(self.value)
        return text.encode()


def names() -> list[str]:
    """All recordings, without their suffix."""
    return sorted(path.stem for path in DIRECTORY.glob("*.jsonl"))


def load(name: str) -> list[Entry]:
    """One recording, oldest line first."""
    lines = (DIRECTORY / f"{name}.jsonl").read_text().splitlines()
    return [Entry(entry["dir"], entry["line"]) for entry in map(json.loads, lines)]


def outputs(name: str) -> list[bytes]:
    """What the program wrote on stdout, line by line."""
    return [entry.line for entry in load(name) if entry.direction == "out"]


def trim(value: Any) -> Any:
    """Cut what only describes the program; a value of any shape."""
    if isinstance(value, dict):
        return {
            key: trim(item[:2] if key in _LISTS and isinstance(item, list) else item)
            for key, item in value.items()
            if key not in _DROPPED
        }
    return [trim(item) for item in value] if isinstance(value, list) else value


def _anonymous(line: Any) -> Any:
    """Drop the ids that every line repeats and nothing reads."""
    if not isinstance(line, dict) or line.get("type") == "conversation_reset":
        return line
    kept = {"user": ("uuid",)}.get(str(line.get("type")), ())
    if line.get("subtype") == "init":
        kept = ("session_id",)
    drop = {"uuid", "session_id"} - set(kept)
    return {key: value for key, value in line.items() if key not in drop}


def save(name: str, entries: list[dict[str, Any]], directory: Path) -> None:
    """Write a recording, trimmed.

    Args:
        name: its name without suffix.
        entries: `t`, `dir` and `line` each.
        directory: where it goes.
    """
    lines = [
        json.dumps({**entry, "line": trim(_anonymous(entry["line"]))}, separators=(",", ":"))
        for entry in entries
    ]
    (directory / f"{name}.jsonl").write_text("\n".join(lines) + "\n")
