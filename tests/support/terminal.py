"""A real terminal: a tmux server of its own."""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pytest

DEADLINE = 30.0


def need_tmux() -> None:
    """Skip without tmux, and say how to get it; in CI, fail."""
    if shutil.which("tmux") is None:
        message = "needs tmux: apt install tmux"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)


class Terminal:
    """One tmux window that runs one command.

    Args:
        command: a shell command line.
        env: its whole environment.
        size: columns and rows.
    """

    def __init__(
        self, command: str, env: dict[str, str], size: tuple[int, int] = (120, 40)
    ) -> None:
        need_tmux()
        self._directory = tempfile.TemporaryDirectory(prefix="pa-tmux-", dir="/tmp")
        self._socket = str(Path(self._directory.name) / "tmux")
        self._env = {**env, "TERM": "screen-256color"}
        columns, rows = size
        self._tmux(
            "-f", os.devnull, "new-session", "-d", "-x", str(columns), "-y", str(rows), command
        )
        self._tmux("set-option", "-g", "remain-on-exit", "on")

    def _tmux(self, *args: str) -> str:
        done = subprocess.run(
            ["tmux", "-S", self._socket, *args],
            env=self._env, capture_output=True, text=True, check=True,
        )  # fmt: skip
        return done.stdout

    def press(self, *keys: str) -> None:
        """Press keys, by tmux's names."""
        self._tmux("send-keys", *keys)

    def resize(self, columns: int, rows: int) -> None:
        """Change the size of the window."""
        self._tmux("resize-window", "-x", str(columns), "-y", str(rows))

    def type(self, text: str) -> None:
        """Type text as it is."""
        self._tmux("send-keys", "-l", "--", text)

    @property
    def screen(self) -> str:
        """What is on the screen now."""
        return self._tmux("capture-pane", "-p")

    def wait(self, holds: Callable[[str], bool] | str, deadline: float = DEADLINE) -> str:
        """Wait until the screen shows something; returns it."""
        wanted = holds
        check = (lambda screen: wanted in screen) if isinstance(wanted, str) else wanted
        end = time.monotonic() + deadline
        while time.monotonic() < end:
            screen = self.screen
            if check(screen):
                return screen
            time.sleep(0.03)
        raise AssertionError(f"not on the screen: {holds!r}\n{self.screen}")

    def wait_ended(self) -> str:
        """Wait until the command has closed its terminal; returns what it left to be read."""
        end = time.monotonic() + DEADLINE
        while self._tmux("display-message", "-p", "#{pane_dead}").strip() != "1":
            assert time.monotonic() < end, f"it has not ended\n{self.screen}"
            time.sleep(0.03)
        # With what has scrolled off: tmux makes room for a line that says that it has ended.
        return self._tmux("capture-pane", "-p", "-S", "-")

    def close(self) -> None:
        """End the terminal and what runs in it."""
        subprocess.run(
            ["tmux", "-S", self._socket, "kill-server"],
            env=self._env, capture_output=True, check=False,
        )  # fmt: skip
        self._directory.cleanup()
