"""What is asked of a session's changes."""

from msgspec import field

from parallel_agents.core.scope import Commit, Scope, WholeChange
from parallel_agents.core.value import Value
from parallel_agents.core.worktree import DiffPart, DiffStat as ChangedFiles
from parallel_agents.wire.request import Done, Request


class DiffStat(Request[ChangedFiles], tag="diff_stat"):
    """The files that differ, with counts, and the trees that were compared.

    Attributes:
        scope: what is compared with what.
    """

    session: str
    scope: Scope = field(default_factory=WholeChange)


class CommitList(Value):
    """Commits of a session, the newest first.

    Attributes:
        commits: at most 200.
    """

    commits: tuple[Commit, ...]


class ListCommits(Request[CommitList], tag="list_commits"):
    """The commits that a session's branch has beyond its base."""

    session: str


class NoteLook(Request[Done], tag="note_look"):
    """A person has looked at all of a session's work.

    Attributes:
        parts: the trees that were shown, from the reply to `diff_stat`.
    """

    session: str
    parts: tuple[DiffPart, ...]


class MarkViewed(Request[Done], tag="mark_viewed"):
    """Mark a file as viewed, or take the mark back.

    Attributes:
        path: its name.
        blob: hash of its content; of a file that is gone, of what it was.
        gone: whether it was deleted.
        viewed: whether to mark it.
    """

    key: str
    session: str
    path: str
    blob: str
    gone: bool = False
    viewed: bool = True


class PatchPage(Value):
    """A page of a unified diff.

    Attributes:
        text: bytes that are not UTF-8 are surrogates.
        next: offset of the next page in characters; None at the end.
    """

    text: str
    next: int | None


class DiffText(Request[PatchPage], tag="diff_text"):
    """A page of the unified diff between trees: of one file, or of all of them with `path` None.

    Attributes:
        parts: the trees, from the reply to `diff_stat`.
        old_path: the file's name before, if it was renamed or copied.
        offset: characters to skip.
        exact: as `git apply` needs it, with the content of binary files, without submodules.
        other: the session that the files were compared with; empty for none.
    """

    session: str
    parts: tuple[DiffPart, ...]
    path: str | None = None
    old_path: str | None = None
    offset: int = 0
    exact: bool = False
    other: str = ""
