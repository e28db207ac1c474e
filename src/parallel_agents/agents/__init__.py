"""Agent programs: what the supervisor needs of one, and the ones there are."""
