"""A supervisor in a few lines: the screen's `Link`, with the real fold and real events."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import asdict, replace
from typing import Any

from parallel_agents.agents.claude.agent import ClaudeAgent
from parallel_agents.agents.demo.agent import DemoAgent
from parallel_agents.core import events as ev
from parallel_agents.core.agents import Offer
from parallel_agents.core.codec import record_to_json
from parallel_agents.core.errors import UserError
from parallel_agents.core.ids import digest
from parallel_agents.core.options import JsonObject
from parallel_agents.core.reduce import reduce
from parallel_agents.core.state import SessionState
from parallel_agents.wire import messages as m
from parallel_agents.wire.pushes import DeltaPush, Push, ReadyPush, RecordPush, StatePush
from tests.support.told import opened

T0 = 1_790_000_000_000
ROOT = "/home/dev/shop"


def offers(*, available: bool = True) -> list[dict[str, Any]]:
    """The agents as the supervisor tells them; `available` says whether claude is installed."""
    claude = Offer(
        traits=ClaudeAgent.traits, available=available, hint="claude is not on the PATH."
    )
    return [asdict(claude), asdict(Offer(traits=DemoAgent.traits, available=True))]


ANSWERS: dict[str, dict[str, Any]] = {
    "resolve_repository": {"trusted": True},
    "list_agents": {"agents": offers(), "usual": "claude"},
    "own_work": {"saved": [], "skipped": [], "merged": ""},
    "list_trash": {"entries": []},
    "list_refs": {"refs": ["main"]},
    "list_files": {"files": ["src/a.py"]},
    "disk_use": {"bytes": 1_200_000_000, "ignoredBytes": 1_100_000_000, "complete": True},
}
"""What is answered when a test says nothing else."""

Answerer = Callable[[Any], dict[str, Any]]


class Fake:
    """Sessions, and what the screen asked for.

    Attributes:
        asked: every request but the first subscription, in order.
        answers: replies by type of request, or errors to raise.
    """

    def __init__(self) -> None:
        self.states: dict[str, SessionState] = {}
        self.records: dict[str, list[ev.Record]] = {}
        self.asked: list[m.Request] = []
        self.answers: dict[str, dict[str, Any] | UserError | Answerer] = {}
        self.links: list[FakeLink] = []
        self.refuse: UserError | None = None

    async def connect(self) -> "FakeLink":
        """What `Backend` calls."""
        if self.refuse is not None:
            raise self.refuse
        link = FakeLink(self)
        self.links.append(link)
        return link

    def drop(self) -> None:
        """Lose every connection."""
        for link in self.links:
            link.queue.put_nowait(None)
        self.links.clear()

    def push(self, push: Push) -> None:
        """Send something unasked."""
        for link in self.links:
            if link.subscribed:
                link.queue.put_nowait(push)

    def of(self, kind: type[Any]) -> list[Any]:
        """What was asked of one type."""
        return [request for request in self.asked if isinstance(request, kind)]

    # --- histories ----------------------------------------------------------------------------

    def happen(self, session: str, *events: ev.Event, at: int = 0) -> None:
        """Journal events of a session and push them."""
        records = self.records.setdefault(session, [])
        for event in events:
            record = ev.Record(seq=len(records) + 1, at=at or T0 + len(records) * 1000, event=event)
            records.append(record)
            self.states[session] = reduce(self.states.get(session, SessionState()), record)
            self.push(RecordPush(session=session, record=record))

    def say(self, session: str, text: str, offset: int = 0, message: str = "m") -> None:
        """Partial text."""
        delta = ev.Delta(message=message, block=0, offset=offset, text=text)
        self.push(DeltaPush(session=session, delta=delta))

    def session(self, session: str, name: str, prompt: str = "do it", root: str = ROOT) -> str:
        """A session with a worktree and a live agent that has taken up its prompt."""
        slug = name.replace(" ", "-")
        self.happen(
            session,
            ev.SessionCreated(
                id=session,
                request=session,
                name=name,
                prompt=prompt,
                agent="demo",
                directory=root,
                base="fresh",
            ),
            ev.MessageQueued(uuid=f"{session}-p", text=prompt),
            ev.WorktreeReady(
                path=f"{root}/.claude/worktrees/{slug}",
                root=root,
                branch=f"worktree-{slug}",
                base="origin/main",
                base_commit="0" * 40,
            ),
            ev.RunStarted(run=1, conversation=f"c-{session}"),
            ev.RunReady(run=1, pid=100, commands=("compact", "review"), models=("sonnet",)),
            ev.MessageProgressed(uuid=f"{session}-p", progress="started"),
            ev.TurnStarted(conversation=f"c-{session}", model="claude-sonnet", mode="default"),
            ev.AgentStateChanged(state="running"),
        )
        return session

    def ask(
        self,
        session: str,
        request: str = "r1",
        tool: str = "Bash",
        given: JsonObject | None = None,
        kind: ev.RequestKind = "permission",
        suggestions: tuple[JsonObject, ...] = (),
    ) -> str:
        """The agent asks."""
        given = {"command": "npm test -- --run"} if given is None else given
        self.happen(
            session,
            opened(
                request=request,
                kind=kind,
                tool_name=tool,
                input=given,
                digest=digest(given),
                suggestions=suggestions,
            ),
        )
        return request

    def finish(self, session: str, changes: tuple[int, int, int] = (0, 0, 0)) -> None:
        """The turn ends well."""
        files, plus, minus = changes
        if files:
            self.happen(session, ev.ChangesCounted(files=files, insertions=plus, deletions=minus))
        self.happen(
            session,
            ev.TurnEnded(outcome="ok", text="Done.", cost_usd=0.5),
            ev.AgentStateChanged(state="idle"),
        )


def resolved(*, trusted: bool = True, available: bool = True, **base: Any) -> dict[str, Any]:
    """A `ResolveRepository` reply; `base` says what its base has other than usual."""
    return {
        "root": ROOT,
        "checkout": ROOT,
        "branch": "main",
        "trusted": trusted,
        "known": False,
        "digest": "d1",
        "notes": [],
        "base": {
            "name": "origin/main",
            "commit": "0",
            "note": "",
            "start": "0" * 40,
            "branch": "",
            "stranger": False,
            **base,
        },
        "files": [{"path": ".claude/settings.json", "origin": "base", "text": "{hooks}"}],
        "agents": offers(available=available),
    }


class FakeLink:
    """One connection."""

    def __init__(self, fake: Fake) -> None:
        self.fake = fake
        self.queue: asyncio.Queue[Push | None] = asyncio.Queue()
        self.subscribed = False

    async def request(self, message: m.Request) -> dict[str, Any]:
        """Answer as the supervisor would, or as the test said."""
        if isinstance(message, m.Subscribe):
            self._subscribe()
            return {}
        self.fake.asked.append(message)
        answer = self.fake.answers.get(message.type)
        if isinstance(answer, UserError):
            raise answer
        if callable(answer):
            return answer(message)
        return answer if answer is not None else self._usual(message)

    def _subscribe(self) -> None:
        self.subscribed = True
        for state in self.fake.states.values():
            self.queue.put_nowait(StatePush(state=state))
        self.queue.put_nowait(ReadyPush(sessions=tuple(self.fake.states)))

    def _usual(self, message: m.Request) -> dict[str, Any]:
        fake = self.fake
        if message.type in ANSWERS:
            return ANSWERS[message.type]
        match message:
            case m.ReadRecords():
                return self._page(message)
            case m.Answer():
                fake.happen(
                    message.session,
                    ev.RequestDecided(
                        request=str(message.request), decision=message.decision, line="{}"
                    ),
                    ev.AgentStateChanged(state="running"),
                )
            case m.Delete() if message.wait:
                return {"session": {}, "saved": [], "skipped": [], "notes": [], "until": None}
            case m.Delete():
                fake.happen(message.session, ev.DeleteRequested())
            case m.CancelDelete():
                fake.happen(message.session, ev.DeleteCancelled())
            case m.Pin():
                fake.happen(message.session, ev.Pinned(pinned=message.pinned))
            case m.Rename():
                fake.happen(message.session, ev.Renamed(name=message.name))
            case m.MarkSeen():
                fake.happen(message.session, ev.Seen())
            case m.Send():
                fake.happen(message.session, ev.MessageQueued(uuid=message.key, text=message.text))
            case _:
                pass
        session = getattr(message, "session", None)
        return {"session": {"id": session, "name": session}}

    def _page(self, message: m.ReadRecords) -> dict[str, Any]:
        records = self.fake.records.get(message.session, [])
        if message.after is not None:
            page = [r for r in records if r.seq > message.after][: message.limit]
            more = bool(page) and page[-1].seq < len(records)
        else:
            before = message.before or len(records) + 1
            page = [r for r in records if r.seq < before][-message.limit :]
            more = bool(page) and page[0].seq > 1
        return {"records": [record_to_json(r) for r in page], "more": more, "count": len(records)}

    async def pushes(self) -> AsyncIterator[Push]:
        """What was pushed."""
        while (push := await self.queue.get()) is not None:
            yield push

    async def close(self) -> None:
        """Nothing to close."""
        self.subscribed = False


def changed_input(request: ev.RequestOpened, given: JsonObject) -> ev.RequestOpened:
    """The same request with another input."""
    return replace(request, input=given, digest=digest(given))
