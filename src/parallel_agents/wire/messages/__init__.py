"""The closed list of requests that a client may send, with the types of their replies.

Keep true: a request that changes something has `key`; an agent's process may send only the
requests in `READ_ONLY`.
"""

from parallel_agents.wire.messages.changes import (
    CommitList as CommitList,
    DiffStat as DiffStat,
    DiffText as DiffText,
    ListCommits as ListCommits,
    MarkViewed as MarkViewed,
    NoteLook as NoteLook,
    PatchPage as PatchPage,
    Reject as Reject,
    TakenOut as TakenOut,
    UndoReject as UndoReject,
)
from parallel_agents.wire.messages.checks import (
    CheckList as CheckList,
    CheckOutputPage as CheckOutputPage,
    CheckRow as CheckRow,
    ListChecks as ListChecks,
    ReadCheckOutput as ReadCheckOutput,
    RunChecks as RunChecks,
    SendCheck as SendCheck,
    StopChecks as StopChecks,
)
from parallel_agents.wire.messages.connection import (
    BEAT as BEAT,
    FRAME_LIMIT as FRAME_LIMIT,
    GREETING as GREETING,
    PROTOCOL_VERSION as PROTOCOL_VERSION,
    PUSH_LIMIT as PUSH_LIMIT,
    SILENCE as SILENCE,
    Ending as Ending,
    Follow as Follow,
    Greeting as Greeting,
    Hello as Hello,
    Setting as Setting,
    Shutdown as Shutdown,
    Status as Status,
    Subscribe as Subscribe,
    SupervisorStatus as SupervisorStatus,
)
from parallel_agents.wire.messages.records import (
    PAGE_LIMIT as PAGE_LIMIT,
    ReadRecords as ReadRecords,
    RecordCount as RecordCount,
    RecordPage as RecordPage,
    Search as Search,
    SearchHit as SearchHit,
    SearchResult as SearchResult,
    WaitRecords as WaitRecords,
)
from parallel_agents.wire.messages.repositories import (
    AgentList as AgentList,
    FileList as FileList,
    Findings as Findings,
    ForgetTrust as ForgetTrust,
    ForgottenTrust as ForgottenTrust,
    ListAgents as ListAgents,
    ListFiles as ListFiles,
    ListRefs as ListRefs,
    ListTemplates as ListTemplates,
    MakeScratchRepository as MakeScratchRepository,
    Reconcile as Reconcile,
    RefList as RefList,
    ResolvedRepository as ResolvedRepository,
    ResolveRepository as ResolveRepository,
    ScratchRepository as ScratchRepository,
    StartPoint as StartPoint,
    TemplateList as TemplateList,
    Trust as Trust,
    TrustedConfig as TrustedConfig,
)
from parallel_agents.wire.messages.review import (
    CommentList as CommentList,
    Comments as Comments,
    DeleteComment as DeleteComment,
    ResolveComment as ResolveComment,
    SendComments as SendComments,
    WriteComment as WriteComment,
)
from parallel_agents.wire.messages.sessions import (
    Archive as Archive,
    ContextUse as ContextUse,
    DiskUse as DiskUse,
    Explain as Explain,
    Explanation as Explanation,
    FactEvidence as FactEvidence,
    Info as Info,
    ListSessions as ListSessions,
    MarkSeen as MarkSeen,
    PendingRequest as PendingRequest,
    Pin as Pin,
    PortRange as PortRange,
    ProcessUse as ProcessUse,
    Rename as Rename,
    SessionInfo as SessionInfo,
    SessionList as SessionList,
    SessionRow as SessionRow,
    Show as Show,
    Snooze as Snooze,
    Tokens as Tokens,
    Wait as Wait,
    Waited as Waited,
    WorktreeSize as WorktreeSize,
)
from parallel_agents.wire.messages.trash import (
    CancelDelete as CancelDelete,
    Clean as Clean,
    Cleaned as Cleaned,
    CleanVerdict as CleanVerdict,
    Delete as Delete,
    DeletedSession as DeletedSession,
    Deletion as Deletion,
    Emptied as Emptied,
    EmptyTrash as EmptyTrash,
    ListTrash as ListTrash,
    OwnWork as OwnWork,
    OwnWorkReply as OwnWorkReply,
    Restore as Restore,
    TrashList as TrashList,
)
from parallel_agents.wire.messages.work import (
    Adopt as Adopt,
    Answer as Answer,
    AttachBegin as AttachBegin,
    AttachEnd as AttachEnd,
    Interrupt as Interrupt,
    New as New,
    PendingInput as PendingInput,
    RequestInput as RequestInput,
    Respawn as Respawn,
    Send as Send,
    SetOptions as SetOptions,
    Stop as Stop,
    TerminalCommand as TerminalCommand,
)

AnyRequest = (
    DiffStat
    | DiffText
    | Comments
    | WriteComment
    | DeleteComment
    | ResolveComment
    | SendComments
    | Reject
    | UndoReject
    | ListCommits
    | NoteLook
    | MarkViewed
    | RunChecks
    | StopChecks
    | ListChecks
    | ReadCheckOutput
    | SendCheck
    | Hello
    | Subscribe
    | Follow
    | Shutdown
    | Status
    | ReadRecords
    | WaitRecords
    | Search
    | ResolveRepository
    | ListAgents
    | Trust
    | ForgetTrust
    | ListRefs
    | ListFiles
    | ListTemplates
    | Reconcile
    | MakeScratchRepository
    | ListSessions
    | Show
    | Explain
    | Info
    | DiskUse
    | Wait
    | Rename
    | Pin
    | Archive
    | Snooze
    | MarkSeen
    | OwnWork
    | Delete
    | CancelDelete
    | Restore
    | ListTrash
    | EmptyTrash
    | Clean
    | New
    | Adopt
    | Send
    | PendingInput
    | Answer
    | Interrupt
    | Stop
    | Respawn
    | SetOptions
    | AttachBegin
    | AttachEnd
)
"""The closed list of requests."""

READ_ONLY = (
    Hello,
    Status,
    Subscribe,
    Follow,
    ListSessions,
    Show,
    Explain,
    Info,
    DiskUse,
    ReadRecords,
    Wait,
    WaitRecords,
    Search,
    PendingInput,
    DiffStat,
    DiffText,
    Comments,
    ListCommits,
    ListChecks,
    ReadCheckOutput,
    OwnWork,
)
"""The requests that a process descended from an agent may send; all others are refused."""
