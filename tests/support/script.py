"""The scripts that tell the Messages API server what to answer.

Keep true: a script and the number of messages already played decide; nothing is remembered.

The last text of the user is the script. Each line that starts with a known word is a step, other
lines are prose; ` THEN ` separates steps on one line. Steps:

    SAY text             speak: before the next tool, or as the end of the turn
    THINK text           a thinking block before what follows
    BASH command         run a command
    WRITE {..}  EDIT {..}  READ path      JSON is the tool's input; EDIT reads the file first
    ASK {"questions": [..]}               without JSON: one question about a database
    PLAN text            write the plan to the plan file, then ask to leave plan mode
    AGENT script         start a subagent with that script; `AGENT+ script` one in the background
    TOOL Name {..}       any tool
    PAR [[Name, {..}], ..]                several tools in one message; without JSON: two commands
    SLOW n [gap]         n words, one delta each, `gap` seconds between (0.01)
    HOLD key             say a word, then stream nothing until `release(key)`
    LONG n               one text of n kilobytes
    BREAK key times      as HOLD, but the first `times` times the connection breaks when released
    ERR status [times]   answer with that HTTP status, always or the first `times` times

`$CWD` and `$PLANFILE` in a step are replaced by what the request says about them. After each
tool result the next step is played; after the last one comes `done: <the script>`.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]

VERBS = (
    "SAY",
    "THINK",
    "BASH",
    "WRITE",
    "EDIT",
    "READ",
    "ASK",
    "PLAN",
    "AGENT+",
    "AGENT",
    "TOOL",
    "PAR",
    "SLOW",
    "HOLD",
    "LONG",
    "BREAK",
    "ERR",
)
DEFAULT_ASK: Json = {
    "questions": [
        {
            "question": "Which database?",
            "header": "DB",
            "multiSelect": False,
            "options": [
                {"label": "SQLite", "description": "file"},
                {"label": "Postgres", "description": "server"},
            ],
        }
    ]
}
DEFAULT_PAR: list[tuple[str, Json]] = [
    ("Bash", {"command": "touch par-one", "description": "first"}),
    ("Bash", {"command": "touch par-two", "description": "second"}),
]
# Text blocks that the CLI adds by itself: they are no script.
_NOT_THE_USER = ("<system-reminder>", "[Request interrupted", "<local-command", "<command-")
# A message sent while a turn runs is handed to the model inside a text of the CLI's own.
_FOLDED = re.compile(
    r"The user sent a new message while you were working:\n(.*?)"
    r"(?:\n\nThis is how Claude Code|\Z)",
    re.DOTALL,
)


@dataclass(frozen=True)
class Step:
    """One line of a script: a word and what follows it."""

    verb: str
    rest: str


@dataclass
class Round:
    """One assistant message: what is streamed before its tools, and its tools."""

    parts: list[Step] = field(default_factory=list)
    tools: list[tuple[str, Json]] = field(default_factory=list)


def parse_script(text: str) -> list[Step]:
    """Split a prompt into steps; prose without any known word is no step."""
    steps = []
    for line in text.splitlines():
        for piece in re.split(r"(?:^|\s)THEN(?:\s|$)", line):
            word, _, rest = piece.strip().partition(" ")
            if word in VERBS:
                steps.append(Step(word, rest.strip()))
    return steps


def _tools_of(step: Step) -> list[list[tuple[str, Json]]]:
    """The rounds of tool calls that one step stands for; empty when it only speaks."""
    verb, rest = step.verb, step.rest
    if verb == "BASH":
        return [[("Bash", {"command": rest, "description": "scripted command"})]]
    if verb == "WRITE":
        return [[("Write", json.loads(rest))]]
    if verb == "READ":
        return [[("Read", {"file_path": rest})]]
    if verb == "EDIT":
        edit = json.loads(rest)
        return [[("Read", {"file_path": edit["file_path"]})], [("Edit", edit)]]
    if verb == "ASK":
        return [[("AskUserQuestion", json.loads(rest) if rest else DEFAULT_ASK)]]
    if verb == "PLAN":
        plan = {"file_path": "$PLANFILE", "content": rest.replace("\\n", "\n") + "\n"}
        return [[("Write", plan)], [("ExitPlanMode", {})]]
    if verb in ("AGENT", "AGENT+"):
        agent = {"description": "scripted subagent", "prompt": rest, "$agent": True}
        agent |= {"subagent_type": "general-purpose", "run_in_background": verb == "AGENT+"}
        return [[("Agent", agent)]]
    if verb == "TOOL":
        name, _, given = rest.partition(" ")
        return [[(name, json.loads(given) if given else {})]]
    if verb == "PAR":
        return [[(name, given) for name, given in (json.loads(rest) if rest else DEFAULT_PAR)]]
    return []


def rounds_of(text: str) -> list[Round]:
    """The assistant messages that a script asks for, in order; the last one ends the turn."""
    rounds = [Round()]
    for step in parse_script(text):
        calls = _tools_of(step)
        if not calls:
            rounds[-1].parts.append(step)
        for tools in calls:
            rounds[-1].tools = tools
            rounds.append(Round())
    if not rounds[-1].parts:
        rounds[-1].parts.append(Step("SAY", "done: " + " ".join(text.split())[:60]))
    return rounds


def is_due(times: str, before: int) -> bool:
    """Whether a failure that happens always, or the first `times` times, happens now."""
    return not times or before < int(times)


def _texts(message: Json) -> list[str]:
    content = message.get("content")
    if isinstance(content, str):
        return [content]
    found = [b.get("text", "") for b in content or [] if b.get("type") == "text"]
    return [str(text) for text in found]


def _script_text(role: str, text: str) -> str:
    """What the user wrote in one text block; empty when the CLI wrote it by itself."""
    folded = _FOLDED.search(text)
    if folded:
        return folded.group(1).strip()
    return "" if role != "user" or text.lstrip().startswith(_NOT_THE_USER) else text.strip()


def find_script(messages: list[Json]) -> tuple[str, int]:
    """The script that decides, and how many assistant messages already followed it."""
    played = 0
    for message in reversed(messages):
        if message.get("role") == "assistant":
            played += 1
            continue
        for text in reversed(_texts(message)):
            if script := _script_text(str(message.get("role")), text):
                return script, played
    return "", played
