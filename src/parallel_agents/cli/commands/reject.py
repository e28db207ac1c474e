"""`reject`: take a change out of a session's worktree, or put it back."""

import argparse
from collections.abc import Sequence

from parallel_agents.cli import render
from parallel_agents.cli.common import Verbs, json_argument, key, session_argument, verb
from parallel_agents.client.quick import QuickClient
from parallel_agents.core.diff import parse_hunks
from parallel_agents.core.errors import UsageError
from parallel_agents.core.taken_out import HunkSelection, lines_said, whole_hunk
from parallel_agents.core.text import safe_line
from parallel_agents.core.worktree import DiffStat as ChangedFiles, FileStat
from parallel_agents.wire.messages import DiffStat, DiffText, Reject, TakenOut, UndoReject


def add(verbs: Verbs) -> None:
    """Declare the verb."""
    parser = verb(verbs, "reject", run, "take a change out of a session's worktree, or put it back")
    session_argument(parser)
    parser.add_argument("path", metavar="PATH", nargs="?", help="the file, as `diff` names it")
    parser.add_argument(
        "--hunk", metavar="N", type=int, action="append", default=[],
        help="only this hunk of the file, counted from 1; may be repeated",
    )  # fmt: skip
    parser.add_argument(
        "--undo", action="store_true", help="put the change back that was taken out last"
    )
    json_argument(parser, TakenOut)


def run(args: argparse.Namespace) -> int:
    """Carry it out.

    Raises:
        UsageError: the arguments do not fit each other, or the change.
    """
    if args.undo == (args.path is not None):
        raise UsageError("Name a file, or --undo.", "parallel-agents reject ID PATH")
    if args.undo and args.hunk:
        raise UsageError("--undo puts back what was taken out last.", "Leave out --hunk.")
    client = QuickClient()
    if args.undo:
        taken = client.request(UndoReject(key=key(), session=args.session))
    else:
        taken = _rejected(client, args.session, args.path, args.hunk)
    if args.json:
        render.as_json(taken)
    else:
        _say(taken, args.session)
    return 0


def _rejected(client: QuickClient, session: str, path: str, numbers: Sequence[int]) -> TakenOut:
    stat = client.request(DiffStat(session=session))
    file = _named(stat, path, session)
    hunks = _hunks(client, session, stat, file, numbers) if numbers else None
    return client.request(
        Reject(
            key=key(),
            session=session,
            parts=stat.parts,
            path=file.path,
            old_path=file.old_path,
            hunks=hunks,
        )
    )


def _named(stat: ChangedFiles, path: str, session: str) -> FileStat:
    for file in stat.files:
        if file.path == path:
            if file.note:
                raise UsageError(f"{path} was left out of the diff: {file.note}.", "Use git.")
            return file
    raise UsageError(
        f"{path} is not among the changed files.", f"parallel-agents diff {session} --stat"
    )


def _hunks(
    client: QuickClient,
    session: str,
    stat: ChangedFiles,
    file: FileStat,
    numbers: Sequence[int],
) -> tuple[HunkSelection, ...]:
    """Find the hunks with these numbers."""
    found = parse_hunks(_patch(client, session, stat, file))
    if wrong := [number for number in numbers if not 1 <= number <= len(found)]:
        raise UsageError(
            f"{file.path} has {len(found)} hunks; there is no hunk {wrong[0]}.",
            f"parallel-agents diff {session}",
        )
    return tuple(whole_hunk(found[number - 1]) for number in dict.fromkeys(numbers))


def _patch(client: QuickClient, session: str, stat: ChangedFiles, file: FileStat) -> str:
    pages: list[str] = []
    offset: int | None = 0
    while offset is not None:
        page = client.request(
            DiffText(
                session=session,
                parts=stat.parts,
                path=file.path,
                old_path=file.old_path,
                offset=offset,
            )
        )
        pages.append(page.text)
        offset = page.next
    return "".join(pages)


def _say(taken: TakenOut, session: str) -> None:
    what = safe_line(lines_said(taken.spans, taken.path, taken.old_path))
    if taken.is_out:
        render.talk(f"Took {what}. To put it back: parallel-agents reject {session} --undo")
    else:
        left = f" {taken.left} more can be put back." if taken.left else ""
        render.talk(f"Put back what was taken out: {what}.{left}")
