"""Standard input and output as whoever started us left them: closed, full, or read by nobody.

Keep true: nothing of ours gets the number of a standard stream that is closed; output that was lost
is an error, talk that was lost is not.
"""

import os
import select
import sys

from parallel_agents.core.errors import StorageError, UsageError


def prepare() -> None:
    """Fill the places of closed streams, and let no locale make output impossible."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:  # the lowest free number is the next one that is opened
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")


def write(text: str | bytes) -> None:
    """Write data to standard output.

    Args:
        text: the data; bytes are written as they are.

    Raises:
        BrokenPipeError: nobody reads it.
        StorageError: it cannot be written.
    """
    if sys.stdout is None:
        raise _lost("standard output is closed")
    try:
        if isinstance(text, bytes):
            sys.stdout.flush()
            sys.stdout.buffer.write(text)
        else:
            sys.stdout.write(text)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise _lost(error.strerror or str(error)) from error


def flush() -> None:
    """Hand over what was written.

    Raises:
        BrokenPipeError: nobody reads it.
        StorageError: it cannot be written.
    """
    if sys.stdout is None:
        return
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise _lost(error.strerror or str(error)) from error


def pause(seconds: float) -> None:
    """Do nothing for a while, or until nobody reads standard output any more.

    Raises:
        BrokenPipeError: nobody reads it.
    """
    poll = select.poll()
    if sys.stdout is not None:
        poll.register(sys.stdout.fileno(), 0)  # errors are told without being asked for
    if poll.poll(seconds * 1000):
        raise BrokenPipeError


def talk(text: str) -> None:
    """Say something on standard error, if there is one that takes it."""
    if sys.stderr is None:
        return
    try:
        sys.stderr.write(text)
        sys.stderr.flush()
    except OSError:
        return  # nowhere is left to say so


def read() -> str:
    """Read all of standard input.

    Returns:
        The text.

    Raises:
        UsageError: it is closed, or no text.
    """
    if sys.stdin is None:
        raise UsageError("Standard input is closed.", "Give the text as an argument.")
    try:
        return sys.stdin.read()
    except OSError as error:
        raise UsageError(f"Standard input cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise UsageError(
            "Standard input is no UTF-8 text.", "Convert it: iconv -t utf-8"
        ) from error


def close() -> None:
    """Give up what cannot be written: the interpreter would complain of it at its end."""
    for stream in (sys.stdout, sys.stderr):
        if stream is None:
            continue
        try:
            stream.flush()
        except OSError:
            null = os.open(os.devnull, os.O_WRONLY)
            os.dup2(null, stream.fileno())
            os.close(null)


def is_terminal(*streams: str) -> bool:
    """Whether these standard streams are a terminal: `stdin`, `stdout`."""
    found = (getattr(sys, name) for name in streams)
    return all(stream is not None and stream.isatty() for stream in found)


def refuse_without_screen(what: str, hint: str) -> None:
    """Insist on a terminal that can show more than lines.

    Args:
        what: what needs one.
        hint: what to use instead.

    Raises:
        UsageError: this is none.
    """
    if not is_terminal("stdin", "stdout"):
        raise UsageError(f"{what} needs a terminal.", hint)
    term = os.environ.get("TERM", "")
    if term in ("", "dumb", "unknown"):
        said = f"is “{term}”" if term else "is not set"
        raise UsageError(f"{what} needs a terminal that moves its cursor; TERM {said}.", hint)


def _lost(why: str) -> StorageError:
    return StorageError(f"The output could not be written: {why}.")
