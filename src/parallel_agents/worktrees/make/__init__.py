"""Making or adopting a worktree."""
