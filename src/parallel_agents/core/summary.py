"""Summarises an agent's action in one line: a tool, and the important part of its input."""

import re

from parallel_agents.core.options import Decision, JsonObject

TRACKED = 200
"""How many characters of an agent's text are kept for a display of one line."""

_SENTENCE = re.compile(r".{8,}?[.!?](?=\s)")
"""A sentence that more follows; what ends sooner is rather a number or an abbreviation."""

_TELLING = ("command", "file_path", "notebook_path", "pattern", "query", "url", "description")


def first_line(text: str) -> str:
    """Return the first non-blank line of a text, raw, cut to `TRACKED` characters."""
    line = next((part for part in text.splitlines() if part.strip()), "")
    return line.strip()[:TRACKED]


def first_sentence(text: str) -> str:
    """Return the first sentence of a text without Markdown's signs before it, raw, cut likewise."""
    line = first_line(text).lstrip("#>*-_` ").replace("**", "")
    found = _SENTENCE.match(line)
    return found[0] if found else line


def tool_summary(name: str, tool_input: JsonObject) -> str:
    """Say in one line what a tool use does.

    Args:
        name: the tool's name, raw.
        tool_input: its input, raw and of any shape.

    Returns:
        `Name: detail`, raw, at most `TRACKED` characters.
    """
    told = telling(tool_input)
    return (f"{name}: {first_line(told)}" if told else name)[:TRACKED]


def telling(tool_input: JsonObject) -> str:
    """Return the most important text of an input, whole and raw; empty if there is none."""
    values = (tool_input.get(key) for key in _TELLING)
    return next((v for v in values if isinstance(v, str) and v.strip()), "")


def decision_words(decision: Decision) -> str:
    """Describe a decision in words of our own; only a mode's name may be outside text."""
    if decision.behavior == "deny":
        return "denied"
    if decision.answers is not None:
        return "answered"
    if decision.mode is not None:
        return f"approved, continuing in {decision.mode}"
    scopes = {"once": "once", "session": "for this session", "repository": "for this repository"}
    changed = ", with changed input" if decision.updated_input is not None else ""
    return f"allowed {scopes[decision.scope]}{changed}"
