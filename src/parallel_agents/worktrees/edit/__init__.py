"""Changing files of a worktree for a person: exactly, and so that it can be undone."""
