"""`diff`: what a session changed."""

import argparse
from collections.abc import Iterator

from parallel_agents.cli import render
from parallel_agents.cli.common import Verbs, json_argument, session_argument, verb
from parallel_agents.client.quick import QuickClient
from parallel_agents.core.scope import (
    AnotherBase,
    AnotherSession,
    LastTurn,
    OneCommit,
    Scope,
    SinceLooked,
    Uncommitted,
    WholeChange,
    session_compared,
)
from parallel_agents.core.text import safe
from parallel_agents.core.value import replace
from parallel_agents.core.worktree import DiffStat as ChangedFiles, FileStat
from parallel_agents.wire.messages import DiffStat, DiffText


def add(verbs: Verbs) -> None:
    """Declare the verb."""
    parser = verb(verbs, "diff", run, "print what a session changed against its base")
    session_argument(parser)
    parser.add_argument("--stat", action="store_true", help="only the files and counts")
    _scope_arguments(parser)
    json_argument(parser, ChangedFiles)


def _scope_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the files are compared with: at most one of these, else their base."""
    scopes = parser.add_mutually_exclusive_group()
    scopes.add_argument(
        "--turn", action="store_true", help="only what the last turn changed, not the whole work"
    )
    scopes.add_argument("--uncommitted", action="store_true", help="only what is in no commit")
    scopes.add_argument(
        "--since-looked",
        action="store_true",
        help="only what has changed since you looked at the diff on the screen",
    )
    scopes.add_argument("--commit", metavar="REV", help="only what this commit changed")
    scopes.add_argument(
        "--against", metavar="REF", help="the work since it left this branch, commit or '#12'"
    )
    scopes.add_argument(
        "--session", dest="other", metavar="OTHER", help="against the files of another session"
    )


def _scope(args: argparse.Namespace) -> Scope:
    if args.commit is not None:
        return OneCommit(rev=args.commit)
    if args.against is not None:
        return AnotherBase(ref=args.against)
    if args.other is not None:
        return AnotherSession(session=args.other)
    if args.since_looked:
        return SinceLooked()
    if args.turn:
        return LastTurn()
    return Uncommitted() if args.uncommitted else WholeChange()


def run(args: argparse.Namespace) -> int:
    """Carry it out; on a terminal the patch is made safe, in a pipe it is exact."""
    client = QuickClient()
    scope = _scope(args)
    stat = client.request(DiffStat(session=args.session, scope=scope))
    if args.json:
        render.as_json(stat)
    elif args.stat:
        _print_stat(stat)
    else:
        exact = not render.is_terminal()
        first = DiffText(
            session=args.session, parts=stat.parts, exact=exact, other=session_compared(scope)
        )
        text = _patch(client, first)
        render.raw(text if exact else safe(text))
        for path, why in _left_out(stat, exact=exact):
            render.talk(f"left out: {path}: {why}")
    return 0


def _patch(client: QuickClient, first: DiffText) -> str:
    """Read every page."""
    pages: list[str] = []
    offset: int | None = 0
    while offset is not None and first.parts:
        page = client.request(replace(first, offset=offset))
        pages.append(page.text)
        offset = page.next
    return "".join(pages)


def _left_out(stat: ChangedFiles, *, exact: bool) -> Iterator[tuple[str, str]]:
    """The files that the patch does not hold, wholly or in part, with the reason."""
    for file in stat.files:
        if file.note:
            yield file.path, file.note
    for part in stat.parts if exact else ():
        inner = any(file.path.startswith(part.prefix) and not file.note for file in stat.files)
        if part.prefix and inner:
            yield part.prefix.rstrip("/"), "the changes inside are those of a submodule"


def _print_stat(stat: ChangedFiles) -> None:
    rows = [_row(file) for file in stat.files]
    render.talk(", ".join(filter(None, (stat.scope, f"against {stat.against}"))))
    for line in render.table(rows):
        render.data(line)


def _row(file: FileStat) -> tuple[str, ...]:
    counts = f"+{file.insertions}", f"-{file.deletions}"
    note = f" ({file.note})" if file.note else ""
    return file.status, *counts, file.path + note
