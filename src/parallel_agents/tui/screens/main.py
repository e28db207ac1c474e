"""The main screen's keys: carries out each action of the table.

Keep true: a letter means one thing wherever the focus is, and is text in a text field; leaving the
screen stops nothing.
"""

from collections.abc import Callable

from textual import events
from textual.widget import Widget
from textual.widgets import Input

from parallel_agents.core.errors import UserError
from parallel_agents.tui.model.grouping import arrange, in_order, needs_person, next_needing
from parallel_agents.tui.model.kept_view import kept_view
from parallel_agents.tui.model.open_conversation import OpenConversation
from parallel_agents.tui.model.request_card import Card, Identity, Verdict, Wanted
from parallel_agents.tui.screens.commenting import Commenting
from parallel_agents.tui.screens.decisions import Decisions
from parallel_agents.tui.screens.layout_keys import LayoutKeys
from parallel_agents.tui.screens.searching import Searching
from parallel_agents.tui.screens.typed_text import TypedTextScreen
from parallel_agents.tui.terminal.modes import Modes
from parallel_agents.tui.widgets.completion import CompletionList
from parallel_agents.tui.widgets.diff_view import DiffView
from parallel_agents.tui.widgets.filter_line import FilterLine
from parallel_agents.tui.widgets.prompt import Prompt
from parallel_agents.tui.widgets.sidebar import Sidebar
from parallel_agents.tui.widgets.transcript_view import TranscriptView
from parallel_agents.wire.messages import ListFiles


class MainScreen(Searching, Modes):
    """The board with its keys."""

    _jumping = False

    def on_mount(self) -> None:
        """Add what decides and what lays out, and look at the list as last time."""
        self.store.view = kept_view()
        self.decisions = Decisions(self)
        self.layout_keys = LayoutKeys(self)
        self.commenting = Commenting(self)

    # --- which key counts where ---------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Whether a key of the table works where the focus is."""
        if action != "do":
            return super().check_action(action, parameters)
        name = str(parameters[0])
        zone = self.zone
        if zone not in self.keys.by_id[name].zones:
            return False
        return zone != "input" or self._free(name)

    def _free(self, name: str) -> bool:
        """Whether the input does not need this key itself."""
        if isinstance(self.focused, FilterLine):
            return name not in {"stop", "interrupt", "escape", "editor", "rename", "pin"}
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
        owners = (self, self.decisions, self.layout_keys, self.commenting)
        owner = next(one for one in owners if hasattr(one, f"do_{name}"))
        method: Callable[..., None] = getattr(owner, f"do_{name}")
        if number:
            method(number)
        else:
            method()

    def action_do(self, name: str, number: int = 0) -> None:
        """Handle a key of the table."""
        self.act(name, number)

    def on_key(self, event: events.Key) -> None:
        """Handle the second key of `g 1`, and say that a letter means nothing."""
        jumping, self._jumping = self._jumping, False
        if jumping and event.key.isdecimal() and event.key != "0":
            event.stop()
            self.do_jump(int(event.key))
        elif event.is_printable and not self.means(event.key):
            self._tell_of_key(
                f"{event.character} does nothing here. {self.keys.shown('help')} shows the keys."
            )

    def means(self, key: str) -> bool:
        """Whether a key has a command where the focus is."""
        return any(key in bindings.key_to_bindings for _, bindings in self._binding_chain)

    # --- letters that are text ----------------------------------------------------------------

    def commanding(self) -> bool:
        """Letters are commands here, outside the input."""
        return True

    def alone(self, character: str) -> bool:
        """Whether a letter counts only when it is pressed by itself."""
        return character in self.keys.lone and not (self._jumping and character.isdecimal())

    def dropped(self, character: str) -> None:
        """Say that a letter did nothing."""
        if self.card.request is not None and character in self.keys.deciding:
            self.card.dropped()
            self.wake()
        else:
            self._tell_of_key(f"{character} came together with other keys. Press it by itself.")

    def _tell_of_key(self, text: str) -> None:
        """Say why a key did nothing, in place of what was said about the one before."""
        self.commands.say(text, topic="key")

    def typed(self, text: str) -> None:
        """Ask where a text goes that was typed as if this were an input."""
        self.card.refusal = ""
        self.later(self._place(text))

    async def _place(self, text: str) -> None:
        state = self.store.state
        name = (state.session.name or state.id) if state is not None else ""
        dialog = TypedTextScreen(text, name, self.clock)
        written = await self.ask_person(dialog)
        if written is None:
            self.prompt.remember(dialog.left or text)
        elif dialog.goal == "task" or state is None:
            self.do_dispatch(written)
        else:
            await self._send(state.id, written)

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

    def choose(self, session: str) -> None:
        """Select a session for the person, who from then on is where it is."""
        self.decisions.stay()
        self.bring(session)

    def bring(self, session: str) -> None:
        """Select a session that the person expects to see."""
        if session != self.store.selected:
            self.card.brought()
        self.store.select(session)

    def do_previous(self) -> None:
        """Select the session above."""
        self.step(-1)

    def do_next(self) -> None:
        """Select the session below."""
        self.step(1)

    def do_first(self) -> None:
        """Select the first session."""
        self.step(-len(self.store.stops()))

    def do_last(self) -> None:
        """Select the last session."""
        self.step(len(self.store.stops()))

    def do_page_up(self) -> None:
        """Go up by the height of the list."""
        self.step(-self.sidebar.page)

    def do_page_down(self) -> None:
        """Go down by the height of the list."""
        self.step(self.sidebar.page)

    def do_enter(self) -> None:
        """Go into the session; open or close the group."""
        if not self.turn_group():
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

    def on_sidebar_turned(self, message: Sidebar.Turned) -> None:
        """Open or close the group that was clicked."""
        self.store.point(message.place)
        self.turn_group()

    def on_sidebar_chosen(self, message: Sidebar.Chosen) -> None:
        """Select the row that was clicked."""
        self.choose(message.session)
        if message.enter:
            self.go_in()

    def pressed(self, card: Card, outcome: Verdict | Wanted | None) -> None:
        """Do what a key on a request means."""
        self.decisions.pressed(card, outcome)

    def request_gone(self, request: Identity) -> None:
        """Say that a request that was shown is no longer asked."""
        self.decisions.gone(request)

    def do_next_needing(self) -> None:
        """Go to the next session that needs the user, and to its request."""
        state = self.store.state
        if state is not None and needs_person(state) and not self.has_class("-inside"):
            self.go_in()  # the selected one asks: it comes first
            return
        mirror = self.store.mirror.sessions
        everyone = in_order(
            arrange(mirror.values(), self.store.view.by)
        )  # a filter hides no request
        found = next_needing(everyone, mirror, self.store.selected)
        if found is None:
            self.commands.say("Nothing needs you.")
            return
        self.decisions.leave()
        self.bring(found)
        self.go_in()

    def do_filter(self) -> None:
        """Type a filter for the list."""
        self.set_class(True, "-filtered")
        self.set_class(False, "-inside")
        self.query_one(FilterLine).focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Filter the list with each letter."""
        before = self.store.selected
        self.store.put_filter(event.value)
        if self.store.selected != before:
            self.card.brought()

    def on_filter_line_left(self, message: FilterLine.Left) -> None:
        """Go back to the list."""
        self.sidebar.focus()
        self.wake()

    def on_filter_line_stepped(self, message: FilterLine.Stepped) -> None:
        """Select the session above or below."""
        self.step(message.step)

    def do_jump(self, number: int) -> None:
        """Go to the session with this number in the list."""
        order = [place.key for place in self.store.stops() if place.kind == "session"]
        if number <= len(order):
            self.choose(order[number - 1])

    do_jump_sign = do_jump

    def do_back(self) -> None:
        """Go back to the list."""
        self.set_class(False, "-inside")
        self.sidebar.focus()

    def do_escape(self) -> None:
        """Go back to the list; in a diff of which only some files are shown, first show all."""
        diff = self.panes.diff
        if not (diff.view.has_focus and diff.show_all()):
            self.do_back()

    def on_prompt_left(self) -> None:
        """Handle `←` or Esc in the empty input."""
        self.do_back()

    def do_zone_next(self) -> None:
        """Move the focus on: list, request, input."""
        self._go_zone(1)

    def do_zone_back(self) -> None:
        """Move the focus back: input, request, list."""
        self._go_zone(-1)

    def _go_zone(self, step: int) -> None:
        stops: list[Widget] = [self.sidebar, self.request, self.prompt]
        if self.card.request is None:
            stops.remove(self.request)
        here = {"list": 0, "input": len(stops) - 1}.get(self.zone, 0)
        if self.focused is self.request:
            here = stops.index(self.request)
        goal = stops[(here + step) % len(stops)]
        self.set_class(goal is not self.sidebar, "-inside")
        goal.focus()

    # --- the conversation ---------------------------------------------------------------------

    def on_prompt_sent(self, message: Prompt.Sent) -> None:
        """Send a reply to the session that is shown."""
        if self.shown is None:
            self.do_dispatch(message.text)
            return
        if "transcript" not in self.panes.shown:  # the answer comes there
            self.panes.show("transcript")
        self.later(self._send(self.shown, message.text))

    async def _send(self, session: str, text: str) -> None:
        if not await self.commands.send(session, text):
            self.keep_draft(session, text)

    def on_transcript_view_need_older(self, message: TranscriptView.NeedOlder) -> None:
        """Read what comes before the top."""
        beside = message.view is self.panes.all["beside"].view
        self.later(self._older(self.store.beside if beside else self.store.opened))

    async def _older(self, opened: OpenConversation | None) -> None:
        try:
            await self.store.read_older(opened)
        except UserError as error:
            self.commands.complain(error)

    def on_diff_view_comment_pressed(self, message: DiffView.CommentPressed) -> None:
        """Carry out a key on a comment."""
        self.commenting.pressed(message.id, delete=message.delete)

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
