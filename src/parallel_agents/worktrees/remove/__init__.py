"""Deleting a worktree into the trash, and bringing it back."""
