"""What the screen knows of the agents: what the supervisor told of them last."""

from dataclasses import dataclass

from parallel_agents.core.agents import Mode, Offer, Traits
from parallel_agents.wire.messages import AgentList


@dataclass(slots=True)
class Agents:
    """The agents that can be driven.

    Attributes:
        offers: all of them; empty until the supervisor told.
        usual: name of the one that is taken when none is chosen.
        stale: whether they are to be asked for: a new supervisor may know others.
    """

    offers: tuple[Offer, ...] = ()
    usual: str = ""
    stale: bool = True

    def put(self, reply: AgentList) -> None:
        """Take what the supervisor tells of them."""
        self.offers = reply.agents
        self.usual = reply.usual

    def named(self, name: str) -> Offer | None:
        """One of them; an empty name is the usual one's. None when it is not known."""
        wanted = name or self.usual
        return next((offer for offer in self.offers if offer.traits.name == wanted), None)

    @property
    def missing(self) -> str:
        """What to do about the usual agent when it is not installed; empty when it is."""
        usual = self.named("")
        return "" if usual is None or usual.available else usual.hint


def first_modes(traits: Traits) -> list[tuple[str, str]]:
    """The modes that are offered on a first run, with their meanings."""
    known = {mode.name: mode.meaning for mode in traits.modes}
    return [(name, known[name]) for name in traits.first_modes if name in known]


def mode_of(traits: Traits, name: str) -> Mode | None:
    """The mode of a name; None for one that the agent does not have."""
    return next((mode for mode in traits.modes if mode.name == name), None)
