"""The demo agent as an `Agent`: the protocol of `claude`, another program."""

import sys

from parallel_agents.agents.base import SpawnSpec
from parallel_agents.agents.claude.agent import ClaudeAgent
from parallel_agents.core.errors import RefusedError


class DemoAgent(ClaudeAgent):
    """Drives `python -m parallel_agents.agents.demo`.

    Attributes:
        program: how it is started: isolated, so that no file of a repository becomes part of it.
    """

    name = "demo"
    minimum = ()
    program = (sys.executable, "-I", "-m", "parallel_agents.agents.demo")

    def interactive_argv(self, spec: SpawnSpec) -> list[str]:
        """The demo agent cannot be attached to."""
        raise RefusedError(
            f"“{spec.name}” is a demo: it has no interactive program to attach to.",
            "Reply to it instead; attaching works with claude.",
        )
