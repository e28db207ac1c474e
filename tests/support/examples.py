"""How many examples property tests try, by profile: `PA_EXAMPLES=fast|here|ci|deep`."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

EXAMPLES = {"fast": 8, "here": 100, "ci": 25, "deep": 2000}
"""Of an ordinary test: between two edits; by hand; in CI; when a machine has a night."""
_FACTORS = {"fast": 0.1, "here": 1.0, "ci": 1.0, "deep": 20.0}
_FEWEST = 3


def load_profile() -> None:
    """Choose the profile; what fails in CI fails on every machine, so its examples are fixed."""
    chosen = _profile()
    settings.register_profile(
        chosen,
        deadline=None,  # how long an example takes says how busy the machine is
        suppress_health_check=[HealthCheck.too_slow],
        print_blob=True,
        derandomize=chosen == "ci",
        max_examples=EXAMPLES[chosen],
    )
    settings.load_profile(chosen)


def examples(usual: int) -> int:
    """How many a test tries that is dearer, or wants more, than others.

    Args:
        usual: how many by hand and in CI.
    """
    return max(min(usual, _FEWEST), round(usual * _FACTORS[_profile()]))


def _profile() -> str:
    return os.environ.get("PA_EXAMPLES") or ("ci" if os.environ.get("CI") == "true" else "here")
