"""What "always" grants: of all that claude suggests, the rules that allow."""

from __future__ import annotations

from collections.abc import Sequence

from parallel_agents.core.options import JsonObject


def lasting_rules(suggestions: Sequence[JsonObject], *, repository: bool) -> list[JsonObject]:
    """What "always" grants.

    Args:
        suggestions: `permission_suggestions` as the agent sent them; among them may be mode
            changes and added directories, which "always" never grants.
        repository: whether the rules are kept in the repository's local settings, for every
            session of the person's, not only for this one.

    Returns:
        The rules that allow, with that destination.
    """
    destination = "localSettings" if repository else "session"
    return [
        {**suggestion, "destination": destination}
        for suggestion in suggestions
        if suggestion.get("type") == "addRules" and suggestion.get("behavior") == "allow"
    ]


def rule_names(suggestions: Sequence[JsonObject]) -> tuple[str, ...]:
    """The rules that "always" grants, written as settings do: `Bash(npm test *)`.

    Args:
        suggestions: `permission_suggestions` as the agent sent them.
    """
    names = []
    for update in lasting_rules(suggestions, repository=False):
        rules = update.get("rules")
        for rule in rules if isinstance(rules, list) else []:
            if isinstance(rule, dict) and isinstance(rule.get("toolName"), str):
                detail = rule.get("ruleContent")
                tool = rule["toolName"]
                names.append(f"{tool}({detail})" if isinstance(detail, str) else tool)
    return tuple(names)
