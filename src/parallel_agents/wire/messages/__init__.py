"""Everything a client may ask of the supervisor, as one closed list.

Keep true: the standard library only (a command-line verb must not pay for pydantic); every
request that changes something carries `key`, a uuid made by the client: the same key again gets
the first answer. Replies are JSON objects described in `docs/protocol.md`.
"""

from parallel_agents.wire.messages.acting import (
    ActingRequest as ActingRequest,
)
from parallel_agents.wire.messages.acting import (
    Adopt as Adopt,
)
from parallel_agents.wire.messages.acting import (
    Answer as Answer,
)
from parallel_agents.wire.messages.acting import (
    AttachBegin as AttachBegin,
)
from parallel_agents.wire.messages.acting import (
    AttachEnd as AttachEnd,
)
from parallel_agents.wire.messages.acting import (
    Interrupt as Interrupt,
)
from parallel_agents.wire.messages.acting import (
    New as New,
)
from parallel_agents.wire.messages.acting import (
    Respawn as Respawn,
)
from parallel_agents.wire.messages.acting import (
    Send as Send,
)
from parallel_agents.wire.messages.acting import (
    SetOptions as SetOptions,
)
from parallel_agents.wire.messages.acting import (
    Stop as Stop,
)
from parallel_agents.wire.messages.connection import (
    BEAT as BEAT,
)
from parallel_agents.wire.messages.connection import (
    FRAME_LIMIT as FRAME_LIMIT,
)
from parallel_agents.wire.messages.connection import (
    GREETING as GREETING,
)
from parallel_agents.wire.messages.connection import (
    PROTOCOL_VERSION as PROTOCOL_VERSION,
)
from parallel_agents.wire.messages.connection import (
    PUSH_LIMIT as PUSH_LIMIT,
)
from parallel_agents.wire.messages.connection import (
    SILENCE as SILENCE,
)
from parallel_agents.wire.messages.connection import (
    ConnectionRequest as ConnectionRequest,
)
from parallel_agents.wire.messages.connection import (
    Follow as Follow,
)
from parallel_agents.wire.messages.connection import (
    Hello as Hello,
)
from parallel_agents.wire.messages.connection import (
    Shutdown as Shutdown,
)
from parallel_agents.wire.messages.connection import (
    Subscribe as Subscribe,
)
from parallel_agents.wire.messages.keeping import (
    CancelDelete as CancelDelete,
)
from parallel_agents.wire.messages.keeping import (
    Clean as Clean,
)
from parallel_agents.wire.messages.keeping import (
    Delete as Delete,
)
from parallel_agents.wire.messages.keeping import (
    EmptyTrash as EmptyTrash,
)
from parallel_agents.wire.messages.keeping import (
    KeepingRequest as KeepingRequest,
)
from parallel_agents.wire.messages.keeping import (
    ListTrash as ListTrash,
)
from parallel_agents.wire.messages.keeping import (
    MarkSeen as MarkSeen,
)
from parallel_agents.wire.messages.keeping import (
    Pin as Pin,
)
from parallel_agents.wire.messages.keeping import (
    Rename as Rename,
)
from parallel_agents.wire.messages.keeping import (
    Restore as Restore,
)
from parallel_agents.wire.messages.places import (
    DiskUse as DiskUse,
)
from parallel_agents.wire.messages.places import (
    ListAgents as ListAgents,
)
from parallel_agents.wire.messages.places import (
    ListFiles as ListFiles,
)
from parallel_agents.wire.messages.places import (
    ListRefs as ListRefs,
)
from parallel_agents.wire.messages.places import (
    MakeScratchRepository as MakeScratchRepository,
)
from parallel_agents.wire.messages.places import (
    OwnWork as OwnWork,
)
from parallel_agents.wire.messages.places import (
    PlaceRequest as PlaceRequest,
)
from parallel_agents.wire.messages.places import (
    Reconcile as Reconcile,
)
from parallel_agents.wire.messages.places import (
    ResolveRepository as ResolveRepository,
)
from parallel_agents.wire.messages.places import (
    Trust as Trust,
)
from parallel_agents.wire.messages.reading import (
    PAGE_LIMIT as PAGE_LIMIT,
)
from parallel_agents.wire.messages.reading import (
    DiffStat as DiffStat,
)
from parallel_agents.wire.messages.reading import (
    DiffText as DiffText,
)
from parallel_agents.wire.messages.reading import (
    Explain as Explain,
)
from parallel_agents.wire.messages.reading import (
    Info as Info,
)
from parallel_agents.wire.messages.reading import (
    ListSessions as ListSessions,
)
from parallel_agents.wire.messages.reading import (
    PendingInput as PendingInput,
)
from parallel_agents.wire.messages.reading import (
    ReadingRequest as ReadingRequest,
)
from parallel_agents.wire.messages.reading import (
    ReadRecords as ReadRecords,
)
from parallel_agents.wire.messages.reading import (
    Show as Show,
)
from parallel_agents.wire.messages.reading import (
    Status as Status,
)
from parallel_agents.wire.messages.reading import (
    Wait as Wait,
)
from parallel_agents.wire.messages.reading import (
    WaitRecords as WaitRecords,
)

Request = ConnectionRequest | ReadingRequest | ActingRequest | KeepingRequest | PlaceRequest
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
    PendingInput,
    DiffStat,
    DiffText,
    OwnWork,
)
"""What a process that descends from an agent may ask; everything else is refused."""
