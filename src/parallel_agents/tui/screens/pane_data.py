"""Keeps the diff and the info of the shown session up to date while they are looked at.

Keep true: nothing is asked for a pane that nobody sees; a patch is shown with the trees it is
between, and read again when there are newer ones; another session's diff is never shown under this
one's name; what grows with the size of a change is done beside the event loop, and no more of a
patch is read than a person reads.
"""

import asyncio

from parallel_agents.core.errors import TreeGoneError
from parallel_agents.core.state import SessionState
from parallel_agents.core.worktree import DiffStat as ChangedFiles
from parallel_agents.tui.content.diff_lines import Totals, hunk_blocks, totals_of
from parallel_agents.tui.model.commands import Commands
from parallel_agents.tui.text.patch_lines import shortened_patch
from parallel_agents.tui.widgets.diff_view import DiffView
from parallel_agents.tui.widgets.info_view import InfoView
from parallel_agents.wire.messages import DiffStat, DiffText, DiskUse, Info

PATCH_LIMIT = 1 << 20
"""Characters of a file's patch that are read."""


class PaneData:
    """Reads what the panes show.

    Args:
        commands: whom to ask.
        diff: the diff's view.
        info: the info's view.
    """

    def __init__(self, commands: Commands, diff: DiffView, info: InfoView) -> None:
        self._commands = commands
        self._diff = diff
        self._info = info
        self._session: str | None = None
        self._told: str | None = None
        self._stat: ChangedFiles | None = None
        self._totals: Totals | None = None
        self._patches: dict[str, str] = {}
        self._comparing = asyncio.Lock()
        self._stamp: object = None
        self._counted: object = None

    def stale(self, session: str, stamp: object) -> bool:
        """Whether the diff must be read anew.

        Args:
            session: the shown session's id.
            stamp: what changes whenever the diff did.
        """
        seen, self._stamp = self._stamp, (session, stamp)
        return seen != self._stamp

    def wait(self, session: str) -> None:
        """Show no other session's diff while the worktree of this one is being made."""
        if session != self._session:
            self._session, self._patches = session, {}
            self._diff.clear()

    async def diff(self, session: str) -> None:
        """Read which files changed; their patches follow when they are visible."""
        self.wait(session)
        stat = await self._commands.ask(DiffStat(session=session))
        if stat is None or session != self._session:
            return
        totals = await asyncio.to_thread(totals_of, stat)
        if session == self._session:
            if not stat.parts or stat != self._stat:
                self._patches = {}
            self._stat, self._totals = stat, totals
            self._diff.show(stat, self._patches, totals)

    async def patch(self, path: str) -> None:
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
            self._diff.show(read, self._patches, self._totals)

    async def _text(self, session: str, stat: ChangedFiles, path: str) -> str | None:
        """Read a patch; once a tree is gone, its newer state instead."""
        try:
            return await self._pages(session, stat, path)
        except TreeGoneError:
            async with self._comparing:
                if stat is self._stat:
                    await self.diff(session)
        if self._stat is None or session != self._session:
            return None
        try:
            return await self._pages(session, self._stat, path)
        except TreeGoneError as error:
            self._commands.complain(error)
            return None

    async def _pages(self, session: str, stat: ChangedFiles, path: str) -> str | None:
        before = next((file.old_path for file in stat.files if file.path == path), None)
        parts: list[str] = []
        offset = 0
        while sum(map(len, parts)) < PATCH_LIMIT:
            message = DiffText(
                session=session, parts=stat.parts, path=path, old_path=before, offset=offset
            )
            reply = await self._commands.ask(message, raises=TreeGoneError)
            if reply is None:
                return None
            parts.append(reply.text)
            if reply.next is None:
                return "".join(parts)
            offset = reply.next
        return await asyncio.to_thread(shortened_patch, "".join(parts))

    def disk_stale(self, state: SessionState) -> bool:
        """Whether the disk use must be counted anew: for another session, or when work was done."""
        stamp = (state.id, state.place.worktree, state.place.missing, state.place.changes)
        seen, self._counted = self._counted, stamp
        return seen != stamp

    async def disk(self, session: str) -> None:
        """Let the worktree be counted."""
        reply = await self._commands.ask(DiskUse(session=session))
        if reply is not None and session == self._told:
            self._info.show_disk(reply)

    async def info(self, session: str) -> None:
        """Read the info."""
        if session != self._told:
            self._told = session
            self._info.begin()
        reply = await self._commands.ask(Info(session=session))
        if reply is not None and session == self._told:
            self._info.show(reply)
