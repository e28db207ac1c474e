"""Names for worktrees: short, plain, and free.

Keep true: a slug is `[a-z0-9][a-z0-9-]{0,39}`, which every part of the chain takes unchanged:
directory, branch, and the agent program's own option.
"""

import re
import unicodedata
from pathlib import Path

from parallel_agents.core.errors import UsageError
from parallel_agents.core.worktree import Repository
from parallel_agents.worktrees.git import Git

SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
SESSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_WORDS = 5
_LENGTH = 40
_SMALL = frozenset({
    "a", "an", "and", "at", "be", "for", "from", "in", "into", "is", "it", "its", "of", "on", "or",
    "please", "the", "to", "with",
})  # fmt: skip


def plain(text: str) -> str:
    """Make a slug out of the first words of a text.

    Args:
        text: a prompt or a name.

    Returns:
        A slug; `session` when nothing of the text can be kept.
    """
    ascii_text = unicodedata.normalize("NFKD", text[:2000]).encode("ascii", "ignore").decode()
    words = re.findall(r"[a-z0-9]+", ascii_text.lower())
    telling = [word for word in words if word not in _SMALL] or words
    slug = "-".join(telling[:_WORDS])[:_LENGTH].strip("-")
    return slug or "session"


def branch_of(slug: str) -> str:
    """Name the branch that goes with a slug.

    Args:
        slug: the worktree's name.

    Returns:
        Short name of the branch.
    """
    return f"worktree-{slug}"


def worktrees_dir(root: str) -> Path:
    """Say where a repository's session worktrees are.

    Args:
        root: the main worktree or bare directory.

    Returns:
        The directory, existing or not.
    """
    return Path(root) / ".claude" / "worktrees"


def taken(repository: Repository) -> frozenset[str]:
    """Collect the slugs that cannot be used any more.

    Args:
        repository: where.

    Returns:
        Names in lower case: directories, branches, and git's own names of worktrees.
    """
    names = set()
    for directory in (
        worktrees_dir(repository.root),
        Path(repository.common_dir) / "worktrees",
    ):
        if directory.is_dir():
            names |= {path.name.lower() for path in directory.iterdir()}
    # Both ways: a branch `worktree-x/y` makes `worktree-x` impossible.
    listed = Git(repository.root).read("for-each-ref", "--format=%(refname)", "refs/heads").text
    for ref in listed.split("\n"):
        branch = ref.removeprefix("refs/heads/").partition("/")[0].lower()
        if branch.startswith("worktree-"):
            names.add(branch.removeprefix("worktree-"))
    return frozenset(names)


def free(slug: str, used: frozenset[str]) -> str:
    """Make a slug unique with a number.

    Args:
        slug: the wanted one.
        used: those that are taken.

    Returns:
        It, or it with `-2`, `-3` and so on.
    """
    number, candidate = 1, slug
    while candidate in used:
        number += 1
        end = f"-{number}"
        candidate = slug[: _LENGTH - len(end)].rstrip("-") + end
    return candidate


def check(session: str, slug: str) -> None:
    """Refuse names that are not ours to use.

    Args:
        session: id of the session.
        slug: name of the worktree.

    Raises:
        UsageError: one of them has another form.
    """
    if not SESSION.fullmatch(session):
        raise UsageError(f"{session!r} is no session id")
    if not SLUG.fullmatch(slug):
        raise UsageError(
            f"{slug!r} cannot name a worktree", "Use up to 40 of a-z, 0-9 and '-', no other."
        )
