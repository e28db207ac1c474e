"""A review by key presses, in a real terminal, with a real supervisor and git."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.person import Person
from tests.support.terminal import Terminal

pytestmark = pytest.mark.tmux


def test_a_file_is_viewed_changes_and_is_compared_with_head(
    person: Person, terminal: Terminal
) -> None:
    tree = Path(person.show("fail")["worktree"])
    (tree / "one.txt").write_text("one\n")
    (tree / "two.txt").write_text("two\n")
    (tree / "uv.lock").write_text("a lock\n")
    terminal.press("End")
    terminal.wait("✗ fail  ")
    terminal.press("d")
    terminal.wait(lambda screen: "▾ A one.txt" in screen and "▸ A uv.lock  lock file" in screen)
    terminal.press("}", "v")
    terminal.wait(lambda screen: "▸ A one.txt  viewed" in screen and "1 of 3 viewed" in screen)
    person.git("add", "-A", cwd=tree)
    person.git("commit", "-qm", "All three", cwd=tree)
    terminal.press(".", ".")
    terminal.wait("Uncommitted: no changes against HEAD")
    terminal.press("b")
    terminal.wait("another session")
    terminal.press("5")
    terminal.wait("All three")
    terminal.press("1")
    terminal.wait(lambda screen: "All three: 3 files, 1 of 3 viewed, against" in screen)
