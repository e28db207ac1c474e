"""Git: worktrees, their diffs, their deletion and their return."""
