"""The agent programs that this version can drive, by name."""

from collections.abc import Iterable, Mapping

from parallel_agents.agents.base import Agent
from parallel_agents.agents.claude.agent import ClaudeAgent
from parallel_agents.agents.demo.agent import DemoAgent


def by_name(agents: Iterable[Agent]) -> Mapping[str, Agent]:
    """Map agent programs by name; the first one is the default."""
    return {agent.traits.name: agent for agent in agents}


def all_agents() -> Mapping[str, Agent]:
    """Return every agent program that this version can drive, by name."""
    return by_name((ClaudeAgent(), DemoAgent()))
