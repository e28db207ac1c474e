"""Names for worktrees: short, plain, and free.

Keep true: a slug is `[a-z0-9][a-z0-9-]{0,39}`, which everything that uses it takes unchanged:
directory, branch, and the agent program's own option. A branch pattern contains `{slug}`, so that a
number after the slug can always make the branch unique.
"""

import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from parallel_agents.core.errors import UsageError
from parallel_agents.core.worktree import Base, Repository
from parallel_agents.worktrees.plumbing.expression import first_match
from parallel_agents.worktrees.plumbing.git import Git

SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
SESSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
PATTERN = "worktree-{slug}"
"""The default name of a branch; the agent program's own convention."""

TICKET = r"[A-Z]+-\d+"
_KNOWN = ("{slug}", "{user}", "{date}", "{ticket}")
_TICKET_TEXT = 2000
_WORDS = 5
_LENGTH = 40
_SMALL = frozenset({
    "a", "an", "and", "at", "be", "for", "from", "in", "into", "is", "it", "its", "of", "on", "or",
    "please", "the", "to", "with",
})  # fmt: skip


def plain(text: str) -> str:
    """Make a slug from the first words of a prompt or name; `session` if none can be used."""
    ascii_text = unicodedata.normalize("NFKD", text[:2000]).encode("ascii", "ignore").decode()
    words = re.findall(r"[a-z0-9]+", ascii_text.lower())
    telling = [word for word in words if word not in _SMALL] or words
    slug = "-".join(telling[:_WORDS])[:_LENGTH].strip("-")
    return slug or "session"


def text_for(base: Base, name: str) -> str:
    """Choose the text to name a worktree after: `pr-12` for a pull request, otherwise the name."""
    return f"pr-{base.name.removeprefix('#')}" if base.stranger else name


def branch_of(slug: str, pattern: str = PATTERN) -> str:
    """Name the branch for a slug; the pattern is from `Filling.fill`."""
    return pattern.replace("{slug}", slug)


def check_pattern(pattern: str) -> None:
    """Refuse a branch pattern that cannot produce a branch for every session.

    Args:
        pattern: text with placeholders.

    Raises:
        UsageError: a placeholder is unknown, or `{slug}` is missing.
    """
    unknown = [word for word in re.findall(r"\{[^}]*\}?|\}", pattern) if word not in _KNOWN]
    if unknown:
        raise UsageError(
            f"the branch pattern {pattern!r} has the unknown placeholder {unknown[0]!r}",
            f"Known: {', '.join(_KNOWN)}",
        )
    if "{slug}" not in pattern:
        raise UsageError(
            f"the branch pattern {pattern!r} has no {{slug}}, which keeps branches apart",
            f"For example: {PATTERN}",
        )


def ticket_in(text: str, expression: str) -> str:
    """Find a ticket's id in a prompt.

    Args:
        text: the prompt; its first 2,000 characters are searched.
        expression: regular expression for such ids.

    Returns:
        The first match; empty if there is none.

    Raises:
        UsageError: the expression is wrong, or takes too long.
    """
    if expression == TICKET:
        found = re.search(expression, text[:_TICKET_TEXT])
        return found[0] if found else ""
    return first_match(expression, text[:_TICKET_TEXT], "ticket expression")


@dataclass(frozen=True, slots=True, kw_only=True)
class Filling:
    """The values for the placeholders of a branch pattern.

    Args:
        user: login name.
        date: `YYYY-MM-DD`.
        ticket: id of a ticket; empty for none.
    """

    user: str
    date: str
    ticket: str

    def fill(self, pattern: str) -> str:
        """Replace all placeholders but `{slug}`; one without a value is removed with its separator.

        Args:
            pattern: text that passed `check_pattern`.

        Returns:
            The pattern for `branch_of`.
        """
        for name, value in (("user", self.user), ("date", self.date), ("ticket", self.ticket)):
            plain_value = re.sub(r"[^\w.+-]+", "-", value).strip("-.")
            if plain_value:
                pattern = pattern.replace(f"{{{name}}}", plain_value)
            else:
                pattern = re.sub(rf"\{{{name}\}}[-_./]", "", pattern)
                pattern = re.sub(rf"[-_./]?\{{{name}\}}", "", pattern)
        return pattern


def worktrees_dir(root: str) -> Path:
    """Return the directory of a repository's session worktrees, existing or not."""
    return Path(root) / ".claude" / "worktrees"


def taken(repository: Repository) -> frozenset[str]:
    """Collect the slugs that are taken, in lower case: directories, and git's worktree names."""
    names = set()
    for directory in (
        worktrees_dir(repository.root),
        Path(repository.common_dir) / "worktrees",
    ):
        if directory.is_dir():
            names |= {path.name.lower() for path in directory.iterdir()}
    return frozenset(names)


def taken_branches(repository: Repository) -> frozenset[str]:
    """Collect the names that no new branch can have.

    Args:
        repository: where to look.

    Returns:
        Names in lower case: all branches; `x` for a branch `x/y`; and each branch's name with a `/`
        appended, because no new name can begin with that.
    """
    listed = Git(repository.root).read("for-each-ref", "--format=%(refname)", "refs/heads").text
    names = set()
    for ref in listed.split("\n"):
        parts = ref.removeprefix("refs/heads/").lower().split("/")
        names |= {*_above(parts), "/".join(parts), "/".join([*parts, ""])}
    return frozenset(names - {"", "/"})


def _above(parts: list[str]) -> list[str]:
    return ["/".join(parts[:count]) for count in range(1, len(parts))]


def beside(pattern: str, branches: Collection[str]) -> str:
    """Change a pattern that conflicts with a branch: `dev-{slug}` for `dev/{slug}` beside `dev`.

    Args:
        pattern: from `Filling.fill`.
        branches: from `taken_branches`.

    Returns:
        The pattern, with a `-` for each `/` that an existing branch rules out.
    """
    for above in _above(pattern.split("/")):
        if "{slug}" not in above and f"{above.lower()}/" in branches:
            return beside(f"{above}-{pattern[len(above) + 1 :]}", branches)
    return pattern


def free(
    slug: str,
    used: Collection[str],
    branches: Collection[str] = (),
    pattern: str = PATTERN,
) -> str:
    """Add a number to a slug so that it is unique, and so is its branch.

    Args:
        slug: the wanted slug.
        used: slugs that are taken.
        branches: branches that are taken.
        pattern: how the branch is made from the slug.

    Returns:
        The slug, or the slug with `-2`, `-3` and so on.
    """
    patterns = [pattern, *(f"{p}/" for p in _above(pattern.split("/")) if "{slug}" in p)]
    number, candidate = 1, slug
    while candidate in used or any(branch_of(candidate, p).lower() in branches for p in patterns):
        number += 1
        end = f"-{number}"
        candidate = slug[: _LENGTH - len(end)].rstrip("-") + end
    return candidate


def check(session: str, slug: str) -> None:
    """Refuse names that do not have our form.

    Args:
        session: id of the session.
        slug: name of the worktree.

    Raises:
        UsageError: one of them has a different form.
    """
    if not SESSION.fullmatch(session):
        raise UsageError(f"{session!r} is no session id")
    if not SLUG.fullmatch(slug):
        raise UsageError(
            f"{slug!r} cannot name a worktree", "Use up to 40 of a-z, 0-9 and '-', no other."
        )
