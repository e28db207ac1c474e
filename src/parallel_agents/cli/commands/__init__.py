"""One file per verb, each with `add(verbs)`, which declares the verb, and `run(args)`."""
