"""Know a worktree again: by its numbers and `.git` file, or else by what it is to git.

Keep true: only a lock with our reason is ours; the administrative directory is taken from the
recorded `.git` file and must lie in the repository's own `worktrees` directory; what may not be
read is not taken for missing.
"""

import os
import shlex
import stat
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from parallel_agents.core.errors import WorktreeError
from parallel_agents.core.kinds import Kind
from parallel_agents.core.value import replace
from parallel_agents.core.worktree import WorktreeRecord
from parallel_agents.worktrees.files import is_symlink, make_usable, read_regular
from parallel_agents.worktrees.git import Git

_GIT_FILE_LIMIT = 16 * 1024


def lock_reason(session: str) -> str:
    """Say how git's lock of a session's worktree reads.

    Args:
        session: id of the session.

    Returns:
        The reason.
    """
    return f"parallel-agents {session}"


def identify(path: str) -> tuple[int, int, str]:
    """Look at what is under a path now.

    Args:
        path: top of a worktree.

    Returns:
        Device number, inode number, and content of the `.git` file without its line end.

    Raises:
        WorktreeError: there is no worktree, or it may not be looked into.
    """
    try:
        found = Path(path).lstat()
    except FileNotFoundError as error:
        raise WorktreeError(f"the worktree {path} is missing: it was deleted or moved") from error
    except OSError as error:
        raise _closed(path, error) from error
    content = read_regular(Path(path) / ".git", _GIT_FILE_LIMIT)
    if stat.S_ISDIR(found.st_mode) and content is None:
        _refuse_closed(Path(path) / ".git")
    if not stat.S_ISDIR(found.st_mode) or content is None:
        raise WorktreeError(f"{path} is no longer a worktree")
    return found.st_dev, found.st_ino, os.fsdecode(content).removesuffix("\n")


def _refuse_closed(path: Path) -> None:
    """Tell what may not be read from what is not there."""
    try:
        os.close(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC))
    except PermissionError as error:
        raise _closed(str(path), error) from error
    except OSError:
        return


def _closed(path: str, error: OSError) -> WorktreeError:
    return WorktreeError(
        f"{path} cannot be read: {error.strerror}",
        f"If it is yours: chmod u+rwX {shlex.quote(path)}",
    )


def closed_modes(top: Path, record: WorktreeRecord | None = None) -> dict[str, int]:
    """Find what of a worktree and its `.git` file we have too few rights over.

    Args:
        top: the worktree, wherever it is.
        record: its record, when it must be the one that was made.

    Returns:
        The permission bits, by path below the worktree.
    """
    closed = {}
    with suppress(OSError):
        found = top.lstat()
        if record and (found.st_dev, found.st_ino) != (record.device, record.inode):
            return {}
        if stat.S_ISDIR(found.st_mode) and found.st_mode & 0o700 != 0o700:
            closed[""] = stat.S_IMODE(found.st_mode)
        found = (top / ".git").lstat()
        if stat.S_ISREG(found.st_mode) and not found.st_mode & 0o400:
            closed[".git"] = stat.S_IMODE(found.st_mode)
    return closed


def open_up(top: Path) -> None:
    """Give us the rights over a worktree and its `.git` file that we need, as far as they are ours.

    Args:
        top: the worktree, wherever it is.
    """
    make_usable(top)
    with suppress(OSError):
        mode = (top / ".git").lstat().st_mode
        if stat.S_ISREG(mode) and not mode & 0o400:
            (top / ".git").chmod(stat.S_IMODE(mode) | 0o400)


def close_again(top: Path, modes: Mapping[str, int]) -> None:
    """Take the rights away again that `open_up` gave.

    Args:
        top: the worktree, wherever it is now.
        modes: from `closed_modes`.
    """
    for name in sorted(modes, reverse=True):
        with suppress(OSError):
            (top / name).chmod(modes[name])


def verify(record: WorktreeRecord) -> str | None:
    """Compare a record with the disk.

    Numbers change under a worktree that stays the same: a container's file system is mounted
    anew, a backup is put back. It is then known by what it is.

    Args:
        record: the record.

    Returns:
        `None` when all matches; else what does not, one plain sentence.
    """
    return _KINDS[record.kind].verify(record)


def _verify_worktree(record: WorktreeRecord) -> str | None:
    path = Path(record.path)
    if os.path.lexists(path) and _led_elsewhere(record):
        return f"{path}, or a directory above it, was replaced with a symbolic link"
    if is_symlink(path / record.git_file.removeprefix("gitdir: ")):
        return f"git's directory for {path} was replaced with a symbolic link"
    try:
        device, inode, git_file = identify(record.path)
    except WorktreeError as error:
        return error.message
    if (device, inode, git_file) == (record.device, record.inode, record.git_file):
        known = admin_dir(record).is_dir()
        return None if known else f"git no longer knows the worktree {path}"
    if _is_ours(record, git_file):
        return None
    if (device, inode) != (record.device, record.inode):
        return f"the directory {path} is not the one that was made: it was replaced"
    return f"the .git file of {path} was changed"


def _led_elsewhere(record: WorktreeRecord) -> bool:
    """Whether a link leads out of the repository; the repository itself may lie behind one."""
    root, path = os.path.realpath(record.root), os.path.realpath(record.path)
    return os.path.relpath(record.path, record.root) != os.path.relpath(path, root)


def _is_ours(record: WorktreeRecord, git_file: str) -> bool:
    """Whether git takes the directory for the recorded worktree: both ways, with our lock on it."""
    try:
        admin = _admin_dir(record.path, git_file)
    except WorktreeError:
        return False
    if str(admin.parent.parent) != common_dir(record) or not points_to(admin, record.path):
        return False
    locked = read_regular(admin / "locked", _GIT_FILE_LIMIT)
    if locked is not None:
        return os.fsdecode(locked).strip() == lock_reason(record.session)
    head = os.fsdecode(read_regular(admin / "HEAD", _GIT_FILE_LIMIT) or b"").strip()
    return head == f"ref: refs/heads/{record.branch}"


def points_to(admin: Path, path: str) -> bool:
    """Tell whether git's directory for a worktree names that worktree.

    Args:
        admin: git's directory.
        path: top of the worktree.

    Returns:
        Whether its `gitdir` leads to the worktree's `.git` file.
    """
    named = os.fsdecode(read_regular(admin / "gitdir", _GIT_FILE_LIMIT) or b"").removesuffix("\n")
    if not named or "\0" in named:  # no path holds a NUL
        return False
    return os.path.realpath(admin / named) == os.path.realpath(Path(path, ".git"))


def renewed(record: WorktreeRecord) -> WorktreeRecord:
    """Write down anew how a worktree is known, where that has changed.

    Args:
        record: its record.

    Returns:
        The record as it is to be from now on; the same when nothing has changed.

    Raises:
        WorktreeError: it is not the recorded one.
    """
    require(record)
    return _KINDS[record.kind].renewed(record)


def _renewed_worktree(record: WorktreeRecord) -> WorktreeRecord:
    root, path = os.path.realpath(record.root), os.path.realpath(record.path)
    checkout = os.path.realpath(record.checkout) if record.checkout else ""
    device, inode, git_file = identify(path)
    return replace(
        record, root=root, path=path, checkout=checkout, device=device, inode=inode,
        git_file=git_file,
    )  # fmt: skip


def _verify_directory(record: WorktreeRecord) -> str | None:
    """Compare a directory that git does not list: it need only be the same one."""
    try:
        found = Path(record.path).lstat()
    except FileNotFoundError:
        return f"the directory {record.path} is missing: it was deleted or moved"
    except OSError as error:
        return f"{record.path} cannot be read: {error.strerror}"
    if stat.S_ISDIR(found.st_mode) and (
        found.st_ino == record.inode or _has_its_repository(record)
    ):
        return None  # the device number is another one after each mount
    return f"the directory {record.path} is not the one that was made: it was replaced"


def _has_its_repository(record: WorktreeRecord) -> bool:
    """Whether the recorded directory of git's is the one in, or of, this place still."""
    if not record.git_file:
        return False
    inside = Path(record.path) / ".git"
    admin = admin_dir(record)
    return admin.is_dir() and (
        os.path.realpath(inside) == os.path.realpath(admin) or points_to(admin, record.path)
    )


def require(record: WorktreeRecord) -> None:
    """Insist that a record still matches the disk.

    Args:
        record: the record.

    Raises:
        WorktreeError: it does not.
    """
    reason = verify(record)
    if reason is not None:
        raise WorktreeError(reason, "See what to do: parallel-agents doctor --worktrees")


def admin_dir(record: WorktreeRecord) -> Path:
    """Find the administrative directory of a recorded worktree.

    Args:
        record: the record.

    Returns:
        `<common dir>/worktrees/<name>`, existing or not.

    Raises:
        WorktreeError: the recorded `.git` file names no such directory.
    """
    return _KINDS[record.kind].admin_dir(record)


def parked_admin(record: WorktreeRecord) -> Path:
    """Say where the administrative directory waits on its way to and from the trash.

    Git sees it come and go at once, even when the trash is on another filesystem.

    Args:
        record: the record.

    Returns:
        A path beside `worktrees`, existing or not.
    """
    return admin_dir(record).parent.parent / f"parallel-agents-{record.session}"


def common_dir(record: WorktreeRecord) -> str:
    """Find the directory that all worktrees of the record's repository share.

    Args:
        record: the record.

    Returns:
        Its real path.
    """
    return str(admin_dir(record).parent.parent)


def _admin_dir(path: str, git_file: str) -> Path:
    target = git_file.removeprefix("gitdir: ")
    if target == git_file or "\0" in target:  # no path holds a NUL
        raise WorktreeError(f"{path} is not a linked worktree")
    found = Path(os.path.realpath(Path(path) / target))
    if found.parent.name != "worktrees":
        raise WorktreeError(f"{path} is not a linked worktree")
    return found


def bound_git(path: str, *, lock_fd: int | None = None) -> Git:
    """Make a git for a worktree that does not search for its repository.

    Args:
        path: top of the worktree.
        lock_fd: descriptor of the repository's lock, for writing.

    Returns:
        The git.

    Raises:
        WorktreeError: there is no worktree.
    """
    git_file = identify(path)[2]
    admin = _admin_dir(path, git_file)
    return Git(path, git_dir=str(admin), work_tree=path, lock_fd=lock_fd)


def git_of(record: WorktreeRecord) -> Git:
    """Make the same for a recorded place of any kind that git knows.

    Args:
        record: the record.

    Returns:
        The git.

    Raises:
        WorktreeError: it is a directory in no repository, or is gone.
    """
    return _KINDS[record.kind].git(record)


def lock_of(record: WorktreeRecord) -> str:
    """Name what is locked while a place changes: its repository, or the directory it belongs to.

    Args:
        record: the record.

    Returns:
        A real path.
    """
    return _KINDS[record.kind].lock(record)


def _git_of_directory(record: WorktreeRecord) -> Git:
    if not record.git_file:
        raise WorktreeError(f"{record.path} is in no git repository")
    return Git(record.path, git_dir=str(admin_dir(record)), work_tree=record.path)


class _Identity(NamedTuple):
    """How places of one kind are known again, and to git."""

    verify: Callable[[WorktreeRecord], str | None]
    renewed: Callable[[WorktreeRecord], WorktreeRecord]
    admin_dir: Callable[[WorktreeRecord], Path]
    git: Callable[[WorktreeRecord], Git]
    lock: Callable[[WorktreeRecord], str]


_DIRECTORY = _Identity(
    verify=_verify_directory,
    renewed=lambda record: record,
    admin_dir=lambda record: Path(record.git_file.removeprefix("gitdir: ")),
    git=_git_of_directory,
    lock=lambda record: record.root,
)
_KINDS: dict[Kind, _Identity] = {
    "worktree": _Identity(
        verify=_verify_worktree,
        renewed=_renewed_worktree,
        admin_dir=lambda record: _admin_dir(record.path, record.git_file),
        git=lambda record: bound_git(record.path),
        lock=common_dir,
    ),
    "checkout": _DIRECTORY,
    "directory": _DIRECTORY,
}
