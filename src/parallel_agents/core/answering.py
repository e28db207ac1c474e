"""Checks whether a decision fits its request.

Keep true: these rules hold for every agent; an agent only converts the decision to its protocol.
"""

from parallel_agents.core.errors import UsageError
from parallel_agents.core.options import Decision
from parallel_agents.core.state import Request


def check_fits(request: Request, decision: Decision) -> None:
    """Refuse a decision that cannot be carried out.

    Raises:
        UsageError: the decision does not fit the request; its hint says which one would.
    """
    if decision.behavior == "deny":
        return
    if request.kind == "question":
        _check_answers(request, decision)
    elif decision.answers is not None:
        raise UsageError(
            f"“{request.tool_name}” asks for a permission, not for an answer.",
            hint="Allow it or deny it.",
        )
    if decision.updated_input is not None and not request.editable:
        raise UsageError(
            "This agent does not let you change the input.", hint="Allow it as it is, or deny it."
        )
    if decision.scope != "once" and not request.rules:
        raise UsageError(
            f"The agent suggested no rule for “{request.tool_name}”.",
            hint="Allow it once, or change the permission mode.",
        )
    if decision.scope == "repository" and not request.kept_in:
        raise UsageError(
            "This agent keeps no rules for a repository.", hint="Allow it for this session."
        )


def _check_answers(request: Request, decision: Decision) -> None:
    if not decision.answers:
        raise UsageError("The agent asked a question.", hint="Choose an answer or write one.")
    unknown = decision.answers.keys() - {question.text for question in request.questions}
    if unknown:
        raise UsageError(
            f"The agent did not ask “{min(unknown)}”.", hint="Answer the questions as they are."
        )
