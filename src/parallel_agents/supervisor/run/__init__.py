"""One agent's process: started, read, written to, ended."""
