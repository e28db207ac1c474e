"""`comments`: the comments on a session's changes, and what becomes of them."""

import argparse

from parallel_agents.cli import render
from parallel_agents.cli.common import Verbs, ask, json_argument, key, session_argument, verb
from parallel_agents.core.errors import UsageError
from parallel_agents.core.review import Comment, PlacedComment, comments_message
from parallel_agents.core.text import safe, safe_line
from parallel_agents.wire import messages as m

_KINDS = {"change": "", "question": "question: ", "suggestion": "suggestion: "}


def add(verbs: Verbs) -> None:
    """Declare the verb."""
    help_text = "list the comments on a session's changes, send them, or be done with them"
    parser = verb(verbs, "comments", run, help_text)
    session_argument(parser)
    doing = parser.add_mutually_exclusive_group()
    doing.add_argument("--send", action="store_true", help="send all drafts as one message")
    doing.add_argument("--text", action="store_true", help="print the drafts as they would be sent")
    doing.add_argument("--resolve", metavar="COMMENT", help="be done with a comment")
    doing.add_argument("--reopen", metavar="COMMENT", help="open a resolved comment again")
    doing.add_argument("--delete", metavar="COMMENT", help="take a comment back")
    parser.add_argument("--note", default="", help="with --send or --text: about all of them")
    json_argument(parser, m.CommentList)


def run(args: argparse.Namespace) -> int:
    """Run the verb."""
    if args.send:
        ask(m.SendComments(key=key(), session=args.session, note=args.note))
    elif args.delete is not None:
        ask(m.DeleteComment(key=key(), session=args.session, id=args.delete))
    elif args.resolve is not None or args.reopen is not None:
        done = args.resolve is not None
        id_ = args.resolve if done else args.reopen
        ask(m.ResolveComment(key=key(), session=args.session, id=id_, resolved=done))
    else:
        _print(ask(m.Comments(session=args.session)), args)
    return 0


def _print(reply: m.CommentList, args: argparse.Namespace) -> None:
    if args.json:
        render.as_json(reply)
    elif args.text:
        drafts = [placed.comment for placed in reply.comments if placed.comment.is_draft]
        if not drafts:
            raise UsageError("There are no comments to send.", "Write one: parallel-agents comment")
        text = comments_message(drafts, args.note)
        render.data(safe(text) if render.is_terminal() else text)
    else:
        for line in render.table([_row(placed) for placed in reply.comments]):
            render.data(line)
        if not reply.comments:
            render.talk("There are no comments.")


def _row(placed: PlacedComment) -> tuple[str, ...]:
    comment = placed.comment
    words = comment.text or (comment.replacement or "").strip()
    return comment.id, _state(comment), _where(placed), _KINDS[comment.kind] + safe_line(words, 60)


def _state(comment: Comment) -> str:
    if comment.is_draft:
        return "draft"
    return "resolved" if comment.resolved else "sent"


def _where(placed: PlacedComment) -> str:
    place = safe_line(placed.comment.passage.place, 60)
    match placed.standing:
        case "moved":
            lines = f"{placed.first}" if placed.first == placed.last else f"{placed.first}-"
            end = "" if placed.first == placed.last else f"{placed.last}"
            return f"{place} (now {safe_line(placed.path, 40)}:{lines}{end})"
        case "gone":
            return f"{place} (gone)"
        case _:
            return place
