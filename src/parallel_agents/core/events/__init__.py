"""The facts of a session, as they are journalled and sent.

Keep true: an event says what happened, never what it means; `reduce` draws the conclusions.
Text from an agent, a repository or a file stays raw here and is made safe where it is shown.
A field is only ever added, with a default, so that every older journal still reads.
"""

from parallel_agents.core.events.checks import (
    CheckEnded as CheckEnded,
    CheckEnding as CheckEnding,
    CheckEvent as CheckEvent,
    CheckOutput as CheckOutput,
    ChecksAsked as ChecksAsked,
    ChecksStopped as ChecksStopped,
    CheckStarted as CheckStarted,
    TreeSeen as TreeSeen,
)
from parallel_agents.core.events.conversation import (
    AssistantText as AssistantText,
    AssistantThinking as AssistantThinking,
    ConversationEvent as ConversationEvent,
    LineKept as LineKept,
    TaskProgressed as TaskProgressed,
    ToolReturned as ToolReturned,
    ToolUsed as ToolUsed,
    UserText as UserText,
)
from parallel_agents.core.events.dialogue import (
    ControlAnswered as ControlAnswered,
    ControlRefused as ControlRefused,
    DialogueEvent as DialogueEvent,
    FileAccess as FileAccess,
    FileServed as FileServed,
    MessageProgress as MessageProgress,
    MessageProgressed as MessageProgressed,
    MessageQueued as MessageQueued,
    RequestDecided as RequestDecided,
    RequestKind as RequestKind,
    RequestOpened as RequestOpened,
    RequestWithdrawn as RequestWithdrawn,
)
from parallel_agents.core.events.place import (
    ChangeRejected as ChangeRejected,
    ChangesCounted as ChangesCounted,
    ChangesSeen as ChangesSeen,
    FileViewed as FileViewed,
    HeadMoved as HeadMoved,
    MainCheckoutChanged as MainCheckoutChanged,
    PlaceEvent as PlaceEvent,
    PortsAssigned as PortsAssigned,
    RejectionSettled as RejectionSettled,
    RejectionUndone as RejectionUndone,
    SetupDone as SetupDone,
    SetupFailed as SetupFailed,
    SetupRetried as SetupRetried,
    Step as Step,
    StepEnded as StepEnded,
    StepOutput as StepOutput,
    StepStarted as StepStarted,
    TreeRecorded as TreeRecorded,
    WorktreeMissing as WorktreeMissing,
    WorktreeReady as WorktreeReady,
)
from parallel_agents.core.events.process import (
    InterruptRequested as InterruptRequested,
    ProcessEvent as ProcessEvent,
    RunEnded as RunEnded,
    RunReady as RunReady,
    RunStarted as RunStarted,
    StopReason as StopReason,
    StopRequested as StopRequested,
)
from parallel_agents.core.events.review import (
    CommentDeleted as CommentDeleted,
    CommentResolved as CommentResolved,
    CommentsSent as CommentsSent,
    CommentWritten as CommentWritten,
    ReviewEvent as ReviewEvent,
)
from parallel_agents.core.events.session import (
    Archived as Archived,
    DeleteCancelled as DeleteCancelled,
    Deleted as Deleted,
    DeleteRequested as DeleteRequested,
    JournalDamaged as JournalDamaged,
    Notice as Notice,
    OptionsChanged as OptionsChanged,
    Pinned as Pinned,
    Renamed as Renamed,
    Restored as Restored,
    Seen as Seen,
    SessionCreated as SessionCreated,
    SessionEvent as SessionEvent,
    Snoozed as Snoozed,
)
from parallel_agents.core.events.turn import (
    AgentActivity as AgentActivity,
    AgentStateChanged as AgentStateChanged,
    BackgroundTask as BackgroundTask,
    BackgroundTasks as BackgroundTasks,
    LimitChanged as LimitChanged,
    ModeChanged as ModeChanged,
    Retrying as Retrying,
    TurnEnded as TurnEnded,
    TurnEvent as TurnEvent,
    TurnOutcome as TurnOutcome,
    TurnStarted as TurnStarted,
)
from parallel_agents.core.value import Value

Event = (
    SessionEvent
    | PlaceEvent
    | ProcessEvent
    | DialogueEvent
    | TurnEvent
    | ConversationEvent
    | ReviewEvent
    | CheckEvent
)
"""Everything that can happen to a session."""


class Record(Value):
    """An event as journalled.

    Attributes:
        seq: position in the session's journal, from 1, without gaps.
        at: milliseconds since 1970; when the agent's line arrived, or when we acted.
        run: process start it came from; 0 when it is ours.
        offset: byte offset in that run's `out.log` after the line it came from.
        raw: the agent's own line, for events that change the state; else empty.
        key: uuid of the client's request that caused it; empty when nobody asked.
        more: further records of the same line or request follow; a journal that ends in such a
            record was torn and is cut back before the first of them.
    """

    seq: int
    at: int
    event: Event
    run: int = 0
    offset: int = 0
    raw: str = ""
    key: str = ""
    more: bool = False


class Delta(Value):
    """Partial text that will come again as a finished block; never journalled.

    Attributes:
        message: the API message it belongs to; a new `message` starts from nothing.
        block: index of the block in that message.
        offset: characters of this block that came before.
        thinking: whether it is thinking, not words.
    """

    message: str
    block: int
    offset: int
    text: str
    thinking: bool = False
    parent: str = ""
