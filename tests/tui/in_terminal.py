"""`python -m tests.tui.in_terminal FILE`: the screen in a real terminal, over a fake supervisor.

What was decided is written to the file, a line each; `ready` when the card takes keys. With
`TEST_ASK_AGAIN` set, what covers the card is closed and each decision brings another request, so
that a card has the focus however long bytes come; F12 writes `mark`. With `TEST_STAY` set it is not
brought back to the card once it has had the focus.
"""

from __future__ import annotations

import inspect
import os
import sys
from pathlib import Path
from typing import Any, ClassVar

from textual.binding import Binding, BindingType
from textual.screen import Screen

from parallel_agents.core import events as ev
from parallel_agents.core.errors import UserError
from parallel_agents.tui.app import ScreenApp
from parallel_agents.tui.model.request_card import SETTLE
from parallel_agents.tui.terminal.terminal_input import BURST
from parallel_agents.wire import messages as m
from tests.tui.fake import EXPLAINED, ROOT, Fake, resolved, row_of

AGAIN = "TEST_ASK_AGAIN" in os.environ
COMMAND = os.environ.get("TEST_COMMAND", "make all")


class Watched(ScreenApp):
    """Tells what is decided, and leaves the request open."""

    CSS_PATH = str(Path(inspect.getfile(ScreenApp)).parent / "style.tcss")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+shift+f9", "crash", priority=True),  # no answer of a terminal spells it
        Binding("f12", "mark", priority=True),
    ]

    def __init__(self, log: Path) -> None:
        self.fake = Fake()
        self.fake.session("s", "shop")
        self.fake.ask("s", "r1", given={"command": COMMAND})
        self.log_file = log
        super().__init__(ROOT, self.fake.connect, typed=True)
        self.fake.answers["answer"] = self._answered
        self.fake.answers["resolve_repository"] = resolved()
        self.fake.answers["explain"] = EXPLAINED
        self.fake.answers["attach_begin"] = UserError("not here")

    def tell(self, line: str) -> None:
        """Write a line."""
        with self.log_file.open("a") as file:
            file.write(line + "\n")

    def _answered(self, request: Any) -> m.SessionRow:
        assert isinstance(request, m.Answer)
        self.tell(f"decided {request.decision.behavior} {request.decision.scope}")
        if AGAIN:
            self._told_ready = False
            self._asked += 1
            self.fake.happen("s", ev.RequestWithdrawn(request=str(request.request)))
            self.fake.ask("s", f"r{self._asked}", given={"command": COMMAND})
        return row_of("s")

    def on_mount(self) -> None:
        """Go to the card when it is there; Textual calls the one of `ScreenApp` itself."""
        self.set_interval(0.05, self._go)

    def _go(self) -> None:
        covered, self._covered = self._covered, self.screen
        if self._exit:  # bytes may have spelled Ctrl+Q
            return
        if AGAIN and covered is self.screen is not self._main and self.screen.is_mounted:
            self.screen.dismiss(None)
        if "TEST_STAY" in os.environ and self._told_ready:
            return
        if self._main.paintable and self._main.card.request is not None:
            if self._main.focused is not self._main.request:
                self._main.go_in()
            elif self._main.card.ready and not self._told_ready:
                self._told_ready = True
                self.tell("ready")

    _told_ready = False
    _asked = 1
    _covered: Screen[object] | None = None

    def action_mark(self) -> None:
        """Note that whatever came before has been handled."""
        self.tell("mark")

    def action_crash(self) -> None:
        """Fail as a fault of ours would."""
        raise RuntimeError("a fault")


if __name__ == "__main__":
    assert SETTLE > BURST
    app = Watched(Path(sys.argv[1]))
    app.run()
    sys.exit(app.return_code or 0)
