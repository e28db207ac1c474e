"""parallel-agents: a terminal workspace for several coding agents at once."""

__version__ = "0.1.0"
