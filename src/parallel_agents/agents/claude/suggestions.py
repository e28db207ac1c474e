"""Selects what "always" grants: only the allow rules among claude's suggestions."""

from __future__ import annotations

from collections.abc import Sequence

from parallel_agents.core.options import JsonObject


def lasting_rules(suggestions: Sequence[JsonObject], *, repository: bool) -> list[JsonObject]:
    """Return the suggestions that "always" grants.

    Args:
        suggestions: `permission_suggestions` as the agent sent them; they may include mode changes
            and added directories, which "always" never grants.
        repository: whether to keep the rules in the repository's local settings, for all of the
            person's sessions, and not only for this one.

    Returns:
        The suggestions that add allow rules, with the chosen destination.
    """
    destination = "localSettings" if repository else "session"
    return [
        {**suggestion, "destination": destination}
        for suggestion in suggestions
        if suggestion.get("type") == "addRules" and suggestion.get("behavior") == "allow"
    ]


def rule_names(suggestions: Sequence[JsonObject]) -> tuple[str, ...]:
    """Name the rules that "always" grants, as settings write them: `Bash(npm test *)`.

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
