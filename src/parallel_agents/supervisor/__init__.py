"""The per-user daemon that owns the agents."""
