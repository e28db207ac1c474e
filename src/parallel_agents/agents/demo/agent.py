"""The demo agent as an `Agent`: the protocol of `claude`, another program."""

import sys

from parallel_agents.agents.claude.agent import ClaudeAgent
from parallel_agents.core.value import replace


class DemoAgent(ClaudeAgent):
    """Drives `python -m parallel_agents.agents.demo`.

    It is started isolated, so that no file of a repository becomes part of it.
    """

    traits = replace(
        ClaudeAgent.traits,
        name="demo",
        command=(sys.executable, "-I", "-m", "parallel_agents.agents.demo"),
        program="",
        variable="",
        minimum=(),
        tested=(),
        install="",
        update="",
        can_attach=False,
    )
