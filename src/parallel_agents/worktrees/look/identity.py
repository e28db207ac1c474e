"""Recognise a worktree by its device, inode and `.git` file, or else by what git knows about it.

Keep true: only a lock with our reason is ours; the administrative directory comes from the recorded
`.git` file and must be in the repository's own `worktrees` directory; a path that we may not read
does not count as missing.
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
from parallel_agents.worktrees.filesystem.files import is_symlink, make_usable, read_regular
from parallel_agents.worktrees.plumbing.git import Git

_GIT_FILE_LIMIT = 16 * 1024


def lock_reason(session: str) -> str:
    """The reason that git's lock on a session's worktree gives."""
    return f"parallel-agents {session}"


def identify(path: str) -> tuple[int, int, str]:
    """Read the identity of the worktree that is at a path now.

    Args:
        path: the top of a worktree.

    Returns:
        Device number, inode number, and content of the `.git` file without its line end.

    Raises:
        WorktreeError: there is no worktree, or we may not read it.
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
    """Raise an error if a path exists but we may not read it; do nothing if it is missing."""
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
    """Find whether a worktree's directory or `.git` file gives us fewer rights than we need.

    Args:
        top: the worktree, wherever it is now.
        record: its record, if only the recorded directory counts.

    Returns:
        The present permission bits of those that do, by path below the worktree.
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
    """Give us the rights that we need over a worktree and its `.git` file, if they are ours.

    Args:
        top: the worktree, wherever it is now.
    """
    make_usable(top)
    with suppress(OSError):
        mode = (top / ".git").lstat().st_mode
        if stat.S_ISREG(mode) and not mode & 0o400:
            (top / ".git").chmod(stat.S_IMODE(mode) | 0o400)


def close_again(top: Path, modes: Mapping[str, int]) -> None:
    """Remove the rights again that `open_up` added.

    Args:
        top: the worktree, wherever it is now.
        modes: the result of `closed_modes`.
    """
    for name in sorted(modes, reverse=True):
        with suppress(OSError):
            (top / name).chmod(modes[name])


def verify(record: WorktreeRecord) -> str | None:
    """Compare a record with the disk.

    Device and inode numbers can change although the worktree is the same: a container's file system
    is mounted again, or a backup is restored. What git knows about it then identifies the worktree.

    Returns:
        `None` if everything matches; otherwise one plain sentence about what does not.
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
    """Whether a link below the repository leads elsewhere; one above the repository is allowed."""
    root, path = os.path.realpath(record.root), os.path.realpath(record.path)
    return os.path.relpath(record.path, record.root) != os.path.relpath(path, root)


def _is_ours(record: WorktreeRecord, git_file: str) -> bool:
    """Whether the directory and git point to each other as recorded, with our lock or branch."""
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
    """Whether the `gitdir` in git's directory for a worktree leads to that worktree's `.git` file.

    Args:
        admin: git's directory for the worktree.
        path: the top of the worktree.
    """
    named = os.fsdecode(read_regular(admin / "gitdir", _GIT_FILE_LIMIT) or b"").removesuffix("\n")
    if not named or "\0" in named:  # no path holds a NUL
        return False
    return os.path.realpath(admin / named) == os.path.realpath(Path(path, ".git"))


def renewed(record: WorktreeRecord) -> WorktreeRecord:
    """Update the paths and the identity in a worktree's record.

    Returns:
        The record to use from now on; equal to the old one if nothing has changed.

    Raises:
        WorktreeError: the worktree is not the recorded one.
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
    """Compare a place that is no linked worktree; it only has to be the same directory."""
    try:
        found = Path(record.path).lstat()
    except FileNotFoundError:
        return f"the directory {record.path} is missing: it was deleted or moved"
    except OSError as error:
        return f"{record.path} cannot be read: {error.strerror}"
    if stat.S_ISDIR(found.st_mode) and (
        found.st_ino == record.inode or _has_its_repository(record)
    ):
        return None  # the device number changes with each mount, so it does not count
    return f"the directory {record.path} is not the one that was made: it was replaced"


def _has_its_repository(record: WorktreeRecord) -> bool:
    """Whether the recorded git directory still belongs to this place."""
    if not record.git_file:
        return False
    inside = Path(record.path) / ".git"
    admin = admin_dir(record)
    return admin.is_dir() and (
        os.path.realpath(inside) == os.path.realpath(admin) or points_to(admin, record.path)
    )


def require(record: WorktreeRecord) -> None:
    """Require that a record still matches the disk.

    Raises:
        WorktreeError: the record does not match.
    """
    reason = verify(record)
    if reason is not None:
        raise WorktreeError(reason, "See what to do: parallel-agents doctor --worktrees")


def admin_dir(record: WorktreeRecord) -> Path:
    """Find the administrative directory of a recorded worktree.

    Returns:
        `<common dir>/worktrees/<name>`, whether it exists or not.

    Raises:
        WorktreeError: the recorded `.git` file names no such directory.
    """
    return _KINDS[record.kind].admin_dir(record)


def parked_admin(record: WorktreeRecord) -> Path:
    """The path where the administrative directory waits on its way to and from the trash.

    For git, it thus appears and disappears in one step, even if the trash is on another filesystem.

    Returns:
        A path beside `worktrees`, whether it exists or not.
    """
    return admin_dir(record).parent.parent / f"parallel-agents-{record.session}"


def common_dir(record: WorktreeRecord) -> str:
    """The real path of the directory that all worktrees of the record's repository share."""
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
        path: the top of the worktree.
        lock_fd: descriptor of the repository's lock, for writing.

    Raises:
        WorktreeError: there is no worktree.
    """
    git_file = identify(path)[2]
    admin = _admin_dir(path, git_file)
    return Git(path, git_dir=str(admin), work_tree=path, lock_fd=lock_fd)


def git_of(record: WorktreeRecord) -> Git:
    """Make such a git for a recorded place of any kind.

    Raises:
        WorktreeError: the place is in no git repository, or is gone.
    """
    return _KINDS[record.kind].git(record)


def lock_of(record: WorktreeRecord) -> str:
    """The path to lock while a place changes: its repository, or the directory it belongs to."""
    return _KINDS[record.kind].lock(record)


def _git_of_directory(record: WorktreeRecord) -> Git:
    if not record.git_file:
        raise WorktreeError(f"{record.path} is in no git repository")
    return Git(record.path, git_dir=str(admin_dir(record)), work_tree=record.path)


class _Identity(NamedTuple):
    """How to recognise places of one kind, and how git knows them."""

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
