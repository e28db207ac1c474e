"""Every error that a person can meet, with its exit code and the next step.

Keep true: an error says in plain words what happened (`str(error)`) and what to do next (`hint`);
exit codes are assigned only here; only errors of these types cross the socket.
"""

import errno
from collections.abc import Iterable
from enum import IntEnum


class ExitCode(IntEnum):
    """What a command's exit status means to a script."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    NO_SUCH_SESSION = 3
    REFUSED = 4
    UNREACHABLE = 5
    TIMED_OUT = 124


def of_check(state: str) -> ExitCode:
    """The exit code of a check in a state (`check_facts.CheckState`)."""
    known = {"passed": ExitCode.DONE, "late": ExitCode.TIMED_OUT, "unable": ExitCode.REFUSED}
    return known.get(state, ExitCode.FAILED)


def worst(codes: Iterable[ExitCode]) -> ExitCode:
    """The exit code of several things: of two, the higher is the worse."""
    return max(codes, default=ExitCode.DONE)


class UserError(Exception):
    """Base of all our errors: something that the person asked for cannot be done.

    Args:
        message: what happened, in one plain sentence.
        hint: the next step: one plain sentence or a command; may be empty.
    """

    code = ExitCode.FAILED
    kind = "failed"

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(UserError):
    """The request itself makes no sense, or is ambiguous."""

    code = ExitCode.USAGE
    kind = "usage"


class NoSuchSessionError(UserError):
    """No session has that id or name."""

    code = ExitCode.NO_SUCH_SESSION
    kind = "no_such_session"


class RefusedError(UserError):
    """Refused in order to protect work, for lack of trust, or because an agent asked."""

    code = ExitCode.REFUSED
    kind = "refused"


class UntrustedError(RefusedError):
    """The repository, or its executable configuration, is not trusted yet."""

    kind = "untrusted"


class UnreachableError(UserError):
    """The supervisor does not answer and could not be started."""

    code = ExitCode.UNREACHABLE
    kind = "unreachable"


class WaitTimeoutError(UserError):
    """`wait` ran out of time."""

    code = ExitCode.TIMED_OUT
    kind = "timed_out"


class GitError(UserError):
    """Git refused or failed.

    Args:
        message: what git was doing, and its own words, made safe.
        hint: the next step.
        returncode: git's exit status; -1 if git was stopped at its deadline.
    """

    kind = "git"

    def __init__(self, message: str, hint: str = "", returncode: int = 1) -> None:
        super().__init__(message, hint)
        self.returncode = returncode


class RepositoryError(UserError):
    """The directory is not a repository, or is one that cannot have worktrees."""

    kind = "repository"


class WorktreeError(UserError):
    """The worktree is missing, moved, or not the one that was recorded."""

    kind = "worktree"


class TreeGoneError(UserError):
    """A tree to compare is not kept any more; a new comparison makes a new one."""

    kind = "tree_gone"


class AgentError(UserError):
    """The agent program is missing, too old, or ended at once."""

    kind = "agent"


class StorageError(UserError):
    """The state directory cannot be written: full, read-only, or failing."""

    kind = "storage"


class ExhaustedError(StorageError):
    """The system has run out of descriptors, processes or memory; the disk is not at fault."""

    kind = "exhausted"


class InternalError(UserError):
    """A fault of ours that nobody foresaw."""

    kind = "internal"


_NO_MORE = {
    errno.EMFILE: "Close sessions, or start with a higher limit of open files (ulimit -n).",
    errno.ENFILE: "The whole system has too many files open: end some programs.",
    errno.EAGAIN: "Too many processes are running: end some, or raise the limit (ulimit -u).",
    errno.ENOMEM: "There is no memory left: end some programs.",
    errno.ENOBUFS: "There is no memory left: end some programs.",
}
_DISK = {
    errno.ENOSPC: "Free some space, then try again.",
    errno.EDQUOT: "Free some space: your share of the disk is used up.",
    errno.EROFS: "The file system is read-only: make it writable, then try again.",
    errno.EACCES: "See who owns it and who may write there, then try again: ls -ld",
    errno.EPERM: "See who owns it and who may write there, then try again: ls -ld",
    errno.EBUSY: "Something is mounted there: unmount it, then try again.",
    errno.EIO: "The disk is failing: look at the system's log.",
}


def of_system(error: OSError, doing: str) -> UserError:
    """Make the error to show for an error of the operating system.

    Args:
        error: the error as it was raised.
        doing: what could not be done, for example “cannot write /x”.

    Returns:
        An `ExhaustedError` if the system only ran out of something, otherwise a `StorageError`;
        with the next step.
    """
    said = f"{doing}: {error.strerror or error}"
    if error.errno in _NO_MORE:
        return ExhaustedError(said, _NO_MORE[error.errno])
    return StorageError(said, _DISK.get(error.errno or 0, "Try again."))


def unforeseen(error: BaseException, log: str) -> UserError:
    """Make the error to show for one that nobody foresaw.

    Args:
        error: the error as it was raised.
        log: path of the file with its traceback.

    Returns:
        An `InternalError`; an error of the system is not our fault, so it gets `of_system`.
    """
    if isinstance(error, OSError):
        name = "" if error.filename is None else f" ({error.filename})"
        return of_system(error, f"The system did not allow it{name}")
    what = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    return InternalError(
        f"Something went wrong inside parallel-agents ({what}).",
        f"Try again; if it happens again, report it with what {log} says.",
    )


_BY_KIND: dict[str, type[UserError]] = {
    cls.kind: cls
    for cls in (
        UserError,
        UsageError,
        NoSuchSessionError,
        RefusedError,
        UntrustedError,
        UnreachableError,
        WaitTimeoutError,
        GitError,
        RepositoryError,
        WorktreeError,
        TreeGoneError,
        AgentError,
        StorageError,
        ExhaustedError,
        InternalError,
    )
}


def error_from_wire(kind: str, message: str, hint: str) -> UserError:
    """Rebuild an error that crossed the socket; an unknown `kind` becomes a `UserError`."""
    return _BY_KIND.get(kind, UserError)(message, hint)
