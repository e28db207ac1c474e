"""The form for a new session.

Keep true: nothing is started before the user has trusted the repository's own settings or chosen to
start without them; what the user typed stays until the session is journalled.
"""

import os
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import partial
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.timer import Timer
from textual.widgets import Input, Select, Static

from parallel_agents.core.agents import Offer, Traits
from parallel_agents.core.errors import UserError
from parallel_agents.core.ids import new_uuid
from parallel_agents.core.options import Options
from parallel_agents.core.text import safe_line
from parallel_agents.tui.model.dispatch_words import branch_words, is_pull, place_words
from parallel_agents.tui.model.offers import mode_of
from parallel_agents.tui.model.remembered import Remembered, remember
from parallel_agents.tui.model.store import Store
from parallel_agents.tui.model.workers import alone
from parallel_agents.tui.screens.confirm import Dialog
from parallel_agents.tui.screens.trust import TrustScreen
from parallel_agents.tui.text.styles import ink_of
from parallel_agents.tui.widgets.prompt import Prompt
from parallel_agents.tui.widgets.ref_field import RefField
from parallel_agents.wire import messages as m

REST = 0.6
"""Seconds without a change before a text is looked up: a base may be on a remote."""

_HINT = "Enter start   Ctrl+O start and open   Tab next field   Esc cancel"
_PLACE = frozenset({"directory", "base", "branch"})
_BASE = "worktree.baseRef in the settings, or fresh"
_BRANCH = "new, named after the session"
_ASKING = "asking the remote …"
_UNASKED = "this agent never asks before it acts"


@dataclass(frozen=True, slots=True)
class Form:
    """What the user filled in; an empty value is left to the agent or the supervisor."""

    prompt: str
    directory: str
    base: str
    branch: str
    chosen: Remembered


class DispatchScreen(Dialog):
    """The form; returns the new session's id, with `>` before it if the user wants to open it.

    Args:
        store: sends the requests.
        directory: the initial directory.
        chosen: the initial choices.
        prompt: the initial text.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+o,shift+enter", "start(True)", show=False, priority=True)
    ]

    def __init__(self, store: Store, directory: str, chosen: Remembered, prompt: str = "") -> None:
        super().__init__("New session", _HINT)
        self._store = store
        self._directory = directory
        self._chosen = chosen
        self._text = prompt
        self._key = new_uuid()
        self._busy = False
        self._rest: Timer | None = None
        self._offers: tuple[Offer, ...] = ()
        self._offered = ""
        self._looked: tuple[m.ResolveRepository, str] | None = None

    def content(self) -> ComposeResult:
        """Create the fields."""
        chosen = self._chosen
        yield Prompt("what should the agent do? …", id="task")
        yield _field("directory", Input(self._directory, id="directory", select_on_focus=False))
        yield _field("base", RefField("base", _BASE, self._bases, must_exist=True))
        yield _field("branch", RefField("branch", _BRANCH, self._branches, must_exist=False))
        yield Static("", id="works", markup=False)
        yield _field("mode", _select("mode", "as the agent"))
        yield _field("model", Input(chosen.model, id="model", placeholder="as the agent"))
        yield _field("effort", _select("effort", "as the agent"))
        yield _field("agent", _select("agent", "as in the settings"))
        yield Static("", id="said", markup=False)

    def on_mount(self) -> None:
        """Start with the focus on the task."""
        task = self.query_one("#task", Prompt)
        task.complete_files = self._files
        task.text = self._text
        task.focus()
        self._offer(self._store.agents.offers)
        self._look_now()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Look up a changed directory, base or branch once the user pauses."""
        if event.input.id in _PLACE and self._asked() != self._looked:
            self._pause()
            self._rest = self.set_timer(REST, self._look_now)

    def on_input_blurred(self) -> None:
        """Look up a field at once when the user leaves it."""
        if self._rest is not None:
            self._look_now()

    def on_select_changed(self, event: Select.Changed) -> None:
        """Say whether a newly chosen agent is installed."""
        if event.select.id == "agent":
            self._offer_choices()
            if self._asked() != self._looked:
                self._look_now()

    def action_leave(self) -> None:
        """Close an open list of completions, or otherwise the form."""
        for field in self.query(RefField):
            if field.list.is_open:
                field.list.close()
                return
        super().action_leave()

    # --- what the agents have ------------------------------------------------------------------

    def _offer(self, offers: tuple[Offer, ...]) -> None:
        """Offer the agents that exist, with the remembered one chosen."""
        if offers == self._offers:
            return
        self._offers = offers
        wanted = self._choice("agent") or self._chosen.agent or self._store.agents.usual
        names = [offer.traits.name for offer in offers]
        _put(self.query_one("#agent", Select), names, wanted)
        self._offer_choices()

    def _offer_choices(self) -> None:
        """Offer what the chosen agent has; never choose a mode that asks nothing automatically."""
        traits = self._traits()
        if traits is None or traits.name == self._offered:
            return
        self._offered = traits.name
        kept = mode_of(traits, self._choice("mode") or self._chosen.mode)
        mode = kept.name if kept is not None and kept.asks else ""
        _put(self.query_one("#mode", Select), traits.mode_names, mode)
        effort = self._choice("effort") or self._chosen.effort
        _put(self.query_one("#effort", Select), traits.efforts, effort)

    def _traits(self) -> Traits | None:
        """The traits of the chosen agent, if they are known."""
        name = self._choice("agent")
        return next((o.traits for o in self._offers if o.traits.name == name), None)

    # --- what the supervisor knows ------------------------------------------------------------

    def _value(self, name: str) -> str:
        return self.query_one(f"#{name}", Input).value.strip()

    def _choice(self, name: str) -> str:
        value = self.query_one(f"#{name}", Select).value
        return value if isinstance(value, str) else ""

    def _resolve(self) -> m.ResolveRepository:
        return m.ResolveRepository(
            directory=os.path.abspath(os.path.expanduser(self._value("directory") or ".")),  # noqa: PTH100, PTH111 - the text a person typed, not yet a path
            base=self._value("base"),
            branch=self._value("branch"),
            environment=dict(os.environ),
        )

    def _pause(self) -> None:
        """Stop looking up the previous text, and clear what was said about it."""
        if self._rest is not None:
            self._rest.stop()
            self._rest = None
        self.workers.cancel_group(self, "look")
        self._looked = None
        self._say("")

    def _asked(self) -> tuple[m.ResolveRepository, str]:
        return self._resolve(), self._choice("agent")

    def _look_now(self) -> None:
        self._pause()
        self._looked = self._asked()
        alone(self, self._look, "look")

    async def _look(self) -> None:
        asked, agent = self._asked()
        self._say(_ASKING if is_pull(asked.base) else "")
        try:
            resolved = await self._store.ask(asked)
        except UserError as error:
            self._say(f"{error.message} {error.hint}", bad=True)
            return
        self._offer(resolved.agents)
        works = branch_words(resolved, asked.branch)
        if missing := _missing(resolved, agent):
            self._say(missing, works, bad=True)
        else:
            traits = self._traits()
            unasked = [_UNASKED] if traits is not None and not traits.asks else []
            self._say(" · ".join([*unasked, *place_words(resolved)]), works)

    def _say(self, text: str, works: str = "", *, bad: bool = False) -> None:
        said = self.query_one("#said", Static)
        said.update(safe_line(text.strip()))
        said.set_class(bad, "-bad")
        self.query_one("#works", Static).update(safe_line(works))

    async def _bases(self, prefix: str) -> list[str]:
        return await self._refs(m.ListRefs(directory=self._resolve().directory, prefix=prefix))

    async def _branches(self, prefix: str) -> list[str]:
        where = self._resolve().directory
        return await self._refs(m.ListRefs(directory=where, prefix=prefix, kind="branch"))

    async def _refs(self, message: m.ListRefs) -> list[str]:
        try:
            names = (await self._store.ask(message)).refs
        except UserError:
            return []
        return [name for name in names if name.startswith(message.prefix)]

    async def _files(self, prefix: str) -> list[str]:
        try:
            message = m.ListFiles(directory=self._resolve().directory, prefix=prefix)
            return list((await self._store.ask(message)).files)
        except UserError:
            return []

    # --- starting -----------------------------------------------------------------------------

    def on_prompt_sent(self, message: Prompt.Sent) -> None:
        """Start the session: Enter in the task."""
        self.query_one("#task", Prompt).text = message.text
        self.action_start(enter=False)

    def on_input_submitted(self) -> None:
        """Start the session: Enter in a field."""
        self.action_start(enter=False)

    def action_start(self, enter: bool) -> None:
        """Start the session, unless a start is already running."""
        if not self._busy:
            self._busy = True
            self._pause()
            alone(self, partial(self._start, enter=enter), "start")

    def _form(self) -> Form:
        chosen = replace(self._chosen, model=self._value("model"))
        if self._offers:  # otherwise nothing could be chosen yet
            agent, mode, effort = map(self._choice, ("agent", "mode", "effort"))
            chosen = replace(chosen, agent=agent, mode=mode, effort=effort)
        return Form(
            prompt=self.query_one("#task", Prompt).text,
            directory=self._resolve().directory,
            base=self._value("base"),
            branch=self._value("branch"),
            chosen=chosen,
        )

    async def _start(self, *, enter: bool) -> None:
        try:
            await self._begin(self._form(), enter=enter)
        except UserError as error:
            self._say(f"{error.message} {error.hint}", bad=True)
        finally:
            self._busy = False

    async def _begin(self, form: Form, *, enter: bool) -> None:
        if not form.prompt.strip():
            self._say("Write what the agent should do.", bad=True)
            return
        self._say(_ASKING if is_pull(form.base) else "Starting …")
        resolved = await self._store.ask(self._resolve())
        if missing := _missing(resolved, form.chosen.agent):
            self._say(missing, bad=True)
            return
        trusted = await self._trusted(form, resolved)
        if trusted is None:
            self._say("Not started.")
            return
        self._say("Starting …")
        row = await self._store.ask(_new(self._key, form, trusted=trusted))
        traits = self._traits()
        mode = mode_of(traits, form.chosen.mode) if traits is not None else None
        remember(form.chosen, asks=mode is None or mode.asks)
        self.dismiss((">" if enter else "") + row.id)

    async def _trusted(self, form: Form, resolved: m.ResolvedRepository) -> bool | None:
        """Whether the repository's settings are trusted; None if the user cancelled."""
        if resolved.trusted:
            return True
        answer = await self.app.push_screen_wait(TrustScreen(resolved, ink_of(self.app)))
        if answer != "trust":
            return False if answer == "without" else None
        base = resolved.base
        # The commit that was shown; acceptance of a pull request is tied to its commit.
        shown = form.base or base.name if base.stranger else base.start
        digest = resolved.digest
        await self._store.ask(
            m.Trust(key=new_uuid(), directory=form.directory, base=shown, digest=digest)
        )
        return True


def _select(name: str, nothing: str) -> Select[str]:
    return Select[str]([], id=name, prompt=nothing, compact=True)


def _put(select: Select[str], names: Iterable[str], chosen: str) -> None:
    """Offer names, and choose one if it is among them."""
    offered = list(names)
    with select.prevent(Select.Changed):
        select.set_options([(name, name) for name in offered])
        if chosen in offered:
            select.value = chosen


def _field(name: str, widget: Input | RefField | Select[str]) -> Horizontal:
    label = Static(name, classes="label", markup=False)
    return Horizontal(label, widget, classes="field")


def _missing(resolved: m.ResolvedRepository, agent: str) -> str:
    """Say what to install if the agent is missing."""
    for offer in resolved.agents:
        if offer.traits.name == agent and not offer.available:
            return offer.hint
    return ""


def _new(key: str, form: Form, *, trusted: bool) -> m.New:
    chosen = form.chosen
    return m.New(
        key=key,
        prompt=form.prompt,
        directory=form.directory,
        base=form.base,
        branch=form.branch or None,
        agent=chosen.agent,
        options=Options(
            model=chosen.model or None,
            mode=chosen.mode or None,
            effort=chosen.effort or None,
            trusted=trusted,
        ),
        environment=dict(os.environ),
    )
