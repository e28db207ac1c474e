"""Decides on requests, one after the other: the keys of the card and what comes after each.

Keep true: a decision names what was on the screen when its key was pressed; after a decision the
request that waits longest is shown, over all sessions, and when none is left the person is back
where they were; a person who moves by themselves stays there.
"""

import json
import time
from dataclasses import dataclass

from parallel_agents.core.items import RequestItem
from parallel_agents.core.options import Decision
from parallel_agents.core.state import Request, SessionState
from parallel_agents.core.text import safe, safe_line
from parallel_agents.tui.model.grouping import waiting
from parallel_agents.tui.model.request_card import (
    TOO_EARLY,
    Card,
    Identity,
    Verdict,
    Wanted,
    identity_of,
)
from parallel_agents.tui.screens import board
from parallel_agents.tui.screens.confirm import LineDialog, TextDialog
from parallel_agents.tui.screens.decide_several import DecideSeveral
from parallel_agents.tui.screens.inbox import SEVERAL, InboxScreen
from parallel_agents.tui.screens.verbs import Verbs
from parallel_agents.tui.text.styles import ink_of


@dataclass(frozen=True, slots=True)
class Home:
    """Where the person was before requests took them elsewhere.

    Attributes:
        session: the selected session.
        inside: whether they were in it, not in the list.
    """

    session: str
    inside: bool


class Decisions:
    """Carries out the keys that act on the request of the selected session.

    Args:
        screen: the screen that shows it.
    """

    def __init__(self, screen: Verbs) -> None:
        self._screen = screen
        self._home: Home | None = None

    # --- where the person is ------------------------------------------------------------------

    def leave(self) -> None:
        """Remember where the person is, before a request takes them elsewhere."""
        selected = self._screen.store.selected
        if self._home is None and selected is not None:
            self._home = Home(selected, self._screen.has_class("-inside"))

    def stay(self) -> None:
        """Forget where the person was: they went where they are by themselves."""
        self._home = None

    # --- one after the other ------------------------------------------------------------------

    def _press(self) -> None:
        """Decide on the request that was on the screen when the key was pressed."""
        given, self._screen.key = self._screen.key, None
        key = self._screen.keys.usual(given.key) if given is not None else ""
        if given is None or not key:
            return
        if self._screen.card.session != (self._screen.store.selected or ""):
            self._screen.paint()  # another session was selected, and is not on the screen yet
            self._screen.card.refusal = TOO_EARLY
        elif self._screen.card.request is None:
            self._screen.commands.say("This session asks nothing.", topic="key")
        elif not self._screen.session_visible:
            self._screen.go_in()
            self._screen.card.refusal = "here is what it asks: press again"
        else:
            self.pressed(
                self._screen.card,
                self._screen.card.press(key, max(time.monotonic() - given.time, 0.0)),
            )
        self._screen.wake()

    def pressed(self, card: Card, outcome: Verdict | Wanted | None) -> None:
        """Do what a key on a request means."""
        if isinstance(outcome, Verdict):
            self._screen.later(self.decide(card, outcome))
        elif isinstance(outcome, Wanted):
            self._screen.later(self._write(card, outcome))

    async def decide(self, card: Card, verdict: Verdict) -> None:
        """Send a decision, and show what waits next."""
        taken = await self._screen.commands.answer(verdict)
        if not taken:
            card.refused(verdict.identity)
            self._screen.wake()
        elif self._screen.is_current and self._screen.store.selected == verdict.identity.session:
            self._go_on_from(verdict.identity)

    def _go_on_from(self, decided: Identity) -> None:
        """Show the request that waits longest; without one, go back to where the person was."""
        pending = [
            (session, request)
            for session, request in waiting(self._screen.store.mirror.sessions.values())
            if (session, request.id) != decided[:2]
        ]
        if pending:
            self.leave()
            self._show_request(*pending[0])
        elif (home := self._home) is not None:
            self._home = None
            if home.session in self._screen.store.order():
                self._screen.bring(home.session)
            if not home.inside:
                self._screen.do_back()

    def _show_request(self, session: str, request: Request) -> None:
        self._screen.bring(session)
        self._screen.card.show(self._screen.store.state)
        self._screen.card.turn_to(request.id)
        if not self._screen.session_visible:
            self._screen.go_in()
        self._screen.wake()

    def do_skip(self) -> None:
        """Show the request that has waited longest after the one shown."""
        pending = waiting(self._screen.store.mirror.sessions.values())
        here = self._screen.card.identity
        names = [(session, request.id) for session, request in pending]
        at = names.index(here[:2]) if here is not None and here[:2] in names else -1
        if not pending or (len(pending) == 1 and at == 0):
            self._screen.commands.say("Nothing else waits for you.", topic="key")
            return
        self.leave()
        self._show_request(*pending[(at + 1) % len(pending)])

    async def _write(self, card: Card, wanted: Wanted) -> None:
        """Let the user write what a decision needs."""
        if wanted.what == "edit":
            await self._edit_input(card, wanted)
            return
        typed = safe_line(self._screen.prompt.text) if wanted.what == "deny" else ""
        title = (
            "Deny, and say what to do instead"
            if wanted.what == "deny"
            else "Answer in your own words"
        )
        text = await self._screen.ask_person(LineDialog(title, typed))
        if text is None:
            return
        if typed and wanted.identity.session == self._screen.shown:
            self._screen.prompt.clear()
        verdict = card.written(wanted, text)
        if verdict is not None:
            await self.decide(card, verdict)
        self._screen.wake()

    async def _edit_input(self, card: Card, wanted: Wanted) -> None:
        """Let the user edit the input: a command as plain text, anything else as JSON."""
        given = wanted.request.input
        command = given.get("command")
        # If it cannot be shown unchanged, it is edited as JSON with everything escaped.
        plain = isinstance(command, str) and safe(command) == command
        text = str(command) if plain else json.dumps(given, indent=2)
        edited = await self._screen.ask_person(
            TextDialog("Edit it; Ctrl+O then allows it once", text)
        )
        if edited is None:
            return
        try:
            value = {**given, "command": edited} if plain else json.loads(edited)
        except ValueError as error:
            self._screen.commands.say(f"That is not JSON: {error}. Nothing was sent.", "error")
            return
        if not isinstance(value, dict):
            self._screen.commands.say("The input must be a JSON object. Nothing was sent.", "error")
            return
        await self.decide(card, card.edited(wanted, value))

    # --- all of them --------------------------------------------------------------------------

    def do_inbox(self) -> None:
        """List all requests, and decide on one or several."""
        self._screen.later(self._inbox())

    async def _inbox(self) -> None:
        sessions = self._screen.store.mirror.sessions
        while True:
            card, keys = Card(self._screen.clock), self._screen.keys
            inbox = InboxScreen(card, keys, self.pressed, sessions.values, board.now_ms)
            if await self._screen.ask_person(inbox) != SEVERAL:
                return
            await self._decide_several(inbox.chosen_requests())

    async def _decide_several(self, pending: list[tuple[SessionState, Request]]) -> None:
        dialog = DecideSeveral(pending, ink_of(self._screen.app))
        chosen = await self._screen.ask_person(dialog)
        if chosen is None:
            return
        decision = Decision(behavior="allow" if chosen == "allow" else "deny")
        taken = 0
        for state, request in pending:
            verdict = Verdict(identity_of(state.id, request), decision)
            taken += await self._screen.commands.answer(verdict)
        self._screen.commands.say(f"{taken} of {len(pending)} decided.", topic="inbox")

    def gone(self, request: Identity) -> None:
        """Say that a request that was shown is no longer asked, if the agent withdrew it."""
        state = self._screen.store.mirror.sessions.get(request.session)
        if state is None or not state.process.is_there or state.process.stopping:
            return  # what ends with its process was not withdrawn
        conversation = self._screen.store.conversation
        items = conversation.transcript.items if conversation is not None else []
        asked = (item for item in reversed(items) if isinstance(item, RequestItem))
        item = next((item for item in asked if item.id == request.request), None)
        if item is not None and item.status == "withdrawn":
            said = f"The agent withdrew its request: {safe_line(item.said)}"
            self._screen.commands.say(said, topic="withdrawn")

    # --- keys ---------------------------------------------------------------------------------

    def do_allow(self) -> None:
        """Allow once; send the answers; approve the plan."""
        self._press()

    def do_always(self) -> None:
        """Allow by the rule shown, for this session."""
        self._press()

    def do_always_repository(self) -> None:
        """Allow by the rule shown, saved in the repository."""
        self._press()

    def do_deny(self) -> None:
        """Deny; keep planning."""
        self._press()

    def do_deny_message(self) -> None:
        """Deny, and say what to do instead."""
        self._press()

    def do_edit_input(self) -> None:
        """Edit what would run, then allow it."""
        self._press()

    def do_own_words(self) -> None:
        """Answer a question in the user's own words."""
        self._press()

    def do_next_question(self) -> None:
        """Go to the next question of the same request."""
        self._turn_question(1)

    def do_previous_question(self) -> None:
        """Go to the question before."""
        self._turn_question(-1)

    def _turn_question(self, step: int) -> None:
        self._screen.card.move_on(step)
        self._screen.wake()

    def do_read_on(self) -> None:
        """Scroll the request on."""
        self._screen.request.turn_page(1)

    def do_read_back(self) -> None:
        """Scroll the request back."""
        self._screen.request.turn_page(-1)

    def do_choose(self, number: int) -> None:
        """Choose an answer."""
        self._press()
