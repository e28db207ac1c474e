"""What a session's files are compared with: the scope of a diff, and the commits to choose from.

Keep true: what a person names (a revision, a ref, a session) stays as it was named until the
supervisor resolves it.
"""

from parallel_agents.core.value import Tagged, Value
from parallel_agents.core.worktree import DiffPart


class WholeChange(Tagged, tag="whole"):
    """All of the session's work, against its base."""


class LastTurn(Tagged, tag="turn"):
    """What the last turn changed: its end against the end of the one before."""


class Uncommitted(Tagged, tag="uncommitted"):
    """What is in no commit yet: the files against HEAD of the worktree."""


class SinceLooked(Tagged, tag="looked"):
    """What has changed since a person looked at all of the work.

    Attributes:
        parts: the trees that were looked at; none when none were, None for those seen last.
        at: when that was, in milliseconds since 1970.
    """

    parts: tuple[DiffPart, ...] | None = None
    at: int = 0


class OneCommit(Tagged, tag="commit"):
    """What one commit changed, against its first parent.

    Attributes:
        rev: anything that git takes for a commit.
    """

    rev: str


class AnotherBase(Tagged, tag="base"):
    """All of the work, against where it left another branch, commit or pull request.

    Attributes:
        ref: anything that git takes for a commit, or a pull request that was fetched (`#12`).
    """

    ref: str


class AnotherSession(Tagged, tag="session"):
    """The files against those of another session of the same repository, as both are now.

    Attributes:
        session: an id, a unique prefix, or a name.
    """

    session: str


Scope = (
    WholeChange | LastTurn | Uncommitted | SinceLooked | OneCommit | AnotherBase | AnotherSession
)


class Commit(Value):
    """A commit, as it is listed.

    Attributes:
        hash: in full.
        subject: the first line of its message, raw.
        at: when it was committed, in milliseconds since 1970.
    """

    hash: str
    subject: str
    at: int


def session_compared(scope: Scope) -> str:
    """Name the other session whose trees a scope needs; empty for none."""
    return scope.session if isinstance(scope, AnotherSession) else ""
