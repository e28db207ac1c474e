"""Answers about sessions, and small changes to them, such as name and pin."""

import asyncio
import contextlib
import time

import psutil

from parallel_agents.core.aside import aside
from parallel_agents.core.errors import GitError, UsageError, UserError, WaitTimeoutError
from parallel_agents.core.label import STATES, derive
from parallel_agents.core.state import SessionState
from parallel_agents.supervisor.front.service import Service
from parallel_agents.supervisor.place import heads
from parallel_agents.supervisor.sessions import putting_aside
from parallel_agents.supervisor.sessions.session import Session
from parallel_agents.supervisor.sessions.session_rows import session_row
from parallel_agents.wire import messages as m
from parallel_agents.worktrees.look.disk_use import disk_use as count_disk_use

_DAY_MS = 86_400_000
DISK_SECONDS = 20.0
"""Seconds after which measuring a worktree stops and returns what it has counted so far."""

_ENDS = {"failed", "stopped"}


async def list_sessions(service: Service, message: m.ListSessions) -> m.SessionList:
    """The rows of `ls --json`."""
    if message.state is not None and message.state not in STATES:
        raise UsageError(f"There is no state “{message.state}”.", f"One of: {', '.join(STATES)}")
    states = [s for s in service.supervisor.states() if _wanted(s, message)]
    return m.SessionList(sessions=tuple(session_row(state) for state in states))


async def show(service: Service, message: m.Show) -> m.SessionRow:
    """One row."""
    return session_row(service.find(message.session).state)


async def explain(service: Service, message: m.Explain) -> m.Explanation:
    """Explain why a session is shown as it is: the label, the facts, the evidence."""
    session = service.find(message.session)
    label = derive(session.state)
    return m.Explanation(
        session=session_row(session.state),
        state=label.state,
        shown=label.shown,
        detail=label.detail,
        facts=_facts(session.state),
        evidence=tuple([await _evidence(session, fact) for fact in label.facts]),
    )


async def wait(service: Service, message: m.Wait) -> m.Waited:
    """Wait for a state; the reply says if the session cannot reach it.

    Raises:
        UsageError: there is no such state.
        WaitTimeoutError: the time is up.
    """
    unknown = set(message.states) - set(STATES) - {"deleted"}
    if unknown or not message.states:
        raise UsageError(
            f"There is no state “{', '.join(sorted(unknown))}”.", f"One of: {', '.join(STATES)}"
        )
    session = service.find(message.session)
    wanted = set(message.states)

    def over(state: SessionState) -> bool:
        name = _state_name(state)
        return name in wanted or name in _ENDS | {"deleted"}

    try:
        async with asyncio.timeout(message.timeout):
            state = await session.ledger.until(over)
    except TimeoutError:
        raise WaitTimeoutError(
            f"Still {derive(session.state).shown} after {message.timeout:g} s."
        ) from None
    return m.Waited(session=session_row(state), reached=_state_name(state) in wanted)


async def info(service: Service, message: m.Info) -> m.SessionInfo:
    """What the Info tab shows in addition to the row."""
    session = service.find(message.session)
    threads = session.context.threads
    land: tuple[str, ...] = ()
    note, protection = "", land
    if session.state.place.worktree is not None and not session.state.place.missing:
        with contextlib.suppress(UserError):
            heads.look(session.ledger)
        land, note, protection = await threads.git(_landing, session)
    state = session.state
    label = derive(state)
    pid = session.driver.pid if state.process.is_there else None
    record = state.place.worktree.record if state.place.worktree is not None else None
    return m.SessionInfo(
        session=session_row(state),
        effort=state.session.options.effort,
        version=state.process.version,
        conversation=state.conversation.id,
        turns=state.turn.count,
        tokens=m.Tokens(input=state.turn.input_tokens, output=state.turn.output_tokens),
        context=m.ContextUse(used=state.turn.context_tokens, window=state.turn.context_window),
        process=await threads.git(_process, pid),
        why=(f"{label.shown}: {label.detail}" if label.detail else label.shown,),
        notes=(*(state.place.worktree.notes if state.place.worktree else ()), *_warnings(state)),
        rules=state.session.options.rules,
        port_range=m.PortRange(first=state.place.port, count=state.place.ports)
        if state.place.ports
        else None,
        step=state.place.step,
        setup_owed=state.place.setup_owed,
        linked=record.linked if record else (),
        sparse=record.sparse if record else (),
        stranger=record is not None and record.stranger,
        own_branch=record is None or record.made_branch,
        land=land,
        land_note=note,
        protection=protection,
    )


async def disk_use(service: Service, message: m.DiskUse) -> m.WorktreeSize:
    """How much disk space the worktree takes."""
    session = service.find(message.session)
    if session.state.place.worktree is None or session.state.place.missing:
        return m.WorktreeSize()
    record = session.workplace.record
    size = await session.context.threads.long(count_disk_use, record, DISK_SECONDS)
    return m.WorktreeSize(bytes=size.size, ignored_bytes=size.ignored, complete=size.complete)


async def rename(service: Service, message: m.Rename) -> m.SessionRow:
    """Give a session another name."""
    session = service.find(message.session)
    session.rename(message.key, message.name)
    return session_row(session.state)


async def pin(service: Service, message: m.Pin) -> m.SessionRow:
    """Pin or unpin a session."""
    session = service.find(message.session)
    session.pin(message.key, pinned=message.pinned)
    return session_row(session.state)


async def archive(service: Service, message: m.Archive) -> m.SessionRow:
    """Archive a session, or take it back."""
    session = service.find(message.session)
    putting_aside.archive(session, message.key, archived=message.archived)
    return session_row(session.state)


async def snooze(service: Service, message: m.Snooze) -> m.SessionRow:
    """Snooze a session, or wake it."""
    session = service.find(message.session)
    putting_aside.snooze(session, message.key, message.until)
    return session_row(session.state)


async def mark_seen(service: Service, message: m.MarkSeen) -> m.SessionRow:
    """Note that the user looked at the latest result."""
    session = service.find(message.session)
    session.seen()
    return session_row(session.state)


def _wanted(state: SessionState, message: m.ListSessions) -> bool:
    label = derive(state).state
    if message.state is not None and label != message.state:
        return False
    if message.directory is not None and not _lies_in(state, message.directory):
        return False
    if aside(state) == "archived" and not message.every:
        return False
    finished = label in {"done", "stopped", "failed", "idle"}
    old = time.time() * 1000 - state.updated_at > _DAY_MS
    return message.every or state.session.pinned or not (finished and old)


def _lies_in(state: SessionState, directory: str) -> bool:
    places = [state.place.directory]
    if state.place.worktree is not None:
        places += [state.place.worktree.root, state.place.worktree.path]
    prefix = directory.rstrip("/")
    return any(place == prefix or place.startswith(prefix + "/") for place in places)


def _state_name(state: SessionState) -> str:
    return "deleted" if state.session.deleted else derive(state).state


def _facts(state: SessionState) -> dict[str, bool | int | float | str | None]:
    problem = state.turn.problem
    return {
        "process": state.process.liveness,
        "pid": state.process.pid,
        "run": state.process.run,
        "creating": state.place.creating,
        "turn running": state.turn.running,
        "undecided requests": len(state.dialogue.requests),
        "decisions not taken up": len(state.dialogue.decided),
        "messages not answered": len(state.dialogue.messages),
        "background tasks": len(state.turn.tasks),
        "outcome of the last turn": state.turn.outcome,
        "retrying": state.turn.retry is not None,
        "limited until": state.turn.limit_until,
        "stop asked for": state.process.stopped,
        "worktree missing": state.place.missing or None,
        "set-up failed": state.place.setup.message if state.place.setup else None,
        "problem": f"{problem.message} {problem.hint}".strip() if problem else None,
        "unread": state.unread,
        "deleting": state.session.deleting,
    }


async def _evidence(session: Session, fact: str) -> m.FactEvidence:
    evidence = session.state.because.get(fact)
    if evidence is None:
        return m.FactEvidence(fact=fact)
    records = await session.ledger.page(evidence.seq, evidence.seq)
    line = records[0].raw if records else ""
    return m.FactEvidence(
        fact=fact, seq=evidence.seq, at=evidence.at, event=evidence.event, line=line
    )


def _landing(session: Session) -> tuple[tuple[str, ...], str, tuple[str, ...]]:
    """The commands that land the work, or why it cannot land now; and the session's own work."""
    manager = session.context.manager
    record = session.workplace.record
    try:
        land, note = tuple(manager.land_commands(record)), manager.why_not_land(record)
    except GitError as error:  # concerns this part only, so the others are still shown
        land, note = (), f"Not known, since {error.message}"
    return land, note, tuple(manager.protection(record))


def _process(pid: int | None) -> m.ProcessUse | None:
    if pid is None:
        return None
    try:
        process = psutil.Process(pid)
        tree = [process, *process.children(recursive=True)]
        memory = sum(p.memory_info().rss for p in tree if p.is_running())
        times = process.cpu_times()
    except psutil.Error:
        return None
    seconds = round(times.user + times.system, 2)
    return m.ProcessUse(pid=pid, memory_bytes=memory, cpu_seconds=seconds, processes=len(tree))


def _warnings(state: SessionState) -> list[str]:
    said = (
        [f"Your own checkout changed: {state.place.main_changed}"]
        if state.place.main_changed
        else []
    )
    if state.session.damaged:
        said.append(
            f"{state.session.damaged} records of this session cannot be read and are left out"
        )
    return said
