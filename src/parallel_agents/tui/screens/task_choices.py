"""Where and how a new session would start: the user's choices, and what the supervisor says.

Keep true: what is said about a place is about the place that is shown; a remote is asked only after
a rest, or when the user leaves the field.
"""

import asyncio
from asyncio import TimerHandle
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.widgets import Input, Select

from parallel_agents.core.agents import Traits
from parallel_agents.core.errors import UserError
from parallel_agents.core.state import SessionState
from parallel_agents.core.value import replace
from parallel_agents.tui.model.dispatch_words import is_pull
from parallel_agents.tui.model.mentions import (
    Mention,
    known_roots,
    last_commands,
    mentions,
    repositories_in,
)
from parallel_agents.tui.model.pull_owner import PullName, owner_of
from parallel_agents.tui.model.remembered import Remembered
from parallel_agents.tui.model.store import Store
from parallel_agents.tui.model.task import Place, fitted, following, missing_agent, traits_of
from parallel_agents.tui.model.workers import alone
from parallel_agents.tui.screens.confirm import Dialog
from parallel_agents.tui.terminal.one_shot import once_after
from parallel_agents.tui.widgets.prompt import Prompt
from parallel_agents.tui.widgets.task_fields import TaskFields
from parallel_agents.wire import messages as m

REST = 0.6
"""Seconds without a change before a text is looked up: a base may be on a remote."""

_PLACE = frozenset({"directory", "base", "branch"})
_CHOICES = frozenset({"agent", "mode", "effort"})
_ASKING = "asking the remote …"


class TaskChoices(Dialog):
    """The part of the composer that is not the task itself.

    Args:
        store: sends the requests.
        place: the initial place.
        chosen: the initial choices.
        launched_in: the directory whose repositories `@` offers beside those that have sessions.

    Attributes:
        place: where a session would start.
        chosen: how.
        resolved: what the supervisor said about the place; None before that.
        agent_chosen: whether the user chose the agent here.
        problem: what is wrong with the place, or that a remote is asked.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "next_field", show=False),
        Binding("alt+m", "next_choice('mode')", show=False, priority=True),
        Binding("alt+p", "next_choice('model')", show=False, priority=True),
        Binding("alt+e", "next_choice('effort')", show=False, priority=True),
    ]

    def __init__(self, store: Store, place: Place, chosen: Remembered, launched_in: str) -> None:
        super().__init__("New session", "")
        self.store = store
        self.place = place
        self._initial = chosen
        self.agent_chosen = False
        self.chosen = fitted(chosen, store.agents.offers, store.agents.usual)
        self.resolved: m.ResolvedRepository | None = None
        self.problem = ""
        self._launched_in = launched_in
        self._children: list[str] = []
        self._looked: m.ResolveRepository | None = None
        self._rest: TimerHandle | None = None

    def on_mount(self) -> None:
        """Look up the place, and where else a session could start."""
        self.look_now()
        alone(self, self._list_children, "children")

    def paint(self) -> None:
        """Show what is known now."""
        raise NotImplementedError

    @property
    def fields(self) -> TaskFields | None:
        """The fields, once they have been opened."""
        return next(iter(self.query(TaskFields)), None)

    @property
    def prompt(self) -> Prompt:
        """The input for the task."""
        return self.query_one("#task", Prompt)

    async def action_next_field(self) -> None:
        """Go to the next field; from the task, open the fields."""
        if self.fields is None:
            fields = TaskFields(self.place, self.chosen, bases=self._bases, branches=self._branches)
            await self.query_one(".dialog").mount(fields, after="#task")
            self._put_chosen()
        if self.focused is self.prompt.editor:
            self.query_one("#directory", Input).focus()
        else:
            self.focus_next()

    # --- what the task names ------------------------------------------------------------------

    async def _list_children(self) -> None:
        self._children = await asyncio.to_thread(repositories_in, self._launched_in)

    def mentions(self) -> tuple[Mention, ...]:
        """What `@` chooses in the task, beside files."""
        agents = (offer.traits.name for offer in self.store.agents.offers)
        return mentions(
            agents, [*known_roots(self.store.mirror.sessions.values()), *self._children]
        )

    def mentioned(self, mention: Mention) -> None:
        """Take a choice that was written in the task."""
        if mention.kind == "agent":
            self.agent_chosen = True
            self.refit(replace(self.chosen, agent=mention.value))
            self.look_now()
        elif mention.value != self.place.path:
            self.put_place(Place(directory=mention.value))

    @property
    def root(self) -> str:
        """The root of the repository where a session would start, as far as it is known."""
        return self.place.path if self.resolved is None else self.resolved.root

    def owner(self, pull: PullName) -> SessionState | None:
        """The session that was started from a pull request."""
        return owner_of(pull, self.store.mirror.sessions.values(), self.root)

    def pull_words(self, pull: PullName | None) -> str:
        """Say what Enter does with a text that is nothing but a pull request."""
        if pull is None:
            return ""
        owner = self.owner(pull)
        if owner is None:
            return f"No session works on this pull request. Enter starts from #{pull.number}."
        return f"Enter goes to {owner.session.name or owner.id}, which works on it."

    def put_commands(self) -> None:
        """Complete the commands that the repository's last session of this agent has reported."""
        agent = self.chosen.agent or self.store.agents.usual
        states = self.store.mirror.sessions.values()
        self.prompt.commands = last_commands(states, self.root, agent)

    # --- what the agents have ------------------------------------------------------------------

    def traits(self) -> Traits | None:
        """The traits of the chosen agent, if they are known."""
        agents = self.store.agents
        return traits_of(agents.offers, self.chosen.agent or agents.usual)

    def refit(self, chosen: Remembered) -> None:
        """Take other choices, as far as the agent offers them."""
        agents = self.store.agents
        self.chosen = fitted(chosen, agents.offers, agents.usual)
        self._put_chosen()
        self.paint()

    def _learn(self, resolved: m.ResolvedRepository) -> None:
        """Take over what the agents have, and the repository's agent if the user chose none."""
        agents, before = self.store.agents, self.chosen
        if not self.agent_chosen:
            agent = resolved.agent or self._initial.agent or agents.usual
            self.chosen = replace(before, agent=agent or before.agent)
        news = [o.traits for o in resolved.agents] != [o.traits for o in agents.offers]
        if news:
            agents.offers = resolved.agents
        if news or self.chosen.agent != before.agent:
            self.refit(self.chosen)

    def _put_chosen(self) -> None:
        if self.fields is not None:
            names = [offer.traits.name for offer in self.store.agents.offers]
            self.fields.put_chosen(self.chosen, names, self.traits())

    async def action_next_choice(self, name: str) -> None:
        """Choose the next mode, model or effort."""
        offered = self._offered(name)
        if not offered:
            await self._open_field(name)
            return
        value = following(getattr(self.chosen, name), offered)
        self.chosen = replace(self.chosen, **{name: value})
        self._put_chosen()
        self.paint()

    def _offered(self, name: str) -> tuple[str, ...]:
        traits = self.traits()
        if traits is None:
            return ()
        if name == "model":
            return self._models(traits)
        return traits.mode_names if name == "mode" else traits.efforts

    def _models(self, traits: Traits) -> tuple[str, ...]:
        """The models that sessions of this agent offer, and the one that was typed."""
        states = self.store.mirror.sessions.values()
        known = [s.process.models for s in states if s.session.agent == traits.name]
        longest = max(known, key=len, default=())
        return tuple(dict.fromkeys((*longest, *filter(None, (self.chosen.model,)))))

    async def _open_field(self, name: str) -> None:
        if self.fields is None:
            await self.action_next_field()
        self.query_one(f"#{name}").focus()

    # --- what the supervisor knows ------------------------------------------------------------

    def put_place(self, place: Place) -> None:
        """Take another place."""
        self.place = place
        if self.fields is not None:
            self.fields.put_place(place)
        if self.place.question() != self._looked:
            self.look_now()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Note a changed field; look up a changed place once the user pauses."""
        fields = self.fields
        if fields is None:
            return
        if event.input.id == "model":
            self.chosen = replace(self.chosen, model=event.value.strip())
            self.paint()
        if event.input.id in _PLACE:
            self.place = fields.place
            if self.place.question() != self._looked:
                self._pause()
                self._rest = once_after(self, REST, self.look_now)

    def on_input_blurred(self) -> None:
        """Look up a field at once when the user leaves it."""
        if self._rest is not None:
            self.look_now()

    def on_select_changed(self, event: Select.Changed) -> None:
        """Note a choice; say whether a newly chosen agent is installed."""
        name, value = event.select.id or "", event.value
        if name not in _CHOICES:
            return
        chosen = replace(self.chosen, **{name: value if isinstance(value, str) else ""})
        if name == "agent":
            self.agent_chosen = True
            self.refit(chosen)
            self.look_now()
        else:
            self.chosen = chosen
            self.paint()

    def _pause(self) -> None:
        """Stop looking up the previous text, and clear what was said about it."""
        if self._rest is not None:
            self._rest.cancel()
            self._rest = None
        self.workers.cancel_group(self, "look")
        self._looked = self.resolved = None
        self.problem = ""
        self.paint()

    @property
    def obstacle(self) -> str:
        """Why no session can start like this; empty if one can."""
        if self.problem or self.resolved is None:
            return self.problem
        return missing_agent(self.resolved.agents, self.chosen.agent)

    def read_fields(self) -> None:
        """Take what is in the fields now: their messages may still be on their way."""
        if (fields := self.fields) is not None:
            self.place = fields.place
            self.chosen = fields.choices(self.chosen)

    @property
    def known(self) -> m.ResolvedRepository | None:
        """What the supervisor said about exactly this place."""
        return self.resolved if self.place.question() == self._looked else None

    def look_now(self) -> None:
        """Ask the supervisor about the place."""
        self._pause()
        self._looked = self.place.question()
        alone(self, self._look, "look")

    async def _look(self) -> None:
        asked = self.place.question()
        self.problem = _ASKING if is_pull(asked.base) else ""
        self.paint()
        try:
            resolved = await self.store.ask(asked)
        except UserError as error:
            self.problem = f"{error.message} {error.hint}".strip()
        else:
            self.resolved = resolved
            self._learn(resolved)
            self.problem = ""
        self.paint()

    async def _bases(self, prefix: str) -> list[str]:
        return await self._refs(m.ListRefs(directory=self.place.path, prefix=prefix))

    async def _branches(self, prefix: str) -> list[str]:
        where = self.place.path
        return await self._refs(m.ListRefs(directory=where, prefix=prefix, kind="branch"))

    async def _refs(self, message: m.ListRefs) -> list[str]:
        try:
            names = (await self.store.ask(message)).refs
        except UserError:
            return []
        return [name for name in names if name.startswith(message.prefix)]

    async def complete_files(self, prefix: str) -> list[str]:
        """List the files of the repository."""
        try:
            message = m.ListFiles(directory=self.place.path, prefix=prefix)
            return list((await self.store.ask(message)).files)
        except UserError:
            return []
