"""The page that sets us beside agent view names tests that exist."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs/agent-view.md").read_text("utf-8")


def test_every_test_it_names_is_there() -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", PAGE)
    assert len(named) > 40
    assert [f"{path}::{test}" for path, test in named if not _is_there(path, test)] == []


def _is_there(path: str, test: str) -> bool:
    file = ROOT / path
    return file.is_file() and (not test or f"def {test}(" in file.read_text("utf-8"))


def test_every_row_says_how_it_is_shown_or_that_it_is_missing() -> None:
    rows = [line.split(" | ") for line in PAGE.splitlines() if line.startswith("| ")]
    unproven = [row for row in rows if "tests/" not in row[-1] and "shown by" not in row[-1]]
    silent = [row[0] for row in unproven if "missing" not in " ".join(row)]
    assert silent == ["| `Tab` a suggested reply, `!` runs Bash"]
