"""Requests about repositories."""

from typing import Literal

from msgspec import field

from parallel_agents.core.agents import Offer
from parallel_agents.core.template import Template
from parallel_agents.core.value import Value
from parallel_agents.core.worktree import ConfigFile, Finding
from parallel_agents.wire.request import Request


class StartPoint(Value):
    """Where a session would start.

    Attributes:
        name: the base, as the person calls it.
        commit: full hash of the base.
        note: how this differs from what was asked for; empty if it does not.
        start: full hash of the commit to check out.
        branch: the existing branch to work on; empty if a new one is made.
        stranger: whether the base is a pull request, and so untrusted.
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
        branch: the branch checked out there; None if HEAD is detached.
        trusted: whether this configuration was accepted.
        known: whether any configuration of this repository was ever accepted.
        digest: digest of the configuration.
        files: the configuration.
        accepted: the files that were accepted last.
        notes: messages for the person, one sentence each.
        agent: the agent that the repository's settings choose, if they are trusted.
        problem: what is wrong in the repository's settings; empty for nothing.
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
    agent: str = ""
    problem: str = ""


class ResolveRepository(Request[ResolvedRepository], tag="resolve_repository"):
    """Ask which repository a directory belongs to, and whether it is trusted.

    Attributes:
        session: ask what this session would load now, instead of asking about a directory.
        base: as in `New`.
        branch: as in `New`; an existing one is worked on if no base is named.
        environment: the caller's environment, which decides which agents are installed.
    """

    directory: str = ""
    session: str | None = None
    base: str = ""
    branch: str = ""
    environment: dict[str, str] = field(default_factory=dict)


class AgentList(Value):
    """The agents that can be driven, and the default one."""

    agents: tuple[Offer, ...]
    usual: str


class ListAgents(Request[AgentList], tag="list_agents"):
    """List the agents: what they can do, whether they are installed, their versions.

    Attributes:
        environment: the caller's environment, which decides which agents are installed.
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
        digest: digest of the configuration shown; None trusts the present one (the command line
            does this, and prints it).
        session: trust what this session's worktree would load now, instead of a directory.
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
    """List the branches, tags and known pull requests that begin with `prefix`.

    Attributes:
        kind: `base` lists everything that can be a base; `branch` lists only branches that a
            session can work on directly, by their local names.
    """

    directory: str
    prefix: str = ""
    kind: Literal["base", "branch"] = "base"


class FileList(Value):
    """Paths of files, relative to the top of the worktree."""

    files: tuple[str, ...]


class ListFiles(Request[FileList], tag="list_files"):
    """List the files of a session's worktree, or of a directory, whose path contains `prefix`."""

    prefix: str = ""
    session: str | None = None
    directory: str | None = None


class TemplateList(Value):
    """Templates for tasks.

    Attributes:
        templates: each name once, the user's own first.
        notes: which files were left out and why, one sentence each.
    """

    templates: tuple[Template, ...]
    notes: tuple[str, ...] = ()


class ListTemplates(Request[TemplateList], tag="list_templates"):
    """List the templates for tasks in a directory's repository."""

    directory: str = ""


class Findings(Value):
    """Differences between our records and the state of git and the disk.

    Attributes:
        damaged: for each session that cannot be read, the reason.
    """

    findings: tuple[Finding, ...]
    damaged: dict[str, str] = field(default_factory=dict)


class Reconcile(Request[Findings], tag="reconcile"):
    """Compare our records with git and the disk.

    Attributes:
        directory: also check this directory's repository, even if it has no sessions.
    """

    directory: str = ""


class ScratchRepository(Value):
    """Where the demo's repository is."""

    directory: str


class MakeScratchRepository(Request[ScratchRepository], tag="make_scratch"):
    """Make a small repository under the state directory, for the demo."""

    key: str
