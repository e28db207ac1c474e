"""`logs`: print both sides of the conversation as plain text."""

import argparse
import json
from collections.abc import Iterator

from parallel_agents.cli import render, streams
from parallel_agents.cli.common import Verbs, json_argument, session_argument, verb
from parallel_agents.cli.json_view import json_view
from parallel_agents.client.quick import QuickClient
from parallel_agents.core import events as ev
from parallel_agents.core.summary import tool_summary
from parallel_agents.core.taken_out import lines_said
from parallel_agents.core.text import safe, safe_line, tool_output
from parallel_agents.wire.messages import ReadRecords, WaitRecords

_PAGE = 500
_FOLLOW_STEP = 3600.0


def add(verbs: Verbs) -> None:
    """Declare the verb."""
    parser = verb(verbs, "logs", run, "print the conversation of a session")
    session_argument(parser)
    parser.add_argument("-f", "--follow", action="store_true", help="keep printing as it grows")
    parser.add_argument("-n", type=int, metavar="N", help="only the last N entries")
    json_argument(parser, ev.Record)


def run(args: argparse.Namespace) -> int:
    """Run the verb."""
    client = QuickClient()
    seq, lines = 0, []
    for record in _records(client, args.session, 0):
        seq = record.seq
        if text := _text(record, args):
            lines.append(text)
    for line in lines if args.n is None else lines[-args.n :] if args.n else []:
        render.data(line)
    while args.follow:
        streams.flush()
        client.request(WaitRecords(session=args.session, after=seq, timeout=_FOLLOW_STEP))
        for record in _records(client, args.session, seq):
            seq = record.seq
            if text := _text(record, args):
                render.data(text)
    return 0


def _records(client: QuickClient, session: str, after: int) -> Iterator[ev.Record]:
    more = True
    while more:
        page = client.request(ReadRecords(session=session, after=after, limit=_PAGE))
        yield from page.records
        more = bool(page.more and page.records)
        after = page.records[-1].seq if page.records else after


def _text(record: ev.Record, args: argparse.Namespace) -> str:
    if args.json:
        return json.dumps(json_view(record))
    return plain(record.event)


def plain(event: ev.Event) -> str:
    """Format one event as plain, safe text; empty if it is not part of the conversation."""
    match event:
        case ev.MessageQueued():
            return "> " + safe(event.text).replace("\n", "\n> ")
        case ev.AssistantText() | ev.Notice():
            return safe(event.text)
        case ev.ToolUsed():
            return f"[{safe_line(event.summary or tool_summary(event.name, event.input))}]"
        case ev.ToolReturned():
            return _indented(event.text, "! " if event.is_error else "  ")
        case ev.RequestOpened():
            return f"? asks: {safe_line(event.tool_name)} ({event.kind})"
        case ev.RequestDecided():
            return f"? decided: {event.decision.behavior}"
        case ev.TurnEnded() if event.outcome != "ok":
            return f"-- turn: {event.outcome} {safe_line(event.error)}".rstrip()
        case ev.FileServed() if event.refused:
            return f"! {event.does} refused: {safe_line(event.refused)}"
        case _:
            return _place(event)


def _place(event: ev.Event) -> str:
    """Format an event about a session's place, or what a person does there."""
    match event:
        case ev.ChangeRejected():
            what = lines_said(event.spans, event.path, event.old_path)
            return f"-- you took {safe_line(what)}"
        case ev.RejectionUndone():
            return f"-- you put back change {event.number} that was taken out"
        case ev.RejectionSettled() if event.refused:
            return f"-- it was not done: {safe_line(event.refused)}"
        case ev.WorktreeReady():
            return "\n".join(f"-- {safe_line(note)}" for note in event.notes)
        case ev.SetupFailed():
            return f"-- set-up failed: {safe_line(event.message)}"
        case ev.StepStarted():
            return f"[{event.step}: {safe_line(event.command)}]"
        case ev.StepOutput():
            return _indented(event.text, "  ")
        case ev.StepEnded() if event.code:
            return f"-- {event.step}: exit status {event.code} {safe_line(event.reason)}".rstrip()
        case _:
            return ""


def _indented(text: str, mark: str) -> str:
    lines = safe(tool_output(text)).splitlines()[:20]
    return "\n".join(f"  {mark}{line}" for line in lines)
