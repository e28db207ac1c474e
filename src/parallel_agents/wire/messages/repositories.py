"""What is asked of repositories."""

from typing import Literal

from msgspec import field

from parallel_agents.core.agents import Offer
from parallel_agents.core.value import Value
from parallel_agents.core.worktree import ConfigFile, Finding
from parallel_agents.wire.request import Request


class StartPoint(Value):
    """Where a session would start.

    Attributes:
        name: of the base, as the person calls it.
        commit: full hash of the base.
        note: what was not as asked; empty otherwise.
        start: full hash of what is checked out.
        branch: the existing branch that is worked on; empty when one is made.
        stranger: it is a pull request.
    """

    name: str
    commit: str
    start: str
    note: str = ""
    branch: str = ""
    stranger: bool = False


class ResolvedRepository(Value):
    """A repository, and what a start there would load and run.

    Attributes:
        root: the main worktree, or the bare directory.
        checkout: top of the worktree that was asked about.
        branch: checked out there; None when detached.
        trusted: the configuration was accepted as it is.
        known: some configuration of this repository was accepted once.
        digest: of the configuration.
        files: the configuration.
        accepted: the files that were accepted last.
        notes: what the person should be told, one sentence each.
    """

    root: str
    checkout: str
    branch: str | None
    base: StartPoint
    trusted: bool
    known: bool
    digest: str
    files: tuple[ConfigFile, ...] = ()
    accepted: tuple[ConfigFile, ...] = ()
    notes: tuple[str, ...] = ()
    agents: tuple[Offer, ...] = ()


class ResolveRepository(Request[ResolvedRepository], tag="resolve_repository"):
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


class AgentList(Value):
    """The agents that can be driven, and the one that is taken when none is named."""

    agents: tuple[Offer, ...]
    usual: str


class ListAgents(Request[AgentList], tag="list_agents"):
    """Which agents there are: what they can do, whether they are installed, their versions.

    Attributes:
        environment: the caller's, to say which are installed.
    """

    environment: dict[str, str] = field(default_factory=dict)


class TrustedConfig(Value):
    """The configuration that is trusted from now on."""

    root: str
    digest: str
    files: tuple[ConfigFile, ...] = ()


class Trust(Request[TrustedConfig], tag="trust"):
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


class ForgottenTrust(Value):
    """The repository of which nothing is trusted any more; `known` when something was."""

    root: str
    known: bool


class ForgetTrust(Request[ForgottenTrust], tag="forget_trust"):
    """Trust nothing of a directory's repository any more."""

    key: str
    directory: str


class RefList(Value):
    """Names of branches, tags and pull requests."""

    refs: tuple[str, ...]


class ListRefs(Request[RefList], tag="list_refs"):
    """What begins with `prefix`: branches, tags and known pull requests, for a base.

    Attributes:
        kind: `branch` lists only what can be worked on as it is, by its local name.
    """

    directory: str
    prefix: str = ""
    kind: Literal["base", "branch"] = "base"


class FileList(Value):
    """Paths of files, relative to the top of the worktree."""

    files: tuple[str, ...]


class ListFiles(Request[FileList], tag="list_files"):
    """Files of a session's worktree, or of a directory, whose path contains `prefix`."""

    prefix: str = ""
    session: str | None = None
    directory: str | None = None


class Findings(Value):
    """What git and the disk say that our records do not.

    Attributes:
        damaged: by session, why it cannot be read.
    """

    findings: tuple[Finding, ...]
    damaged: dict[str, str] = field(default_factory=dict)


class Reconcile(Request[Findings], tag="reconcile"):
    """Compare our records with what git and the disk say.

    Attributes:
        directory: look at this one's repository, too, though it has no sessions.
    """

    directory: str = ""


class ScratchRepository(Value):
    """Where the demo's repository is."""

    directory: str


class MakeScratchRepository(Request[ScratchRepository], tag="make_scratch"):
    """Make a small repository under the state directory, for the demo."""

    key: str
