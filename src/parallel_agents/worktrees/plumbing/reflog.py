"""Keep commits that only reflogs and unfinished operations still name.

Keep true: git deletes a branch's reflog with the branch, so it is kept beside the trash entry and
put back; nothing here is read or written through a symbolic link.
"""

import errno
import os
import re
from contextlib import suppress
from pathlib import Path

from parallel_agents.worktrees.filesystem.files import (
    open_directory,
    opened_parent,
    read_regular,
    write_bytes,
)
from parallel_agents.worktrees.plumbing.git import Git

_LIMIT = 64 * 1024 * 1024
_IN_THE_WAY = (errno.ENOTDIR, errno.ELOOP, errno.EISDIR)
_NEW = "parallel-agents-reflog"
"""Written completely before it is renamed into place; the caller holds the repository's lock."""
_MADE = re.compile(rb"0{40,64} ")
_NAMES = re.compile(rb"\b(?:[0-9a-f]{64}|[0-9a-f]{40})\b")


def named_only_there(git: Git, common_dir: Path, admin: Path, branch: str) -> tuple[str, ...]:
    """Find the commits that garbage collection would remove once the worktree is gone.

    Args:
        git: a git in the worktree.
        common_dir: the directory that all worktrees share.
        admin: git's directory for the worktree: its reflog, MERGE_HEAD, an autostash and so on
            (gitrepository-layout(5)).
        branch: short name of the branch, for its reflog.

    Returns:
        The fewest hashes that reach all of them, without those reachable from HEAD or the branch.
    """
    found = set(_NAMES.findall(_read_log(common_dir, branch) or b""))
    for folder, _, names in os.walk(admin):
        for name in names:
            if name != "index":
                found |= set(_NAMES.findall(read_regular(Path(folder, name), _LIMIT) or b""))
    if not found:
        return ()
    asked = b"".join(oid + b"^{commit}\n" for oid in sorted(found))
    checked = git.read("cat-file", "--batch-check=%(objectname) %(objecttype)", stdin=asked)
    commits = [line[:-7] for line in checked.stdout.split(b"\n") if line.endswith(b" commit")]
    held = [f"^{name}\n".encode() for name in ("HEAD", f"refs/heads/{branch}") if _has(git, name)]
    asked = b"".join([*(oid + b"\n" for oid in commits), *held])
    listed = git.read("rev-list", "--parents", "--ignore-missing", "--stdin", stdin=asked).text
    lines = [line.split(" ") for line in listed.splitlines()]
    parents = {oid for line in lines for oid in line[1:]}
    return tuple(line[0] for line in lines if line[0] not in parents)


def keep(common_dir: Path, branch: str, kept: Path) -> None:
    """Save the reflog of a branch that is about to be deleted.

    Args:
        common_dir: the directory that all worktrees share.
        branch: short name.
        kept: the file to save it in.

    Raises:
        OSError: the disk is full or failing.
    """
    content = _read_log(common_dir, branch)
    if content is not None:
        write_bytes(kept, content)


def put_back(common_dir: Path, branch: str, kept: Path) -> None:
    """Put back the reflog of a branch that was created again; calling twice is fine.

    Args:
        common_dir: the directory that all worktrees share.
        branch: short name.
        kept: the file from `keep`; it is removed.

    Raises:
        OSError: the disk is full or failing.
    """
    content = read_regular(kept, _LIMIT)
    if content is None:
        return
    log = _read_log(common_dir, branch) or b""
    top = open_directory(common_dir)
    try:
        with suppress(FileNotFoundError):
            os.unlink(_NEW, dir_fd=top)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        with os.fdopen(os.open(_NEW, flags, 0o666, dir_fd=top), "wb") as file:
            file.write(content + _since(content, log))
        with opened_parent(top, _log(branch), make=True) as (folder, name):
            os.rename(_NEW, name, src_dir_fd=top, dst_dir_fd=folder)
    except OSError as error:
        with suppress(FileNotFoundError):
            os.unlink(_NEW, dir_fd=top)
        if error.errno not in _IN_THE_WAY:
            error.filename = str(common_dir / _log(branch))
            raise
    finally:
        os.close(top)
    kept.unlink()


def _since(content: bytes, log: bytes) -> bytes:
    """Return what was logged since the branch exists again, without the lines for its creation.

    There is one such line for each attempt: git writes the log first, and may be killed before it
    creates the branch.
    """
    if content and log.startswith(content):
        return log[len(content) :]
    return b"".join(line for line in log.splitlines(keepends=True) if not _MADE.match(line))


def _log(branch: str) -> str:
    return f"logs/refs/heads/{branch}"


def _read_log(common_dir: Path, branch: str) -> bytes | None:
    top = open_directory(common_dir)
    try:
        with opened_parent(top, _log(branch)) as (folder, name):
            flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
            with os.fdopen(os.open(name, flags, dir_fd=folder), "rb") as file:
                return file.read(_LIMIT)
    except OSError as error:
        if error.errno not in (errno.ENOENT, *_IN_THE_WAY):
            error.filename = str(common_dir / _log(branch))  # the bare name says too little
            raise
        return None
    finally:
        os.close(top)


def _has(git: Git, name: str) -> bool:
    found = git.read("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}", ok=(0, 1, 128))
    return found.returncode == 0
