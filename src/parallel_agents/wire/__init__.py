"""The socket between supervisor and clients: messages, framing, paths."""
