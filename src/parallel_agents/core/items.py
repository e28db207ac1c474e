"""The entries of a transcript, one type for each kind.

Keep true: a later record only fills an entry in; its type, its place and its number stay. All text
is raw.
"""

from dataclasses import dataclass, field
from typing import ClassVar, Literal

from parallel_agents.core.asking import Question, ToolKind
from parallel_agents.core.options import Decision, JsonObject
from parallel_agents.core.summary import tool_summary

RequestStatus = Literal["open", "allow", "deny", "withdrawn"]


@dataclass(slots=True, kw_only=True)
class Entry:
    """What all kinds of entry have.

    Attributes:
        kind: the word for the kind; with `seq`, it identifies an entry.
        seq: number of the record that made it.
        at: its time in milliseconds since 1970.
        parent: id of the tool use whose subagent it belongs to; empty at top level.
        text: the words to show or copy; empty when there are none.
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
        uuid: of the message; empty when the agent did not say.
        status: how far it got; empty for one that only the agent reported.
    """

    kind = "user"
    uuid: str = ""
    status: str = ""


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
        id: of the tool use.
        summary: what it does, in one line; empty when the agent did not say.
        result: what it answered; None while it runs and has said nothing.
        patch: what it changed, as a unified diff.
        ended_at: when it answered, in milliseconds since 1970; 0 while it runs.
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

    @property
    def said(self) -> str:
        """What it does, in one line."""
        return self.summary or tool_summary(self.name, self.input)


@dataclass(slots=True, kw_only=True)
class RequestItem(Entry):
    """Something the agent asked a person.

    Attributes:
        id: of the request.
        summary: what it is about, in one line; empty when the agent did not say.
        plan: the plan to approve, as Markdown.
        decision: how a person decided; None before that, or when nobody had to.
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
    """Something worth saying that is nobody's message; `failed` when it is bad news."""

    kind = "notice"
    failed: bool = False


Item = (
    UserItem | WordsItem | ThinkingItem | ToolItem | RequestItem | TurnItem | TaskItem | NoticeItem
)
"""Any entry of a transcript."""
