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
    offset: int | None = 0
    while offset is not None:
        page = client.request(DiffText(session=args.session, offset=offset))
        render.raw(safe(page["text"]) if render.is_terminal() else page["text"])
        for file in page["leftOut"]:
            render.talk(f"left out: {file['path']}: {file['note']}")
        offset = page["next"]
    return 0


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
