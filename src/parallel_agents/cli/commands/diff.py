"""`diff`: what a session changed."""

import argparse

from parallel_agents.cli import render
from parallel_agents.cli.common import Verbs, session_argument, verb
from parallel_agents.client.quick import QuickClient
from parallel_agents.core.text import safe
from parallel_agents.wire.messages import DiffStat, DiffText


def add(verbs: Verbs) -> None:
    """Declare the verb."""
    parser = verb(verbs, "diff", run, "print what a session changed against its base")
    session_argument(parser)
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--stat", action="store_true", help="only the files and counts")
    how.add_argument("--json", action="store_true", help="the files and counts as JSON")


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
        render.talk(f"left out: {file['path']}: {file['note']}")
    return 0


def _patch(client: QuickClient, session: str, *, exact: bool) -> tuple[str, list[dict[str, str]]]:
    """Read every page; of one that is another patch by now, nothing of the first one counts."""
    pages: list[str] = []
    left: list[dict[str, str]] = []
    digest, offset = "", 0
    while True:
        message = DiffText(session=session, offset=offset, exact=exact, digest=digest)
        page = client.request(message)
        if page["digest"] != digest:
            pages, left, digest = [], page["leftOut"], page["digest"]
        pages.append(page["text"])
        if page["next"] is None:
            return "".join(pages), left
        offset = page["next"]


def _print_stat(stat: dict[str, object]) -> None:
    files = stat["files"]
    assert isinstance(files, list)  # noqa: S101 - the protocol says so
    rows = [_row(file) for file in files]
    render.talk(f"against {stat['against']}")
    for line in render.table(rows):
        render.data(line)


def _row(file: dict[str, str]) -> tuple[str, ...]:
    counts = f"+{file['insertions']}", f"-{file['deletions']}"
    note = f" ({file['note']})" if file["note"] else ""
    return file["status"], *counts, file["path"] + note
