"""The agent programs, and the interface through which the supervisor drives them."""
