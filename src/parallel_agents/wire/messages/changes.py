"""What is asked of a session's changes."""

from msgspec import field

from parallel_agents.core.scope import Commit, Scope, WholeChange
from parallel_agents.core.taken_out import HunkSelection, TakenSpan
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


class TakenOut(Value):
    """A change that was taken out of the worktree, or put back.

    Attributes:
        number: counted from 1 for each session.
        path: the file, from the top of the worktree.
        old_path: its name before, if it got that back; else empty.
        spans: the lines taken out; none for a whole file.
        insertions: lines of the change that were taken out.
        deletions: lines that were put back for them.
        is_out: whether it is out of the worktree now.
        kept: directory with the bytes from before and after.
        left: how many changes can be put back now.
    """

    number: int
    path: str
    old_path: str
    spans: tuple[TakenSpan, ...]
    insertions: int
    deletions: int
    is_out: bool
    kept: str
    left: int


class Reject(Request[TakenOut], tag="reject"):
    """Take a change of one file out of the worktree.

    Attributes:
        parts: the trees that were compared, from the reply to `diff_stat`.
        path: the file's name now.
        old_path: its name before, if it was renamed.
        hunks: hunks of the patch between those trees; None for the whole file.
    """

    key: str
    session: str
    parts: tuple[DiffPart, ...]
    path: str
    old_path: str | None = None
    hunks: tuple[HunkSelection, ...] | None = None


class UndoReject(Request[TakenOut], tag="undo_reject"):
    """Put the change back that was taken out last."""

    key: str
    session: str
