"""What is on record: journals, the facts folded from them, logs of runs."""
