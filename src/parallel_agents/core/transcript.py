"""The conversation as a pane shows it: a fold of the same records, for one opened session.

Keep true: items keep their place once they exist, later records only fill them in, so that a view
can repaint by index; pure, total, and harmless to replay. All text in it is raw.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from parallel_agents.core import events as ev
from parallel_agents.core.asking import Question, ToolKind
from parallel_agents.core.options import Decision, JsonObject
from parallel_agents.core.summary import tool_summary

ItemKind = Literal["user", "text", "thinking", "tool", "request", "notice", "turn", "task"]


@dataclass(slots=True, kw_only=True)
class Item:
    """One entry of a transcript.

    Attributes:
        kind: what it is.
        seq: number of the record that made it; identifies it.
        at: its time in milliseconds since 1970.
        text: the words, raw.
        parent: id of the tool use whose subagent it belongs to; empty at top level.
        key: uuid of a message, id of a tool use, or id of a request.
        name: name of a tool.
        input: input of a tool.
        summary: what a tool or a request is about, in one line.
        does: what kind of tool it is.
        plan: the plan that a request asks to approve, as Markdown.
        questions: what a request asks.
        result: what the tool answered, None while it runs.
        patch: what the tool changed, as a unified diff.
        failed: whether a tool, turn or notice says that something went wrong.
        ended_at: when a tool answered; 0 while it runs.
        status: progress of a message, outcome of a turn, or state of a request.
        decision: how a request was decided.
    """

    kind: ItemKind
    seq: int
    at: int
    text: str = ""
    parent: str = ""
    key: str = ""
    name: str = ""
    input: JsonObject = field(default_factory=dict)
    summary: str = ""
    does: ToolKind = "other"
    plan: str = ""
    questions: tuple[Question, ...] = ()
    result: str | None = None
    patch: str = ""
    failed: bool = False
    ended_at: int = 0
    status: str = ""
    decision: Decision | None = None

    @property
    def said(self) -> str:
        """What a tool or a request is about, in one line."""
        return self.summary or tool_summary(self.name, self.input)


PartialKey = tuple[str, str, int]
"""What a text still arriving belongs to: parent, message, index of its block."""


class Transcript:
    """The items of one conversation, oldest first, and the text that is still arriving.

    Attributes:
        items: all entries so far.
        seq: number of the last record folded.
        partial: text blocks still arriving, by (parent, message, block), in order of arrival.
        thoughts: those of them that are thinking, not words.
    """

    def __init__(self) -> None:
        self.items: list[Item] = []
        self.seq = 0
        self.partial: dict[PartialKey, str] = {}
        self.thoughts: set[PartialKey] = set()
        self._by_key: dict[tuple[str, str], int] = {}
        self._asking: dict[str, str] = {}
        self._stepping = ""

    def extend(self, records: Iterable[ev.Record]) -> set[int]:
        """Fold several records; returns the indexes of items made or changed."""
        changed: set[int] = set()
        for record in records:
            changed |= self.apply(record)
        return changed

    def apply(self, record: ev.Record) -> set[int]:
        """Fold one record.

        Args:
            record: the next record; one folded before is ignored.

        Returns:
            Indexes of the items that are new or changed.
        """
        if record.seq <= self.seq:
            return set()
        self.seq = record.seq
        return self._fold(record)

    def stream(self, delta: ev.Delta) -> bool:
        """Take partial text; returns whether it fitted what was there.

        A delta that starts at 0 starts its block anew: after a dropped connection the agent
        sends the text again.
        """
        key = (delta.parent, delta.message, delta.block)
        known = self.partial.get(key, "")
        if delta.offset == 0:
            self.partial = {
                (parent, message, block): text
                for (parent, message, block), text in self.partial.items()
                if parent != delta.parent or message == delta.message
            }
            self.partial[key] = delta.text
            self.thoughts &= self.partial.keys()
            if delta.thinking:
                self.thoughts.add(key)
            return True
        if delta.offset > len(known):
            return False
        self.partial[key] = known[: delta.offset] + delta.text
        return True

    def _fold(self, record: ev.Record) -> set[int]:
        match record.event:
            case ev.MessageQueued() as event:
                return self._message(record, event)
            case ev.MessageProgressed() as event:
                return self._update("user", event.uuid, status=event.progress)
            case ev.UserText() as event:
                return self._user(record, event)
            case ev.AssistantText() as event:
                self._settle(event.parent)
                return self._add(record, "text", event.text, parent=event.parent)
            case ev.AssistantThinking() as event:
                self._settle(event.parent)
                return self._add(record, "thinking", event.text, parent=event.parent)
            case ev.ToolUsed() as event:
                return self._tool(record, event)
            case ev.ToolReturned() as event:
                return self._returned(record, event)
            case _:
                return self._fold_rest(record)

    def _fold_rest(self, record: ev.Record) -> set[int]:
        match record.event:
            case ev.RequestOpened() as event:
                return self._request(record, event)
            case ev.RequestDecided() as event:
                return self._decided(event)
            case ev.RequestWithdrawn() as event:
                return self._close(event.request)
            case ev.TurnEnded() as event:
                self.partial.clear()
                return self._turn(record, event)
            case ev.RunEnded() as event:
                self.partial.clear()
                return self._run_ended(record, event)
            case ev.TaskProgressed() as event:
                return self._task(record, event)
            case ev.StepStarted() | ev.StepOutput() | ev.StepEnded() as event:
                return self._step(record, event)
            case _:
                return self._say(record)

    def _add(self, record: ev.Record, kind: ItemKind, text: str, **rest: object) -> set[int]:
        item = Item(kind=kind, seq=record.seq, at=record.at, text=text)
        for name, value in rest.items():
            setattr(item, name, value)
        self.items.append(item)
        index = len(self.items) - 1
        if item.key:
            self._by_key[(kind, item.key)] = index
        return {index}

    def _update(self, kind: ItemKind, key: str, **values: object) -> set[int]:
        index = self._by_key.get((kind, key))
        if index is None:
            return set()
        for name, value in values.items():
            setattr(self.items[index], name, value)
        return {index}

    def _settle(self, parent: str) -> None:
        """A finished block replaces the text that was arriving for it."""
        self.partial = {k: v for k, v in self.partial.items() if k[0] != parent}

    def _message(self, record: ev.Record, event: ev.MessageQueued) -> set[int]:
        if ("user", event.uuid) in self._by_key:
            return set()
        return self._add(record, "user", event.text, key=event.uuid, status="queued")

    def _user(self, record: ev.Record, event: ev.UserText) -> set[int]:
        if event.uuid and ("user", event.uuid) in self._by_key:
            return set()
        return self._add(record, "user", event.text, key=event.uuid, parent=event.parent)

    def _tool(self, record: ev.Record, event: ev.ToolUsed) -> set[int]:
        self._settle(event.parent)
        if ("tool", event.id) in self._by_key:
            return self._update("tool", event.id, input=event.input, summary=event.summary)
        return self._add(
            record,
            "tool",
            "",
            key=event.id,
            name=event.name,
            input=event.input,
            summary=event.summary,
            does=event.does,
            parent=event.parent,
        )

    def _returned(self, record: ev.Record, event: ev.ToolReturned) -> set[int]:
        """Fill in the tool's row; its request waits for nobody any more."""
        closed = self._close(self._asking.get(event.tool_use, ""))
        return closed | self._update(
            "tool",
            event.tool_use,
            result=event.text,
            failed=event.is_error,
            patch=event.patch,
            ended_at=record.at,
        )

    def _request(self, record: ev.Record, event: ev.RequestOpened) -> set[int]:
        if event.tool_use:
            self._asking[event.tool_use] = event.request
        told = {"summary": event.summary, "plan": event.plan, "questions": event.questions}
        known = self._by_key.get(("request", event.request))
        if known is not None and self.items[known].status == "open":
            return self._update("request", event.request, input=event.input, **told)
        return self._add(
            record,
            "request",
            event.description,
            key=event.request,
            name=event.tool_name,
            input=event.input,
            status="open",
            **told,
        )

    def _close(self, request: str) -> set[int]:
        """Nobody waits for a request any more; one that was decided stays decided."""
        index = self._by_key.get(("request", request))
        if index is None or self.items[index].status != "open":
            return set()
        self.items[index].status = "withdrawn"
        return {index}

    def _decided(self, event: ev.RequestDecided) -> set[int]:
        return self._update(
            "request", event.request, status=event.decision.behavior, decision=event.decision
        )

    def _turn(self, record: ev.Record, event: ev.TurnEnded) -> set[int]:
        text = event.error if event.outcome == "error" else ""
        text = f"{text} {event.hint}".strip()
        return self._add(
            record, "turn", text, status=event.outcome, failed=event.outcome == "error"
        )

    def _run_ended(self, record: ev.Record, event: ev.RunEnded) -> set[int]:
        closed: set[int] = set()
        for index, item in enumerate(self.items):
            if item.kind == "request" and item.status == "open":
                item.status = "withdrawn"
                closed.add(index)
        if event.asked and not event.error:
            return closed
        text = event.error or _ending(event)
        return closed | self._add(record, "notice", text, failed=True)

    def _task(self, record: ev.Record, event: ev.TaskProgressed) -> set[int]:
        if ("task", event.task) in self._by_key:
            text = event.summary or event.description
            values = {"status": event.status} | ({"text": text} if text else {})
            return self._update("task", event.task, **values)
        return self._add(
            record,
            "task",
            event.description,
            key=event.task,
            status=event.status,
            parent=event.tool_use,
        )

    def _step(
        self, record: ev.Record, event: ev.StepStarted | ev.StepOutput | ev.StepEnded
    ) -> set[int]:
        """A set-up or teardown command is a row like a tool's, whose output grows."""
        if isinstance(event, ev.StepStarted):
            given = {"command": event.command}
            self._stepping = f"step {record.seq}"
            return self._add(record, "tool", "", key=self._stepping, name=event.step, input=given)
        index = self._by_key.get(("tool", self._stepping))
        if index is None:
            return set()
        item = self.items[index]
        if isinstance(event, ev.StepOutput):
            item.result = (item.result or "") + event.text
            return {index}
        item.failed, item.ended_at = event.code != 0, record.at
        item.result = "\n".join(part for part in (item.result, event.reason) if part)
        return {index}

    def _say(self, record: ev.Record) -> set[int]:
        said = _notice(record.event)
        if said is None:
            return set()
        text, failed = said
        return self._add(record, "notice", text, failed=failed)


def _ending(event: ev.RunEnded) -> str:
    if event.signal is not None:
        return f"The process was ended by signal {event.signal}."
    if event.code is None:
        return "The process is gone without a recorded ending."
    return f"The process ended with exit status {event.code}."


def _notice(event: ev.Event) -> tuple[str, bool] | None:
    """What to say about an event that is nobody's message, and whether it is bad news."""
    match event:
        case ev.Notice():
            return event.text, event.level != "info"
        case ev.SetupFailed():
            return f"Set-up failed: {event.message} {event.hint}".strip(), True
        case ev.WorktreeReady():
            return "; ".join((f"Worktree {event.branch} from {event.base}", *event.notes)), False
        case ev.WorktreeMissing():
            return f"Worktree missing: {event.reason}", True
        case ev.MainCheckoutChanged():
            return f"Your own checkout changed during this turn: {event.detail}", True
        case ev.ControlRefused():
            return f"The agent asked for “{event.subtype}”, which cannot be shown; refused.", True
        case ev.FileServed(refused=str(refused)) if refused:
            return f"The agent asked us to {event.does} {event.path}; refused: {refused}", True
        case ev.Retrying():
            said = f"Retrying {event.attempt}/{event.maximum}: {event.error}"
            return f"{said}. {event.hint}".rstrip(". ") + ".", event.fatal
        case ev.JournalDamaged():
            return f"{event.records} records of this session cannot be read and are left out.", True
        case ev.LineKept(why="oversize"):
            return "A line of the agent was too long to read and was skipped.", True
        case ev.LineKept(why="unread"):
            return "A line of the agent could not be read and was skipped; see the log.", True
        case _:
            return None
