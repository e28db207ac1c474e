"""The entries of a transcript, one type for each kind.

Keep true: a later record only fills in fields of an entry; its type, position and number never
change. All text is raw.
"""

from dataclasses import dataclass, field
from typing import ClassVar, Literal

from parallel_agents.core.asking import Question, ToolKind
from parallel_agents.core.options import Decision, JsonObject
from parallel_agents.core.summary import tool_summary

RequestStatus = Literal["open", "allow", "deny", "withdrawn"]


@dataclass(slots=True, kw_only=True)
class Entry:
    """The fields that all entries have.

    Attributes:
        kind: the name of the kind; together with `seq`, it identifies an entry.
        seq: number of the record that made it.
        at: that record's time, in milliseconds since 1970.
        parent: id of the tool use whose subagent it belongs to; empty at top level.
        text: the words to show or copy; may be empty.
    """

    kind: ClassVar[str]
    seq: int
    at: int
    parent: str = ""
    text: str = ""


@dataclass(slots=True, kw_only=True)
class UserItem(Entry):
    """A person's message.

    Attributes:
        uuid: the message's uuid; empty if the agent gave none.
        status: how far it got; empty for a message that only the agent reported.
        note: what the agent was told before it, and what no person wrote.
    """

    kind = "user"
    uuid: str = ""
    status: str = ""
    note: str = ""


@dataclass(slots=True, kw_only=True)
class WordsItem(Entry):
    """The agent's words."""

    kind = "text"


@dataclass(slots=True, kw_only=True)
class ThinkingItem(Entry):
    """The agent's thoughts."""

    kind = "thinking"


@dataclass(slots=True, kw_only=True)
class ToolItem(Entry):
    """A tool that the agent uses, or a set-up or teardown command.

    Attributes:
        id: id of the tool use.
        summary: what it does, in one line; empty if the agent did not say.
        result: its output; None while it runs and has printed nothing.
        patch: its changes, as a unified diff.
        ended_at: when it ended, in milliseconds since 1970; 0 while it runs.
        waited: for how many milliseconds of that it waited for a person.
    """

    kind = "tool"
    id: str
    name: str
    input: JsonObject = field(default_factory=dict)
    summary: str = ""
    does: ToolKind = "other"
    result: str | None = None
    patch: str = ""
    failed: bool = False
    ended_at: int = 0
    waited: int = 0

    @property
    def took(self) -> int:
        """How many milliseconds it ran, without the wait for a person."""
        return max(self.ended_at - self.at - self.waited, 0)

    @property
    def said(self) -> str:
        """What it does, in one line."""
        return self.summary or tool_summary(self.name, self.input)


@dataclass(slots=True, kw_only=True)
class RequestItem(Entry):
    """A request of the agent to a person.

    Attributes:
        id: id of the request.
        summary: what it is about, in one line; empty if the agent did not say.
        plan: the plan to approve, as Markdown.
        decision: the person's decision; None before it, or if none was needed.
    """

    kind = "request"
    id: str
    tool_name: str
    input: JsonObject = field(default_factory=dict)
    summary: str = ""
    plan: str = ""
    questions: tuple[Question, ...] = ()
    status: RequestStatus = "open"
    decision: Decision | None = None

    @property
    def said(self) -> str:
        """What it is about, in one line."""
        return self.summary or tool_summary(self.tool_name, self.input)


@dataclass(slots=True, kw_only=True)
class TurnItem(Entry):
    """The end of a turn; `text` says what went wrong."""

    kind = "turn"
    outcome: str

    @property
    def failed(self) -> bool:
        """Whether it ended in an error."""
        return self.outcome == "error"


@dataclass(slots=True, kw_only=True)
class TaskItem(Entry):
    """A background task or subagent, and how far it is."""

    kind = "task"
    id: str
    status: str = ""


@dataclass(slots=True, kw_only=True)
class NoticeItem(Entry):
    """A notice that is nobody's message; `failed` marks bad news."""

    kind = "notice"
    failed: bool = False


Item = (
    UserItem | WordsItem | ThinkingItem | ToolItem | RequestItem | TurnItem | TaskItem | NoticeItem
)
"""Any entry of a transcript."""
