"""`logs`: the transcript as plain text, both sides."""

import argparse
import json
from collections.abc import Iterator
from typing import Any

from parallel_agents.cli import render, streams
from parallel_agents.cli.common import Verbs, json_argument, session_argument, verb
from parallel_agents.client.quick import QuickClient
from parallel_agents.core.summary import tool_summary
from parallel_agents.core.text import safe, safe_line, tool_output
from parallel_agents.wire.messages import ReadRecords, WaitRecords

_PAGE = 500
_FOLLOW_STEP = 3600.0


def add(verbs: Verbs) -> None:
    """Declare the verb."""
    parser = verb(verbs, "logs", run, "print the conversation of a session")
    session_argument(parser)
    parser.add_argument("-f", "--follow", action="store_true", help="go on as it grows")
    parser.add_argument("-n", type=int, metavar="N", help="only the last N entries")
    json_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Carry it out."""
    client = QuickClient()
    seq, lines = 0, []
    for record in _records(client, args.session, 0):
        seq = record["seq"]
        if text := _text(record, args):
            lines.append(text)
    for line in lines if args.n is None else lines[-args.n :] if args.n else []:
        render.data(line)
    while args.follow:
        streams.flush()
        client.request(WaitRecords(session=args.session, after=seq, timeout=_FOLLOW_STEP))
        for record in _records(client, args.session, seq):
            seq = record["seq"]
            if text := _text(record, args):
                render.data(text)
    return 0


def _records(client: QuickClient, session: str, after: int) -> Iterator[dict[str, Any]]:
    more = True
    while more:
        reply = client.request(ReadRecords(session=session, after=after, limit=_PAGE))
        yield from reply["records"]
        more = bool(reply["more"] and reply["records"])
        after = reply["records"][-1]["seq"] if reply["records"] else after


def _text(record: dict[str, Any], args: argparse.Namespace) -> str:
    if args.json:
        return json.dumps(record)
    return plain(record["event"])


def plain(event: dict[str, Any]) -> str:
    """One journalled event as plain text; empty when it is no part of the conversation.

    Args:
        event: the event's JSON object, raw.

    Returns:
        Safe text.
    """
    kind = event["type"]
    if kind == "message_queued":
        return "> " + safe(event["text"]).replace("\n", "\n> ")
    if kind in {"assistant_text", "notice"}:
        return safe(event["text"])
    if kind == "tool_used":
        said = event["summary"] or tool_summary(event["name"], event["input"])
        return f"[{safe_line(said)}]"
    if kind == "tool_returned":
        return _indented(event["text"], "! " if event["is_error"] else "  ")
    if kind == "request_opened":
        return f"? asks: {safe_line(event['tool_name'])} ({event['kind']})"
    if kind == "request_decided":
        return f"? decided: {event['decision']['behavior']}"
    if kind == "turn_ended" and event["outcome"] != "ok":
        return f"-- turn: {event['outcome']} {safe_line(event['error'])}".rstrip()
    if kind in {"worktree_ready", "step_started", "step_output", "step_ended"}:
        return _place(kind, event)
    if kind == "file_served" and event["refused"]:
        return f"! {event['does']} refused: {safe_line(event['refused'])}"
    if kind == "setup_failed":
        return f"-- set-up failed: {safe_line(event['message'])}"
    return ""


def _place(kind: str, event: dict[str, Any]) -> str:
    """What is said of the making of a session's place."""
    if kind == "worktree_ready":
        return "\n".join(f"-- {safe_line(note)}" for note in event["notes"])
    if kind == "step_started":
        return f"[{event['step']}: {safe_line(event['command'])}]"
    if kind == "step_output":
        return _indented(event["text"], "  ")
    if event["code"]:
        reason = safe_line(event["reason"])
        return f"-- {event['step']}: exit status {event['code']} {reason}".rstrip()
    return ""


def _indented(text: str, mark: str) -> str:
    lines = safe(tool_output(text)).splitlines()[:20]
    return "\n".join(f"  {mark}{line}" for line in lines)
