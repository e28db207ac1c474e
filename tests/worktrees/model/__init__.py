"""Random histories of worktrees over real git, deleted and restored, with kills in between.

Keep true: everything random comes from the seed of a history; what was there before a deletion is
read from the disk by the model itself, and never asked from the code under test.
"""
