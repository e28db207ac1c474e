"""`diff`: what a session changed."""

import argparse
from collections.abc import Sequence

from parallel_agents.cli import render
from parallel_agents.cli.common import Verbs, json_argument, session_argument, verb
from parallel_agents.client.quick import QuickClient
from parallel_agents.core.text import safe
from parallel_agents.core.worktree import DiffStat as ChangedFiles, FileStat
from parallel_agents.wire.messages import DiffStat, DiffText


def add(verbs: Verbs) -> None:
    """Declare the verb."""
    parser = verb(verbs, "diff", run, "print what a session changed against its base")
    session_argument(parser)
    parser.add_argument("--stat", action="store_true", help="only the files and counts")
    json_argument(parser, ChangedFiles)


def run(args: argparse.Namespace) -> int:
    """Carry it out; on a terminal the patch is made safe, in a pipe it is exact."""
    client = QuickClient()
    if args.json or args.stat:
        stat = client.request(DiffStat(session=args.session))
        if args.json:
            render.as_json(stat)
        else:
            _print_stat(stat)
        return 0
    exact = not render.is_terminal()
    text, left = _patch(client, args.session, exact=exact)
    render.raw(text if exact else safe(text))
    for file in left:
        render.talk(f"left out: {file.path}: {file.note}")
    return 0


def _patch(client: QuickClient, session: str, *, exact: bool) -> tuple[str, Sequence[FileStat]]:
    """Read every page; of one that is another patch by now, nothing of the first one counts."""
    pages: list[str] = []
    left: Sequence[FileStat] = ()
    digest, offset = "", 0
    while True:
        message = DiffText(session=session, offset=offset, exact=exact, digest=digest)
        page = client.request(message)
        if page.digest != digest:
            pages, left, digest = [], page.left_out, page.digest
        pages.append(page.text)
        if page.next is None:
            return "".join(pages), left
        offset = page.next


def _print_stat(stat: ChangedFiles) -> None:
    rows = [_row(file) for file in stat.files]
    render.talk(f"against {stat.against}")
    for line in render.table(rows):
        render.data(line)


def _row(file: FileStat) -> tuple[str, ...]:
    counts = f"+{file.insertions}", f"-{file.deletions}"
    note = f" ({file.note})" if file.note else ""
    return file.status, *counts, file.path + note
