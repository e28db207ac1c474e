"""What a person says about the changes."""

from parallel_agents.core.review import Comment
from parallel_agents.core.value import Tagged


class CommentWritten(Tagged, tag="comment_written"):
    """A comment was written, or written anew under the same id."""

    comment: Comment


class CommentDeleted(Tagged, tag="comment_deleted"):
    """A comment was taken back."""

    id: str


class CommentsSent(Tagged, tag="comments_sent"):
    """Comments went to the agent as one message.

    Attributes:
        ids: which.
        message: the message's uuid.
    """

    ids: tuple[str, ...]
    message: str


class CommentResolved(Tagged, tag="comment_resolved"):
    """The person is done with a comment, or, when not `resolved`, opened it again."""

    id: str
    resolved: bool = True


ReviewEvent = CommentWritten | CommentDeleted | CommentsSent | CommentResolved
"""What happens to comments."""
