"""Where a session works: its worktree, set-up commands, what changes in it."""
