"""Refuses names that mean several commits, and lists every meaning.

Keep true: git would choose one of them by a rule that few people know, and would at most warn; we
never guess.
"""

import re

from parallel_agents.core.errors import UsageError
from parallel_agents.worktrees.plumbing.git import Git

_KINDS = (
    ("refs/{}", "the ref"),
    ("refs/tags/{}", "the tag"),
    ("refs/heads/{}", "the branch"),
    ("refs/remotes/{}", "the remote branch"),
    ("refs/remotes/{}/HEAD", "the default branch of the remote"),
)
"""In the order in which git looks (gitrevisions(7), "Specifying Revisions")."""

_HASH = re.compile(r"[0-9a-fA-F]{4,64}")
_STEP = re.compile(r"[~^:]|@\{")


def refuse_ambiguous(git: Git, name: str) -> None:
    """Require that a name means a single commit.

    Args:
        git: a git in the repository.
        name: anything git accepts as a commit; whatever follows a ref (`~2`, `^{}`) is ignored.

    Raises:
        UsageError: it means several.
    """
    first = _STEP.split(name, maxsplit=1)[0]
    found = _refs(git, first) if first else []
    if not found or (len(found) == 1 and not _HASH.fullmatch(first)):
        return
    meanings = [f"{kind} {first} ({commit[:7]})" for _, kind, commit in found]
    meanings += [f"the commit {commit[:12]}" for commit in _commits(git, first)]
    if len(meanings) > 1:
        raise UsageError(
            f"“{first}” means several things: {' and '.join(meanings)}.",
            f"Write which one: {' or '.join(ref for ref, _, _ in found)}"
            + (", or more of the hash." if len(meanings) > len(found) else ""),
        )


def plain_name(git: Git, branch: str) -> str:
    """Name a branch so that git cannot take it for anything else.

    Args:
        git: a git in the repository.
        branch: short name of a branch.

    Returns:
        The short name; the full ref if the short name has other meanings.
    """
    try:
        refuse_ambiguous(git, branch)
    except UsageError:
        return f"refs/heads/{branch}"
    return f"refs/heads/{branch}" if branch.startswith("-") else branch


def _refs(git: Git, name: str) -> list[tuple[str, str, str]]:
    """Find the refs with a name: each in full, with its kind and its hash."""
    wanted = {pattern.format(name): kind for pattern, kind in _KINDS}
    listed = git.read("for-each-ref", "--format=%(objectname) %(refname)", "--", *wanted).text
    hashes = {ref: oid for oid, _, ref in (line.partition(" ") for line in listed.split("\n"))}
    return [(ref, kind, hashes[ref]) for ref, kind in wanted.items() if ref in hashes]


def _commits(git: Git, prefix: str) -> list[str]:
    """Find the commits whose hash begins with a prefix."""
    if not _HASH.fullmatch(prefix):
        return []
    listed = git.read("rev-parse", f"--disambiguate={prefix.lower()}", ok=(0, 128)).stdout
    told = git.read("cat-file", "--batch-check=%(objecttype) %(objectname)", stdin=listed).text
    kinds = (line.partition(" ") for line in told.split("\n"))
    return [oid for kind, _, oid in kinds if kind == "commit"]
