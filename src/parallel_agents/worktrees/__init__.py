"""Git: worktrees, their diffs, and how they are deleted and restored."""
