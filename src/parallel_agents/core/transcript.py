"""The conversation as a pane shows it: a second fold of the records, for open sessions.

Keep true: an item never changes its position, and later records only fill in its fields, so that a
view can repaint by index. The fold is pure and total, and replaying a record changes nothing. All
text is raw.
"""

from collections.abc import Iterable
from typing import TypedDict, TypeVar

from parallel_agents.core import events as ev
from parallel_agents.core.items import (
    Entry,
    Item,
    NoticeItem,
    RequestItem,
    TaskItem,
    ThinkingItem,
    ToolItem,
    TurnItem,
    UserItem,
    WordsItem,
)
from parallel_agents.core.taken_out import lines_said

T = TypeVar("T", bound=Entry)

PartialKey = tuple[str, str, int]
"""Identifies partial text: parent, message, index of its block."""


class Transcript:
    """The items of one conversation, oldest first, and the partial text.

    Attributes:
        items: all entries so far.
        seq: number of the last folded record.
        partial: unfinished text blocks, by (parent, message, block), in order of arrival.
        thoughts: the keys of those blocks that are thinking, not words.
    """

    def __init__(self) -> None:
        self.items: list[Item] = []
        self.seq = 0
        self.partial: dict[PartialKey, str] = {}
        self.thoughts: set[PartialKey] = set()
        self._by_id: dict[tuple[type[Entry], str], int] = {}
        self._asking: dict[str, str] = {}
        self._stepping = ""
        self._taken_out: dict[int, str] = {}

    def extend(self, records: Iterable[ev.Record]) -> set[int]:
        """Fold several records; return the indexes of new or changed items."""
        changed: set[int] = set()
        for record in records:
            changed |= self.apply(record)
        return changed

    def apply(self, record: ev.Record) -> set[int]:
        """Fold the next record, unless it was folded before.

        Returns:
            Indexes of the new or changed items.
        """
        if record.seq <= self.seq:
            return set()
        self.seq = record.seq
        return self._fold(record)

    def stream(self, delta: ev.Delta) -> bool:
        """Add partial text; return whether it fits the text so far.

        A delta with offset 0 restarts its block, because after a dropped connection the agent
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
                return self._progressed(event)
            case ev.UserText() as event:
                return self._user(record, event)
            case ev.AssistantText() as event:
                self._settle(event.parent)
                item = WordsItem(**_made_by(record), text=event.text, parent=event.parent)
                return self._add(item)
            case ev.AssistantThinking() as event:
                self._settle(event.parent)
                thought = ThinkingItem(**_made_by(record), text=event.text, parent=event.parent)
                return self._add(thought)
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
                return self._decided(record, event)
            case ev.RequestWithdrawn() as event:
                return self._close(event.request)
            case ev.TurnEnded() as event:
                self.partial.clear()
                text = event.error if event.outcome == "error" else ""
                text = f"{text} {event.hint}".strip()
                return self._add(TurnItem(**_made_by(record), text=text, outcome=event.outcome))
            case ev.RunEnded() as event:
                self.partial.clear()
                return self._run_ended(record, event)
            case ev.TaskProgressed() as event:
                return self._task(record, event)
            case ev.StepStarted() | ev.StepOutput() | ev.StepEnded() as event:
                return self._step(record, event)
            case ev.ChangeRejected() | ev.RejectionUndone() | ev.RejectionSettled() as event:
                return self._rejected(record, event)
            case _:
                return self._say(record)

    def _add(self, item: Item, id: str = "") -> set[int]:  # noqa: A002 - as the events call it
        self.items.append(item)
        index = len(self.items) - 1
        if id:
            self._by_id[(type(item), id)] = index
        return {index}

    def _known(self, kind: type[T], id: str) -> tuple[int, T] | None:  # noqa: A002
        """Return the index and item with this type and id; None if there is none."""
        index = self._by_id.get((kind, id))
        if index is None:
            return None
        item = self.items[index]
        assert isinstance(item, kind)  # noqa: S101 - it was put there under its own type
        return index, item

    def _settle(self, parent: str) -> None:
        """Drop the partial text of a speaker, because a finished block replaces it."""
        self.partial = {k: v for k, v in self.partial.items() if k[0] != parent}

    def _message(self, record: ev.Record, event: ev.MessageQueued) -> set[int]:
        if self._known(UserItem, event.uuid):
            return set()
        item = UserItem(
            **_made_by(record),
            text=event.text,
            uuid=event.uuid,
            status="queued",
            note=event.note,
        )
        return self._add(item, event.uuid)

    def _progressed(self, event: ev.MessageProgressed) -> set[int]:
        if (known := self._known(UserItem, event.uuid)) is None:
            return set()
        index, item = known
        # The CLI also cancels what it has started, when the turn is interrupted; the turn says so.
        if event.progress != "cancelled" or item.status != "started":
            item.status = event.progress
        return {index}

    def _user(self, record: ev.Record, event: ev.UserText) -> set[int]:
        if event.uuid and self._known(UserItem, event.uuid):
            return set()
        item = UserItem(**_made_by(record), text=event.text, uuid=event.uuid, parent=event.parent)
        return self._add(item, event.uuid)

    def _tool(self, record: ev.Record, event: ev.ToolUsed) -> set[int]:
        self._settle(event.parent)
        if (known := self._known(ToolItem, event.id)) is not None:
            index, item = known
            item.input, item.summary = event.input, event.summary
            return {index}
        item = ToolItem(
            **_made_by(record),
            id=event.id,
            name=event.name,
            input=event.input,
            summary=event.summary,
            does=event.does,
            parent=event.parent,
        )
        return self._add(item, event.id)

    def _returned(self, record: ev.Record, event: ev.ToolReturned) -> set[int]:
        """Fill in the tool's row, and close its request, which no longer waits for a decision."""
        closed = self._close(self._asking.get(event.tool_use, ""))
        if (known := self._known(ToolItem, event.tool_use)) is None:
            return closed
        index, item = known
        item.result, item.failed, item.patch = event.text, event.is_error, event.patch
        item.ended_at = record.at
        return closed | {index}

    def _request(self, record: ev.Record, event: ev.RequestOpened) -> set[int]:
        if event.tool_use:
            self._asking[event.tool_use] = event.request
        known = self._known(RequestItem, event.request)
        if known is not None and known[1].status == "open":
            index, item = known
            item.input, item.summary = event.input, event.summary
            item.plan, item.questions = event.plan, event.questions
            return {index}
        item = RequestItem(
            **_made_by(record),
            text=event.description,
            id=event.request,
            tool_name=event.tool_name,
            input=event.input,
            summary=event.summary,
            plan=event.plan,
            questions=event.questions,
        )
        return self._add(item, event.request)

    def _close(self, request: str) -> set[int]:
        """Mark an open request as withdrawn; a decided one stays decided."""
        known = self._known(RequestItem, request)
        if known is None or known[1].status != "open":
            return set()
        known[1].status = "withdrawn"
        return {known[0]}

    def _decided(self, record: ev.Record, event: ev.RequestDecided) -> set[int]:
        if (known := self._known(RequestItem, event.request)) is None:
            return set()
        index, item = known
        changed = self._waited(item, record.at) if item.status == "open" else set()
        item.status, item.decision = event.decision.behavior, event.decision
        return changed | {index}

    def _waited(self, asked: RequestItem, until: int) -> set[int]:
        """Note how long the tool that asked has waited for the decision."""
        tools = (tool for tool, request in self._asking.items() if request == asked.id)
        if (known := self._known(ToolItem, next(tools, ""))) is None:
            return set()
        index, tool = known
        tool.waited += max(until - max(asked.at, tool.at), 0)
        return {index}

    def _run_ended(self, record: ev.Record, event: ev.RunEnded) -> set[int]:
        closed: set[int] = set()
        for index, item in enumerate(self.items):
            if isinstance(item, RequestItem) and item.status == "open":
                item.status = "withdrawn"
                closed.add(index)
        if event.asked and not event.error:
            return closed
        text = event.error or _ending(event)
        return closed | self._add(NoticeItem(**_made_by(record), text=text, failed=True))

    def _task(self, record: ev.Record, event: ev.TaskProgressed) -> set[int]:
        if (known := self._known(TaskItem, event.task)) is not None:
            index, item = known
            item.status = event.status
            item.text = event.summary or event.description or item.text
            return {index}
        item = TaskItem(
            **_made_by(record),
            text=event.description,
            id=event.task,
            status=event.status,
            parent=event.tool_use,
        )
        return self._add(item, event.task)

    def _step(
        self, record: ev.Record, event: ev.StepStarted | ev.StepOutput | ev.StepEnded
    ) -> set[int]:
        """Show a set-up or teardown command as a row like a tool's, with growing output."""
        if isinstance(event, ev.StepStarted):
            self._stepping = f"step {record.seq}"
            command = {"command": event.command}
            started = ToolItem(
                **_made_by(record), id=self._stepping, name=event.step, input=command
            )
            return self._add(started, self._stepping)
        if (known := self._known(ToolItem, self._stepping)) is None:
            return set()
        index, item = known
        if isinstance(event, ev.StepOutput):
            item.result = (item.result or "") + event.text
            return {index}
        item.failed, item.ended_at = event.code != 0, record.at
        item.result = "\n".join(part for part in (item.result, event.reason) if part)
        return {index}

    def _rejected(
        self,
        record: ev.Record,
        event: ev.ChangeRejected | ev.RejectionUndone | ev.RejectionSettled,
    ) -> set[int]:
        """Show what a person took out or put back, and whether it was done."""
        match event:
            case ev.ChangeRejected():
                what = lines_said(event.spans, event.path, event.old_path)
                self._taken_out[event.number] = what
                text = f"You took {what}."
            case ev.RejectionUndone():
                what = self._taken_out.get(event.number, f"change {event.number}")
                text = f"You put back what was taken out: {what}."
            case ev.RejectionSettled():
                known = self._known(NoticeItem, f"rejection {event.number}")
                if known is None or not event.refused:
                    return set()
                index, item = known
                item.text, item.failed = f"{item.text} It was not done: {event.refused}", True
                return {index}
        notice = NoticeItem(**_made_by(record), text=text)
        return self._add(notice, f"rejection {event.number}")

    def _say(self, record: ev.Record) -> set[int]:
        said = _notice(record.event)
        if said is None:
            return set()
        text, failed = said
        return self._add(NoticeItem(**_made_by(record), text=text, failed=failed))


class _MadeBy(TypedDict):
    seq: int
    at: int


def _made_by(record: ev.Record) -> _MadeBy:
    """Return the fields that an item takes from the record that makes it."""
    return {"seq": record.seq, "at": record.at}


def _ending(event: ev.RunEnded) -> str:
    if event.signal is not None:
        return f"The process was ended by signal {event.signal}."
    if event.code is None:
        return "The process is gone and its end was not recorded."
    return f"The process ended with exit status {event.code}."


def _notice(event: ev.Event) -> tuple[str, bool] | None:
    """Return the text for an event that is nobody's message, and whether it is bad news."""
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
            return (
                f"The agent asked for “{event.subtype}”, which this screen cannot show; it was "
                "refused.",
                True,
            )
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
