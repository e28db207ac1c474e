"""The socket: requests in, replies and pushes out."""
