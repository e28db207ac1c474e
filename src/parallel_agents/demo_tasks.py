"""The tasks of the demo: what its sessions are told, and what the demo agent knows by heart.

It stands beside the layers, because the demo agent runs on the standard library alone.
"""

FIX = "A test of the cart fails. Find out why, fix it, and run the tests again."
ORDERS = "Keep the orders on disk. Ask me what is still open."
PLAN = "Plan how to split the receipt into smaller functions, then do it."
RENAME = "Rename price_of to price_in_cents everywhere."
EXPLAIN = "Explain this project to me, one module after the other."
FAIL = "fail: ask a model that cannot answer"
