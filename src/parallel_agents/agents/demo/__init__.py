"""The demo agent: a real, scripted program that speaks Claude Code's headless protocol.

It starts with `python -I -m parallel_agents.agents.demo`, and needs no model and no network.
"""
