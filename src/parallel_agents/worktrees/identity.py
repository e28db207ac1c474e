"""Know a worktree again: directory, inode, `.git` file, and whose lock it carries.

Keep true: only a lock with our reason is ours; the administrative directory is taken from the
recorded `.git` file and must lie in the repository's own `worktrees` directory.
"""

import os
import stat
from pathlib import Path

from parallel_agents.core.errors import WorktreeError
from parallel_agents.core.worktree import WorktreeRecord
from parallel_agents.worktrees.files import read_regular
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
        WorktreeError: there is no worktree.
    """
    try:
        found = Path(path).lstat()
    except OSError as error:
        raise WorktreeError(f"the worktree {path} is missing") from error
    content = read_regular(Path(path) / ".git", _GIT_FILE_LIMIT)
    if not stat.S_ISDIR(found.st_mode) or content is None:
        raise WorktreeError(f"{path} is no worktree any more")
    return found.st_dev, found.st_ino, os.fsdecode(content).removesuffix("\n")


def verify(record: WorktreeRecord) -> str | None:
    """Compare a record with the disk.

    Args:
        record: the record.

    Returns:
        `None` when all matches; else what does not, one plain sentence.
    """
    if record.kind != "worktree":
        return _verify_directory(record)
    path = Path(record.path)
    if not os.path.lexists(path):
        return f"the worktree {path} is missing: it was deleted or moved"
    if os.path.realpath(path) != record.path:
        return f"a directory above {path} was replaced by a symbolic link"
    try:
        device, inode, git_file = identify(record.path)
    except WorktreeError as error:
        return error.message
    if (device, inode) != (record.device, record.inode):
        return f"the directory {path} is not the one that was made: it was replaced"
    if git_file != record.git_file:
        return f"the .git file of {path} was changed"
    if not admin_dir(record).is_dir():
        return f"git no longer knows the worktree {path}"
    return None


def _verify_directory(record: WorktreeRecord) -> str | None:
    """Compare a directory that git does not list: it need only be the same one."""
    try:
        found = Path(record.path).lstat()
    except OSError:
        return f"the directory {record.path} is missing: it was deleted or moved"
    if (found.st_dev, found.st_ino) != (record.device, record.inode):
        return f"the directory {record.path} is not the one that was made: it was replaced"
    return None


def require(record: WorktreeRecord) -> None:
    """Insist that a record still matches the disk.

    Args:
        record: the record.

    Raises:
        WorktreeError: it does not.
    """
    reason = verify(record)
    if reason is not None:
        raise WorktreeError(reason, "See: git worktree list")


def admin_dir(record: WorktreeRecord) -> Path:
    """Find the administrative directory of a recorded worktree.

    Args:
        record: the record.

    Returns:
        `<common dir>/worktrees/<name>`, existing or not.

    Raises:
        WorktreeError: the recorded `.git` file names no such directory.
    """
    if record.kind != "worktree":
        return Path(record.git_file.removeprefix("gitdir: "))
    return _admin_dir(record.path, record.git_file)


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
    found = Path(os.path.realpath(Path(path) / target))
    if target == git_file or found.parent.name != "worktrees":
        raise WorktreeError(f"{path} is no linked worktree")
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
    if record.kind == "worktree":
        return bound_git(record.path)
    if not record.git_file:
        raise WorktreeError(f"{record.path} is in no git repository")
    return Git(record.path, git_dir=str(admin_dir(record)), work_tree=record.path)
