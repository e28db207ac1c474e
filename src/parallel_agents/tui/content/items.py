"""Paint one entry of a transcript as lines: words, tool rows, requests, notices.

Keep true: a folded tool is one row, whatever it did; nothing that an agent writes can look like a
request card, which is drawn elsewhere and is the only thing that uses the accent.
"""

import json
import time
from dataclasses import dataclass

from rich.segment import Segment
from textual.strip import Strip

from parallel_agents.core.asking import ToolKind
from parallel_agents.core.codec import to_plain
from parallel_agents.core.items import (
    Item,
    NoticeItem,
    RequestItem,
    RequestStatus,
    TaskItem,
    ThinkingItem,
    ToolItem,
    TurnItem,
    UserItem,
    WordsItem,
)
from parallel_agents.core.text import tool_output
from parallel_agents.tui.text.ages import duration
from parallel_agents.tui.text.code import highlight
from parallel_agents.tui.text.markdown import markdown
from parallel_agents.tui.text.patch_lines import counts, patch_lines, shortened
from parallel_agents.tui.text.spans import Line, Span, block, fill, flat, line_of, row, span
from parallel_agents.tui.text.styles import Ink

MARKS: dict[ToolKind, str] = {
    "run": "$",
    "edit": "✎",
    "read": "≡",
    "search": "⌕",
    "fetch": "↗",
    "delegate": "◇",
    "plan": "☐",
    "ask": "?",
    "other": "∘",
}
_BAR = "  ┆ "
_WORDS_SHOWN = 12
_OUTPUT_SHOWN = 200
_LONGEST = 60_000
"""Characters of one text that are used, so that no output makes the screen slow."""
_UNREAD = {
    "queued": "not sent yet",
    "delivered": "waiting its turn",
    "accepted": "waiting its turn",
    "cancelled": "cancelled",
}
_REQUESTS: dict[RequestStatus, str] = {
    "open": "waiting for you",
    "allow": "allowed",
    "deny": "denied",
    "withdrawn": "withdrawn",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Painter:
    """Paints items.

    Attributes:
        width: cells of a line.
        ink: the styles.
        root: the worktree; left out of the names of files in it.
        depth: how many levels deep in subagents the item is.
        unfolded: whether the whole item is shown.
        steps: for a tool that started a subagent: the number of its steps, and the last one.
    """

    width: int
    ink: Ink
    root: str = ""
    depth: int = 0
    unfolded: bool = False
    steps: tuple[int, str] = (0, "")

    def paint(self, item: Item) -> list[Line]:
        """Paint one item."""
        if not self.depth:
            return self._paint(item)
        bar = Segment(_BAR * self.depth, self.ink.faint)
        wide = 4 * self.depth
        inner = Painter(
            width=max(self.width - wide, 12),
            ink=self.ink,
            root=self.root,
            unfolded=self.unfolded,
            steps=self.steps,
        )
        return [behind(bar, line) for line in inner.paint(item)]

    def gap(self) -> Line:
        """Return the empty line before an item."""
        bar = (_BAR * self.depth).rstrip()
        return line_of(Span(bar, self.ink.faint), skip=len(bar))

    def _paint(self, item: Item) -> list[Line]:
        match item:
            case UserItem():
                return self._user(item)
            case WordsItem():
                return self.words(item.text)
            case ThinkingItem():
                return self.thinking(item.text)
            case ToolItem():
                return self._tool(item)
            case TaskItem():
                return self._task(item)
            case RequestItem():
                return self._request(item)
            case TurnItem():
                return self._turn(item)
            case NoticeItem():
                return self._notice(item)

    def words(self, text: str, *, marked: bool = True) -> list[Line]:
        """Paint the agent's words, as Markdown; `marked` if they begin here."""
        lines = markdown(text, self.width - 2, self.ink)
        mark, rest = Segment("● ", self.ink.muted), Segment("  ")
        return [
            behind(mark if marked and number == 0 else rest, line)
            for number, line in enumerate(lines)
        ]

    def _user(self, item: UserItem) -> list[Line]:
        head = Span("❯ ", self.ink.muted)
        lines = block([span(item.text[:_LONGEST], self.ink.text)], self.width - 1, first=head)
        if not self.unfolded:
            lines = shortened(lines, _WORDS_SHOWN, self.ink, 2)
        lines += self._note(item.note)
        if item.status in _UNREAD:
            lines.append(line_of(Span(f"  {_UNREAD[item.status]}", self.ink.muted), skip=2))
        return [
            line._replace(strip=fill(line.strip, self.width, self.ink.on_panel)) for line in lines
        ]

    def _note(self, note: str) -> list[Line]:
        """Paint what the agent was told besides: one line, or all of it when unfolded."""
        if not note:
            return []
        if not self.unfolded:
            said = "The agent was told what you took out. Enter shows it."
            return [line_of(Span(f"  {said}", self.ink.muted), skip=2)]
        return block([span(note, self.ink.muted)], self.width - 1, first=Span("  ", self.ink.muted))

    def thinking(self, text: str) -> list[Line]:
        """Paint thoughts: one line, or all of them when unfolded."""
        style = self.ink.comment
        head = Span("∴ ", style)
        if self.unfolded:
            return block([span(text[:_LONGEST], style)], self.width, first=head)
        return [line_of(head, flat(text[:1000], style, self.width - 2), skip=2)]

    # --- tools -------------------------------------------------------------------------------

    def _tool(self, item: ToolItem) -> list[Line]:
        name = item.name
        detail = self._short(item.said.removeprefix(f"{name}: "))
        left = [Span(f"  {MARKS[item.does]} ", self.ink.muted)]
        if item.does != "run" and detail != name:
            left += [flat(name, self.ink.muted), Span("  ", self.ink.text)]
        left.append(flat(detail, self.ink.text))
        lines = [Line(row(left, self._outcome(item), self.width), 4, target="fold")]
        if self.unfolded:
            lines += self._inside(item)
        elif item.failed:
            lines += self._indented(tool_output(item.result or "").strip(), 3)
        elif item.result and not item.ended_at:
            latest = tool_output(item.result).strip().splitlines()[-3:]
            lines += self._indented("\n".join(latest), 3)
        return lines + self._steps()

    def _short(self, path: str) -> str:
        """Shorten a path to its part inside the worktree."""
        return path.removeprefix(f"{self.root}/") if self.root else path

    def _outcome(self, item: ToolItem) -> list[Span]:
        if not item.ended_at:
            return [Span("…", self.ink.muted)]
        took = duration(item.took)
        if item.failed:
            return [Span(f"✗ failed · {took}", self.ink.bad)]
        if item.patch:
            added, removed = counts(item.patch, _path_of(item))
            return [Span(f"+{added} ", self.ink.good), Span(f"−{removed}", self.ink.bad)]
        return [Span(f"ok · {took}", self.ink.muted)]

    def _inside(self, item: ToolItem) -> list[Line]:
        """Paint what an unfolded tool row shows: its input, then its diff or its output."""
        lines: list[Line] = []
        command = item.input.get("command")
        if item.does == "run" and isinstance(command, str):
            if "\n" in command or len(command) > self.width - 24:
                lines += self._source(command, "bash")
        elif isinstance(prompt := item.input.get("prompt"), str):
            lines += self._indented(prompt, _OUTPUT_SHOWN)
        elif not item.patch:
            lines += self._source(as_json(item.input), "json")
        if item.patch:
            inner = patch_lines(item.patch, _path_of(item), self.width - 4, self.ink)
            lines += [behind(Segment("    "), line) for line in inner]
        elif item.result:
            lines += self._indented(tool_output(item.result).strip("\n"), _OUTPUT_SHOWN)
        return lines

    def _source(self, text: str, language: str) -> list[Line]:
        head = Span("    ", self.ink.text)
        lines: list[Line] = []
        for spans in highlight(text[:_LONGEST], language, self.ink):
            lines += block(spans, self.width, first=head)
        return shortened(lines, _OUTPUT_SHOWN, self.ink, 4)

    def _indented(self, text: str, limit: int) -> list[Line]:
        mark = Span("    ▏ ", self.ink.faint)
        part = text[:_LONGEST]
        lines = block([span(part, self.ink.muted)], self.width, first=mark, rest=mark)
        lines = shortened(lines, limit, self.ink, 6)
        if len(text) > len(part):
            rest = Span(f"      … {len(text) - len(part):,} more characters", self.ink.muted)
            lines.append(line_of(rest, skip=6))
        return lines

    def _steps(self) -> list[Line]:
        """Summarise a subagent's steps while they are folded."""
        number, last = self.steps
        if not number or self.unfolded:
            return []
        said = f"    └ {number} step{'s' if number > 1 else ''} · "
        room = self.width - len(said)
        return [
            line_of(
                Span(said, self.ink.faint), flat(last, self.ink.muted, room), skip=6, target="fold"
            )
        ]

    def _task(self, item: TaskItem) -> list[Line]:
        left = [Span("  ◇ ", self.ink.muted), flat(item.text or "background task", self.ink.text)]
        return [Line(row(left, [flat(item.status, self.ink.muted, 20)], self.width), 4)]

    # --- requests, turns, notices ------------------------------------------------------------

    def _request(self, item: RequestItem) -> list[Line]:
        text = item.said.replace(f"{self.root}/", "") if self.root else item.said
        left = [Span("  ▷ asked: ", self.ink.muted), flat(text, self.ink.muted)]
        right = [flat(_REQUESTS[item.status], self.ink.muted, 20)]
        lines = [Line(row(left, right, self.width), 4, target="fold")]
        if item.decision is not None:
            for said in _answers(item):
                lines += self._indented(said, 6)
        if self.unfolded:
            lines += self._asked(item)
        return lines

    def _asked(self, item: RequestItem) -> list[Line]:
        if item.plan:
            inner = markdown(item.plan, self.width - 4, self.ink)
            return [behind(Segment("    "), line) for line in inner]
        shown = [to_plain(question) for question in item.questions]
        return self._source(as_json(shown or item.input), "json")

    def _turn(self, item: TurnItem) -> list[Line]:
        if item.failed:
            text = span(item.text or "The turn failed.", self.ink.bad)
            return block([text], self.width, first=Span("✗ ", self.ink.bad))
        at = time.strftime("%H:%M", time.localtime(item.at / 1000))
        word = "" if item.outcome == "ok" else f"{item.outcome} · "
        return [line_of(flat(f"── {word}{at} ──", self.ink.faint))]

    def _notice(self, item: NoticeItem) -> list[Line]:
        style = self.ink.bad if item.failed else self.ink.muted
        first = Span("! " if item.failed else "· ", style)
        return block([span(item.text[:_LONGEST], style)], self.width, first=first)


def _answers(item: RequestItem) -> list[str]:
    """List what the user wrote besides yes or no."""
    if item.decision is None:
        return []
    answers = (item.decision.answers or {}).values()
    said = [answer if isinstance(answer, str) else ", ".join(answer) for answer in answers]
    return [text for text in [item.decision.message, *said] if text]


def as_json(value: object) -> str:
    """Write an outside value as indented JSON, or say that it is nested too deeply to show."""
    try:
        return json.dumps(value, indent=2, ensure_ascii=False)
    except RecursionError:
        return "(nested too deeply to show)"


def behind(prefix: Segment, line: Line) -> Line:
    """Put a prefix before a line; copying leaves it out."""
    return line._replace(strip=Strip([prefix, *line.strip]), skip=line.skip + len(prefix.text))


def _path_of(item: ToolItem) -> str:
    """The file that a tool changes, as it names it."""
    return str(item.input.get("file_path", ""))
