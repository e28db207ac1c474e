"""The socket between the supervisor and its clients: messages, framing, paths."""
