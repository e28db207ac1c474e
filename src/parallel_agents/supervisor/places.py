"""Answers about repositories: resolving, trusting, completing, reconciling.

Keep true: a repository's executable configuration is shown before it is trusted, and what is
trusted is the hash that was shown.
"""

import asyncio
from dataclasses import asdict
from typing import Any

from parallel_agents.core.errors import RefusedError, UserError
from parallel_agents.core.worktree import Base, ExecutableConfig, Repository
from parallel_agents.supervisor.dispatch import chosen_base
from parallel_agents.supervisor.spawn import offer, with_version
from parallel_agents.supervisor.supervisor import SessionSupervisor
from parallel_agents.wire import messages as m
from parallel_agents.worktrees import surroundings

_SHOWN = 20_000


class Places:
    """Answers about repositories.

    Args:
        supervisor: for its worktree manager, trust and sessions.
    """

    def __init__(self, supervisor: SessionSupervisor) -> None:
        self._supervisor = supervisor
        self._context = supervisor.context
        self._manager = supervisor.context.manager
        self._threads = supervisor.context.threads
        self._accepting = asyncio.Lock()

    async def resolve(self, message: m.ResolveRepository) -> dict[str, Any]:
        """What repository a directory belongs to, and what a start there would run."""
        repository, config, base = await self._threads.git(self._meant, message)
        return {
            "root": repository.root,
            "checkout": repository.checkout,
            "branch": repository.branch,
            "base": base,
            "trusted": self._context.trust.trusts(repository.root, config.digest),
            "known": self._context.trust.knows(repository.root),
            "digest": config.digest,
            "files": [_shown(asdict(file)) for file in config.files],
            "accepted": [_shown(file) for file in self._context.trust.accepted(repository.root)],
            "notes": [*repository.notes, *config.notes],
            "agents": [
                asdict(offer(a.traits, message.environment)) for a in self._context.agents.values()
            ],
        }

    def _meant(
        self, message: m.ResolveRepository
    ) -> tuple[Repository, ExecutableConfig, dict[str, Any]]:
        if message.session is None:
            return self._look(message.directory, message.base, message.branch, message.environment)
        workplace = self._supervisor.find(message.session).workplace
        record = workplace.record
        repository = self._manager.resolve(record.checkout or record.root)
        base: dict[str, Any] = {
            "name": record.base,
            "commit": record.base_commit,
            "note": "",
            "branch": "",
        }
        base |= {"start": record.started_at, "stranger": record.stranger}
        return repository, workplace.loaded_config()[1], base

    def _look(
        self,
        directory: str,
        base_name: str,
        branch: str = "",
        environment: dict[str, str] | None = None,
    ) -> tuple[Repository, ExecutableConfig, dict[str, Any]]:
        repository = self._manager.resolve(directory)
        named = chosen_base(
            self._context, repository, base_name, branch or None,
            environment=environment or surroundings.current(), accepted=True,
        )  # fmt: skip
        base = self._manager.resolve_base(repository, named, branch=branch or None)
        if branch:
            self._manager.check_branch(repository, base, branch)
        config = self._manager.executable_config(repository, base.start, stranger=base.stranger)
        return repository, config, _told(base)

    async def agents(self, message: m.ListAgents) -> dict[str, Any]:
        """The agents that can be driven, and which of them are installed."""
        offers = await self._threads.quick(self._offers, message.environment)
        return {"agents": offers, "usual": self._context.config.agent}

    def _offers(self, environment: dict[str, str]) -> list[dict[str, Any]]:
        agents = self._context.agents.values()
        return [asdict(with_version(offer(agent.traits, environment))) for agent in agents]

    async def trust(self, message: m.Trust) -> dict[str, Any]:
        """Trust what was shown, or, for a session, what its worktree holds now."""
        root, config = await self._threads.git(self._trusted, message)
        if message.digest is not None and message.digest != config.digest:
            raise RefusedError(
                "The configuration changed since it was shown.", "Look at it again, then accept."
            )
        await self._accept(root, config)
        return {
            "root": root,
            "digest": config.digest,
            "files": [_shown(asdict(file)) for file in config.files],
        }

    async def _accept(self, root: str, config: ExecutableConfig) -> None:
        """One after the other: each reads and replaces what all the others accepted."""
        async with self._accepting:
            trust = self._context.trust
            await self._threads.sync(trust.accept, root, config.digest, config.files)

    def _trusted(self, message: m.Trust) -> tuple[str, ExecutableConfig]:
        if message.session is not None:
            session = self._supervisor.find(message.session)
            return session.workplace.loaded_config()
        repository, config, _ = self._look(message.directory, message.base)
        return repository.root, config

    async def refs(self, message: m.ListRefs) -> dict[str, Any]:
        """Branches, tags and pull requests for completion."""
        repository = await self._threads.git(self._manager.resolve, message.directory)
        listed = self._manager.branches if message.kind == "branch" else self._manager.refs
        refs = await self._threads.git(listed, repository.root, message.prefix)
        return {"refs": list(refs)}

    async def files(self, message: m.ListFiles) -> dict[str, Any]:
        """Files for completion."""
        directory = message.directory or ""
        if message.session is not None:
            directory = self._supervisor.find(message.session).workplace.record.path
        found = await self._threads.git(self._manager.files, directory, message.prefix)
        return {"files": list(found)}

    async def reconcile(self, message: m.Reconcile) -> dict[str, Any]:
        """What git and the disk say that our records do not."""
        findings = await self._threads.git(
            self._manager.reconcile,
            self._supervisor.worktrees(),
            await self._threads.git(self._root_of, message.directory),
        )
        return {
            "findings": [asdict(finding) for finding in findings],
            "damaged": self._supervisor.damaged,
        }

    def _root_of(self, directory: str) -> str:
        """The repository of a directory that is worth a look; empty when it is none."""
        try:
            return self._manager.resolve(directory).root if directory else ""
        except UserError:
            return ""

    async def make_scratch(self) -> dict[str, Any]:
        """Make the demo's repository, and trust it: it is ours."""
        parent = self._context.state_dir / "demo"
        try:
            parent.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise UserError(f"cannot make {parent}: {error.strerror}") from error
        path = await self._threads.git(self._manager.make_scratch_repository, str(parent))
        repository, config, _ = await self._threads.git(self._look, path, "head")
        await self._accept(repository.root, config)
        return {"directory": path}


def _told(base: Base) -> dict[str, Any]:
    return {
        "name": base.name,
        "commit": base.commit,
        "note": base.note,
        "start": base.start,
        "branch": base.branch or "",
        "stranger": base.stranger,
    }


def _shown(file: dict[str, str]) -> dict[str, str]:
    return {**file, "text": file["text"][:_SHOWN]}
