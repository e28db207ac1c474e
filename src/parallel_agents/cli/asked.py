"""Prints what a pending request asks.

Keep true: all printed text is safe; doubtful text is marked, and its doubts are named.
"""

import re
import shlex
from collections.abc import Iterator

from parallel_agents.cli.printed import WaitingRequest
from parallel_agents.cli.render import age
from parallel_agents.core.doubt import doubts_of, pieces
from parallel_agents.core.options import JsonObject
from parallel_agents.core.summary import telling
from parallel_agents.core.text import safe_line
from parallel_agents.wire.messages import PendingRequest, RequestInput

_SHOWN = 4_000
"""How many characters of a request are printed."""

_NAMED = re.compile(r"(?s)(.*)@([0-9a-f]{16})")


def named(request: PendingRequest | RequestInput | WaitingRequest) -> str:
    """Name a request as `ID@DIGEST`, which stands only for the input that was shown."""
    return f"{request.request_id}@{request.digest}"


def split(name: str) -> tuple[str, str | None]:
    """Split the value of `--request` into id and digest; the digest is optional."""
    found = _NAMED.fullmatch(name)
    return (found[1], found[2]) if found else (name, None)


def doubts(tool: str, given: JsonObject) -> tuple[str, ...]:
    """Name everything in a tool's input that is not what it seems."""
    return doubts_of({"tool": tool, "input": given})


def marked(text: str) -> str:
    """Make hidden or distant parts of a text visible."""
    return "".join(piece.text for piece in pieces(text))


def entry(waiting: WaitingRequest) -> Iterator[str]:
    """Describe one entry of the inbox.

    Yields:
        The session, the request's name for `answer --request`, then what `lines` yields.
    """
    head = f"{waiting.session}  {safe_line(waiting.name)}  {age(waiting.asked_at)}"
    yield f"{head}  --request {shlex.quote(named(waiting))}"
    yield f"  in {safe_line(waiting.cwd)}"
    for line in lines(waiting):
        yield f"  {line}"
    for question in waiting.questions:
        yield f"  {safe_line(question.text)}"
        yield from (f"    {safe_line(choice.label)}" for choice in question.choices)
    for label, words in (("why", waiting.reason), ("rule", ", ".join(waiting.rules))):
        if words:
            yield f"  {label}: {safe_line(words)}"


def lines(pending: RequestInput | WaitingRequest) -> Iterator[str]:
    """Describe a pending request, in full unless it is very long.

    Yields:
        The tool, then its command or file, or the question.
    """
    whole = telling(pending.input) or pending.summary
    yield marked(pending.tool_name)
    for line in marked(whole[:_SHOWN]).split("\n"):
        yield f"  {line}"
    if len(whole) > _SHOWN:
        yield f"  … {len(whole) - _SHOWN:,} more characters"
    if odd := doubts(pending.tool_name, pending.input):
        yield f"! {', '.join(odd)}"
