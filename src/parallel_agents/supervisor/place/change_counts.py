"""What changes while an agent works: in its worktree, which is counted, and in the checkout.

Keep true: a diff is counted at most once at a time and never more often than it changes; a count
that fails is said once, and costs nothing but itself.
"""

import asyncio
import contextlib
import os

from parallel_agents.core import events as ev
from parallel_agents.core.check_facts import tree_name
from parallel_agents.core.errors import StorageError, UserError, unforeseen
from parallel_agents.core.worktree import DiffPart, DiffStat
from parallel_agents.supervisor.base.tasks import Tasks
from parallel_agents.supervisor.record.session_ledger import SessionLedger
from parallel_agents.worktrees.plumbing import surroundings

_SETTLE = 0.3
"""Seconds between a change and its count: an agent writes several files in a row."""


class Changes:
    """Counts and watches for one session.

    Args:
        ledger: journal and facts.
    """

    def __init__(self, ledger: SessionLedger) -> None:
        self._ledger = ledger
        self._manager = ledger.context.manager
        self._threads = ledger.context.threads
        self._counting: asyncio.Task[None] | None = None
        self._recording: asyncio.Task[None] | None = None
        self._glancing: asyncio.Task[None] | None = None
        self._dirty = False
        self._noted = 0
        self._main_before = ""
        self._shell_used = False
        self._said = ""
        self._tasks = Tasks(f"session {ledger.directory.name}", self._failed)

    def vanished(self) -> bool:
        """Whether the worktree's `.git` file is gone; cheap enough to ask every second."""
        worktree = self._ledger.state.place.worktree
        if worktree is None:
            return False
        path = worktree.path
        if self._ledger.state.place.traits.is_git_worktree:
            path += "/.git"
        try:
            os.lstat(path)
        except (FileNotFoundError, NotADirectoryError):
            return True
        except OSError:
            return False  # it cannot be looked at, which is another thing
        return False

    def heard(self, event: ev.Event) -> None:
        """Take note of an event of the agent."""
        match event:
            case ev.TurnStarted():
                self._shell_used = False
                self._tasks.start("look at the checkout", self._remember_main())
            case ev.ToolUsed(does="run"):
                self._shell_used = True
            case ev.ToolReturned() | ev.FileServed(does="write") | ev.BackgroundTasks():
                self.count()
            case ev.TurnEnded():
                turn = self._ledger.state.turn.count
                self._recording = self._tasks.start("record the tree", self._record(turn))
                self._tasks.start("look at the checkout", self._compare_main())
            case _:
                pass

    def count(self) -> None:
        """Count the diff soon; asked while counting, it is counted once more."""
        self._dirty = True
        if self._counting is None or self._counting.done():
            self._counting = self._tasks.start("count the changes", self._count())

    def glance(self) -> None:
        """Count the diff if a client still follows the session in a moment.

        Nothing tells of changes that a person makes, and each row that the selection only passes
        would cost a run of git.
        """
        if self._glancing is None or self._glancing.done():
            self._glancing = self._tasks.start("count what a person sees", self._glance())

    async def _glance(self) -> None:
        await asyncio.sleep(_SETTLE)
        if self._ledger.context.hub.viewed(self._ledger.id):
            self.count()

    async def compared(self) -> DiffStat:
        """Compare the worktree with its base for a person; its row then shows the same numbers.

        Raises:
            UserError: the two cannot be compared.
        """
        noted = self._noted
        stat = await self._threads.git(self._manager.diff_stat, self._ledger.state.place.record)
        if noted == self._noted:
            with contextlib.suppress(StorageError):
                self._ledger.record(*self._news(stat))
        return stat

    async def tree(self) -> str:
        """Write the worktree's files as a tree; returns its name, empty outside of git.

        Raises:
            UserError: it could not be written.
        """
        async with self._ledger.context.counting:
            return tree_name(await self._count_once())

    async def _count(self) -> None:
        while self._dirty:
            await asyncio.sleep(_SETTLE)
            async with self._ledger.context.counting:
                # The end of the turn may have counted meanwhile.
                if self._dirty:
                    with contextlib.suppress(UserError):
                        await self._count_once()

    async def counted(self) -> None:
        """Wait until every count that was asked for is done."""
        if self._counting is not None:
            await asyncio.wait([self._counting])

    async def recorded(self) -> None:
        """Wait until the tree of the turn that ended last is recorded, or could not be."""
        if self._recording is not None:
            await asyncio.wait([self._recording])

    async def _record(self, turn: int) -> None:
        """Record the tree as it is after a turn; the turn's end does not wait for it."""
        async with self._ledger.context.counting:
            if turn != self._ledger.state.turn.count:
                return  # read late, after a restart: the files are those of a later turn by now
            with contextlib.suppress(UserError):
                parts = await self._count_once()
                if parts:
                    await self._ledger.record_patiently(ev.TreeRecorded(turn=turn, parts=parts))

    async def _count_once(self) -> tuple[DiffPart, ...]:
        self._dirty = False
        with surroundings.of(self._ledger.environment()):
            stat = await self._threads.git(self._manager.diff_stat, self._ledger.state.place.record)
        for event in self._news(stat):
            await self._ledger.record_patiently(event)
        return stat.parts

    def _news(self, stat: DiffStat) -> list[ev.Event]:
        """What a comparison changes about the known size of the diff, and what was checked."""
        self._noted += 1
        news: list[ev.Event] = []
        found, known = stat.changes, self._ledger.state.place.changes
        files, insertions, deletions = found.files, found.insertions, found.deletions
        if (files, insertions, deletions) != (known.files, known.insertions, known.deletions):
            news.append(ev.ChangesCounted(files=files, insertions=insertions, deletions=deletions))
        checks, tree = self._ledger.state.checks, tree_name(stat.parts)
        if checks.tree and tree and tree != checks.tree:
            news.append(ev.TreeSeen(tree=tree))
        return news

    async def _remember_main(self) -> None:
        self._main_before = await self._fingerprint()

    async def _compare_main(self) -> None:
        """The CLI's fence stops edits, not shell writes: say when the user's checkout changed."""
        before = self._main_before
        if not self._shell_used or not before or not self._ledger.state.place.traits.is_apart:
            return
        if await self._fingerprint() != before:
            detail = "a command of the agent may have done it, or you did"
            await self._ledger.record_patiently(ev.MainCheckoutChanged(detail=detail))

    async def _fingerprint(self) -> str:
        async with self._ledger.context.counting:
            try:
                with surroundings.of(self._ledger.environment()):
                    return await self._threads.git(
                        self._manager.main_fingerprint, self._ledger.state.place.record.root
                    )
            except UserError:
                return ""

    def _failed(self, error: Exception) -> None:
        """Something beside the work died; said once, not after each of the agent's tools."""
        said = unforeseen(error, str(self._ledger.context.log_file))
        if said.message != self._said:
            self._said = said.message
            with contextlib.suppress(UserError):
                text = f"The changes could not be counted. {said.message} {said.hint}"
                self._ledger.record(ev.Notice(text=text, level="warning"))

    async def close(self) -> None:
        """End what runs beside."""
        await self._tasks.end()
