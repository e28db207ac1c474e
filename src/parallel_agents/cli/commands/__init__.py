"""One verb, one file: each has `add(verbs)`, which declares it, and `run(args)`."""
