"""The screen of `in_terminal` on a pseudo-terminal, and what was decided on it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from tests.support.raw_terminal import RawTerminal

ROOT = Path(__file__).parents[2]
PROGRAM = [sys.executable, "-m", "tests.tui.in_terminal"]


class Screen(RawTerminal):
    """The screen with a card in the focus."""

    def __init__(self, log: Path, **env: str) -> None:
        self.log = log
        usual = {**os.environ, "PYTHONPATH": str(ROOT), "PARALLEL_AGENTS_HOME": f"{log}-state"}
        super().__init__([*PROGRAM, str(log)], usual | env)
        self.shows(lambda: "ready" in self.lines, "ready")

    @property
    def lines(self) -> list[str]:
        return self.log.read_text().splitlines() if self.log.exists() else []

    @property
    def decided(self) -> list[str]:
        return [line for line in self.lines if line.startswith("decided")]

    def quit(self) -> int:
        """Ctrl+Q, as typed: nothing came before it for a while."""
        self.look(0.3)
        self.send(b"\x11")
        return self.ended()
