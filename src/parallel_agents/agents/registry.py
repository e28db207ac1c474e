"""The agent programs there are, by name."""

from collections.abc import Iterable, Mapping

from parallel_agents.agents.base import Agent
from parallel_agents.agents.claude.agent import ClaudeAgent
from parallel_agents.agents.demo.agent import DemoAgent


def by_name(agents: Iterable[Agent]) -> Mapping[str, Agent]:
    """Agent programs by the name a person gives; the first is the usual one."""
    return {agent.traits.name: agent for agent in agents}


def all_agents() -> Mapping[str, Agent]:
    """Every agent program this version can drive, by the name a person gives."""
    return by_name((ClaudeAgent(), DemoAgent()))
