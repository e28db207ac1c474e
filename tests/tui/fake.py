"""A supervisor in a few lines: the screen's `Link`, with the real fold and real events."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any, TypeVar

from parallel_agents.agents.claude.agent import ClaudeAgent
from parallel_agents.agents.demo.agent import DemoAgent
from parallel_agents.core import events as ev
from parallel_agents.core.agents import Offer
from parallel_agents.core.codec import dump, load
from parallel_agents.core.columns import USUAL
from parallel_agents.core.errors import UserError
from parallel_agents.core.ids import digest
from parallel_agents.core.options import JsonObject
from parallel_agents.core.reduce import reduce
from parallel_agents.core.review import Comment, Passage, PlacedComment
from parallel_agents.core.state import SessionState
from parallel_agents.core.taken_out import TakenSpan
from parallel_agents.core.value import replace
from parallel_agents.core.worktree import ConfigFile, DiffStat as ChangedFiles
from parallel_agents.supervisor.sessions.session_rows import session_row
from parallel_agents.wire import messages as m
from parallel_agents.wire.pushes import DeltaPush, Push, ReadyPush, RecordPush, StatePush
from parallel_agents.wire.request import Done, Request, reply_kind
from tests.support.facts import facts_of
from tests.support.told import opened

R = TypeVar("R")

T0 = 1_790_000_000_000
ROOT = "/home/dev/shop"
OFFERS = (
    Offer(traits=ClaudeAgent.traits, available=True),
    Offer(traits=DemoAgent.traits, available=True),
)
REPOSITORY = m.ResolvedRepository(
    root=ROOT,
    checkout=ROOT,
    branch="main",
    base=m.StartPoint(name="origin/main", commit="0", start="0" * 40),
    trusted=True,
    known=False,
    digest="d1",
    files=(ConfigFile(path=".claude/settings.json", origin="base", digest="f1", text="{hooks}"),),
    agents=OFFERS,
)
ANSWERS: dict[type[Any], object] = {
    m.Follow: Done(),
    m.ResolveRepository: REPOSITORY,
    m.ListAgents: m.AgentList(agents=OFFERS, usual="claude"),
    m.Trust: m.TrustedConfig(root=ROOT, digest="d1"),
    m.ForgetTrust: m.ForgottenTrust(root=ROOT, known=True),
    m.ListTrash: m.TrashList(entries=()),
    m.Search: m.SearchResult(hits=()),
    m.Status: m.SupervisorStatus(
        pid=1,
        version="",
        protocol=1,
        sessions=0,
        alive=0,
        socket="",
        home="",
        config={"list_columns": m.Setting(value=USUAL, source="default")},
    ),
    m.ListRefs: m.RefList(refs=("main",)),
    m.ListTemplates: m.TemplateList(templates=()),
    m.ListFiles: m.FileList(files=("src/a.py",)),
    m.ListChecks: m.CheckList(checks=()),
    m.ReadCheckOutput: m.CheckOutputPage(text="", start=0, next=0, size=0, ended=True),
    m.DiskUse: m.WorktreeSize(bytes=1_200_000_000, ignored_bytes=1_100_000_000),
}
"""What is answered when a test says nothing else."""

Answerer = Callable[[Any], object]


class Fake:
    """Sessions, and what the screen asked for.

    Attributes:
        asked: every request but the first subscription, in order.
        answers: replies by name of request, errors to raise, or functions of the request.
    """

    def __init__(self) -> None:
        self.states: dict[str, SessionState] = {}
        self.records: dict[str, list[ev.Record]] = {}
        self.asked: list[Request[Any]] = []
        self.answers: dict[str, object] = {}
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


def resolved(*, trusted: bool = True, available: bool = True, **base: Any) -> m.ResolvedRepository:
    """A repository; `base` says what its base has other than usual."""
    claude, *others = REPOSITORY.agents
    hint = "" if available else "claude is not on the PATH."
    return replace(
        REPOSITORY,
        trusted=trusted,
        base=replace(REPOSITORY.base, **base),
        agents=(replace(claude, available=available, hint=hint), *others),
    )


def row_of(session: str, **more: Any) -> m.SessionRow:
    """The row of a session of which no more is known."""
    return replace(session_row(facts_of(id=session, name=session)), **more)


EXPLAINED = m.Explanation(
    session=row_of("a1"), state="done", shown="Done", detail="", facts={}, evidence=()
)
"""An explanation with nothing to say."""


class FakeLink:
    """One connection."""

    def __init__(self, fake: Fake) -> None:
        self.fake = fake
        self.queue: asyncio.Queue[Push | None] = asyncio.Queue()
        self.subscribed = False

    async def request(self, message: Request[R]) -> R:
        """Answer as the supervisor would, or as the test said."""
        if isinstance(message, m.Subscribe):
            self._subscribe()
            return Done()  # type: ignore[return-value]
        self.fake.asked.append(message)
        answer = self.fake.answers.get(message.type)
        if isinstance(answer, UserError):
            raise answer
        if callable(answer):
            answer = answer(message)
        # Over the codec, as over the socket: an answer of another kind than asked for fails here.
        return load(dump(answer or self._usual(message)), reply_kind(message))

    def _subscribe(self) -> None:
        self.subscribed = True
        for state in self.fake.states.values():
            self.queue.put_nowait(StatePush(state=state))
        self.queue.put_nowait(ReadyPush(sessions=tuple(self.fake.states)))

    def _usual(self, message: Request[Any]) -> object:
        if type(message) in ANSWERS:
            return ANSWERS[type(message)]
        match message:
            case m.ReadRecords():
                return self._page(message)
            case m.OwnWork():
                return m.OwnWorkReply(session=self._row(message.session))
            case m.Delete():
                if not message.wait:
                    self.fake.happen(message.session, ev.DeleteRequested())
                return m.Deletion(session=self._row(message.session))
            case m.Info():
                return m.SessionInfo(session=self._row(message.session))
            case m.Comments():
                return m.CommentList(comments=self._comments(message.session))
            case m.WriteComment():
                comment = _written(message, self.fake.states[message.session])
                self.fake.happen(message.session, ev.CommentWritten(comment=comment))
                return comment
            case m.DiffStat():
                return ChangedFiles(against="origin/main", commit="0" * 40, files=())
            case m.Reject() | m.UndoReject():
                return _taken(message)
            case _:
                session = getattr(message, "session", "")
                self.fake.happen(session, *_effects(message))
                return self._row(session)

    def _comments(self, session: str) -> tuple[PlacedComment, ...]:
        """Every comment is where it was written."""
        return tuple(
            PlacedComment(
                comment=c, first=c.passage.first, last=c.passage.last, path=c.passage.path
            )
            for c in self.fake.states[session].review.comments
        )

    def _row(self, session: str) -> m.SessionRow:
        state = self.fake.states.get(session)
        return row_of(session) if state is None else session_row(state)

    def _page(self, message: m.ReadRecords) -> m.RecordPage:
        records = self.fake.records.get(message.session, [])
        if message.after is not None:
            page = [r for r in records if r.seq > message.after][: message.limit]
            more = bool(page) and page[-1].seq < len(records)
        else:
            before = message.before or len(records) + 1
            page = [r for r in records if r.seq < before][-message.limit :]
            more = bool(page) and page[0].seq > 1
        return m.RecordPage(records=tuple(page), more=more, count=len(records))

    async def pushes(self) -> AsyncIterator[Push]:
        """What was pushed."""
        while (push := await self.queue.get()) is not None:
            yield push

    async def close(self) -> None:
        """Nothing to close."""
        self.subscribed = False


def _taken(message: m.Reject | m.UndoReject) -> m.TakenOut:
    path = message.path if isinstance(message, m.Reject) else "src/a.py"
    hunks = message.hunks if isinstance(message, m.Reject) else None
    spans = tuple(TakenSpan(first=h.new_start + 1, added=2, removed=1) for h in hunks or ())
    return m.TakenOut(
        number=1, path=path, old_path="", spans=spans, insertions=2, deletions=1,
        is_out=isinstance(message, m.Reject), kept="/kept", left=0,
    )  # fmt: skip


def changed_input(request: ev.RequestOpened, given: JsonObject) -> ev.RequestOpened:
    """The same request with another input."""
    return replace(request, input=given, digest=digest(given))


def _written(message: m.WriteComment, state: SessionState) -> Comment:
    """The comment that a request writes."""
    known = state.review.find(message.id)
    passage = (
        known.passage
        if known is not None
        else Passage(path=message.path, side=message.side, first=message.first, last=message.last)
    )
    return Comment(
        id=message.id or message.key[:8],
        passage=passage,
        kind=message.kind,
        text=message.text,
        replacement=message.replacement,
    )


def _effects(message: Request[Any]) -> tuple[ev.Event, ...]:
    """What is journalled for a request."""
    match message:
        case m.Answer():
            decided = ev.RequestDecided(
                request=str(message.request), decision=message.decision, line="{}"
            )
            return decided, ev.AgentStateChanged(state="running")
        case m.CancelDelete():
            return (ev.DeleteCancelled(),)
        case m.Pin():
            return (ev.Pinned(pinned=message.pinned),)
        case m.Archive():
            return (ev.Archived(archived=message.archived),)
        case m.Snooze():
            return (ev.Snoozed(until=message.until),)
        case m.Rename():
            return (ev.Renamed(name=message.name),)
        case m.MarkSeen():
            return (ev.Seen(),)
        case m.Send():
            return (ev.MessageQueued(uuid=message.key, text=message.text),)
        case _:
            return _review_effects(message)


def _review_effects(message: Request[Any]) -> tuple[ev.Event, ...]:
    """What is journalled for a request about the changes."""
    match message:
        case m.DeleteComment():
            return (ev.CommentDeleted(id=message.id),)
        case m.ResolveComment():
            return (ev.CommentResolved(id=message.id, resolved=message.resolved),)
        case m.SendComments():
            return (ev.CommentsSent(ids=message.ids, message=message.key),)
        case m.NoteLook():
            return (ev.ChangesSeen(parts=message.parts),)
        case m.MarkViewed():
            return (
                ev.FileViewed(
                    path=message.path,
                    blob=message.blob,
                    gone=message.gone,
                    viewed=message.viewed,
                ),
            )
        case _:
            return ()
