"""What keys and the palette do to the selected session, including dialogs.

Keep true: an action is bound to the session's id before a dialog opens or anything is awaited;
closing the screen stops nothing.
"""

import os
import time

from parallel_agents.core.errors import UserError
from parallel_agents.core.ids import new_uuid
from parallel_agents.core.state import SessionState
from parallel_agents.core.text import safe_line
from parallel_agents.core.value import replace
from parallel_agents.tui.model.grouping import listed
from parallel_agents.tui.model.kept_view import KeptView, keep_view
from parallel_agents.tui.model.request_card import Card, Verdict, Wanted
from parallel_agents.tui.screens.board import now_ms
from parallel_agents.tui.screens.composing import Composing
from parallel_agents.tui.screens.confirm import ChoiceDialog, LineDialog, ReadDialog
from parallel_agents.tui.screens.inbox import InboxScreen
from parallel_agents.tui.screens.peek import GO_IN, PeekScreen
from parallel_agents.tui.terminal import foreground
from parallel_agents.tui.text.ages import ago
from parallel_agents.tui.text.spans import Span, flat
from parallel_agents.tui.text.styles import ink_of
from parallel_agents.tui.widgets.checks_view import ChecksView
from parallel_agents.tui.widgets.diff_view import DiffView
from parallel_agents.wire import messages as m


class Verbs(Composing):
    """The board with the actions on a session."""

    def current(self) -> SessionState | None:
        """Facts of the selected session; tells the user if there is none."""
        state = self.store.state
        if state is None:
            self.commands.say("There is no session yet; c starts one.")
        return state

    # --- peek ---------------------------------------------------------------------------------

    def act(self, name: str, number: int = 0) -> None:
        """Carry out an action of the table."""
        raise NotImplementedError

    def do_peek(self) -> None:
        """Peek at the latest output, and reply."""
        if (state := self.current()) is not None:
            self.later(self._peek(state))

    async def _peek(self, state: SessionState) -> None:
        conversation = self.store.conversation
        if conversation is None or conversation.session != state.id:
            return
        await self.commands.seen(state)
        peek = PeekScreen(state, conversation.transcript, Card(self.clock), self.pressed)
        reply = await self.ask_person(peek)
        if reply == GO_IN:
            self.choose(state.id)
            self.go_in()
        elif reply is not None and not await self.commands.send(state.id, reply):
            self.keep_draft(state.id, reply)

    def paint(self) -> None:
        """Show what the store knows now, including in a dialog over the list."""
        super().paint()
        for dialog in self.app.screen_stack:
            if isinstance(dialog, PeekScreen):
                dialog.follow(self.store.mirror.sessions.get(dialog.session))
            elif isinstance(dialog, InboxScreen):
                dialog.follow()

    def pressed(self, card: Card, outcome: Verdict | Wanted | None) -> None:
        """Do what a key on a request means."""
        raise NotImplementedError

    def choose(self, session: str) -> None:
        """Select a session for the person, who from then on is where it is."""
        raise NotImplementedError

    def bring(self, session: str) -> None:
        """Select a session that the person expects to see."""
        raise NotImplementedError

    def do_back(self) -> None:
        """Go back to the list."""
        raise NotImplementedError

    # --- panes --------------------------------------------------------------------------------

    def show_pane(self, name: str) -> None:
        """Show transcript, diff or info, and put the focus there."""
        if self.current() is None:
            return
        self.panes.show(name)
        self.go_to_pane(name)

    def go_to_pane(self, name: str) -> None:
        """Put the focus on a pane of the layout."""
        self.set_class(True, "-inside")
        self.panes.focused(name)
        self.panes.all[name].view.focus()
        self.wake()

    def do_transcript(self) -> None:
        """Show the transcript."""
        self.show_pane("transcript")

    def do_diff(self) -> None:
        """Show the diff."""
        self.show_pane("diff")

    def do_info(self) -> None:
        """Show the info."""
        self.show_pane("info")

    def do_checks(self) -> None:
        """Show the checks."""
        self.show_pane("checks")

    def do_run_checks(self) -> None:
        """Run all checks."""
        if (state := self.current()) is not None:
            self.later(self.commands.run_checks(state.id))

    def do_send_check(self) -> None:
        """Send the agent what the failed check printed."""
        if (state := self.current()) is not None:
            view = self.query_one(ChecksView)
            self.later(self.commands.send_check(state.id, view.chosen if view.has_focus else ""))

    def do_explain(self) -> None:
        """Show why the session is in this state."""
        if (state := self.current()) is not None:
            self.later(self._explain(state.id))

    async def _explain(self, session: str) -> None:
        reply = await self.commands.ask(m.Explain(session=session))
        if reply is None:
            return
        ink = ink_of(self.app)
        now = time.time() * 1000
        lines: list[list[Span]] = [[flat(f"{reply.shown}  {reply.detail}", ink.strong)], []]
        lines += [[flat(f"{k}: {v}", ink.text)] for k, v in reply.facts.items() if v]
        lines.append([])
        for entry in reply.evidence:
            when = ago(now - entry.at) if entry.at else ""
            words = f"{entry.fact}: {entry.event} #{entry.seq} {when}"
            lines += [[flat(words, ink.muted)], [flat(f"  {entry.line}", ink.code)]]
        await self.ask_person(ReadDialog("Why this state", lines))

    # --- the session --------------------------------------------------------------------------

    def do_stop(self) -> None:
        """Stop the session; twice, delete it."""
        if (state := self.current()) is not None:
            self.later(self.commands.stop(state.id, typing=self.zone == "input"))

    def do_undo(self) -> None:
        """Restore the session that was deleted last."""
        self.later(self.commands.undo())

    def do_trash(self) -> None:
        """List deleted sessions, and restore one."""
        self.later(self._trash())

    async def _trash(self) -> None:
        from parallel_agents.tui.screens.trash import TrashScreen

        reply = await self.commands.ask(m.ListTrash())
        if reply is None:
            return
        session = await self.ask_person(TrashScreen(reply.entries, now_ms()))
        if session is not None:
            await self.commands.restore(session)

    def do_pin(self) -> None:
        """Pin or unpin."""
        if (state := self.current()) is not None:
            self.later(self.commands.pin(state))

    def do_rename(self) -> None:
        """Rename."""
        if (state := self.current()) is not None:
            self.later(self._rename(state))

    async def _rename(self, state: SessionState) -> None:
        name = await self.ask_person(LineDialog("New name", safe_line(state.session.name)))
        if name is not None:
            await self.commands.rename(state.id, name)

    def do_mode(self) -> None:
        """Change the permission mode."""
        if (state := self.current()) is not None:
            self.later(self._mode(state))

    async def _mode(self, state: SessionState) -> None:
        offer = self.store.agents.named(state.session.agent)
        if offer is None or not offer.traits.modes:
            self.commands.say(f"No modes are known of the agent {state.session.agent}.", "warning")
            return
        now = f"now: {state.conversation.mode or state.session.options.mode or 'as the agent'}"
        choices = [(mode.name, mode.meaning) for mode in offer.traits.modes]
        mode = await self.ask_person(
            ChoiceDialog("Permission mode", now, choices, ink_of(self.app))
        )
        if mode is not None:
            await self.commands.set_mode(state.id, mode)

    def do_respawn(self) -> None:
        """Continue a cut turn, or restart the process."""
        if (state := self.current()) is not None:
            self.later(self._go_on(state))

    async def _go_on(self, state: SessionState) -> None:
        """Resume; first show what the agent would load now, if it has not been accepted."""
        if (
            state.session.options.trusted
            and state.place.worktree is not None
            and not state.place.missing
        ):
            resolved = await self.commands.ask(m.ResolveRepository(session=state.id))
            if resolved is None or not await self._accepted(state, resolved):
                return
        await self.commands.go_on(state)

    async def _accepted(self, state: SessionState, resolved: m.ResolvedRepository) -> bool:
        if resolved.trusted:
            return True
        from parallel_agents.tui.screens.trust import TrustScreen

        if await self.ask_person(TrustScreen(resolved, ink_of(self.app), going_on=True)) != "trust":
            return False
        accept = m.Trust(key=new_uuid(), session=state.id, digest=resolved.digest)
        return await self.commands.ask(accept) is not None

    def do_group(self) -> None:
        """Group by state or by directory."""
        view = self.store.view
        self.look(replace(view, by="directory" if view.by == "state" else "state"))

    def look(self, view: KeptView) -> None:
        """Look at the list in another way, also after a restart."""
        self.store.look(view)
        keep_view(view)

    def do_help(self) -> None:
        """Show every key."""
        from parallel_agents.tui.screens.help import HelpScreen

        self.app.push_screen(HelpScreen(ink_of(self.app), self.keys))

    def do_quit(self) -> None:
        """Close the screen; sessions keep working."""
        alive = [s for s in self.store.mirror.sessions.values() if s.process.is_there]
        count = len([state for state in alive if listed(state)])
        noun = "session keeps" if count == 1 else "sessions keep"
        self.app.exit(
            message=f"{count} {noun} working. `parallel-agents` shows them again."
            if count
            else None
        )

    do_quit_anywhere = do_quit

    # --- the whole terminal -------------------------------------------------------------------

    def _in_worktree(self, argv: list[str]) -> None:
        state = self.current()
        if state is None or state.place.worktree is None:
            self.commands.say("This session has no worktree yet.")
            return
        try:
            self.run_outside(argv, state.place.worktree.path, os.environ)
        except UserError as error:
            self.commands.complain(error)
        self.store.read_again()  # to follow the session again has its changes counted
        self.wake()

    def do_shell(self) -> None:
        """Open a shell in the worktree."""
        self._in_worktree(foreground.shell())

    def do_edit(self) -> None:
        """Open the editor in the worktree."""
        diff = self.query_one(DiffView)
        place = diff.line_at_cursor() if diff.has_focus else None
        self._in_worktree(foreground.editor_at(place) if place else [*foreground.editor(), "."])

    def do_editor(self) -> None:
        """Write the reply in the editor."""
        try:
            self.prompt.text = foreground.edit_text(self.run_outside, self.prompt.text)
        except UserError as error:
            self.commands.complain(error)
        self.prompt.focus()

    def do_attach(self) -> None:
        """Open the conversation in this terminal until the user leaves it."""
        if (state := self.current()) is not None:
            self.later(self._lend(state.id))

    async def _lend(self, session: str) -> None:
        command = await self.commands.ask(m.AttachBegin(key=new_uuid(), session=session))
        if command is None:
            return
        try:
            self.run_outside(command.argv, command.cwd, command.env)
        except UserError as error:
            self.commands.complain(error)
        finally:
            await self.commands.ask(m.AttachEnd(key=new_uuid(), session=session))
