"""Programs that take the whole terminal for a while: shell, editor, the agent's own screen.

Keep true: the screen comes back whatever the program does; a Ctrl+C meant for it does not end us;
what an editor is given is a private file that is removed again.
"""

import os
import shlex
import signal
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from textual.app import App, SuspendNotSupported

from parallel_agents.core.diff import Anchor
from parallel_agents.core.errors import UsageError

Run = Callable[[Sequence[str], str, Mapping[str, str]], int]
"""Runs a program in the foreground: argument list, directory, environment -> exit status."""


def in_foreground(app: App[object]) -> Run:
    """Make a runner that lends the terminal to a program.

    Args:
        app: whose terminal.

    Returns:
        The runner; it raises `UsageError` when the program cannot be started.
    """

    def run(argv: Sequence[str], cwd: str, env: Mapping[str, str]) -> int:
        try:
            with app.suspend():
                return _run(argv, cwd, env)
        except SuspendNotSupported:
            raise UsageError("This terminal cannot be lent to another program.") from None

    return run


def _run(argv: Sequence[str], cwd: str, env: Mapping[str, str]) -> int:
    before = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        return subprocess.run(argv, cwd=cwd, env=dict(env), check=False).returncode
    except OSError as error:
        raise UsageError(f"{argv[0]} cannot be started: {error.strerror}") from error
    finally:
        signal.signal(signal.SIGINT, before)


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
