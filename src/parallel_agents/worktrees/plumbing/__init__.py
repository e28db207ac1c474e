"""Running git safely, and reading what it prints."""
