"""Answers to questions: nothing here changes anything.

Keep true: a page of a reply stays within `PAGE_LIMIT`; git runs in threads; whatever is answered
is raw, made safe only where it is shown.
"""

import asyncio
import contextlib
import time
from dataclasses import asdict
from typing import Any

import psutil

from parallel_agents.core.codec import record_to_json
from parallel_agents.core.errors import GitError, UsageError, UserError, WaitTimeoutError
from parallel_agents.core.label import STATES, derive
from parallel_agents.core.state import SessionState
from parallel_agents.supervisor import heads
from parallel_agents.supervisor.patches import Patches, stat_row
from parallel_agents.supervisor.requests import find_pending
from parallel_agents.supervisor.rows import row
from parallel_agents.supervisor.session import Session
from parallel_agents.supervisor.supervisor import SessionSupervisor
from parallel_agents.wire import messages as m
from parallel_agents.wire.codec import to_json
from parallel_agents.worktrees.disk import disk_use

_DAY_MS = 86_400_000
DISK_SECONDS = 20.0
"""Seconds after which a count of a worktree's size gives what it has found."""

_ENDS = {"failed", "stopped"}


class Reading:
    """Answers questions about sessions.

    Args:
        supervisor: whose sessions.
    """

    def __init__(self, supervisor: SessionSupervisor) -> None:
        self._supervisor = supervisor
        self._patches = Patches()

    def list(self, message: m.ListSessions) -> dict[str, Any]:
        """The rows of `ls --json`."""
        if message.state is not None and message.state not in STATES:
            raise UsageError(
                f"There is no state “{message.state}”.", f"One of: {', '.join(STATES)}"
            )
        states = [s for s in self._supervisor.states() if _wanted(s, message)]
        return {"sessions": [row(state) for state in states]}

    def show(self, message: m.Show) -> dict[str, Any]:
        """One row."""
        return {"session": row(self._supervisor.find(message.session).state)}

    async def explain(self, message: m.Explain) -> dict[str, Any]:
        """Why a session is shown as it is: the label, the facts, the evidence."""
        session = self._supervisor.find(message.session)
        label = derive(session.state)
        return {
            "session": row(session.state),
            "state": label.state,
            "shown": label.shown,
            "detail": label.detail,
            "facts": _facts(session.state),
            "evidence": [await _evidence(session, fact) for fact in label.facts],
        }

    async def records(self, message: m.ReadRecords) -> dict[str, Any]:
        """A page of the journal."""
        session = self._supervisor.find(message.session)
        limit = max(1, min(message.limit, 2000))
        count = session.state.seq
        if message.after is not None:
            first, last = message.after + 1, message.after + limit
        else:
            last = count if message.before is None else message.before - 1
            first = last - limit + 1
        last = min(last, count)
        records = await session.ledger.page(first, last)
        from_end = message.after is None
        kept = await session.context.threads.quick(_fit, records, from_end=from_end)
        # By the bounds, not by what was found: records that cannot be read leave gaps.
        if from_end:
            more = (kept[0]["seq"] if len(kept) < len(records) else first) > 1
        else:
            more = (kept[-1]["seq"] if len(kept) < len(records) else last) < count
        return {"records": kept, "more": more, "count": count}

    async def wait(self, message: m.Wait) -> dict[str, Any]:
        """Wait for a state; says so when the session cannot get there."""
        unknown = set(message.states) - set(STATES) - {"deleted"}
        if unknown or not message.states:
            raise UsageError(
                f"There is no state “{', '.join(sorted(unknown))}”.", f"One of: {', '.join(STATES)}"
            )
        session = self._supervisor.find(message.session)
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
        return {"session": row(state), "reached": _state_name(state) in wanted}

    async def wait_records(self, message: m.WaitRecords) -> dict[str, Any]:
        """Wait until the journal has grown."""
        session = self._supervisor.find(message.session)
        try:
            async with asyncio.timeout(message.timeout):
                await session.ledger.until(lambda state: state.seq > message.after)
        except TimeoutError:
            return {"count": session.state.seq}
        return {"count": session.state.seq}

    async def pending_input(self, message: m.PendingInput) -> dict[str, Any]:
        """The whole input of a pending request."""
        request = await find_pending(self._supervisor.find(message.session), message.request)
        return {
            "requestId": request.id,
            "kind": request.kind,
            "toolName": request.tool_name,
            "summary": request.said,
            "questions": [asdict(question) for question in request.questions],
            "input": request.input,
            "digest": request.digest,
        }

    async def info(self, message: m.Info) -> dict[str, Any]:
        """What the Info tab shows beside the row."""
        session = self._supervisor.find(message.session)
        state = session.state
        label = derive(state)
        place: dict[str, Any] = {"land": [], "landNote": "", "protection": []}
        if state.worktree is not None and not state.missing:
            with contextlib.suppress(UserError):
                heads.look(session.ledger)
            state = session.state
            place = await session.context.threads.git(self._place, session)
        return {
            "session": row(state),
            "worktree": state.worktree.path if state.worktree else None,
            "branch": state.branch if state.worktree else None,
            "head": (state.head.detached or None) if state.head else None,
            "base": state.worktree.base if state.worktree else state.base,
            "baseCommit": state.worktree.base_commit if state.worktree else None,
            "model": state.model or state.options.model,
            "mode": state.mode or state.options.mode,
            "effort": state.options.effort,
            "version": state.version,
            "conversation": state.conversation,
            "costUsd": state.cost_usd,
            "turns": state.turns,
            "tokens": {"input": state.input_tokens, "output": state.output_tokens},
            "context": {"used": state.context_tokens, "window": state.context_window},
            "process": await session.context.threads.git(
                _process, session.driver.pid if state.liveness != "none" else None
            ),
            "why": [f"{label.shown}: {label.detail}" if label.detail else label.shown],
            "notes": [*(state.worktree.notes if state.worktree else ()), *_warnings(state)],
            "rules": list(state.options.rules),
            "portRange": [state.port, state.ports] if state.ports else None,
            "step": state.step,
            "setupOwed": state.setup_owed,
            **_recorded(state),
            **place,
        }

    async def disk_use(self, message: m.DiskUse) -> dict[str, Any]:
        """How much disk the worktree takes."""
        session = self._supervisor.find(message.session)
        if session.state.worktree is None or session.state.missing:
            return {"bytes": None, "ignoredBytes": None, "complete": True}
        record = session.workplace.record
        found = await session.context.threads.long(disk_use, record, DISK_SECONDS)
        return {
            "bytes": found.size,
            "ignoredBytes": found.ignored,
            "complete": found.complete,
        }

    def _place(self, session: Session) -> dict[str, Any]:
        manager = session.context.manager
        record = session.workplace.record
        try:
            land, note = list(manager.land_commands(record)), manager.why_not_land(record)
        except GitError as error:  # of one part: the others are no worse for it
            land, note = [], f"Not known, since {error.message}"
        return {"land": land, "landNote": note, "protection": list(manager.protection(record))}

    async def own_work(self, message: m.OwnWork) -> dict[str, Any]:
        """What a deletion would have to save."""
        session = self._supervisor.find(message.session)
        reply: dict[str, Any] = {"session": row(session.state), "saved": [], "skipped": []}
        if session.state.worktree is None:
            return {**reply, "merged": ""}
        manager = session.context.manager
        own = await session.context.threads.git(manager.own_work, session.workplace.record)
        return {**reply, "saved": own.saved, "skipped": own.skipped, "merged": own.merged}

    async def diff_stat(self, message: m.DiffStat) -> dict[str, Any]:
        """The files changed."""
        session = self._supervisor.find(message.session)
        manager = session.context.manager
        stat = await session.context.threads.git(manager.diff_stat, session.workplace.record)
        files = [stat_row(file) for file in stat.files]
        return {"against": stat.against, "commit": stat.commit, "files": files}

    async def diff_text(self, message: m.DiffText) -> dict[str, Any]:
        """A page of the unified diff."""
        return await self._patches.page(self._supervisor.find(message.session), message)


def _wanted(state: SessionState, message: m.ListSessions) -> bool:
    label = derive(state).state
    if message.state is not None and label != message.state:
        return False
    if message.directory is not None and not _lies_in(state, message.directory):
        return False
    finished = label in {"done", "stopped", "failed", "idle"}
    old = time.time() * 1000 - state.updated_at > _DAY_MS
    return message.every or state.pinned or not (finished and old)


def _lies_in(state: SessionState, directory: str) -> bool:
    places = [state.directory]
    if state.worktree is not None:
        places += [state.worktree.root, state.worktree.path]
    prefix = directory.rstrip("/")
    return any(place == prefix or place.startswith(prefix + "/") for place in places)


def _state_name(state: SessionState) -> str:
    return "deleted" if state.deleted else derive(state).state


def _facts(state: SessionState) -> dict[str, Any]:
    return {
        "process": state.liveness,
        "pid": state.pid,
        "run": state.run,
        "creating": state.creating,
        "turn running": state.running,
        "undecided requests": len(state.requests),
        "decisions not taken up": len(state.decided),
        "messages not answered": len(state.messages),
        "background tasks": len(state.tasks),
        "outcome of the last turn": state.outcome,
        "retrying": state.retry is not None,
        "limited until": state.limit_until,
        "stop asked for": state.stopped,
        "worktree missing": state.missing or None,
        "set-up failed": state.setup.message if state.setup else None,
        "problem": to_json(state.problem) if state.problem else None,
        "unread": state.unread,
        "deleting": state.deleting,
    }


async def _evidence(session: Session, fact: str) -> dict[str, Any]:
    evidence = session.state.because.get(fact)
    if evidence is None:
        return {"fact": fact, "seq": 0, "at": 0, "event": "never", "line": ""}
    records = await session.ledger.page(evidence.seq, evidence.seq)
    line = records[0].raw if records else ""
    return {
        "fact": fact,
        "seq": evidence.seq,
        "at": evidence.at,
        "event": evidence.event,
        "line": line,
    }


def _fit(records: "list[Any]", *, from_end: bool) -> "list[dict[str, Any]]":
    """As many records as a page takes, at least one."""
    size = 0
    kept: list[dict[str, Any]] = []
    for record in reversed(records) if from_end else records:
        value = record_to_json(record)
        size += len(str(value))
        if kept and size > m.PAGE_LIMIT * 4:
            break
        kept.append(value)
    return kept[::-1] if from_end else kept


def _process(pid: int | None) -> dict[str, Any] | None:
    if pid is None:
        return None
    try:
        process = psutil.Process(pid)
        tree = [process, *process.children(recursive=True)]
        memory = sum(p.memory_info().rss for p in tree if p.is_running())
        times = process.cpu_times()
    except psutil.Error:
        return None
    return {
        "pid": pid,
        "memoryBytes": memory,
        "cpuSeconds": round(times.user + times.system, 2),
        "processes": len(tree),
    }


def _recorded(state: SessionState) -> dict[str, Any]:
    """What the worktree's record says of how it was made."""
    record = state.worktree.record if state.worktree is not None else {}
    return {
        "linked": list(record.get("linked", ())),
        "sparse": list(record.get("sparse", ())),
        "stranger": bool(record.get("stranger")),
        "ownBranch": bool(record.get("made_branch", True)),
    }


def _warnings(state: SessionState) -> list[str]:
    said = [f"Your own checkout changed: {state.main_changed}"] if state.main_changed else []
    if state.damaged:
        said.append(f"{state.damaged} records of this session cannot be read and are left out")
    return said
