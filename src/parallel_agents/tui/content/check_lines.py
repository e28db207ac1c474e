"""The checks of a session as blocks of lines: first what became of each, then what they printed.

Keep true: a sign always has a word beside it; what a check printed is shown without its terminal
formatting, and made safe.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from rich.style import Style

from parallel_agents.core.check_facts import CheckResult, ChecksFacts, CheckState
from parallel_agents.core.text import tool_output
from parallel_agents.tui.text.ages import ago, duration
from parallel_agents.tui.text.blocks import Block
from parallel_agents.tui.text.spans import EMPTY, Line, Span, block, flat, span
from parallel_agents.tui.text.styles import Ink
from parallel_agents.wire.messages import CheckList, CheckRow

SHOWN_LINES = 2_000
"""How many of the last lines of an output are shown."""

NONE = "This repository has no checks. List their commands in [checks] of .parallel-agents.toml."


class HeadKey(NamedTuple):
    """The line of a check."""

    name: str


class OutputKey(NamedTuple):
    """What a check has printed."""

    check: str


@dataclass(frozen=True, slots=True)
class Shown:
    """What there is to show.

    Attributes:
        checks: the reply to `ListChecks`; None while it is not there.
        facts: the checks of the session as they are now.
        outputs: the end of what checks have printed, by name; of others, the result has the tail.
        turned: names of the checks whose output is shown or hidden other than usual.
    """

    checks: CheckList | None
    facts: ChecksFacts
    outputs: Mapping[str, str]
    turned: Collection[str] = frozenset()


def check_blocks(shown: Shown, now: int) -> Iterator[Block]:
    """Make the blocks of the pane.

    Args:
        shown: what to show.
        now: milliseconds since 1970.

    Yields:
        A line for each check in the order of the repository's settings, then the outputs: of the
        check that runs, of those that failed, the newest first, and of any that was opened.
    """
    rows = shown.checks.checks if shown.checks is not None else ()
    problem = shown.checks.problem if shown.checks is not None else ""
    if problem or (shown.checks is not None and not rows):
        yield _note(problem or NONE)
    for row in rows:
        yield _head(row, shown.facts, now)
    names = [row.name for row in rows]
    for name in sorted(names, key=lambda name: -_time(shown.facts, name)):
        if is_open(shown, name):
            yield _output(name, shown)


def is_open(shown: Shown, name: str) -> bool:
    """Whether the output of a check is shown: usually while it runs, and when it failed."""
    usually = shown.facts.state(name) in {"running", "failed", "late"}
    return usually != (name in shown.turned)


def _time(facts: ChecksFacts, name: str) -> int:
    running, result = facts.running, facts.result(name)
    if running is not None and running.name == name:
        return running.started_at
    return 0 if result is None else result.started_at


def _note(text: str) -> Block:
    def build(width: int, ink: Ink) -> list[Line]:
        return [*block([span(text, ink.need)], width), EMPTY]

    return Block("note", (text,), build, 2, text=text)


_SIGNS: Mapping[CheckState, str] = {
    "passed": "✓", "failed": "✗", "late": "✗", "unable": "✗", "running": "●",
}  # fmt: skip


def _head(row: CheckRow, facts: ChecksFacts, now: int) -> Block:
    state, result = facts.state(row.name), facts.result(row.name)
    words = " · ".join(_words(row, state, result, facts, now))
    sign = _SIGNS.get(state, "○")

    def build(width: int, ink: Ink) -> list[Line]:
        first = Span(f"{sign} ", _style(state, ink))
        name = flat(f"{row.name}  ", ink.strong)
        said = flat(words, ink.muted if state in {"passed", "new"} else ink.text)
        return block([name, said], width, first=first, target="turn")

    text = f"{row.name}: {words}"
    return Block(HeadKey(row.name), (sign, words), build, 1, text=text)


def _style(state: CheckState, ink: Ink) -> Style:
    if state == "passed":
        return ink.good
    return ink.bad if state in {"failed", "late", "unable"} else ink.muted


def _words(
    row: CheckRow, state: CheckState, result: CheckResult | None, facts: ChecksFacts, now: int
) -> Iterator[str]:
    if state in {"running", "waiting"} or result is None:
        yield "has not run" if state == "new" else state
        if row.after_turn:
            yield "runs after each turn with changes"
        return
    yield result.reason or ("passed" if result.passed else f"failed: exit {result.code}")
    if result.ms:
        yield duration(result.ms)
    yield ago(now - result.started_at)
    if result.moved:
        yield "files changed while it ran"
    elif facts.is_stale(result):
        yield "files have changed since"


def _output(name: str, shown: Shown) -> Block:
    result = shown.facts.result(name)
    kept = _plain(shown.outputs.get(name, "" if result is None else result.tail))
    words = "" if kept.strip() else "has printed nothing"

    def build(width: int, ink: Ink) -> list[Line]:
        title = [flat(name, ink.muted + ink.strong), flat(f"  {words}", ink.muted)]
        made = [EMPTY, *block(title, width)]
        return made if words else [*made, *block([span(kept, ink.text)], width, first=_INDENT)]

    return Block(OutputKey(name), (kept,), build, kept.count("\n") + 3, text=kept)


@lru_cache(maxsize=32)
def _plain(output: str) -> str:
    """The last lines without formatting; kept, because each painting asks for the same again."""
    return "\n".join(tool_output(output).rstrip("\n").split("\n")[-SHOWN_LINES:])


_INDENT = Span("  ", Style.null())
