"""The demo agent as an `Agent`: another program with the protocol of `claude`."""

import sys

from parallel_agents.agents.claude.agent import ClaudeAgent
from parallel_agents.core.value import replace


class DemoAgent(ClaudeAgent):
    """Drives `python -m parallel_agents.agents.demo`.

    Python starts in isolated mode, so that no file of a repository becomes part of the program.
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
