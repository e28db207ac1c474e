"""The built-in scripted agent: a real program that speaks Claude Code's headless protocol.

It is started as `python -I -m parallel_agents.agents.demo` and needs no model and no network.
"""
