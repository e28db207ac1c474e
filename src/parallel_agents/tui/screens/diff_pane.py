"""The diff of the shown session.

Keep true: nothing is asked while nobody looks; a patch is shown with the trees it is between, and
read again when there are newer ones; another session's diff, or another comparison, is never shown
under this one's name; what grows with the size of a change is done beside the event loop, and no
more of a patch is read than a person reads.
"""

import asyncio
import contextlib
from collections.abc import Callable, Container, Iterable
from functools import partial

from parallel_agents.core.errors import TreeGoneError, UserError
from parallel_agents.core.review import PlacedComment
from parallel_agents.core.scope import (
    AnotherSession,
    OneCommit,
    Scope,
    SinceLooked,
    WholeChange,
    session_compared,
)
from parallel_agents.core.state import SessionState
from parallel_agents.core.value import replace
from parallel_agents.core.worktree import DiffPart, DiffStat as ChangedFiles, FileStat
from parallel_agents.tui.content.diff_head import refusal_block
from parallel_agents.tui.content.diff_lines import hunk_blocks
from parallel_agents.tui.content.file_order import Arrangement, arranged, mark_of
from parallel_agents.tui.model.commands import Commands
from parallel_agents.tui.model.scope import following, since_look, title_of
from parallel_agents.tui.model.workers import alone
from parallel_agents.tui.screens.pane import Pane
from parallel_agents.tui.screens.review_dialogs import ask_filter, ask_scope
from parallel_agents.tui.text.patch_lines import shortened_patch
from parallel_agents.tui.widgets.diff_view import DiffView
from parallel_agents.wire.messages import Comments, DiffStat, DiffText, NoteLook

PATCH_LIMIT = 1 << 20
"""Characters of a file's patch that are read."""

REST = 0.15
"""Seconds for which a session is selected before it is compared with its base, while the focus is
elsewhere: somebody who goes down the list passes most of them."""

LOOK = 1.0
"""Seconds for which a diff is on the screen until it counts as looked at."""


class DiffPane(Pane):
    """Reads a diff and shows it.

    Args:
        commands: whom to ask.
        sessions: every session, to compare with.
    """

    name = "diff"
    title = "Diff"
    view: DiffView

    def __init__(
        self, commands: Commands, sessions: Callable[[], Iterable[SessionState]] = tuple
    ) -> None:
        super().__init__(commands, DiffView(id="diff"))
        self.view.reviewer = self
        self._sessions = sessions
        self._session: str | None = None
        self._state: SessionState | None = None
        self._stat: ChangedFiles | None = None
        self._shown: Arrangement | None = None
        self._patches: dict[str, str] = {}
        self._comparing = asyncio.Lock()
        self._stamp: object = None
        self._said: object = None
        self._marked: object = None
        self._scopes: dict[str, Scope] = {}
        self._word = ""
        self._visited: str | None = None
        self._before = SinceLooked(parts=())

    @property
    def session(self) -> str | None:
        """Whose diff is shown."""
        return self._session

    @property
    def parts(self) -> tuple[DiffPart, ...]:
        """The trees whose comparison is shown; none before there is one."""
        return self._stat.parts if self._stat is not None else ()

    async def read_again(self) -> None:
        """Compare again: the files were changed from here."""
        if self._session is not None:
            await self._read(self._session)

    def follow(self, state: SessionState) -> None:
        """Compare again when something changed; not while the worktree is being made."""
        self._state = state
        if self._visited != state.id:
            self._begin_visit(state)
        if state.place.creating:
            self._wait(state.id)
            return
        if state.review.comments != self._said or state.id != self._session:
            self._said = state.review.comments
            alone(self.view, partial(self._read_comments, state.id), "comments")
        seen, self._stamp = self._stamp, self._stamp_of(state)
        if seen != self._stamp:
            passing = state.id != self._session and not self.view.has_focus
            alone(self.view, partial(self._read, state.id, REST if passing else 0.0), "diff")
        elif self._marked is not state.place.viewed:
            self._rearrange()

    def _begin_visit(self, state: SessionState) -> None:
        """Note what had been seen before the diff came on the screen."""
        self._visited, self._before = state.id, since_look(state)
        if isinstance(self._scope_of(state.id), SinceLooked):
            self._scopes[state.id] = self._before

    def _stamp_of(self, state: SessionState) -> object:
        """What a comparison depends on, as far as it is known."""
        scope, place = self._scope_of(state.id), state.place
        ends = None if isinstance(scope, WholeChange) else (place.trees, state.turn.count)
        return state.id, place.changes, place.worktree, scope, ends

    def _scope_of(self, session: str) -> Scope:
        return self._scopes.get(session, WholeChange())

    def _wait(self, session: str) -> None:
        """Show no other session's diff while this one's is not known."""
        if session != self._session:
            self._session, self._word = session, ""
            self._forget()

    def _forget(self) -> None:
        self._stat, self._shown, self._patches = None, None, {}
        self.view.clear()

    async def _read(self, session: str, rest: float = 0.0) -> None:
        """Read which files changed, after a rest; their patches follow when they are visible."""
        self._wait(session)
        if rest:
            await asyncio.sleep(rest)
        scope = self._scope_of(session)
        stat = await self._compared(session, scope)
        if stat is None or not self._is_current(session, scope):
            return
        if not stat.parts or stat != self._stat:
            self._patches = {}
        self._stat = stat
        await self._show(stat)
        if self._said:
            await self._read_comments(session)
        if isinstance(scope, WholeChange) and stat.parts:
            alone(self.view, partial(self._note_look, session, stat), "look")

    def _is_current(self, session: str, scope: Scope) -> bool:
        return session == self._session and scope == self._scope_of(session)

    async def _compared(self, session: str, scope: Scope) -> ChangedFiles | None:
        """Ask for the files; of a scope that a person chose, say in its place what is wrong."""
        if isinstance(scope, WholeChange):
            return await self.commands.ask(DiffStat(session=session))
        try:
            message = DiffStat(session=session, scope=scope)
            return await self.commands.ask(message, raises=UserError)
        except UserError as error:
            if self._is_current(session, scope):
                self._forget()
                said = f"{error.message} {error.hint}".strip()
                self.view.set_blocks([refusal_block(title_of(scope), said)])
            return None

    async def _show(self, stat: ChangedFiles) -> None:
        """Arrange the files and show them, unless others came meanwhile."""
        self._marked = marks = self._state.place.viewed if self._state is not None else ()
        word = self._word
        found = await asyncio.to_thread(arranged, stat, marks, word)
        if stat is self._stat and marks is self._marked and word == self._word:
            self._shown = found
            self.view.show(found.stat, self._patches, found.totals, found.marks)

    def _rearrange(self) -> None:
        """Show the files with other marks, or others of them."""
        self._marked = self._state.place.viewed if self._state is not None else ()
        if self._stat is not None:
            alone(self.view, partial(self._show, self._stat), "arrange")

    async def _note_look(self, session: str, stat: ChangedFiles) -> None:
        """Note what was looked at, once it has been on the screen for a moment."""
        await asyncio.sleep(LOOK)
        state = self._state
        if stat is not self._stat or state is None or self._visited != session:
            return
        seen = state.place.seen
        known = None if seen is None else {part.prefix: part.tree for part in seen.parts}
        if known != {part.prefix: part.tree for part in stat.parts}:
            with contextlib.suppress(UserError):  # nobody asked for it; the next look is noted
                message = NoteLook(session=session, parts=stat.parts)
                await self.commands.ask(message, raises=UserError)

    # --- what the keys ask for ------------------------------------------------------------------

    def left(self) -> None:
        """Note that the diff is not on the screen any more."""
        self._visited = None

    def next_scope(self) -> None:
        """Compare with something else."""
        if self._session is not None:
            self._choose(self._session, following(self._scope_of(self._session)))

    def _choose(self, session: str, scope: Scope) -> None:
        if isinstance(scope, SinceLooked):
            scope = self._before
        self._scopes[session] = scope
        state = self._state
        if state is not None and session == self._session == state.id:
            self._forget()
            self._stamp = self._stamp_of(state)
            alone(self.view, partial(self._read, session), "diff")

    def choose_scope(self) -> None:
        """Ask with what to compare."""
        if self._state is not None:
            alone(self.view, partial(self._ask_scope, self._state), "ask")

    async def _ask_scope(self, state: SessionState) -> None:
        scope = await ask_scope(self.view, self.commands, state, self._sessions())
        if scope is not None:
            self._choose(state.id, scope)

    def choose_filter(self) -> None:
        """Ask which files to show."""
        alone(self.view, self._ask_filter, "ask")

    async def _ask_filter(self) -> None:
        session = self._session
        word = await ask_filter(self.view, self._word)
        if word is not None and session == self._session:
            self._word = word
            self._rearrange()

    def show_all(self) -> bool:
        """Show all files again; returns whether only some were shown."""
        filtered, self._word = bool(self._word), ""
        if filtered:
            self._rearrange()
        return filtered

    def mark(self, file: FileStat) -> bool:
        """Mark a file as viewed, or take the mark back; returns whether it was marked."""
        mark, shown = mark_of(file), self._shown
        if mark is None or shown is None or self._session is None:
            self.commands.say("This file was not compared, so it cannot be marked.", topic="key")
            return False
        viewed = file.path not in shown.marks.viewed
        work = self.commands.mark_viewed(self._session, mark, viewed=viewed)
        self.view.run_worker(work, group="mark")
        return viewed

    async def _read_comments(self, session: str) -> None:
        """Read where the comments are; a newer comparison reads them again."""
        stat = self._stat
        if stat is None or session != self._session or not stat.parts:
            return
        if not self._said:
            self.view.show_comments(())
            return
        # What became of a comment is what became of it in the worktree, whatever is compared.
        elsewhere = isinstance(self._scope_of(session), OneCommit | AnotherSession)
        with contextlib.suppress(TreeGoneError):
            message = Comments(session=session, parts=() if elsewhere else stat.parts)
            reply = await self.commands.ask(message, raises=TreeGoneError)
            if reply is not None and stat is self._stat:
                paths = set() if elsewhere else {file.path for file in stat.files}
                self.view.show_comments(_where_shown(reply.comments, paths))

    # --- patches --------------------------------------------------------------------------------

    async def read_patch(self, path: str) -> None:
        """Read one file's patch; if its trees are gone, compare the files again."""
        session, read, text = self._session, None, None
        while session is not None and session == self._session and read is not self._stat:
            read = self._stat
            text = None if read is None else await self._text(session, read, path)
            if text is None:
                return
            await asyncio.to_thread(hunk_blocks, path, text)
        shown = self._shown
        if text is not None and shown is not None and session == self._session:
            self._patches[path] = text
            self.view.show(shown.stat, self._patches, shown.totals, shown.marks)

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
        other = session_compared(self._scope_of(session))
        before = next((file.old_path for file in stat.files if file.path == path), None)
        parts: list[str] = []
        offset = 0
        while sum(map(len, parts)) < PATCH_LIMIT:
            message = DiffText(
                session=session,
                parts=stat.parts,
                path=path,
                old_path=before,
                offset=offset,
                other=other,
            )
            reply = await self.commands.ask(message, raises=TreeGoneError)
            if reply is None:
                return None
            parts.append(reply.text)
            if reply.next is None:
                return "".join(parts)
            offset = reply.next
        return await asyncio.to_thread(shortened_patch, "".join(parts))


def _where_shown(
    comments: Iterable[PlacedComment], paths: Container[str]
) -> tuple[PlacedComment, ...]:
    """Show comments on other files than those shown with those on the whole change."""
    return tuple(
        placed if placed.path in paths else replace(placed, path="") for placed in comments
    )
