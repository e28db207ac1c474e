"""Programs that take the whole terminal for a while: shell, editor, the agent's own screen.

Keep true: the screen comes back whatever the program does; a Ctrl+C meant for it does not end us;
what an editor is given is a private file that is removed again.
"""

import os
import shlex
import signal
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from textual.app import App, SuspendNotSupported

from parallel_agents.client.foreground import run_program
from parallel_agents.core.diff import Anchor
from parallel_agents.core.errors import UsageError
from parallel_agents.wire.standby import Link, Outcome, Program, Stop

Run = Callable[[Sequence[str], str, Mapping[str, str]], int]
"""Runs a program in the foreground: argument list, directory, environment -> exit status."""


class Owner(Protocol):
    """The process whose terminal it is: only that one can run a program in its foreground."""

    def run(self, argv: Sequence[str], cwd: str, env: Mapping[str, str]) -> int:
        """Run a program in the foreground, until it ends.

        Raises:
            UsageError: it cannot be started.
        """

    def stop(self) -> None:
        """Stop, as job control does, and come back when the job goes on."""


class Own:
    """This process's own terminal."""

    def run(self, argv: Sequence[str], cwd: str, env: Mapping[str, str]) -> int:
        """See `Owner`.

        Raises:
            UsageError: the program cannot be started.
        """
        return run_program(argv, cwd, env)

    def stop(self) -> None:
        """See `Owner`."""
        os.kill(os.getpid(), signal.SIGSTOP)


class OfFront:
    """The terminal of a front, which does it.

    Args:
        link: to the front.
    """

    def __init__(self, link: Link) -> None:
        self._link = link

    def run(self, argv: Sequence[str], cwd: str, env: Mapping[str, str]) -> int:
        """See `Owner`.

        Raises:
            UsageError: the program cannot be started.
        """
        outcome = self._asked(Program(argv=tuple(argv), cwd=cwd, environment=dict(env)))
        if outcome.error:
            raise UsageError(outcome.error)
        return outcome.status

    def stop(self) -> None:
        """See `Owner`."""
        self._asked(Stop())

    def _asked(self, message: Program | Stop) -> Outcome:
        self._link.send(message)
        outcome = self._link.receive()
        if not isinstance(
            outcome, Outcome
        ):  # the front is gone, and the terminal with it: it is not this one's now
            os._exit(128 + signal.SIGHUP)
        return outcome


class _Terminal:
    """The terminal of this process: it has one."""

    owner: Owner = Own()


def borrow(owner: Owner) -> None:
    """From now on, the screen shows on somebody else's terminal."""
    _Terminal.owner = owner


def stop() -> None:
    """Stop whoever owns the terminal, and come back when it goes on."""
    _Terminal.owner.stop()


def in_foreground(app: App[object]) -> Run:
    """Make a runner that lends the terminal to a program.

    Args:
        app: whose terminal.

    Returns:
        The runner; it raises `UsageError` when the program cannot be started.
    """

    def run(argv: Sequence[str], cwd: str, env: Mapping[str, str]) -> int:
        # Textual takes the terminal back only when nothing is raised while it is lent.
        outcome: int | UsageError = 0
        try:
            with app.suspend():
                outcome = _outcome(argv, cwd, env)
        except SuspendNotSupported:
            raise UsageError("This terminal cannot run another program.") from None
        if isinstance(outcome, UsageError):
            raise outcome
        return outcome

    return run


def _outcome(argv: Sequence[str], cwd: str, env: Mapping[str, str]) -> int | UsageError:
    try:
        return _Terminal.owner.run(argv, cwd, env)
    except UsageError as error:
        return error


def shell() -> list[str]:
    """The person's shell."""
    return [os.environ.get("SHELL") or "/bin/sh"]


def editor() -> list[str]:
    """The person's editor, as an argument list."""
    return shlex.split(os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi")


_PLUS = frozenset({
    "vi", "vim", "nvim", "view", "nano", "emacs", "emacsclient", "micro", "kak", "joe", "mg", "ne",
})  # fmt: skip
_COLON = frozenset({"hx", "helix", "subl", "zed"})
_GO_TO = frozenset({"code", "codium", "cursor"})
"""Editors, by the way in which they are told a line; the others are told none."""


def editor_at(place: Anchor) -> list[str]:
    """The person's editor on a line of a file, as an argument list.

    Args:
        place: the file, named from the directory that the editor starts in.
    """
    argv, path = editor(), f"./{place.path}"
    name = Path(argv[0]).name if argv else ""
    if name in _PLUS:
        return [*argv, f"+{place.number}", path]
    if name in _COLON:
        return [*argv, f"{path}:{place.number}"]
    if name in _GO_TO:
        return [*argv, "--goto", f"{path}:{place.number}"]
    return [*argv, path]


def edit_text(run: Run, text: str, suffix: str = ".md") -> str:
    """Let the person edit a text in their editor.

    Args:
        run: runs the editor.
        text: what to begin with.
        suffix: ending of the file's name, for the editor's sake.

    Returns:
        The text as saved, without the newline that editors put at the end; unchanged when the
        editor failed.

    Raises:
        UsageError: the editor cannot be started, or the file not read back.
    """
    with tempfile.TemporaryDirectory(prefix="parallel-agents-") as directory:
        path = Path(directory) / f"text{suffix}"
        path.write_text(text, "utf-8")
        path.chmod(0o600)
        if run([*editor(), str(path)], directory, os.environ) != 0:
            return text
        try:
            return path.read_text("utf-8").removesuffix("\n")
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"cannot read the text back: {error}") from error
