"""What a repository brings along: hooks, files to copy, settings that run programs."""
