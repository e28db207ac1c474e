"""Requests about comments on a session's changes."""

from parallel_agents.core.review import Comment, CommentKind, PlacedComment, Side
from parallel_agents.core.value import Value
from parallel_agents.core.worktree import DiffPart
from parallel_agents.wire.messages.sessions import SessionRow
from parallel_agents.wire.request import Request


class WriteComment(Request[Comment], tag="write_comment"):
    """Write a comment, or write a draft anew.

    Attributes:
        parts: the trees that were looked at, from the reply to `diff_stat`; without any, those of
            the worktree as it is now.
        path: the file; empty for the whole change.
        side: which of the two trees the lines are those of.
        first: the first line, from 1; 0 for the whole file.
        last: the last line.
        replacement: the text of a suggestion.
        id: the draft to write anew, which keeps its place; empty for a new comment.
    """

    key: str
    session: str
    parts: tuple[DiffPart, ...] = ()
    path: str = ""
    side: Side = "new"
    first: int = 0
    last: int = 0
    kind: CommentKind = "change"
    text: str = ""
    replacement: str | None = None
    id: str = ""


class DeleteComment(Request[SessionRow], tag="delete_comment"):
    """Take a comment back; what was sent stays in the conversation."""

    key: str
    session: str
    id: str


class ResolveComment(Request[SessionRow], tag="resolve_comment"):
    """Be done with a comment, or with `resolved` false open it again."""

    key: str
    session: str
    id: str
    resolved: bool = True


class SendComments(Request[SessionRow], tag="send_comments"):
    """Send drafts to the agent as one message. `key` is the message's uuid.

    Attributes:
        ids: the drafts; all of them without any.
        note: what the person says about all of them.
    """

    key: str
    session: str
    ids: tuple[str, ...] = ()
    note: str = ""


class CommentList(Value):
    """A session's comments in the order in which they were written."""

    comments: tuple[PlacedComment, ...]


class Comments(Request[CommentList], tag="comments"):
    """Ask for the comments, and where their lines are in the trees that are looked at.

    Attributes:
        parts: as of `WriteComment`.
    """

    session: str
    parts: tuple[DiffPart, ...] = ()
