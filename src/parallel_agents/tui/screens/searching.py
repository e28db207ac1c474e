"""Searching all transcripts, and going to what was found.

Keep true: the place is shown once its part of the conversation has been read; whoever goes
elsewhere meanwhile is not brought back.
"""

from typing import NamedTuple

from parallel_agents.core.errors import UserError
from parallel_agents.tui.model.workers import alone
from parallel_agents.tui.screens import board
from parallel_agents.tui.screens.confirm import LineDialog
from parallel_agents.tui.screens.rejecting import Rejecting
from parallel_agents.tui.screens.search import SearchScreen
from parallel_agents.wire.messages import Search, SearchHit


class Goal(NamedTuple):
    """A record to show: whose it is, and its number."""

    session: str
    seq: int


class Searching(Rejecting):
    """The board with the search."""

    _goal: Goal | None = None
    _sought = ""

    def do_search(self) -> None:
        """Look for a text in all transcripts."""
        self.later(self._search())

    async def _search(self) -> None:
        text = await self.ask_person(LineDialog("Search all transcripts", self._sought))
        if text is None:
            return
        self._sought = text
        result = await self.commands.ask(Search(text=text))
        if result is None:
            return
        if not result.hits:
            self.commands.say(f"“{text}” is in no transcript.")
            return
        chosen = await self.ask_person(SearchScreen(text, result, board.now_ms()))
        if chosen is not None:
            self._go_to(result.hits[int(chosen)])

    def _go_to(self, hit: SearchHit) -> None:
        if hit.session not in self.store.mirror.sessions:
            self.commands.say(f"{hit.name} is no longer there.")
            return
        self.choose(hit.session)
        self.show_pane("transcript")
        self._goal = Goal(hit.session, hit.seq)

    def paint(self) -> None:
        """Show what the store knows now, and the place that was found."""
        super().paint()
        goal, conversation = self._goal, self.store.conversation
        if goal is None or conversation is None:
            return
        if conversation.session != goal.session:
            self._goal = None
        elif conversation.loaded and (conversation.oldest <= goal.seq or not conversation.more):
            self._goal = None
            self.panes.transcript.view.show_record(goal.seq)
        elif conversation.loaded:
            alone(self, self._read_back, "read back")

    async def _read_back(self) -> None:
        try:
            seq = self._goal.seq if self._goal is not None else 0
            await self.store.read_older(self.store.opened, seq)
        except UserError as error:
            self._goal = None
            self.commands.complain(error)
