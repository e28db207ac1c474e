"""Sessions outside our worktrees: in the user's checkout, or in a directory made by a hook.

Keep true: the kind of place is decided and journalled with the dispatch; hooks run only as the user
accepted them; at most one session works in a checkout; naming a base or branch means a worktree.
"""

from collections.abc import Callable, Iterable, Mapping

from parallel_agents.core.errors import RefusedError, UntrustedError
from parallel_agents.core.kinds import Kind
from parallel_agents.core.state import SessionState
from parallel_agents.core.worktree import Base, Repository, WorktreeRecord
from parallel_agents.supervisor.record.context import Context
from parallel_agents.wire.peer import MARKER
from parallel_agents.worktrees.plumbing import naming
from parallel_agents.worktrees.settings.hooks import Call, remove


def kind_of(
    context: Context,
    repository: Repository,
    *,
    named: bool,
    environment: Mapping[str, str],
    accepted: bool,
) -> Kind:
    """Decide in what kind of place a session works.

    Args:
        context: what sessions share.
        repository: where the session is dispatched.
        named: whether the user named a base or a branch.
        environment: the caller's environment.
        accepted: whether the repository's settings count.

    Raises:
        RefusedError: hooks make the directories here but a base or branch was named, or the
            directory is in no git repository and its settings are not accepted.
    """
    if accepted and context.manager.hooks(repository, environment, "WorktreeCreate"):
        if named:
            raise RefusedError(
                "A WorktreeCreate hook makes the directories here, so you cannot choose a base or "
                "branch.",
                "Leave them out, or remove the hook from the settings.",
            )
        return "directory"
    if not repository.common_dir:
        raise RefusedError(
            f"{repository.root} is in no git repository, and its settings are not accepted.",
            "Accept them (parallel-agents trust), or make a repository: git init",
        )
    if named:
        return "worktree"
    wishes = context.manager.wishes(repository, environment, accepted=accepted)
    return "checkout" if wishes.in_checkout else "worktree"


def refuse_second(states: Iterable[SessionState], root: str, *, instead: str = "") -> None:
    """Refuse a second session in the same checkout.

    Args:
        states: the facts of all sessions.
        root: the checkout in which a session is to be dispatched or restored.
        instead: an alternative, for the hint.

    Raises:
        RefusedError: another session already works in the checkout.
    """
    for state in states:
        shares = not (state.session.deleted or state.place.traits.is_apart)
        if shares and state.place.directory == root:
            name = f"{state.id} ({state.session.name})"
            raise RefusedError(
                f"The session {name} already works in the checkout {root}.",
                f"Delete it first (parallel-agents rm {state.id}){instead}.",
            )


def take_checkout(context: Context, state: SessionState, repository: Repository) -> WorktreeRecord:
    """Make the user's own checkout the place of a session.

    Raises:
        RefusedError: the repository is bare.
    """
    base = context.manager.resolve_base(repository, "head")
    return context.manager.take_checkout(repository, state.id, base)


def make_by_hooks(
    context: Context,
    state: SessionState,
    repository: Repository,
    environment: dict[str, str],
    cancelled: Callable[[], bool],
) -> WorktreeRecord:
    """Let the repository's hooks make the place of a session.

    Args:
        context: what sessions share.
        state: the session.
        repository: where the session was dispatched.
        environment: the session's environment.
        cancelled: tells whether to stop.

    Raises:
        UntrustedError: the settings have changed since the user accepted them.
        UserError: a hook failed.
    """
    manager = context.manager
    base = manager.resolve_base(repository, "head")
    _check_accepted(context, repository, base)
    makers = manager.hooks(repository, environment, "WorktreeCreate")
    name = f"{naming.plain(state.session.name)[:30].rstrip('-')}-{state.id[:4]}"
    call = Call(
        session=state.id,
        name=name,
        directory=repository.root,
        environment={**environment, MARKER: state.id},
        cancelled=cancelled,
    )
    return manager.make_by_hook(repository, state.id, base, makers, call)


def tell_removed(
    context: Context, state: SessionState, record: WorktreeRecord, environment: dict[str, str]
) -> str:
    """Tell `WorktreeRemove` hooks that a directory made by a hook was moved to the trash.

    Args:
        context: what sessions share.
        state: the session.
        record: the session's place.
        environment: the session's environment.

    Returns:
        One sentence about what went wrong; empty if nothing did.

    Raises:
        UserError: the settings have changed since the user accepted them, so no hook ran.
    """
    repository = context.manager.resolve(record.root)
    removers = context.manager.hooks(repository, environment, "WorktreeRemove")
    if not removers:
        return ""
    _check_accepted(context, repository, context.manager.resolve_base(repository, "head"))
    call = Call(
        session=state.id,
        name=record.slug,
        directory=record.root,
        environment={**environment, MARKER: state.id},
    )
    return remove(removers, call, record.path)


def _check_accepted(context: Context, repository: Repository, base: Base) -> None:
    config = context.manager.executable_config(repository, base.start)
    if not context.trust.trusts(repository.root, config.digest):
        raise UntrustedError(
            "What this repository's settings would run has changed since you accepted it.",
            f"Look at it and accept it: parallel-agents trust {repository.root}",
        )
