"""Every error a person can meet, each with its exit code and its next step.

Keep true: an error says in plain words what happened (`str(error)`) and what to do next
(`hint`); exit codes are assigned here and nowhere else; only these types cross the socket.
"""

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


class AgentError(UserError):
    """The agent program is missing, too old, or ended at once."""

    kind = "agent"


class StorageError(UserError):
    """The state directory cannot be written: full, read-only, or failing."""

    kind = "storage"


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
        AgentError,
        StorageError,
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
