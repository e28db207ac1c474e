"""The terminal: keys in their order, programs in the foreground, what goes wrong."""
