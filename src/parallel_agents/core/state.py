"""What is known of one session: facts, bounded in size, held for every session.

Keep true: only facts are stored; what the person is shown (`label.derive`) is computed from them.
A `SessionState` never holds the conversation; that is `transcript`.
"""

from typing import Literal

from msgspec import field

from parallel_agents.core.asking import Approval, Question
from parallel_agents.core.check_facts import ChecksFacts
from parallel_agents.core.events import (
    BackgroundTask,
    RequestKind,
    StopReason,
)
from parallel_agents.core.facts import Facts, Problem
from parallel_agents.core.options import JsonObject, Options
from parallel_agents.core.place import PlaceFacts
from parallel_agents.core.review import Comment
from parallel_agents.core.summary import tool_summary
from parallel_agents.core.value import Value

Liveness = Literal["none", "starting", "alive"]
Outcome = Literal["none", "ok", "error", "interrupted", "cut"]
KEYS = 64
"""How many request uuids a session remembers, to answer a repeated one without acting again."""


class Request(Value):
    """One undecided request of the agent; see `events.RequestOpened` for the fields."""

    id: str
    kind: RequestKind
    tool_name: str
    input: JsonObject
    digest: str
    asked_at: int
    seq: int
    tool_use: str = ""
    subagent: str = ""
    description: str = ""
    reason: str = ""
    suggestions: tuple[JsonObject, ...] = ()
    summary: str = ""
    plan: str = ""
    questions: tuple[Question, ...] = ()
    approvals: tuple[Approval, ...] = ()
    rules: tuple[str, ...] = ()
    kept_in: str = ""
    editable: bool = True

    @property
    def said(self) -> str:
        """What it asks, in one line."""
        return self.summary or tool_summary(self.tool_name, self.input)


class Message(Value):
    """One message on its way to the agent, until it is answered.

    Attributes:
        progress: queued (ours only), delivered (written to the agent), accepted, started.
        run: the process start it was given to; 0 before.
        note: what the agent is told before the text; may be empty.
    """

    uuid: str
    text: str
    progress: Literal["queued", "delivered", "accepted", "started"] = "queued"
    run: int = 0
    note: str = ""

    @property
    def whole_text(self) -> str:
        """Everything that the agent gets."""
        return f"{self.note}\n\n{self.text}" if self.note else self.text


class Retry(Value):
    """The model call is being tried again.

    Attributes:
        status: HTTP status of the failed call; None if there was none.
        due_at: when the next attempt begins, in milliseconds since 1970; 0 if not known.
    """

    attempt: int
    maximum: int
    error: str = ""
    hint: str = ""
    fatal: bool = False
    status: int | None = None
    due_at: int = 0


class Evidence(Value):
    """Which record made a fact what it is.

    Attributes:
        seq: number of the record in the journal.
        at: its time in milliseconds since 1970.
        event: its type.
    """

    seq: int
    at: int
    event: str


class SessionFacts(Value):
    """A session as a person has it.

    Attributes:
        request: uuid of the request that dispatched it.
        archived: whether a person put it out of the list.
        snoozed_until: until when it is out of the way, in milliseconds since 1970; 0 for not.
        damaged: how many records of its journal cannot be read.
    """

    id: str = ""
    request: str = ""
    name: str = ""
    prompt: str = ""
    agent: str = ""
    options: Options = field(default_factory=Options)
    created_at: int = 0
    pinned: bool = False
    archived: bool = False
    snoozed_until: int = 0
    deleting: bool = False
    deleted: bool = False
    damaged: int = 0


class ProcessFacts(Value):
    """The agent's process.

    Attributes:
        run: number of the last process start; 0 before the first.
        liveness: whether it lives; `starting` from the decision to the first answer.
        stopped: why the last end was asked for, while nothing was sent since; else None.
        stopping: an end was asked for and it still lives.
        ended_at: when the last one ended, in milliseconds since 1970.
    """

    run: int = 0
    liveness: Liveness = "none"
    pid: int | None = None
    version: str = ""
    commands: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    stopped: StopReason | None = None
    stopping: bool = False
    ended_at: int = 0

    @property
    def is_there(self) -> bool:
        """Whether it lives, or starts."""
        return self.liveness != "none"


class DialogueFacts(Value):
    """What person and agent wait for of each other.

    Attributes:
        requests: undecided requests, oldest first; void when the process ends.
        messages: messages not yet answered, oldest first.
        decided: lines of decisions that the agent has not taken up yet.
        refused: answers to what could not be presented, until the agent goes on.
    """

    requests: tuple[Request, ...] = ()
    messages: tuple[Message, ...] = ()
    decided: tuple[str, ...] = ()
    refused: tuple[JsonObject, ...] = ()


class TurnFacts(Value):
    """The agent's turns: whether one runs, how the last one ended, what all have come to.

    Attributes:
        running: whether one runs.
        started_at: when the last one began, in milliseconds since 1970; so is `ended_at`.
        ended_at: when the last one got its outcome.
        outcome: how the last one ended, or that its process failed since.
        result: how the last one ended, whatever became of the process.
        limit_until: until when a usage limit holds, in seconds since 1970; None for no limit.
        tasks: what goes on beside.
        answered: whether any has ended.
        count: how many have ended.
        cost_usd: what the session has cost, in US dollars.
        cost_reported: what the agent last reported for the conversation it is in.
    """

    running: bool = False
    started_at: int = 0
    ended_at: int = 0
    outcome: Outcome = "none"
    result: Outcome = "none"
    problem: Problem | None = None
    retry: Retry | None = None
    limit_until: float | None = None
    tasks: tuple[BackgroundTask, ...] = ()
    answered: bool = False
    count: int = 0
    cost_usd: float = 0.0
    cost_reported: float = 0.0
    input_tokens: int = 0
    output_tokens: int = 0
    context_tokens: int = 0
    context_window: int = 0

    @property
    def is_over(self) -> bool:
        """Whether one has ended and none has begun since."""
        return 0 < self.ended_at >= self.started_at and not self.running


class ConversationFacts(Value):
    """The agent's conversation.

    Attributes:
        id: the agent's own id of it.
        mode: the permission mode that it is in.
        activity: what the agent has done or said last in this turn, raw, at most `summary.TRACKED`
            characters.
        result: first sentence of what the agent said at the end of its last turn, likewise.
    """

    id: str = ""
    model: str = ""
    mode: str = ""
    activity: str = ""
    result: str = ""


class ReviewFacts(Value):
    """What the person says about the changes.

    Attributes:
        comments: in the order in which they were written, at most `review.COMMENTS`.
    """

    comments: tuple[Comment, ...] = ()

    @property
    def drafts(self) -> tuple[Comment, ...]:
        """The comments that were not sent."""
        return tuple(comment for comment in self.comments if comment.is_draft)

    def find(self, id: str) -> Comment | None:  # noqa: A002 - as everywhere
        """Find a comment by its id; None if there is none."""
        return next((comment for comment in self.comments if comment.id == id), None)


class SessionState(Facts):
    """The facts of one session after `seq` records, in one part for each file of `events`.

    Attributes:
        updated_at: the time of the last record in milliseconds since 1970.
        offset: where in the `out.log` of the current run the next unread byte is.
        heard_at: the time of the last line of the current run that was journalled.
        unread: whether something has happened that no person has seen.
        keys: uuids of the last `KEYS` requests that changed the session.
        because: which record made which fact.
    """

    session: SessionFacts = field(default_factory=SessionFacts)
    place: PlaceFacts = field(default_factory=PlaceFacts)
    process: ProcessFacts = field(default_factory=ProcessFacts)
    dialogue: DialogueFacts = field(default_factory=DialogueFacts)
    turn: TurnFacts = field(default_factory=TurnFacts)
    conversation: ConversationFacts = field(default_factory=ConversationFacts)
    review: ReviewFacts = field(default_factory=ReviewFacts)
    checks: ChecksFacts = field(default_factory=ChecksFacts)
    unread: bool = False
    updated_at: int = 0
    offset: int = 0
    heard_at: int = 0
    keys: tuple[str, ...] = ()
    because: dict[str, Evidence] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """The session's short id."""
        return self.session.id
