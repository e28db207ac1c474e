"""What the form says of the place where a session would start."""

import re

from parallel_agents.wire.messages import ResolvedRepository

_PULL = re.compile(r"#|\w+://")
_ACCEPTED = "a pull request, accepted at this commit"
_STRANGER = "untrusted pull request: starts without the repository's settings until you accept them"


def is_pull(base: str) -> bool:
    """Whether a base looks like a pull request, so that a remote is asked for it."""
    return _PULL.match(base) is not None


def place_words(resolved: ResolvedRepository) -> list[str]:
    """Say where a session would start.

    Args:
        resolved: a `ResolveRepository` reply.

    Returns:
        Phrases: repository, the branch checked out there, the base, what is to know of it.
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
    """Say what becomes of the branch that was named.

    Args:
        resolved: a `ResolveRepository` reply.
        branch: its name; empty when none was named.
    """
    if not branch:
        return ""
    existing = resolved.base.branch
    return f"on the existing branch {existing}" if existing else f"new branch {branch}"
