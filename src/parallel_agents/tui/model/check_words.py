"""What a row of the list says about checks; pure functions.

Keep true: a row is silent about checks unless one failed, or one that a person asked for judged
other files than there are now.
"""

from parallel_agents.core.state import SessionState


def check_words(state: SessionState) -> str:
    """Say on one line what is worth knowing of a session's checks; empty for nothing.

    Args:
        state: its facts.
    """
    checks = state.checks
    failed = [each for each in checks.results if each.failed]
    if failed:
        names = ", ".join(each.name for each in failed)
        since = " before the last change" if all(map(checks.is_stale, failed)) else ""
        return f"✗ {names} failed{since}"
    stale = [e.name for e in checks.results if e.asked and e.passed and checks.is_stale(e)]
    return f"✓ {', '.join(stale)} passed before the last change" if stale else ""
