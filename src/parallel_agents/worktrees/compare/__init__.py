"""A session's work against its base: as a diff, as a snapshot, as a loss to warn of."""
