"""Reading a repository or a worktree without changing it."""
