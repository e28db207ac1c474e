"""Suggest completions for a base or a branch from local data, without using the network.

Keep true: only valid choices are offered; names look as a person would write them.
"""

import re
from collections.abc import Iterator

from parallel_agents.worktrees.look.branches import remotes
from parallel_agents.worktrees.plumbing.git import Git

_KEPT = ("refs/heads/", "refs/remotes/", "refs/tags/")
_PULL = re.compile(
    r"refs/(?:parallel-agents/pr|remotes/.+/(?:pr|pull|pull-requests|merge-requests)"
    r"|pull|merge-requests)/([1-9][0-9]{0,9})(?:/head)?",
    re.ASCII,
)


def bases(root: str, prefix: str, limit: int = 50) -> tuple[str, ...]:
    """List branches, tags and known pull requests, the newest first.

    Args:
        root: a directory of the repository.
        prefix: how the name begins.
        limit: how many at most.

    Returns:
        Names: `main`, `origin/main`, `v1.0`, `#12`.
    """
    return _fitting((_as_base(ref) for ref in _refs(Git(root), "refs")), prefix, limit)


def existing_branches(root: str, prefix: str, limit: int = 50) -> tuple[str, ...]:
    """List the branches that can be worked on as they are, the newest first.

    Args:
        root: a directory of the repository.
        prefix: how the name begins.
        limit: how many at most.

    Returns:
        Short names of local branches, and of remote ones without their remote's name.
    """
    git = Git(root)
    places = ["refs/heads/", *(f"refs/remotes/{name}/" for name in remotes(git))]
    names = (
        ref.removeprefix(place)
        for ref in _refs(git, "refs/heads", "refs/remotes")
        for place in places
        if ref.startswith(place) and not _PULL.fullmatch(ref)
    )
    return _fitting(names, prefix, limit)


def _as_base(ref: str) -> str:
    if found := _PULL.fullmatch(ref):
        return f"#{found[1]}"
    for place in _KEPT:
        if ref.startswith(place):
            return ref.removeprefix(place)
    return ""


def _refs(git: Git, *below: str) -> Iterator[str]:
    listed = git.read("for-each-ref", "--sort=-creatordate", "--format=%(refname)", *below)
    return (name for name in listed.text.split("\n") if not name.endswith("/HEAD"))


def _fitting(names: Iterator[str], prefix: str, limit: int) -> tuple[str, ...]:
    return tuple(dict.fromkeys(n for n in names if n and n.startswith(prefix)))[:limit]
