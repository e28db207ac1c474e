"""The facts of a session, as they are journalled and sent.

Keep true: an event says what happened, never what it means; `reduce` draws the conclusions.
Text from an agent, a repository or a file stays raw here and is made safe where it is shown.
A field is only ever added, with a default, so that every older journal still reads.
"""

from dataclasses import dataclass
from typing import Annotated

from parallel_agents.core.events.conversation import (
    AssistantText as AssistantText,
)
from parallel_agents.core.events.conversation import (
    AssistantThinking as AssistantThinking,
)
from parallel_agents.core.events.conversation import (
    ConversationEvent as ConversationEvent,
)
from parallel_agents.core.events.conversation import (
    LineKept as LineKept,
)
from parallel_agents.core.events.conversation import (
    TaskProgressed as TaskProgressed,
)
from parallel_agents.core.events.conversation import (
    ToolReturned as ToolReturned,
)
from parallel_agents.core.events.conversation import (
    ToolUsed as ToolUsed,
)
from parallel_agents.core.events.conversation import (
    UserText as UserText,
)
from parallel_agents.core.events.dialogue import (
    ControlAnswered as ControlAnswered,
)
from parallel_agents.core.events.dialogue import (
    ControlRefused as ControlRefused,
)
from parallel_agents.core.events.dialogue import (
    DialogueEvent as DialogueEvent,
)
from parallel_agents.core.events.dialogue import (
    FileAccess as FileAccess,
)
from parallel_agents.core.events.dialogue import (
    FileServed as FileServed,
)
from parallel_agents.core.events.dialogue import (
    MessageProgress as MessageProgress,
)
from parallel_agents.core.events.dialogue import (
    MessageProgressed as MessageProgressed,
)
from parallel_agents.core.events.dialogue import (
    MessageQueued as MessageQueued,
)
from parallel_agents.core.events.dialogue import (
    RequestDecided as RequestDecided,
)
from parallel_agents.core.events.dialogue import (
    RequestKind as RequestKind,
)
from parallel_agents.core.events.dialogue import (
    RequestOpened as RequestOpened,
)
from parallel_agents.core.events.dialogue import (
    RequestWithdrawn as RequestWithdrawn,
)
from parallel_agents.core.events.place import (
    ChangesCounted as ChangesCounted,
)
from parallel_agents.core.events.place import (
    HeadMoved as HeadMoved,
)
from parallel_agents.core.events.place import (
    MainCheckoutChanged as MainCheckoutChanged,
)
from parallel_agents.core.events.place import (
    PlaceEvent as PlaceEvent,
)
from parallel_agents.core.events.place import (
    PortsAssigned as PortsAssigned,
)
from parallel_agents.core.events.place import (
    SetupDone as SetupDone,
)
from parallel_agents.core.events.place import (
    SetupFailed as SetupFailed,
)
from parallel_agents.core.events.place import (
    SetupRetried as SetupRetried,
)
from parallel_agents.core.events.place import (
    Step as Step,
)
from parallel_agents.core.events.place import (
    StepEnded as StepEnded,
)
from parallel_agents.core.events.place import (
    StepOutput as StepOutput,
)
from parallel_agents.core.events.place import (
    StepStarted as StepStarted,
)
from parallel_agents.core.events.place import (
    WorktreeMissing as WorktreeMissing,
)
from parallel_agents.core.events.place import (
    WorktreeReady as WorktreeReady,
)
from parallel_agents.core.events.process import (
    InterruptRequested as InterruptRequested,
)
from parallel_agents.core.events.process import (
    ProcessEvent as ProcessEvent,
)
from parallel_agents.core.events.process import (
    RunEnded as RunEnded,
)
from parallel_agents.core.events.process import (
    RunReady as RunReady,
)
from parallel_agents.core.events.process import (
    RunStarted as RunStarted,
)
from parallel_agents.core.events.process import (
    StopReason as StopReason,
)
from parallel_agents.core.events.process import (
    StopRequested as StopRequested,
)
from parallel_agents.core.events.session import (
    DeleteCancelled as DeleteCancelled,
)
from parallel_agents.core.events.session import (
    Deleted as Deleted,
)
from parallel_agents.core.events.session import (
    DeleteRequested as DeleteRequested,
)
from parallel_agents.core.events.session import (
    JournalDamaged as JournalDamaged,
)
from parallel_agents.core.events.session import (
    Notice as Notice,
)
from parallel_agents.core.events.session import (
    OptionsChanged as OptionsChanged,
)
from parallel_agents.core.events.session import (
    Pinned as Pinned,
)
from parallel_agents.core.events.session import (
    Renamed as Renamed,
)
from parallel_agents.core.events.session import (
    Restored as Restored,
)
from parallel_agents.core.events.session import (
    Seen as Seen,
)
from parallel_agents.core.events.session import (
    SessionCreated as SessionCreated,
)
from parallel_agents.core.events.session import (
    SessionEvent as SessionEvent,
)
from parallel_agents.core.events.turn import (
    AgentActivity as AgentActivity,
)
from parallel_agents.core.events.turn import (
    AgentStateChanged as AgentStateChanged,
)
from parallel_agents.core.events.turn import (
    BackgroundTask as BackgroundTask,
)
from parallel_agents.core.events.turn import (
    BackgroundTasks as BackgroundTasks,
)
from parallel_agents.core.events.turn import (
    LimitChanged as LimitChanged,
)
from parallel_agents.core.events.turn import (
    ModeChanged as ModeChanged,
)
from parallel_agents.core.events.turn import (
    Retrying as Retrying,
)
from parallel_agents.core.events.turn import (
    TurnEnded as TurnEnded,
)
from parallel_agents.core.events.turn import (
    TurnEvent as TurnEvent,
)
from parallel_agents.core.events.turn import (
    TurnOutcome as TurnOutcome,
)
from parallel_agents.core.events.turn import (
    TurnStarted as TurnStarted,
)
from parallel_agents.core.tagged import ByType

Event = Annotated[
    SessionEvent | PlaceEvent | ProcessEvent | DialogueEvent | TurnEvent | ConversationEvent,
    ByType(),
]
"""Everything that can happen to a session."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Delta:
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
