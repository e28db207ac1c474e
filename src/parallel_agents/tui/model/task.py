"""A task for a new session, from the moment it is sent until its session is journalled."""

import os
from collections.abc import Iterable, Sequence
from typing import Self

from parallel_agents.core.agents import Offer, Traits
from parallel_agents.core.options import Options
from parallel_agents.core.value import Value, replace
from parallel_agents.tui.model.offers import mode_of
from parallel_agents.tui.model.remembered import Remembered
from parallel_agents.wire import messages as m


class Place(Value):
    """Where a session starts.

    Attributes:
        directory: as the user typed it.
        base: empty leaves it to the settings.
        branch: empty makes a new one.
    """

    directory: str = ""
    base: str = ""
    branch: str = ""

    def question(self) -> m.ResolveRepository:
        """Ask the supervisor what a start here would mean."""
        return m.ResolveRepository(
            directory=self.path,
            base=self.base.strip(),
            branch=self.branch.strip(),
            environment=dict(os.environ),
        )

    @property
    def path(self) -> str:
        """The directory as an absolute path."""
        return os.path.abspath(os.path.expanduser(self.directory.strip() or "."))  # noqa: PTH100, PTH111 - the text a person typed, not yet a path


class Task(Value):
    """What the user sent.

    Attributes:
        key: uuid of the request, so that the same task sent again acts once.
        chosen: what the user chose; empty choices are left to the agent or the supervisor.
        enter: whether to go into the session.
        agent_open: whether the repository's settings may still choose the agent.
        resolved: what the supervisor said about the place; None if it has not answered yet.
        trusted: the user's decision about the repository's settings; None before it.
    """

    key: str
    prompt: str
    place: Place
    chosen: Remembered
    enter: bool = False
    agent_open: bool = False
    resolved: m.ResolvedRepository | None = None
    trusted: bool | None = None

    def is_same(self, other: Self) -> bool:
        """Whether both would start the same session."""
        mine, theirs = ((task.prompt, task.place, task.chosen) for task in (self, other))
        return mine == theirs

    def bare(self) -> Self:
        """The task without what was found out about its place."""
        return replace(self, resolved=None, trusted=None)

    def settled(self, resolved: m.ResolvedRepository) -> Self:
        """The task with the agent that the repository's settings choose, if they may."""
        if not self.agent_open or resolved.agent in {"", self.chosen.agent}:
            return self
        chosen = replace(self.chosen, agent=resolved.agent)
        return replace(self, chosen=fitted(chosen, resolved.agents, ""))

    def request(self, *, trusted: bool) -> m.New:
        """Make the request that starts it."""
        chosen = self.chosen
        return m.New(
            key=self.key,
            prompt=self.prompt,
            directory=self.place.path,
            base=self.place.base.strip(),
            branch=self.place.branch.strip() or None,
            agent=chosen.agent,
            options=Options(
                model=chosen.model or None,
                mode=chosen.mode or None,
                effort=chosen.effort or None,
                trusted=trusted,
            ),
            environment=dict(os.environ),
        )


class Returned(Value):
    """A task that was not started, and why."""

    task: Task
    reason: str


def missing_agent(offers: Iterable[Offer], agent: str) -> str:
    """Say what to install if the agent is missing; empty if it is there or not known."""
    named = (offer for offer in offers if offer.traits.name == agent)
    return next((offer.hint for offer in named if not offer.available), "")


def traits_of(offers: Iterable[Offer], agent: str) -> Traits | None:
    """The traits of an agent, if they are known."""
    return next((offer.traits for offer in offers if offer.traits.name == agent), None)


def fitted(chosen: Remembered, offers: Sequence[Offer], usual: str) -> Remembered:
    """Keep of the choices what the agent offers; a mode that asks nothing is never kept.

    Args:
        chosen: earlier choices, perhaps made for another agent.
        offers: the agents that exist; if none are known, everything is kept but such a mode.
        usual: the agent used when none was chosen.
    """
    names = [offer.traits.name for offer in offers]
    agent = next((name for name in (chosen.agent, usual) if name in names), "")
    traits = traits_of(offers, agent)
    if traits is None:
        return chosen
    mode = mode_of(traits, chosen.mode)
    return replace(
        chosen,
        agent=agent,
        mode=mode.name if mode is not None and mode.asks else "",
        effort=chosen.effort if chosen.effort in traits.efforts else "",
    )


def following(choice: str, choices: Iterable[str]) -> str:
    """The choice after this one; the empty one, which leaves it to the agent, comes first."""
    ring = ["", *choices]
    return ring[(ring.index(choice) + 1) % len(ring)] if choice in ring else ring[-1]
