"""Compares a session's files with what a person chose.

Keep true: what cannot be compared is said, and never replaced by another comparison; files that
were left out of a tree are named, whatever it is compared with.
"""

import time
from collections.abc import Callable, Mapping
from typing import assert_never

from parallel_agents.core.errors import TreeGoneError, UsageError, UserError
from parallel_agents.core.scope import (
    AnotherBase,
    AnotherSession,
    Commit,
    LastTurn,
    OneCommit,
    Scope,
    SinceLooked,
    Uncommitted,
    WholeChange,
)
from parallel_agents.core.summary import first_line
from parallel_agents.core.value import replace
from parallel_agents.core.worktree import DiffStat, FileStat
from parallel_agents.supervisor.sessions.last_turn import last_turn, paired
from parallel_agents.supervisor.sessions.reviewing import trees_of
from parallel_agents.supervisor.sessions.session import Session

Find = Callable[[str], Session]

_FAR = 1 << 45
"""A time, in milliseconds since 1970, that every system can write; a client may name any."""


async def compared(session: Session, scope: Scope, find: Find) -> DiffStat:
    """Compare a session's files.

    Args:
        session: whose.
        scope: with what.
        find: finds another session by its name.

    Raises:
        UserError: the two cannot be compared.
    """
    match scope:
        case WholeChange():
            return await session.workplace.changes.compared()
        case LastTurn():
            return replace(await last_turn(session), scope="last turn")
        case Uncommitted():
            return await _uncommitted(session)
        case SinceLooked():
            return await _since_looked(session, scope)
        case OneCommit(rev=rev):
            return await _one_commit(session, rev)
        case AnotherBase(ref=ref):
            return await _another_base(session, ref)
        case AnotherSession(session=name):
            return await _another_session(session, find(name))
        case _:
            assert_never(scope)


async def commits(session: Session) -> tuple[Commit, ...]:
    """List the commits that a session has beyond its base.

    Raises:
        UserError: they cannot be read.
    """
    return await session.context.threads.git(
        session.context.manager.commits, session.workplace.record
    )


async def _uncommitted(session: Session) -> DiffStat:
    context, record = session.context, session.workplace.record
    now = await _now(session)
    head = await context.threads.git(context.manager.head, record)
    return replace(await _against(session, now, {"": head}, "HEAD"), scope="uncommitted")


async def _since_looked(session: Session, scope: SinceLooked) -> DiffStat:
    seen, at = scope.parts, scope.at
    if seen is None and session.state.place.seen is not None:
        seen, at = session.state.place.seen.parts, session.state.because["looked"].at
    if not seen:
        raise UserError(
            "You have not looked at this session's changes before.",
            f"All of them: parallel-agents diff {session.id}",
        )
    now = await _now(session)
    try:
        found = await _against(session, now, trees_of(seen), "what you saw then")
    except TreeGoneError as error:
        raise UserError(
            "What you saw then is not kept any more.",
            f"All changes: parallel-agents diff {session.id}",
        ) from error
    return replace(found, scope=f"since you looked at {_clock(at)}")


def _clock(at: int) -> str:
    """The time of day, with the date when it was another day."""
    then = time.localtime(min(max(at, 0), _FAR) / 1000)
    today = then[:3] == time.localtime()[:3]
    return time.strftime("%H:%M" if today else "%Y-%m-%d %H:%M", then)


async def _one_commit(session: Session, rev: str) -> DiffStat:
    context, record = session.context, session.workplace.record
    commit, part = await context.threads.git(context.manager.one_commit, record, rev)
    found = await context.threads.git(
        context.manager.diff_between, record, (part,), "the commit before"
    )
    return replace(found, scope=f"commit {commit.hash[:10]} {first_line(commit.subject)}".strip())


async def _another_base(session: Session, ref: str) -> DiffStat:
    context, record = session.context, session.workplace.record
    fork = await context.threads.git(context.manager.fork, record, ref)
    found = await _against(session, await _now(session), {"": fork}, ref)
    return replace(found, scope="another base")


async def _another_session(session: Session, other: Session) -> DiffStat:
    if other.id == session.id:
        raise UsageError("A session cannot be compared with itself.", "Name another one.")
    if other.workplace.record.root != session.workplace.record.root:
        raise UsageError(
            f"The session {other.id} works in another repository.",
            "Only sessions of one repository can be compared.",
        )
    now, theirs = await _now(session), await _now(other)
    before = trees_of(theirs.parts)
    name = other.state.session.name or other.id
    found = await _against(session, now, before, name, beside=other.id)
    return replace(found, scope="another session")


async def _now(session: Session) -> DiffStat:
    """Write the session's files as they are now; those left out are listed.

    Raises:
        UserError: they cannot be written, or are in no repository.
    """
    context, record = session.context, session.workplace.record
    now = await context.threads.git(context.manager.trees_now, record)
    if not now.parts:
        raise UserError(f"The session {session.id} is in no git repository.", "")
    return now


async def _against(
    session: Session, now: DiffStat, before: Mapping[str, str], against: str, *, beside: str = ""
) -> DiffStat:
    """Compare the files as they are with earlier trees, or those of somebody else.

    Args:
        session: whose files.
        now: the trees of the files, and those left out.
        before: hash of a tree or commit by prefix; a part without one keeps its own base.
        against: what those are, for people.
        beside: id of the session that has those trees; empty for this one.
    """
    context, record = session.context, session.workplace.record
    parts = paired(before, now.parts)
    found = await context.threads.git(
        context.manager.diff_between, record, parts, against, beside=beside
    )
    return replace(found, files=with_left_out(found.files, now.files))


def with_left_out(
    files: tuple[FileStat, ...], left_out: tuple[FileStat, ...]
) -> tuple[FileStat, ...]:
    """Name the files that a tree does not hold as they are.

    Args:
        files: what differs between the trees.
        left_out: those files, each with the reason.
    """
    left = {file.path: file for file in left_out}
    noted = tuple(
        file if file.path not in left else replace(file, note=left.pop(file.path).note)
        for file in files
    )
    return (*noted, *left.values())
