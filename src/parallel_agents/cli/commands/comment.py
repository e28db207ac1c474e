"""`comment`: say something about lines that a session changed."""

import argparse
import re

from parallel_agents.cli import render, streams
from parallel_agents.cli.common import Verbs, ask, json_argument, key, session_argument, verb
from parallel_agents.core.errors import UsageError
from parallel_agents.core.review import Comment, CommentKind
from parallel_agents.wire.messages import WriteComment

_PLACE = re.compile(r"(?P<path>.+?)(?::(?P<first>\d{1,9})(?:-(?P<last>\d{1,9}))?)?", re.DOTALL)


def add(verbs: Verbs) -> None:
    """Declare the verb."""
    help_text = "write a comment on a session's changes; `comments --send` sends it"
    parser = verb(verbs, "comment", run, help_text)
    session_argument(parser)
    parser.add_argument(
        "place", metavar="PLACE", help="FILE, FILE:LINE or FILE:FIRST-LAST; . is the whole change"
    )
    parser.add_argument("text", metavar="TEXT", help="what to say; - reads standard input")
    parser.add_argument("--old", action="store_true", help="the lines are those before the change")
    kind = parser.add_mutually_exclusive_group()
    kind.add_argument(
        "--question", action="store_true", help="to be answered; nothing is to be changed for it"
    )
    kind.add_argument("--replace", metavar="CODE", help="suggest this in place of the lines")
    json_argument(parser, Comment)


def run(args: argparse.Namespace) -> int:
    """Run the verb."""
    path, first, last = place_of(args.place)
    kind: CommentKind = "change" if args.replace is None else "suggestion"
    comment = ask(
        WriteComment(
            key=key(),
            session=args.session,
            path=path,
            side="old" if args.old else "new",
            first=first,
            last=last,
            kind="question" if args.question else kind,
            text=streams.read() if args.text == "-" else args.text,
            replacement=args.replace,
        )
    )
    if args.json:
        render.as_json(comment)
    else:
        render.data(comment.id)
    return 0


def place_of(text: str) -> tuple[str, int, int]:
    """Read where a comment belongs: path, first and last line; 0 for no lines.

    Raises:
        UsageError: it is not written as a place.
    """
    found = _PLACE.fullmatch(text)
    if found is None:
        raise UsageError("A place is FILE, FILE:LINE or FILE:FIRST-LAST.")
    if text in (".", "./"):
        return "", 0, 0
    first = int(found["first"] or 0)
    last = int(found["last"] or first)
    if (found["first"] and not first) or last < first:
        raise UsageError(f"These are no lines: {text}", "Lines are counted from 1, as in f.py:3-5.")
    return found["path"].removeprefix("./"), first, last
