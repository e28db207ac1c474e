"""A supervisor that knows this agent, too; `World.supervisor` runs it."""

import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
COMMAND = (
    "-c",
    f"import sys; sys.path.insert(0, {str(ROOT)!r}); "
    "from tests.support.sketch import supervisor; supervisor.main()",
)
"""What the interpreter is told."""


def main() -> None:
    """Supervise."""
    from parallel_agents.agents.registry import all_agents, by_name
    from parallel_agents.supervisor.lifecycle import main as supervise
    from tests.support.sketch.agent import SketchAgent

    sys.exit(supervise(by_name((*all_agents().values(), SketchAgent()))))
