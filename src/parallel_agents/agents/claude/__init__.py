"""Claude Code, driven over its stream-json protocol."""
