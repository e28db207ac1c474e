"""The agent programs there are, by name."""

from collections.abc import Mapping

from parallel_agents.agents.base import Agent
from parallel_agents.agents.claude.agent import ClaudeAgent
from parallel_agents.agents.demo.agent import DemoAgent


def all_agents() -> Mapping[str, Agent]:
    """Every agent program this version can drive, by the name a person gives."""
    agents: tuple[Agent, ...] = (ClaudeAgent(), DemoAgent())
    return {agent.name: agent for agent in agents}
