"""Describes claude's tools and requests in agent-neutral terms.

Keep true: total: an input of any shape gives something to show; a decision is checked only against
questions and rules that have the right shape.
"""

from __future__ import annotations

from parallel_agents.agents.claude.suggestions import rule_names
from parallel_agents.core import events as ev
from parallel_agents.core.asking import Approval, Choice, Question, ToolKind
from parallel_agents.core.options import JsonObject
from parallel_agents.core.summary import first_line, tool_summary
from parallel_agents.core.value import replace

QUESTION = "AskUserQuestion"
PLAN = "ExitPlanMode"
KEPT_IN = ".claude/settings.local.json"
"""Where a rule for the repository is kept: in the main worktree, for all worktrees."""

APPROVALS = (
    Approval(mode="acceptEdits", meaning="edits allowed"),
    Approval(mode="auto", meaning="auto"),
    Approval(mode="default", meaning="ask for each edit"),
)
_REQUESTS: dict[str, ev.RequestKind] = {QUESTION: "question", PLAN: "plan"}
_KINDS: dict[str, ToolKind] = {
    "Bash": "run",
    "Edit": "edit",
    "MultiEdit": "edit",
    "Write": "edit",
    "NotebookEdit": "edit",
    "Read": "read",
    "Grep": "search",
    "Glob": "search",
    "WebFetch": "fetch",
    "WebSearch": "fetch",
    "Task": "delegate",
    "Agent": "delegate",
    "TodoWrite": "plan",
    QUESTION: "ask",
}


def tool_kind(name: str) -> ToolKind:
    """Return what kind of tool this is."""
    return _KINDS.get(name, "other")


def request_kind(name: str) -> ev.RequestKind:
    """Return what kind of request the use of a tool makes."""
    return _REQUESTS.get(name, "permission")


def summary(name: str, tool_input: JsonObject) -> str:
    """Say in one line what a tool use does; for a question or a plan, quote it."""
    if name == QUESTION:
        asked = next(iter(questions(tool_input)), None)
        return (first_line(asked.text) if asked else "") or "asks a question"
    if name == PLAN:
        return f"Plan: {_plan_title(str(tool_input.get('plan') or ''))}"
    return tool_summary(name, tool_input)


def described(opened: ev.RequestOpened) -> ev.RequestOpened:
    """Add to a request everything that its tool's input says, in agent-neutral terms.

    Args:
        opened: the request with the agent's tool, input and suggestions only.
    """
    name, tool_input = opened.tool_name, opened.input
    rules = rule_names(opened.suggestions)
    plan = tool_input.get("plan") if opened.kind == "plan" else None
    return replace(
        opened,
        summary=summary(name, tool_input),
        plan=plan if isinstance(plan, str) else "",
        questions=questions(tool_input) if opened.kind == "question" else (),
        approvals=APPROVALS if opened.kind == "plan" else (),
        rules=rules,
        kept_in=KEPT_IN if rules else "",
    )


def questions(tool_input: JsonObject) -> tuple[Question, ...]:
    """Return the questions in an input that have the right shape."""
    return tuple(
        Question(
            text=entry["question"],
            header=_text(entry, "header"),
            choices=_choices(entry),
            multiple=entry.get("multiSelect") is True,
        )
        for entry in _objects(tool_input.get("questions"))
        if isinstance(entry.get("question"), str)
    )


def _choices(question: JsonObject) -> tuple[Choice, ...]:
    return tuple(
        Choice(label=option["label"], description=_text(option, "description"))
        for option in _objects(question.get("options"))
        if isinstance(option.get("label"), str)
    )


def _objects(value: object) -> list[JsonObject]:
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def _text(value: JsonObject, key: str) -> str:
    text = value.get(key)
    return text if isinstance(text, str) else ""


def _plan_title(plan: str) -> str:
    """Return a plan's first line, without Markdown's heading marks and the word `Plan`."""
    lines = (first_line(line).lstrip("#").strip() for line in plan.splitlines())
    said = [line for line in lines if line and line.rstrip(":").lower() != "plan"]
    return next(iter(said), "ready for approval").removeprefix("Plan:").strip()
