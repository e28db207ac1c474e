"""What must hold before a session begins, and how open choices are filled.

Keep true: a mistake is reported before anything is made; a repository's own settings count only
once they are trusted, and only for what a session starts with; the person's explicit choice wins
over the repository, and the repository over the person's settings; a pull request starts without
the repository's settings unless a person has accepted it at this very commit.
"""

import datetime
import getpass
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from parallel_agents.core.errors import UntrustedError, UsageError
from parallel_agents.core.kinds import Kind, traits_of
from parallel_agents.core.value import replace
from parallel_agents.core.worktree import Base, Repository
from parallel_agents.supervisor.base.config import REPOSITORY_SETTINGS, Preset, load_preset
from parallel_agents.supervisor.place import place_choice
from parallel_agents.supervisor.record.context import Context
from parallel_agents.supervisor.run.spawn import check_version, find_program, kept_environment
from parallel_agents.wire.messages import New
from parallel_agents.worktrees.look import branches
from parallel_agents.worktrees.plumbing import naming
from parallel_agents.worktrees.plumbing.git import Git

_PROMPT_LIMIT = 10 << 20
_NAME_LIMIT = 200


class Prepared(NamedTuple):
    """A dispatch that may begin.

    Attributes:
        message: with base, agent, mode and model decided; for a session in the checkout, its
            directory is the checkout.
        pattern: for the name of its branch.
        place: the kind of place where it works.
    """

    message: New
    pattern: str
    place: Kind


def prepare(context: Context, message: New) -> Prepared:
    """Check a dispatch and fill its open choices; blocking: runs git.

    Args:
        context: what sessions share.
        message: what a person asked for.

    Returns:
        The same with every open choice decided.

    Raises:
        UsageError: the prompt, the name, a mode or the agent's name is not valid.
        UntrustedError: the repository, or what it would run, is not trusted.
        RepositoryError, GitError: there is no such repository or base.
        RefusedError: the branch to work on is in use, or a name cannot be a branch.
        AgentError: the agent's program is missing or too old.
    """
    _check_words(message)
    manager = context.manager
    repository = manager.resolve(message.directory)
    place = place_choice.kind_of(
        context, repository, named=bool(message.base or message.branch),
        environment=message.environment, accepted=message.options.trusted,
    )  # fmt: skip
    cut_from_base = traits_of(place).is_git_worktree
    if not cut_from_base:
        message = replace(message, directory=repository.checkout)
    named = chosen_base(
        context, repository, message.base, message.branch, kind=place,
        environment=message.environment, accepted=message.options.trusted,
    )  # fmt: skip
    message = replace(message, base=named)
    base = manager.resolve_base(repository, named, branch=message.branch)
    if message.branch is not None:
        manager.check_branch(repository, base, message.branch)
    if message.options.trusted and base.stranger:
        accepted = _is_accepted(context, repository, base)
        message = replace(message, options=replace(message.options, trusted=accepted))
    elif message.options.trusted:
        _check_trust(context, message, repository, base)
    if cut_from_base:
        manager.check_filters(repository, base, accepted=message.options.trusted)
    preset = _preset(message, repository)
    message = _with_defaults(context, message, preset)
    _check_choices(context, message)
    pattern = "{slug}" if base.stranger else _pattern(context, message, repository, preset)
    traits = context.agents[message.agent].traits
    environment = kept_environment(message.environment, context.agents)
    check_version(traits, find_program(traits, environment))
    return Prepared(message, pattern, place)


def chosen_base(
    context: Context,
    repository: Repository,
    base: str,
    branch: str | None = None,
    *,
    kind: Kind | None = None,
    environment: Mapping[str, str],
    accepted: bool,
) -> str:
    """Choose the base when none was named.

    Args:
        context: what sessions share.
        repository: where.
        base: the base named; empty for none.
        branch: the branch asked for; an existing one is used as it is.
        kind: of the place, if it is decided already.
        environment: the caller's, to find their own settings files.
        accepted: whether the repository's settings may count.

    Returns:
        The base for `WorktreeManager.resolve_base`.

    Raises:
        RefusedError: `branch` cannot be a branch.
    """
    if base:
        return base
    if branch and context.manager.has_branch(repository, branch):
        return f"refs/heads/{branch}"
    kind = kind or place_choice.kind_of(
        context, repository, named=bool(branch), environment=environment, accepted=accepted
    )
    if not traits_of(kind).is_git_worktree:
        return "head"
    wishes = context.manager.wishes(repository, environment, accepted=accepted)
    return wishes.base or "fresh"


def _check_words(message: New) -> None:
    if not message.prompt.strip():
        raise UsageError("A session needs a task.", 'parallel-agents new "what to do"')
    if len(message.prompt) > _PROMPT_LIMIT:
        raise UsageError("The task has more than 10 million characters.", "Put it into a file.")
    if message.name is not None and not 0 < len(message.name.strip()) <= _NAME_LIMIT:
        raise UsageError(f"A name has 1 to {_NAME_LIMIT} characters.")


def _check_choices(context: Context, message: New) -> None:
    if message.agent not in context.agents:
        known = ", ".join(context.agents)
        raise UsageError(f"There is no agent “{message.agent}”.", f"One of: {known}")
    traits = context.agents[message.agent].traits
    traits.check_mode(message.options.mode)
    traits.check_effort(message.options.effort)


def _preset(message: New, repository: Repository) -> Preset:
    if not message.options.trusted:
        return Preset()
    return load_preset(Path(repository.root) / REPOSITORY_SETTINGS)


def _pattern(context: Context, message: New, repository: Repository, preset: Preset) -> str:
    """Fill the branch pattern; if it gives no valid name, say so before anything is made."""
    pattern = preset.branch or context.config.branch
    expression = preset.ticket or context.config.ticket
    ticket = naming.ticket_in(message.prompt, expression) if "{ticket}" in pattern else ""
    today = datetime.datetime.now().astimezone().date().isoformat()
    filled = naming.Filling(user=_user(), date=today, ticket=ticket).fill(pattern)
    if message.branch is None and filled != naming.PATTERN:
        branches.check_name(Git(repository.checkout), naming.branch_of("x", filled))
        filled = context.manager.pattern(repository, filled)
    return filled


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # an account without a name
        return ""


def _with_defaults(context: Context, message: New, preset: Preset) -> New:
    """Fill open choices; mode and model from the settings apply only to the agent they choose."""
    config, options = context.config, message.options
    usual = preset.agent or config.agent
    agent = message.agent or usual
    mode, model = preset.mode or config.mode, preset.model or config.model
    if agent != usual:
        known = context.agents[agent].traits.mode_names if agent in context.agents else ()
        mode, model = mode if mode in known else "", ""
    options = replace(
        options, mode=options.mode or mode or None, model=options.model or model or None
    )
    return replace(message, agent=agent, options=options)


def _is_accepted(context: Context, repository: Repository, base: Base) -> bool:
    config = context.manager.executable_config(repository, base.start, stranger=base.stranger)
    return context.trust.trusts(repository.root, config.digest)


def _check_trust(context: Context, message: New, repository: Repository, base: Base) -> None:
    if _is_accepted(context, repository, base):
        return
    first = not context.trust.knows(repository.root)
    what = "is not trusted yet" if first else "would run something you have not accepted"
    raise UntrustedError(
        f"The repository {repository.root} {what}.",
        "Look at what it would run and accept it: parallel-agents trust "
        f"{shlex.quote(message.directory)}, or start without its settings: --untrusted",
    )
