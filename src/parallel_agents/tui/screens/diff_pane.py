"""The diff of the shown session.

Keep true: nothing is asked while nobody looks; a patch is shown with the trees it is between, and
read again when there are newer ones; another session's diff is never shown under this one's name;
what grows with the size of a change is done beside the event loop, and no more of a patch is read
than a person reads.
"""

import asyncio
import contextlib
from functools import partial

from parallel_agents.core.errors import TreeGoneError
from parallel_agents.core.state import SessionState
from parallel_agents.core.worktree import DiffPart, DiffStat as ChangedFiles
from parallel_agents.tui.content.diff_lines import Totals, hunk_blocks, totals_of
from parallel_agents.tui.model.commands import Commands
from parallel_agents.tui.model.workers import alone
from parallel_agents.tui.screens.pane import Pane
from parallel_agents.tui.text.patch_lines import shortened_patch
from parallel_agents.tui.widgets.diff_view import DiffView
from parallel_agents.wire.messages import Comments, DiffStat, DiffText

PATCH_LIMIT = 1 << 20
"""Characters of a file's patch that are read."""

REST = 0.15
"""Seconds for which a session is selected before it is compared with its base, while the focus is
elsewhere: somebody who goes down the list passes most of them."""


class DiffPane(Pane):
    """Reads a diff and shows it."""

    name = "diff"
    title = "Diff"
    view: DiffView

    def __init__(self, commands: Commands) -> None:
        super().__init__(commands, DiffView(id="diff"))
        self._session: str | None = None
        self._stat: ChangedFiles | None = None
        self._totals: Totals | None = None
        self._patches: dict[str, str] = {}
        self._comparing = asyncio.Lock()
        self._stamp: object = None
        self._said: object = None

    @property
    def session(self) -> str | None:
        """Whose diff is shown."""
        return self._session

    async def read_again(self) -> None:
        """Compare again: the files were changed from here."""
        if self._session is not None:
            await self._read(self._session)

    def follow(self, state: SessionState) -> None:
        """Compare again when something changed; not while the worktree is being made."""
        if state.place.creating:
            self._wait(state.id)
            return
        if state.review.comments != self._said or state.id != self._session:
            self._said = state.review.comments
            alone(self.view, partial(self._read_comments, state.id), "comments")
        seen, self._stamp = self._stamp, (state.id, state.place.changes, state.place.worktree)
        if seen != self._stamp:
            passing = state.id != self._session and not self.view.has_focus
            alone(self.view, partial(self._read, state.id, REST if passing else 0.0), "diff")

    def _wait(self, session: str) -> None:
        """Show no other session's diff while this one's is not known."""
        if session != self._session:
            self._session, self._patches = session, {}
            self.view.clear()

    async def _read(self, session: str, rest: float = 0.0) -> None:
        """Read which files changed, after a rest; their patches follow when they are visible."""
        self._wait(session)
        if rest:
            await asyncio.sleep(rest)
        stat = await self.commands.ask(DiffStat(session=session))
        if stat is None or session != self._session:
            return
        totals = await asyncio.to_thread(totals_of, stat)
        if session == self._session:
            if not stat.parts or stat != self._stat:
                self._patches = {}
            self._stat, self._totals = stat, totals
            self.view.show(stat, self._patches, totals)
            if self._said:
                await self._read_comments(session)

    @property
    def parts(self) -> tuple[DiffPart, ...]:
        """The trees whose comparison is shown; none before there is one."""
        return self._stat.parts if self._stat is not None else ()

    async def _read_comments(self, session: str) -> None:
        """Read where the comments are; a newer comparison reads them again."""
        stat = self._stat
        if stat is None or session != self._session or not stat.parts:
            return
        if not self._said:
            self.view.show_comments(())
            return
        with contextlib.suppress(TreeGoneError):
            message = Comments(session=session, parts=stat.parts)
            reply = await self.commands.ask(message, raises=TreeGoneError)
            if reply is not None and stat is self._stat:
                self.view.show_comments(reply.comments)

    async def read_patch(self, path: str) -> None:
        """Read one file's patch; if its trees are gone, compare the files again."""
        session, read, text = self._session, None, None
        while session is not None and session == self._session and read is not self._stat:
            read = self._stat
            text = None if read is None else await self._text(session, read, path)
            if text is None:
                return
            await asyncio.to_thread(hunk_blocks, path, text)
        if text is not None and read is not None and session == self._session:
            self._patches[path] = text
            self.view.show(read, self._patches, self._totals)

    async def _text(self, session: str, stat: ChangedFiles, path: str) -> str | None:
        """Read a patch; once a tree is gone, its newer state instead."""
        try:
            return await self._pages(session, stat, path)
        except TreeGoneError:
            async with self._comparing:
                if stat is self._stat:
                    await self._read(session)
        if self._stat is None or session != self._session:
            return None
        try:
            return await self._pages(session, self._stat, path)
        except TreeGoneError as error:
            self.commands.complain(error)
            return None

    async def _pages(self, session: str, stat: ChangedFiles, path: str) -> str | None:
        before = next((file.old_path for file in stat.files if file.path == path), None)
        parts: list[str] = []
        offset = 0
        while sum(map(len, parts)) < PATCH_LIMIT:
            message = DiffText(
                session=session, parts=stat.parts, path=path, old_path=before, offset=offset
            )
            reply = await self.commands.ask(message, raises=TreeGoneError)
            if reply is None:
                return None
            parts.append(reply.text)
            if reply.next is None:
                return "".join(parts)
            offset = reply.next
        return await asyncio.to_thread(shortened_patch, "".join(parts))
