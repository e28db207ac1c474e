"""What is asked of repositories and worktrees."""

from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolveRepository:
    """What repository a directory belongs to, and whether it is trusted.

    Attributes:
        session: ask about what this session would load now, instead of a directory.
        base: as of `New`.
        branch: as of `New`; an existing one is worked on when no base is named.
        environment: the caller's, to say which agents are installed.
    """

    directory: str = ""
    session: str | None = None
    base: str = ""
    branch: str = ""
    environment: dict[str, str] = field(default_factory=dict)
    type: Literal["resolve_repository"] = "resolve_repository"


@dataclass(frozen=True, slots=True, kw_only=True)
class ListAgents:
    """Which agents there are: what they can do, whether they are installed, their versions.

    Attributes:
        environment: the caller's, to say which are installed.
    """

    environment: dict[str, str] = field(default_factory=dict)
    type: Literal["list_agents"] = "list_agents"


@dataclass(frozen=True, slots=True, kw_only=True)
class DiskUse:
    """How much disk the session's worktree takes; answered after seconds when it is large."""

    session: str
    type: Literal["disk_use"] = "disk_use"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """Trust a repository's executable configuration, as it was shown.

    Attributes:
        digest: what was shown; None trusts what is there now (command line, which names it).
        session: trust what this session's worktree would load now, instead of a directory's.
    """

    key: str
    directory: str = ""
    session: str | None = None
    base: str = "head"
    digest: str | None = None
    type: Literal["trust"] = "trust"


@dataclass(frozen=True, slots=True, kw_only=True)
class ListRefs:
    """What begins with `prefix`: branches, tags and known pull requests, for a base.

    Attributes:
        kind: `branch` lists only what can be worked on as it is, by its local name.
    """

    directory: str
    prefix: str = ""
    kind: Literal["base", "branch"] = "base"
    type: Literal["list_refs"] = "list_refs"


@dataclass(frozen=True, slots=True, kw_only=True)
class ListFiles:
    """Files of a session's worktree, or of a directory, whose path contains `prefix`."""

    prefix: str = ""
    session: str | None = None
    directory: str | None = None
    type: Literal["list_files"] = "list_files"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconcile:
    """Compare our records with what git and the disk say.

    Attributes:
        directory: look at this one's repository, too, though it has no sessions.
    """

    directory: str = ""
    type: Literal["reconcile"] = "reconcile"


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnWork:
    """What only the session's worktree has: what a deletion would have to save."""

    session: str
    type: Literal["own_work"] = "own_work"


@dataclass(frozen=True, slots=True, kw_only=True)
class MakeScratchRepository:
    """Make a small repository under the state directory, for the demo."""

    key: str
    type: Literal["make_scratch"] = "make_scratch"


PlaceRequest = (
    ResolveRepository
    | ListAgents
    | DiskUse
    | Trust
    | ListRefs
    | ListFiles
    | Reconcile
    | OwnWork
    | MakeScratchRepository
)
