"""What must hold before a session is begun, and what fills the choices left open.

Keep true: a mistake is said before anything is made; a repository's own settings count only once
they are trusted, and only for what a session starts with; what a person names wins over the
repository, and the repository over the person's settings.
"""

import shlex
from dataclasses import replace
from pathlib import Path

from parallel_agents.core.errors import UntrustedError, UsageError
from parallel_agents.core.options import MODES
from parallel_agents.core.worktree import Base, Repository
from parallel_agents.supervisor.config import REPOSITORY_SETTINGS, Preset, load_preset
from parallel_agents.supervisor.context import Context
from parallel_agents.supervisor.spawn import check_version, find_program, kept_environment
from parallel_agents.wire.messages import New

_PROMPT_LIMIT = 10 << 20
_NAME_LIMIT = 200


def prepare(context: Context, message: New) -> New:
    """Check a dispatch and fill what it leaves open; blocking: runs git.

    Args:
        context: what sessions share.
        message: what a person asked for.

    Returns:
        The same with agent, mode and model decided.

    Raises:
        UsageError: the prompt, the name, a mode or the agent's name makes no sense.
        UntrustedError: the repository, or what it would run, is not trusted.
        RepositoryError, GitError: there is no such repository or base.
        AgentError: the agent's program is missing or too old.
    """
    _check_words(message)
    repository = context.manager.resolve(message.directory)
    base = context.manager.resolve_base(repository, message.base)
    if message.options.trusted:
        _check_trust(context, message, repository, base)
    message = _with_defaults(context, message, repository)
    _check_choices(context, message)
    agent = context.agents[message.agent]
    own = tuple(getattr(agent, "program", ()))
    environment = kept_environment(message.environment)
    check_version(agent, find_program(message.agent, environment, own))
    return message


def _check_words(message: New) -> None:
    if not message.prompt.strip():
        raise UsageError("A session needs a task.", 'parallel-agents new "what to do"')
    if len(message.prompt) > _PROMPT_LIMIT:
        raise UsageError("The task has over 10 million characters.", "Put it into a file.")
    if message.name is not None and not 0 < len(message.name.strip()) <= _NAME_LIMIT:
        raise UsageError(f"A name has 1 to {_NAME_LIMIT} characters.")


def _check_choices(context: Context, message: New) -> None:
    if message.agent not in context.agents:
        known = ", ".join(context.agents)
        raise UsageError(f"There is no agent “{message.agent}”.", f"One of: {known}")
    mode = message.options.mode
    if mode is not None and mode not in MODES:
        raise UsageError(f"There is no mode “{mode}”.", f"One of: {', '.join(MODES)}")


def _with_defaults(context: Context, message: New, repository: Repository) -> New:
    preset = Preset()
    if message.options.trusted:
        preset = load_preset(Path(repository.root) / REPOSITORY_SETTINGS)
    config, options = context.config, message.options
    options = replace(
        options,
        mode=options.mode or preset.mode or config.mode or None,
        model=options.model or preset.model or config.model or None,
    )
    agent = message.agent or preset.agent or config.agent
    return replace(message, agent=agent, options=options)


def _check_trust(context: Context, message: New, repository: Repository, base: Base) -> None:
    config = context.manager.executable_config(repository, base.commit)
    if context.trust.trusts(repository.root, config.digest):
        return
    first = not context.trust.knows(repository.root)
    what = "is not trusted yet" if first else "would run something that was not accepted"
    raise UntrustedError(
        f"The repository {repository.root} {what}.",
        "Look at what it would run and accept it: parallel-agents trust "
        f"{shlex.quote(message.directory)}, or start without its settings: --untrusted",
    )
