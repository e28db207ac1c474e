"""The agents that the screen knows: the supervisor's latest list."""

from dataclasses import dataclass

from parallel_agents.core.agents import Mode, Offer, Traits
from parallel_agents.wire.messages import AgentList


@dataclass(slots=True)
class Agents:
    """The agents that can be driven.

    Attributes:
        offers: all of them; empty until the supervisor has answered.
        usual: name of the agent used when none is chosen.
        stale: whether to ask for the list again: a new supervisor may know other agents.
    """

    offers: tuple[Offer, ...] = ()
    usual: str = ""
    stale: bool = True

    def put(self, reply: AgentList) -> None:
        """Store the supervisor's reply."""
        self.offers = reply.agents
        self.usual = reply.usual

    def named(self, name: str) -> Offer | None:
        """Find an agent by name; an empty name means the usual one. None when it is unknown."""
        wanted = name or self.usual
        return next((offer for offer in self.offers if offer.traits.name == wanted), None)

    @property
    def missing(self) -> str:
        """What to do when the usual agent is not installed; empty when it is."""
        usual = self.named("")
        return "" if usual is None or usual.available else usual.hint


def first_modes(traits: Traits) -> list[tuple[str, str]]:
    """List the modes offered on a first run, with their meanings."""
    known = {mode.name: mode.meaning for mode in traits.modes}
    return [(name, known[name]) for name in traits.first_modes if name in known]


def mode_of(traits: Traits, name: str) -> Mode | None:
    """Find a mode by name; None when the agent does not have it."""
    return next((mode for mode in traits.modes if mode.name == name), None)
