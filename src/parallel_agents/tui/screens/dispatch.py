"""The composer for new sessions: a dock at the bottom of the screen, with the list live above it.

Keep true: nothing that was typed is lost: a task that is sent goes to `Starting`, one that could
not be started comes back, and what is left behind is a draft; a question or a text that comes back
never meets a user who is typing: it waits for an empty input and a rest.
"""

from typing import ClassVar

from rich.style import Style
from textual import events
from textual.app import ComposeResult
from textual.await_complete import AwaitComplete
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen
from textual.widgets import Static

from parallel_agents.core.errors import UserError
from parallel_agents.core.ids import new_uuid
from parallel_agents.core.text import safe_line
from parallel_agents.core.value import replace
from parallel_agents.tui.model.dispatch_words import (
    choice_words,
    notes_of,
    place_words,
    progress_words,
)
from parallel_agents.tui.model.kept_tasks import keep, kept, with_draft, with_history
from parallel_agents.tui.model.offers import mode_of
from parallel_agents.tui.model.pastes import Pastes
from parallel_agents.tui.model.pull_owner import PullName, pull_name
from parallel_agents.tui.model.remembered import Remembered
from parallel_agents.tui.model.starting import Starting
from parallel_agents.tui.model.store import Store
from parallel_agents.tui.model.task import Place, Task
from parallel_agents.tui.model.workers import alone
from parallel_agents.tui.screens.calm import Calm
from parallel_agents.tui.screens.task_choices import TaskChoices
from parallel_agents.tui.screens.task_questions import TaskQuestions
from parallel_agents.tui.screens.template_choice import begun, choose_template
from parallel_agents.tui.terminal import foreground
from parallel_agents.tui.text.spans import Span, cells, flat
from parallel_agents.tui.text.styles import Ink, ink_of
from parallel_agents.tui.widgets.completion import CompletionList
from parallel_agents.tui.widgets.one_line import OneLine
from parallel_agents.tui.widgets.prompt import Prompt
from parallel_agents.wire import messages as m

_NO_TASK = "Write what the agent should do."
_KEYS = (
    ("Enter", "start"),
    ("Esc", "leave"),
    ("Tab", "where and how"),
    ("Alt+M", "mode"),
    ("Ctrl+O", "start and open"),
    ("Ctrl+G", "editor"),
    ("Alt+T", "template"),
    ("Alt+P", "model"),
    ("Alt+E", "effort"),
    ("↑", "earlier"),
)


class DispatchScreen(TaskChoices):
    """The composer; it stays open until the user leaves it.

    Args:
        store: sends the requests.
        starting: starts the tasks.
        directory: the initial directory.
        chosen: the initial choices.
        run: runs an editor in the foreground.
        launched_in: the directory where the screen was opened.
        first: whether no mode was ever chosen, so that the first task asks for one.
        prompt: the initial text; without one, it is the draft.

    Attributes:
        is_closed: whether the user has left it.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+o,shift+enter", "start(True)", show=False, priority=True),
        Binding("alt+t", "template", show=False, priority=True),
        Binding("ctrl+g", "editor", show=False, priority=True),
    ]

    def __init__(
        self,
        store: Store,
        starting: Starting,
        directory: str,
        chosen: Remembered,
        *,
        run: foreground.Run,
        launched_in: str,
        first: bool = False,
        prompt: str = "",
    ) -> None:
        super().__init__(store, Place(directory=directory), chosen, launched_in)
        self._starting = starting
        self._run = run
        self._text = prompt
        self.is_closed = False
        self._made: list[str] = []
        self._again: Task | None = None
        self._reason = ""
        self._advice = self._unfilled = ""
        self._pastes = Pastes()
        self._pull: PullName | None = None
        self._questions = TaskQuestions(self, store, starting, first=first)
        self._calm = Calm(self, self._rested)

    def content(self) -> ComposeResult:
        """Create the input and the lines below it; the fields come when they are opened."""
        yield Prompt("what should the agent do? …", id="task")
        yield OneLine(id="facts")
        yield Static("", id="said", markup=False)

    def on_mount(self) -> None:
        """Start with the focus on the task."""
        before = kept()
        self._starting.offer(before.returned)
        prompt = self.prompt
        prompt.pastes = self._pastes = Pastes(before.pastes)
        prompt.complete_files = self.complete_files
        prompt.mentions, prompt.mentioned = self.mentions, self.mentioned
        prompt.held = self._held
        prompt.history = [*before.history, *([before.draft] if self._text and before.draft else [])]
        prompt.text = self._text = self._text or before.draft
        prompt.changed = self._typed
        prompt.focus()
        self._typed()

    # --- painting -----------------------------------------------------------------------------

    def on_resize(self) -> None:
        """Fit the lines to the width."""
        self.paint()

    def paint(self) -> None:
        """Show what is known now about the place and the tasks on their way."""
        if not self.is_mounted or self.is_closed:
            return
        ink, starting = self.ink(), self._starting
        progress = progress_words(
            starting.count, len(starting.modeless), len(starting.untrusted), self._made
        )
        heading = [flat(self._heading, ink.strong)]
        self.query_one(".heading", OneLine).put(heading, [flat(progress, ink.muted)])
        self.put_commands()
        self._paint_facts()
        self._paint_said()
        self._paint_keys()

    def _paint_said(self) -> None:
        said = self._reason or self._unfilled or self._returned_words()
        bad = bool(said)
        said = said or self.pull_words(self._pull)
        if not said and self.obstacle:
            said, bad = self.obstacle, True
        said = said or self._advice
        if not said and self.resolved is not None:
            said = notes_of(self.resolved, self.traits())
        line = self.query_one("#said", Static)
        line.update(safe_line(said))
        line.set_class(bad, "-bad")
        line.display = bool(said)

    def _paint_facts(self) -> None:
        ink = ink_of(self.app)
        how = flat(choice_words(self.chosen, self.store.agents.usual), self._how_style())
        room = self.size.width - cells([how]) - 4
        where = flat(place_words(self.place, self.resolved), ink.muted)
        if cells([where]) > room:
            where = flat(place_words(self.place, self.resolved, short=True), ink.muted)
        self.query_one("#facts", OneLine).put([where], [how])

    def _how_style(self) -> Style:
        """Warn of a mode in which the agent asks nothing."""
        ink, traits = ink_of(self.app), self.traits()
        mode = mode_of(traits, self.chosen.mode) if traits is not None else None
        return ink.muted if mode is None or mode.asks else ink.bad

    def _returned_words(self) -> str:
        returned = self._starting.returned
        if not returned:
            return ""
        return f"Not started: {returned[0].reason} The text comes back when this input is empty."

    def _paint_keys(self) -> None:
        ink = ink_of(self.app)
        spans: list[Span] = []
        room = self.size.width - 2
        for key, does in _KEYS:
            words = [Span(key, ink.text), Span(f" {does}   ", ink.muted)]
            width = sum(len(part.text) for part in words)
            if width - 3 <= room:  # the gap at the end needs no room
                spans += words
                room -= width
        self.query_one(".keys", OneLine).put(spans)

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """Fold the fields while the task has the focus."""
        in_task = event.widget is self.prompt.editor
        self.set_class(not in_task, "-fields")
        if in_task:
            self._attend()

    # --- the user's keys ----------------------------------------------------------------------

    def _typed(self) -> None:
        self._text = self.prompt.text
        self._calm.typed()
        before = (self._pull, self._advice, self._unfilled)
        self._pull, self._unfilled = pull_name(self._text), ""
        self._advice = self._advice if self.prompt.is_empty else ""
        if before != (self._pull, self._advice, self._unfilled):
            self.paint()

    def _rested(self) -> None:
        if not self.is_closed:
            self._keep_draft()
            self._attend()

    def _keep_draft(self) -> None:
        keep(with_draft(self._text, self._pastes.known))

    def follow(self) -> None:
        """Note that something changed with the tasks on their way."""
        self.paint()
        self._attend()

    # --- questions ----------------------------------------------------------------------------

    @property
    def may_interrupt(self) -> bool:
        """Whether the user is in the empty input, and at rest."""
        if self.is_closed or not self._calm.is_calm or self.app.screen is not self:
            return False
        return self.focused is self.prompt.editor and self.prompt.is_empty

    def ink(self) -> Ink:
        """The styles."""
        return ink_of(self.app)

    async def show(self, dialog: ModalScreen[str | None]) -> str | None:
        """Show a dialog and wait for its result."""
        return await self.app.push_screen_wait(dialog)

    def mode_chosen(self, mode: str) -> None:
        """Use a mode from now on."""
        self.refit(replace(self.chosen, mode=mode))

    def _attend(self) -> None:
        """Ask a question that waits, or bring a text back, if the user is not writing."""
        if not self.may_interrupt or self._questions.is_asking:
            return
        if self._questions.are_due:
            self._questions.is_asking = True
            self.run_worker(self._questions.ask(), group="trust")
        else:
            self._bring_back()

    def _bring_back(self) -> None:
        returned = self._starting.take_back()
        if returned is None:
            return
        self._again = returned.task
        self._reason = returned.reason
        self.put_place(returned.task.place)
        self.prompt.text = self._text = returned.task.prompt
        self._keep_draft()
        self.paint()

    def action_leave(self) -> None:
        """Close an open list of completions, or otherwise the composer."""
        for names in self.query(CompletionList):
            if names.is_open:
                names.close()
                return
        super().action_leave()

    def dismiss(self, result: str | None = None) -> AwaitComplete:
        """Close the composer; what is in it stays as a draft."""
        self._close()
        return super().dismiss(result)

    def on_unmount(self) -> None:
        """Keep the draft when the whole screen is closed."""
        self._close()

    def _close(self) -> None:
        if not self.is_closed:
            self.is_closed = True
            self._keep_draft()
            self._starting.leave()

    def action_editor(self) -> None:
        """Write the task in the editor."""
        try:
            self.prompt.text = foreground.edit_text(self._run, self.prompt.text)
        except UserError as error:
            self._reason = f"{error.message} {error.hint}".strip()
        self._text = self.prompt.text
        self.prompt.focus()
        self.paint()

    def action_template(self) -> None:
        """Make the task of a template."""
        alone(self, self._choose_template, "template")

    async def _choose_template(self) -> None:
        try:
            listed = await self.store.ask(m.ListTemplates(directory=self.place.path))
        except UserError as error:
            self._reason = error.message
            self.paint()
            return
        template = await choose_template(listed.templates, listed.notes, self.show, self.ink())
        if template is not None:
            self.prompt.put_template(*begun(template, self.prompt.text))
            self.prompt.focus()

    def _held(self, field: str) -> None:
        self._unfilled = f"{field} is not filled. Enter again starts it as it is."
        self.paint()

    # --- starting -----------------------------------------------------------------------------

    def on_prompt_sent(self, message: Prompt.Sent) -> None:
        """Start a session: Enter in the task."""
        self._send(message.text, enter=False)

    def on_input_submitted(self) -> None:
        """Start a session: Enter in a field."""
        self.action_start(enter=False)

    def action_start(self, enter: bool) -> None:
        """Start a session with the text of the task."""
        self.prompt.take_mentions()
        text = self.prompt.text
        self.prompt.focus()
        if not text.strip():
            self._reason = _NO_TASK
            self.paint()
            return
        if self.prompt.is_held():
            return
        self.prompt.clear()
        self.prompt.history.append(text)
        self._send(text, enter=enter)

    def _send(self, text: str, *, enter: bool) -> None:
        self.read_fields()
        if (pull := pull_name(text)) is not None:
            self._go_to(pull)
            return
        task = Task(
            key=new_uuid(),
            prompt=text,
            place=self.place,
            chosen=self.chosen,
            enter=enter,
            agent_open=self.known is None and not self.agent_chosen,
            resolved=self.known,
        )
        if self._again is not None and self._again.is_same(task):
            task = replace(task, key=self._again.key)
        self._again, self._reason = None, ""
        self._text = self.prompt.text
        keep(with_history(text))
        self._keep_draft()
        if not task.chosen.mode and self._questions.needs_mode:
            self._starting.hold(task)
        else:
            self._starting.add(task)
        self.put_place(replace(self.place, branch=""))  # it is this session's
        self.refit(self.chosen)

    # --- pull requests ------------------------------------------------------------------------

    def _go_to(self, pull: PullName) -> None:
        """Go to the session of a pull request; without one, make it the base of the next task."""
        owner = self.owner(pull)
        self._text = ""
        if owner is not None:
            self.dismiss(owner.id)
            return
        self._pull = None
        self._advice = f"From #{pull.number}: write what the agent should do."
        self.put_place(replace(self.place, base=pull.base, branch=""))
        self.paint()

    def made(self, row: m.SessionRow) -> None:
        """Say that a session was started."""
        self._made.append(row.name or row.id)
        self.paint()
