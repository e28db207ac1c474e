"""The main screen's keys: carries out each action of the table.

Keep true: a key works only in its zones; only the user moves the focus into a card; leaving the
screen stops nothing.
"""

import json
from collections.abc import Callable

from textual import events

from parallel_agents.core.errors import UserError
from parallel_agents.core.text import safe, safe_line
from parallel_agents.tui.model.actions import BY_ID
from parallel_agents.tui.model.grouping import next_needing
from parallel_agents.tui.model.request_card import Verdict, Wanted
from parallel_agents.tui.screens.confirm import LineDialog, TextDialog
from parallel_agents.tui.screens.verbs import Verbs
from parallel_agents.tui.widgets.completion import CompletionList
from parallel_agents.tui.widgets.prompt import Prompt
from parallel_agents.tui.widgets.sidebar import Sidebar
from parallel_agents.tui.widgets.transcript_view import TranscriptView
from parallel_agents.wire.messages import ListFiles

TWICE = 0.6
"""Seconds within which pressing Esc twice counts as an interrupt."""


class MainScreen(Verbs):
    """The board with its keys."""

    _escaped_at = -TWICE
    _jumping = False

    # --- which key counts where ---------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Whether a key of the table works where the focus is."""
        if action != "do":
            return super().check_action(action, parameters)
        name = str(parameters[0])
        zone = self.zone
        if zone not in BY_ID[name].zones:
            return False
        return zone != "input" or self._free(name)

    def _free(self, name: str) -> bool:
        """Whether the input does not need this key itself."""
        match name:
            case "zone_next" | "escape":
                return not self.query_one(CompletionList).is_open
            case "stop":
                return self.prompt.is_empty
            case "interrupt":
                return not self.prompt.editor.selected_text
            case _:
                return True

    def act(self, name: str, number: int = 0) -> None:
        """Carry out an action of the table."""
        method: Callable[..., None] = getattr(self, f"do_{name}")
        if number:
            method(number)
        else:
            method()

    def action_do(self, name: str, number: int = 0) -> None:
        """Handle a key of the table."""
        self.act(name, number)

    def on_key(self, event: events.Key) -> None:
        """Handle the second key of `g 1`."""
        jumping, self._jumping = self._jumping, False
        if jumping and event.key.isdecimal() and event.key != "0":
            event.stop()
            self.do_jump(int(event.key))

    def do_jump_begin(self) -> None:
        """Wait for the digit that says where to go."""
        self._jumping = True

    async def complete_files(self, prefix: str) -> list[str]:
        """List files of the shown session's worktree."""
        if self.shown is None:
            return []
        try:
            reply = await self.store.ask(ListFiles(session=self.shown, prefix=prefix))
        except UserError:
            return []
        return [str(name) for name in reply.files]

    # --- moving -------------------------------------------------------------------------------

    def _step(self, step: int) -> None:
        order = self.store.order()
        if not order:
            return
        at = order.index(self.store.selected) if self.store.selected in order else -step
        self.store.select(order[max(0, min(at + step, len(order) - 1))])

    def do_previous(self) -> None:
        """Select the session above."""
        self._step(-1)

    def do_next(self) -> None:
        """Select the session below."""
        self._step(1)

    def do_first(self) -> None:
        """Select the first session."""
        self._step(-len(self.store.order()))

    def do_last(self) -> None:
        """Select the last session."""
        self._step(len(self.store.order()))

    def do_page_up(self) -> None:
        """Go up by the height of the list."""
        self._step(-self.sidebar.page)

    def do_page_down(self) -> None:
        """Go down by the height of the list."""
        self._step(self.sidebar.page)

    def do_enter(self) -> None:
        """Go into the session."""
        self.go_in()

    def go_in(self) -> None:
        """Go into the session: to its request if it has one, otherwise to the input."""
        if self.store.state is None:
            return
        self.paint()
        self.set_class(True, "-inside")
        self._look()
        if self.card.request is not None:
            self.request.focus()
        else:
            self.prompt.focus()

    def _look(self) -> None:
        state = self.store.state
        if state is not None and state.unread:
            self.later(self.commands.seen(state))

    def on_sidebar_chosen(self, message: Sidebar.Chosen) -> None:
        """Select the row that was clicked."""
        self.store.select(message.session)
        if message.enter:
            self.go_in()

    def do_next_needing(self) -> None:
        """Go to the next session that needs the user, and to its request."""
        mirror = self.store.mirror.sessions
        found = next_needing(self.store.order(), mirror, self.store.selected)
        if found is None:
            self.commands.say("Nothing needs you.")
            return
        self.store.select(found)
        self.go_in()

    def do_jump(self, number: int) -> None:
        """Go to the session with this number in the list."""
        order = self.store.order()
        if number <= len(order):
            self.store.select(order[number - 1])

    do_jump_sign = do_jump

    def do_back(self) -> None:
        """Go back to the list."""
        self.set_class(False, "-inside")
        self.sidebar.focus()

    def do_escape(self) -> None:
        """Go back to the list; twice in a row, interrupt."""
        now = self.clock()
        twice, self._escaped_at = now - self._escaped_at <= TWICE, now
        if twice:
            self._escaped_at = now - TWICE * 2
            self.do_interrupt()
        elif self.zone != "input" or self.prompt.is_empty:
            self.do_back()

    def on_prompt_left(self) -> None:
        """Handle `←` or Esc in the empty input."""
        self.do_escape()

    def do_zone_next(self) -> None:
        """Move the focus on: list, card, input."""
        self._go_zone(1)

    def do_zone_back(self) -> None:
        """Move the focus back: input, card, list."""
        self._go_zone(-1)

    def _go_zone(self, step: int) -> None:
        zones = ["list", "card", "input"]
        if self.card.request is None:
            zones.remove("card")
        here = "list" if self.zone == "view" else self.zone
        goal = zones[(zones.index(here) + step) % len(zones)]
        self.set_class(goal != "list", "-inside")
        {"list": self.sidebar, "card": self.request, "input": self.prompt}[goal].focus()

    # --- the conversation ---------------------------------------------------------------------

    def on_prompt_sent(self, message: Prompt.Sent) -> None:
        """Send a reply to the session that is shown."""
        if self.shown is None:
            self.do_dispatch(message.text)
            return
        self.later(self._send(self.shown, message.text))

    async def _send(self, session: str, text: str) -> None:
        if not await self.commands.send(session, text):
            self.keep_draft(session, text)

    def on_transcript_view_need_older(self, message: TranscriptView.NeedOlder) -> None:
        """Read what comes before the top."""
        self.later(self._older())

    async def _older(self) -> None:
        try:
            await self.store.read_older()
        except UserError as error:
            self.commands.complain(error)

    def do_interrupt(self) -> None:
        """End the running turn, or copy the selected text."""
        if text := self.get_selected_text():
            self.app.copy_to_clipboard(text)
            return
        state = self.store.state
        if state is None or not state.turn.running:
            self.commands.say("q closes the screen; sessions keep working.")
            return
        self.later(self.commands.interrupt(state.id))

    # --- the card -----------------------------------------------------------------------------

    def _press(self, key: str) -> None:
        outcome = self.request.press(key)
        if isinstance(outcome, Verdict):
            self.later(self.decide(self.card, outcome))
        elif isinstance(outcome, Wanted):
            self.later(self._write(outcome))
        self.wake()

    async def _write(self, wanted: Wanted) -> None:
        """Let the user write what a decision needs."""
        if wanted.what == "edit":
            await self._edit_input(wanted)
            return
        typed = safe_line(self.prompt.text) if wanted.what == "deny" else ""
        title = (
            "Deny, and say what to do instead"
            if wanted.what == "deny"
            else "Answer in your own words"
        )
        text = await self._ask(LineDialog(title, typed))
        if text is None:
            return
        if typed and wanted.identity.session == self.shown:
            self.prompt.clear()
        verdict = self.card.written(wanted, text)
        if verdict is not None:
            await self.decide(self.card, verdict)
        self.wake()

    async def _edit_input(self, wanted: Wanted) -> None:
        """Let the user edit the input: a command as plain text, anything else as JSON."""
        given = wanted.request.input
        command = given.get("command")
        # If it cannot be shown unchanged, it is edited as JSON with everything escaped.
        plain = isinstance(command, str) and safe(command) == command
        text = str(command) if plain else json.dumps(given, indent=2)
        edited = await self._ask(TextDialog("Edit it; Ctrl+O then allows it once", text))
        if edited is None:
            return
        try:
            value = {**given, "command": edited} if plain else json.loads(edited)
        except ValueError as error:
            self.commands.say(f"That is not JSON: {error}. Nothing was sent.", "error")
            return
        if not isinstance(value, dict):
            self.commands.say("The input must be a JSON object. Nothing was sent.", "error")
            return
        await self.decide(self.card, self.card.edited(wanted, value))

    def do_allow(self) -> None:
        """Allow once; send the answers; approve the plan."""
        self._press("y")

    def do_always(self) -> None:
        """Allow by the rule shown, for this session."""
        self._press("a")

    def do_always_repository(self) -> None:
        """Allow by the rule shown, saved in the repository."""
        self._press("A")

    def do_deny(self) -> None:
        """Deny; keep planning."""
        self._press("n")

    def do_deny_message(self) -> None:
        """Deny, and say what to do instead."""
        self._press("N")

    def do_edit_input(self) -> None:
        """Edit what would run, then allow it."""
        self._press("e")

    def do_own_words(self) -> None:
        """Answer a question in the user's own words."""
        self._press("f")

    def do_next_question(self) -> None:
        """Go to the next question of the same request."""
        self.card.move_on()
        self.wake()

    def do_choose(self, number: int) -> None:
        """Choose an answer."""
        self._press(str(number))

    def do_other_request(self) -> None:
        """Show the next pending request."""
        self.card.turn(1)
        self.wake()
