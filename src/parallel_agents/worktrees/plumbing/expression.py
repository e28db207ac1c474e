"""Tries a repository's regular expressions in a separate process, with a deadline.

Keep true: no expression and no text can block the supervisor: Python's matcher backtracks, and
blocks every thread of its process meanwhile.
"""

import json
import subprocess
import sys

from parallel_agents.core.errors import UsageError

SECONDS = 2.0
LENGTH_LIMIT = 1000
_CODE = """
import json, re, resource, sys, warnings
warnings.simplefilter("ignore")
resource.setrlimit(resource.RLIMIT_AS, (1 << 28, 1 << 28))
expression, text = json.load(sys.stdin)
try:
    found = re.search(expression, text)
except (re.error, RecursionError, OverflowError) as error:
    print(json.dumps({"error": str(error)}))
else:
    print(json.dumps({"found": found[0] if found else ""}))
"""


def first_match(expression: str, text: str, what: str) -> str:
    """Find the first match of an expression.

    Args:
        expression: regular expression in the syntax of Python's `re`.
        text: where to search.
        what: description of the expression, for the error.

    Returns:
        The match; empty when there is none.

    Raises:
        UsageError: the expression is wrong or too long, or takes too long.
    """
    hint = "See Python's re."
    if len(expression) > LENGTH_LIMIT:
        raise UsageError(f"the {what} has over {LENGTH_LIMIT:,} characters", hint)
    try:
        done = subprocess.run(
            [sys.executable, "-I", "-S", "-c", _CODE],
            input=json.dumps([expression, text]).encode(),
            capture_output=True,
            timeout=SECONDS,
            check=False,
            cwd="/",
        )
    except subprocess.TimeoutExpired as error:
        raise UsageError(
            f"the {what} {expression!r} was given up after {SECONDS:g} s",
            "Simplify it: a repetition inside a repetition, as in (a+)+, tries every way.",
        ) from error
    try:
        said = json.loads(done.stdout)
    except ValueError as error:
        raise UsageError(f"the {what} {expression!r} could not be tried", hint) from error
    if "error" in said:
        raise UsageError(f"the {what} {expression!r} is wrong: {said['error']}", hint)
    return str(said["found"])
