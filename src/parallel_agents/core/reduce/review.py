"""The fold over what a person says about the changes."""

from typing import assert_never

from parallel_agents.core import events as ev
from parallel_agents.core.review import COMMENTS, Comment
from parallel_agents.core.state import ReviewFacts
from parallel_agents.core.value import replace

ReviewConcern = (
    ev.CommentWritten | ev.CommentDeleted | ev.CommentsSent | ev.CommentResolved | ev.SessionCreated
)
"""The events that change it."""


def fold_review(review: ReviewFacts, event: ReviewConcern, record: ev.Record) -> ReviewFacts:
    """Fold what becomes of a session's comments.

    Args:
        review: the facts before it.
        event: what happened.
        record: when.

    Returns:
        The facts after it.
    """
    comments = review.comments
    match event:
        case ev.SessionCreated():
            return ReviewFacts()
        case ev.CommentWritten():
            comments = _with(comments, event.comment)
        case ev.CommentDeleted():
            comments = tuple(comment for comment in comments if comment.id != event.id)
        case ev.CommentsSent():
            comments = tuple(
                replace(comment, message=event.message, sent_at=record.at)
                if comment.id in event.ids
                else comment
                for comment in comments
            )
        case ev.CommentResolved():
            comments = tuple(
                replace(comment, resolved=event.resolved) if comment.id == event.id else comment
                for comment in comments
            )
        case _:
            assert_never(event)
    return review if comments == review.comments else replace(review, comments=comments)


def _with(comments: tuple[Comment, ...], comment: Comment) -> tuple[Comment, ...]:
    """Put a comment in the place of the one with its id, or behind all others."""
    if any(known.id == comment.id for known in comments):
        return tuple(comment if known.id == comment.id else known for known in comments)
    return (*comments, comment)[-COMMENTS:]
