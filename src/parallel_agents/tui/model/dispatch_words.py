"""How the form describes the place where a session would start."""

import re

from parallel_agents.wire.messages import ResolvedRepository

_PULL = re.compile(r"#|\w+://")
_ACCEPTED = "a pull request, accepted at this commit"
_STRANGER = "untrusted pull request: starts without the repository's settings until you accept them"


def is_pull(base: str) -> bool:
    """Whether a base looks like a pull request, so that a remote is asked for it."""
    return _PULL.match(base) is not None


def place_words(resolved: ResolvedRepository) -> list[str]:
    """Describe where a session would start.

    Args:
        resolved: the reply to `ResolveRepository`.

    Returns:
        Phrases: repository, its checked-out branch, the base, a note on the base.
    """
    base = resolved.base
    checkout = resolved.branch or ""
    words = [
        resolved.root,
        checkout and f"on {checkout}",
        f"{'compared with' if base.branch else 'from'} {base.name}",
        base.note,
    ]
    if base.stranger:
        words.append(_ACCEPTED if resolved.trusted else _STRANGER)
    return [word for word in words if word]


def branch_words(resolved: ResolvedRepository, branch: str) -> str:
    """Describe what happens to the branch that the user named; empty if they named none."""
    if not branch:
        return ""
    existing = resolved.base.branch
    return f"on the existing branch {existing}" if existing else f"new branch {branch}"
