"""Standard streams in whatever state we got them: closed, full, or with no reader.

Keep true: no file of ours gets the number of a closed standard stream; losing output is an error,
losing a message is not.
"""

import os
import select
import sys

from parallel_agents.core.errors import StorageError, UsageError


def prepare() -> None:
    """Replace closed streams with `/dev/null`, and make output possible in every locale."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:  # `open` takes the lowest free number, which is this one
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")


def write(text: str | bytes) -> None:
    """Write data to standard output.

    Args:
        text: the data; bytes are written as they are.

    Raises:
        BrokenPipeError: nobody reads standard output.
        StorageError: standard output is closed or cannot be written.
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
    """Flush standard output.

    Raises:
        BrokenPipeError: nobody reads standard output.
        StorageError: standard output cannot be written.
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
    """Sleep, but stop as soon as nobody reads standard output any more.

    Raises:
        BrokenPipeError: nobody reads standard output.
    """
    poll = select.poll()
    if sys.stdout is not None:
        poll.register(sys.stdout.fileno(), 0)  # `poll` always reports errors
    if poll.poll(seconds * 1000):
        raise BrokenPipeError


def talk(text: str) -> None:
    """Print a message on standard error, if that is possible."""
    if sys.stderr is None:
        return
    try:
        sys.stderr.write(text)
        sys.stderr.flush()
    except OSError:
        return  # there is nowhere left to report this


def read() -> str:
    """Read all of standard input.

    Raises:
        UsageError: standard input is closed, cannot be read, or is not UTF-8 text.
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
    """Discard output that cannot be written; the interpreter would complain of it at exit."""
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
    """Tell whether all of these standard streams (`stdin`, `stdout`) are terminals."""
    found = (getattr(sys, name) for name in streams)
    return all(stream is not None and stream.isatty() for stream in found)


def refuse_without_screen(what: str, hint: str) -> None:
    """Require a terminal that can move its cursor.

    Args:
        what: what needs the terminal, for the message.
        hint: what to use instead.

    Raises:
        UsageError: this is no such terminal.
    """
    if not is_terminal("stdin", "stdout"):
        raise UsageError(f"{what} needs a terminal.", hint)
    term = os.environ.get("TERM", "")
    if term in ("", "dumb", "unknown"):
        said = f"is “{term}”" if term else "is not set"
        raise UsageError(f"{what} needs a terminal that moves its cursor; TERM {said}.", hint)


def _lost(why: str) -> StorageError:
    return StorageError(f"The output could not be written: {why}.")
