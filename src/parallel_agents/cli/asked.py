"""What a pending request asks, as verbs print it.

Keep true: what is printed is safe, and what is not what it seems is marked and named.
"""

import re
from collections.abc import Iterator

from parallel_agents.core.doubt import doubts_of, pieces
from parallel_agents.core.options import JsonObject
from parallel_agents.core.summary import telling
from parallel_agents.wire.messages import PendingRequest, RequestInput

_SHOWN = 4_000
"""Characters of what is asked that are printed."""

_NAMED = re.compile(r"(?s)(.*)@([0-9a-f]{16})")


def named(request: PendingRequest | RequestInput) -> str:
    """A request's name with the digest of its input: it stands for nothing else than was shown."""
    return f"{request.request_id}@{request.digest}"


def split(name: str) -> tuple[str, str | None]:
    """Id and digest of what `--request` names; the digest may be left out."""
    found = _NAMED.fullmatch(name)
    return (found[1], found[2]) if found else (name, None)


def doubts(tool: str, given: JsonObject) -> tuple[str, ...]:
    """What is not what it seems, in words."""
    return doubts_of({"tool": tool, "input": given})


def marked(text: str) -> str:
    """Text in which what is hidden, or far off, is shown."""
    return "".join(piece.text for piece in pieces(text))


def lines(pending: RequestInput) -> Iterator[str]:
    """What is asked, whole unless it is very long.

    Args:
        pending: a reply to `PendingInput`.

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
