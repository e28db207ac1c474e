"""Answers about repositories: resolving, trusting, completing, reconciling.

Keep true: a repository's executable configuration is shown before it is trusted, and only the hash
that was shown is trusted.
"""

from collections.abc import Mapping

from parallel_agents.agents.base import Agent
from parallel_agents.core.agents import Offer
from parallel_agents.core.errors import RefusedError, UsageError, UserError
from parallel_agents.core.value import replace
from parallel_agents.core.worktree import Base, ConfigFile, ExecutableConfig, Repository
from parallel_agents.supervisor.base.config import Preset, preset_of
from parallel_agents.supervisor.front.service import Service
from parallel_agents.supervisor.place.template_files import find_templates
from parallel_agents.supervisor.run.spawn import offer, with_version
from parallel_agents.supervisor.sessions.dispatch import chosen_base
from parallel_agents.wire import messages as m
from parallel_agents.wire.endpoint import config_dir
from parallel_agents.worktrees.plumbing import surroundings

_SHOWN = 20_000


async def resolve_repository(
    service: Service, message: m.ResolveRepository
) -> m.ResolvedRepository:
    """Resolve a directory to its repository, and list what a start there would run."""
    context = service.supervisor.context
    repository, config, start = await context.threads.git(_meant, service, message)
    trust = context.trust
    trusted = trust.trusts(repository.root, config.digest)
    preset, problem = _preset(config)
    return m.ResolvedRepository(
        root=repository.root,
        checkout=repository.checkout,
        branch=repository.branch,
        base=start,
        trusted=trusted,
        known=trust.knows(repository.root),
        digest=config.digest,
        files=_shown(config.files),
        accepted=_shown(trust.accepted(repository.root)),
        notes=(*repository.notes, *config.notes),
        agents=tuple(offer(agent.traits, message.environment) for agent in context.agents.values()),
        agent=preset.agent if trusted else "",
        problem=problem,
    )


def _preset(config: ExecutableConfig) -> tuple[Preset, str]:
    """Read what a repository presets, or what is wrong in its file."""
    try:
        return preset_of(config), ""
    except UsageError as error:
        return Preset(), f"{error.message} {error.hint}".strip()


def _meant(
    service: Service, message: m.ResolveRepository
) -> tuple[Repository, ExecutableConfig, m.StartPoint]:
    if message.session is None:
        repository, config, base = _look(
            service, message.directory, message.base, message.branch, message.environment
        )
        return repository, config, _start(base)
    workplace = service.find(message.session).workplace
    record = workplace.record
    repository = service.supervisor.context.manager.resolve(record.checkout or record.root)
    start = m.StartPoint(
        name=record.base,
        commit=record.base_commit,
        start=record.started_at,
        stranger=record.stranger,
    )
    return repository, workplace.loaded_config()[1], start


def _look(
    service: Service,
    directory: str,
    base_name: str,
    branch: str = "",
    environment: dict[str, str] | None = None,
) -> tuple[Repository, ExecutableConfig, Base]:
    manager = service.supervisor.context.manager
    repository = manager.resolve(directory)
    named = chosen_base(
        service.supervisor.context, repository, base_name, branch or None,
        environment=environment or surroundings.current(), accepted=True,
    )  # fmt: skip
    base = manager.resolve_base(repository, named, branch=branch or None)
    if branch:
        manager.check_branch(repository, base, branch)
    config = manager.executable_config(repository, base.start, stranger=base.stranger)
    return repository, config, base


async def list_agents(service: Service, message: m.ListAgents) -> m.AgentList:
    """The agents that can be driven, and which of them are installed."""
    context = service.supervisor.context
    offers = await context.threads.quick(_offers, context.agents, message.environment)
    return m.AgentList(agents=offers, usual=context.config.agent)


def _offers(agents: Mapping[str, Agent], environment: dict[str, str]) -> tuple[Offer, ...]:
    return tuple(with_version(offer(agent.traits, environment)) for agent in agents.values())


async def trust(service: Service, message: m.Trust) -> m.TrustedConfig:
    """Trust the configuration that was shown or, for a session, the current one of its worktree."""
    threads = service.supervisor.context.threads
    root, config = await threads.git(_to_trust, service, message)
    if message.digest is not None and message.digest != config.digest:
        raise RefusedError(
            "The configuration changed since it was shown.", "Look at it again, then accept."
        )
    await _accept(service, root, config, key=message.key)
    return m.TrustedConfig(root=root, digest=config.digest, files=_shown(config.files))


def _to_trust(service: Service, message: m.Trust) -> tuple[str, ExecutableConfig]:
    if message.session is not None:
        return service.find(message.session).workplace.loaded_config()
    repository, config, _ = _look(service, message.directory, message.base)
    return repository.root, config


async def _accept(
    service: Service, root: str, config: ExecutableConfig, *, key: str = "", by: str = "person"
) -> None:
    """Record one acceptance at a time, because each replaces the text accepted last."""
    async with service.accepting:
        trusted = service.supervisor.context.trust
        await trusted.accept(root, config.digest, config.files, key=key, by=by)


async def forget_trust(service: Service, message: m.ForgetTrust) -> m.ForgottenTrust:
    """Trust nothing of a repository any more; what runs goes on, and no new start loads it."""
    context = service.supervisor.context
    repository = await context.threads.git(context.manager.resolve, message.directory)
    known = context.trust.knows(repository.root)
    if known:
        await context.trust.forget(repository.root, key=message.key)
    return m.ForgottenTrust(root=repository.root, known=known)


async def list_refs(service: Service, message: m.ListRefs) -> m.RefList:
    """Branches, tags and pull requests for completion."""
    context = service.supervisor.context
    repository = await context.threads.git(context.manager.resolve, message.directory)
    listed = context.manager.branches if message.kind == "branch" else context.manager.refs
    refs = await context.threads.git(listed, repository.root, message.prefix)
    return m.RefList(refs=tuple(refs))


async def list_files(service: Service, message: m.ListFiles) -> m.FileList:
    """Files for completion."""
    context = service.supervisor.context
    directory = message.directory or ""
    if message.session is not None:
        directory = service.find(message.session).workplace.record.path
    files = await context.threads.git(context.manager.files, directory, message.prefix)
    return m.FileList(files=tuple(files))


async def list_templates(service: Service, message: m.ListTemplates) -> m.TemplateList:
    """Templates for tasks: the user's, the repository's and the program's."""
    threads = service.supervisor.context.threads
    root = await threads.git(_root_of, service, message.directory)
    found = await threads.quick(find_templates, config_dir(), root)
    return m.TemplateList(templates=tuple(found.templates.values()), notes=tuple(found.notes))


async def reconcile(service: Service, message: m.Reconcile) -> m.Findings:
    """Report where git and the disk differ from our records."""
    supervisor, threads = service.supervisor, service.supervisor.context.threads
    root = await threads.git(_root_of, service, message.directory)
    manager = supervisor.context.manager
    findings = await threads.git(manager.reconcile, supervisor.worktrees(), root)
    return m.Findings(findings=tuple(findings), damaged=dict(supervisor.damaged))


def _root_of(service: Service, directory: str) -> str:
    """The root of a directory's repository; empty if it is in none."""
    try:
        return service.supervisor.context.manager.resolve(directory).root if directory else ""
    except UserError:
        return ""


async def make_scratch_repository(
    service: Service,
    message: m.MakeScratchRepository,
) -> m.ScratchRepository:
    """Make the demo's repository, and trust it, because it is ours."""
    context = service.supervisor.context
    parent = context.state_dir / "demo"
    try:
        parent.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise UserError(f"cannot make {parent}: {error.strerror}") from error
    path = await context.threads.git(context.manager.make_scratch_repository, str(parent))
    repository, config, _ = await context.threads.git(_look, service, path, "head")
    await _accept(service, repository.root, config, by="demo")
    return m.ScratchRepository(directory=path)


def _start(base: Base) -> m.StartPoint:
    return m.StartPoint(
        name=base.name,
        commit=base.commit,
        start=base.start,
        note=base.note,
        branch=base.branch or "",
        stranger=base.stranger,
    )


def _shown(files: tuple[ConfigFile, ...]) -> tuple[ConfigFile, ...]:
    return tuple(replace(file, text=file.text[:_SHOWN]) for file in files)
