"""The file system, safe against whoever else writes to it; knows nothing of git."""
