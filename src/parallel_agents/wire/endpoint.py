"""Where things are: the state directory, the sockets, the configuration.

Keep true: every directory of ours is the user's own, mode 0700, and no symlink, or it is refused;
socket paths stay within 103 bytes (the limit of the smaller of Linux and macOS).
"""

import hashlib
import os
import stat
from pathlib import Path

from parallel_agents.core.errors import StorageError

APP = "parallel-agents"
SOCKET_PATH_LIMIT = 103


def state_dir() -> Path:
    """The directory that holds everything to be kept: `PARALLEL_AGENTS_HOME`, or the platform's."""
    home = os.environ.get("PARALLEL_AGENTS_HOME")
    if home:
        return _absolute(home)
    return _platform("state")


def config_dir() -> Path:
    """The directory of `config.toml`."""
    home = os.environ.get("PARALLEL_AGENTS_HOME")
    if home:
        return _absolute(home) / "config"
    return _platform("config")


def _absolute(home: str) -> Path:
    try:
        return Path(home).absolute()
    except OSError as error:
        raise StorageError(
            "PARALLEL_AGENTS_HOME is relative to a directory that is gone.",
            "Set it to a path that begins with /.",
        ) from error


def _platform(what: str) -> Path:
    """Ask platformdirs only when it is needed: it is slow to import for a verb."""
    import platformdirs

    if what == "state":
        return Path(platformdirs.user_state_dir(APP))
    return Path(platformdirs.user_config_dir(APP))


def runtime_dir(state: Path) -> Path:
    """The short directory for this state directory's sockets.

    Args:
        state: the state directory.

    Returns:
        `<runtime>/pa-<uid>/<8 hex digits of the state directory's path>`, not created.
    """
    base = os.environ.get("XDG_RUNTIME_DIR") or _temporary()
    name = hashlib.sha256(os.fsencode(state)).hexdigest()[:8]
    path = Path(base) / f"pa-{os.getuid()}" / name
    longest = len(os.fsencode(path / "00000000.000000.sock"))
    if longest > SOCKET_PATH_LIMIT:
        path = Path("/tmp") / f"pa-{os.getuid()}" / name  # noqa: S108 - checked by `private`
    return path


def _temporary() -> str:
    import tempfile

    return tempfile.gettempdir()


def supervisor_socket(state: Path) -> Path:
    """The socket that clients connect to."""
    return runtime_dir(state) / "supervisor.sock"


def standby_socket(state: Path) -> Path:
    """The socket of the standby, to which a terminal can be offered."""
    return runtime_dir(state) / "standby.sock"


def shim_socket(state: Path, session: str, run: int) -> Path:
    """The socket of one process start's shim."""
    return runtime_dir(state) / f"{session}.{run}.sock"


def private(path: Path) -> Path:
    """Make a directory that only this user can enter, or refuse the one that is there.

    Args:
        path: the directory; its parents are made too.

    Returns:
        `path`.

    Raises:
        StorageError: when it cannot be made, is a symlink, or is open to others.
    """
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        info = path.lstat()
    except OSError as error:
        raise StorageError(
            f"cannot make the directory {path}: {error.strerror}",
            "Set PARALLEL_AGENTS_HOME to a directory you can write to.",
        ) from error
    _check_private(path, info)
    return path


def _check_private(path: Path, info: os.stat_result) -> None:
    if not stat.S_ISDIR(info.st_mode) or info.st_uid != os.getuid():
        raise StorageError(
            f"{path} is not a directory of yours",
            "Remove it, or set PARALLEL_AGENTS_HOME to another directory.",
        )
    if stat.S_IMODE(info.st_mode) & 0o077:
        try:
            path.chmod(0o700)
        except OSError as error:
            raise StorageError(f"{path} is accessible to other users: {error.strerror}") from error


def private_runtime(state: Path) -> Path:
    """Make the directory of the sockets, and check each part of it that is ours."""
    path = runtime_dir(state)
    private(path.parent)
    return private(path)
