"""Every error a person can meet, each with its exit code and its next step.

Keep true: an error says in plain words what happened (`str(error)`) and what to do next
(`hint`); exit codes are assigned here and nowhere else; only these types cross the socket.
"""

import errno
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


class UserError(Exception):
    """Something the person asked for cannot be done; base of all our errors.

    Args:
        message: what happened, one plain sentence.
        hint: the next step, one plain sentence or a command; may be empty.
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
    """Refused to protect work, for lack of trust, or because an agent asked."""

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
        message: what was being done and git's own words, made safe.
        hint: the next step.
        returncode: git's exit status; -1 when git was stopped at its deadline.
    """

    kind = "git"

    def __init__(self, message: str, hint: str = "", returncode: int = 1) -> None:
        super().__init__(message, hint)
        self.returncode = returncode


class RepositoryError(UserError):
    """The directory is no repository, or one that cannot hold a worktree."""

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
    """The system has no more descriptors, processes or memory to give; the disk is not at fault."""

    kind = "exhausted"


class InternalError(UserError):
    """A fault of ours: something that nobody foresaw."""

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
    """The error to show for one of the operating system's.

    Args:
        error: as it was raised.
        doing: what could not be done, for example “cannot write /x”.

    Returns:
        An `ExhaustedError` when nothing is wrong but that there is no more of something, else a
        `StorageError`; with the next step.
    """
    said = f"{doing}: {error.strerror or error}"
    if error.errno in _NO_MORE:
        return ExhaustedError(said, _NO_MORE[error.errno])
    return StorageError(said, _DISK.get(error.errno or 0, "Try again."))


def unforeseen(error: BaseException, log: str) -> UserError:
    """The error to show for one that nobody foresaw.

    Args:
        error: as it was raised.
        log: path of the file with its traceback.

    Returns:
        An `InternalError`; for an error of the system's, which is no fault of ours, `of_system`.
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
    """Rebuild an error that crossed the socket.

    Args:
        kind: the `kind` of the class that was raised; an unknown one becomes `UserError`.
        message: its message.
        hint: its hint.

    Returns:
        The error, ready to raise.
    """
    return _BY_KIND.get(kind, UserError)(message, hint)
