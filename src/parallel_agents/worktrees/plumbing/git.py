"""The only place that starts git.

Keep true: whatever the repository's configuration would run is overridden (`disarm`), determined
anew for every `Git`; reads take no lock; arguments are lists, and text from outside never becomes
an option.
"""

import hashlib
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from parallel_agents.core.errors import GitError
from parallel_agents.worktrees.plumbing import disarm, filter_lines, git_process, porcelain
from parallel_agents.worktrees.plumbing.git_process import Result, Task

READ_SECONDS = 60.0
WRITE_SECONDS = 900.0
_LOCK_WAITS = (0.05, 0.1, 0.2, 0.4, 0.8, 1.6)
_PASSING = (
    ".lock': File exists", "could not lock config file", "No space left on device",
    "Disk quota exceeded", "Cannot allocate memory", "Too many open files",
    "Resource temporarily unavailable", "out of memory",
)  # fmt: skip
"""Messages of git and the system (errno(3)) for failures that a retry may not meet."""
_HERMETIC = {
    "LC_ALL": "C",
    "LANGUAGE": "C",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_ASKPASS": "",
    "SSH_ASKPASS_REQUIRE": "never",
    "GIT_EDITOR": ":",
    "GIT_PAGER": "cat",
    "GIT_LITERAL_PATHSPECS": "1",
    "GIT_PROGRESS_DELAY": "0",
    "GIT_ALLOW_PROTOCOL": "file:git:http:https:ssh",
}


class Git:
    """Runs git in one directory; cheap to create, and created anew for each operation.

    Args:
        directory: where git works.
        git_dir: binds git to this administrative directory instead of letting it search.
        work_tree: the files that belong to `git_dir`.
        index: another index file instead of the worktree's own.
        lock_fd: a file descriptor that git inherits while it writes, so that the lock outlives us
            for as long as our git runs.

    Attributes:
        umask: the user's umask, for all files that git creates; -1 means the process's own. One for
            the whole process, because a supervisor keeps its own files private, but not those in a
            repository.
        accepts: tells whether the user accepted the hash of a repository's filters; `None` if
            nobody can accept. One for the whole process, since every git must obey it.
    """

    umask: ClassVar[int] = -1
    accepts: ClassVar[Callable[[str], bool] | None] = None

    def __init__(
        self,
        directory: str,
        *,
        git_dir: str | None = None,
        work_tree: str | None = None,
        index: str | None = None,
        lock_fd: int | None = None,
    ) -> None:
        self.directory = directory
        self._git_dir = git_dir
        self._work_tree = work_tree
        self._index = index
        self._lock_fd = lock_fd
        self._entries: tuple[porcelain.ConfigEntry, ...] | None = None
        self._disarmed: disarm.Disarmed | None = None

    def with_index(self, index: str) -> "Git":
        """Make a git that differs only in its index file.

        Args:
            index: path of the index file.

        Returns:
            The other git; it shares what is known about the configuration.
        """
        other = Git(
            self.directory,
            git_dir=self._git_dir,
            work_tree=self._work_tree,
            index=index,
            lock_fd=self._lock_fd,
        )
        other._disarmed = self._disarmed
        return other

    def index_is_whole(self) -> bool:
        """Compare a private index file with its checksum, which git itself does not do.

        Returns:
            Whether it is intact or missing (gitformat-index(5); all zeros mean no checksum).
        """
        path = Path(self._index or "")
        if not path.is_file():
            return True
        content = path.read_bytes()
        sums = ((hashlib.sha1, 20), (hashlib.sha256, 32))
        return any(
            content[-size:] in (make(content[:-size], usedforsecurity=False).digest(), bytes(size))
            for make, size in sums
        )

    def drop_index(self) -> None:
        """Remove the private index file, so that the index is empty."""
        if self._index is not None:
            Path(self._index).unlink(missing_ok=True)

    def with_git_dir(self, git_dir: str) -> "Git":
        """Make a git that takes configuration and attributes from another git directory.

        Args:
            git_dir: that directory.

        Returns:
            The other git, with the same files and index.
        """
        return Git(
            self.directory,
            git_dir=git_dir,
            work_tree=self._work_tree,
            index=self._index,
            lock_fd=self._lock_fd,
        )

    def read(
        self,
        *args: str,
        ok: Sequence[int] = (0,),
        stdin: bytes = b"",
        env: Mapping[str, str] | None = None,
        config: Sequence[tuple[str, str]] = (),
        seconds: float = READ_SECONDS,
    ) -> Result:
        """Run git for its output; takes no lock.

        Args:
            args: subcommand and arguments.
            ok: exit statuses that are not failures.
            stdin: bytes for its standard input.
            env: additional environment.
            config: additional settings.
            seconds: deadline.

        Returns:
            The result.

        Raises:
            GitError: another exit status, or the deadline passed.
        """
        unlocked = {"GIT_OPTIONAL_LOCKS": "0", **(env or {})}
        task = self._task(args, env=unlocked, config=config, stdin=stdin, seconds=seconds)
        return _checked(args, git_process.run(task), ok)

    def write(
        self,
        *args: str,
        ok: Sequence[int] = (0,),
        stdin: bytes = b"",
        env: Mapping[str, str] | None = None,
        config: Sequence[tuple[str, str]] = (),
        seconds: float = WRITE_SECONDS,
        on_stderr: Callable[[bytes], None] | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> Result:
        """Run git for its effect; retries for a few seconds while something holds a lock.

        Args:
            args: subcommand and arguments.
            ok: exit statuses that are not failures.
            stdin: bytes for its standard input.
            env: additional environment.
            config: additional settings.
            seconds: deadline.
            on_stderr: called with pieces of its error output as they arrive.
            cancelled: called about ten times a second; true stops git.

        Returns:
            The result.

        Raises:
            GitError: another exit status, or the deadline passed.
            CancelledError: `cancelled` returned true.
        """
        task = self._task(
            args,
            env=env or {},
            config=config,
            stdin=stdin,
            seconds=seconds,
            on_stderr=on_stderr,
            cancelled=cancelled,
            lock_fd=self._lock_fd,
        )
        for wait in (*_LOCK_WAITS, None):
            result = git_process.run(task)
            if wait is None or not _met_a_lock(result):
                break
            time.sleep(wait)
        return _checked(args, result, ok)

    def version(self) -> tuple[int, ...]:
        """Ask git for its version.

        Returns:
            The numbers of the version.

        Raises:
            GitError: git is not installed.
        """
        return porcelain.parse_version(self._plain("version").stdout)

    @property
    def disarmed(self) -> disarm.Disarmed:
        """The arguments, environment and settings added to every call in this directory."""
        if self._disarmed is None:
            accepted = filter_lines.is_accepted(self.entries, self.directory, Git.accepts)
            self._disarmed = disarm.disarm(self.entries, accepted=accepted)
        return self._disarmed

    @property
    def entries(self) -> tuple[porcelain.ConfigEntry, ...]:
        """The settings that this git is disarmed against, in git's order."""
        if self._entries is None:
            self._entries = self.config()
        return self._entries

    def config(self) -> tuple[porcelain.ConfigEntry, ...]:
        """Read all settings with their scopes, in git's order; runs none of them."""
        listed = self._plain(
            "config", "--includes", "--show-scope", "--show-origin", "-z", "--list"
        )
        return porcelain.parse_config(listed.stdout)

    def _plain(self, *args: str) -> Result:
        """Run a command that obeys no settings."""
        env = self._environment({}, ())
        task = Task(directory=self.directory, args=args, env=env, seconds=READ_SECONDS)
        return _checked(args, git_process.run(task), (0,))

    def _task(
        self,
        args: tuple[str, ...],
        *,
        env: Mapping[str, str],
        stdin: bytes,
        seconds: float,
        config: Sequence[tuple[str, str]] = (),
        on_stderr: Callable[[bytes], None] | None = None,
        cancelled: Callable[[], bool] | None = None,
        lock_fd: int | None = None,
    ) -> Task:
        disarmed = self.disarmed
        return Task(
            directory=self.directory,
            args=disarmed.arguments(args),
            env=self._environment({**disarmed.env, **env}, (*config, *disarmed.settings)),
            stdin=stdin,
            seconds=seconds,
            on_stderr=on_stderr,
            cancelled=cancelled,
            lock_fd=lock_fd,
            umask=self.umask,
        )

    def _environment(
        self, env: Mapping[str, str], config: Sequence[tuple[str, str]]
    ) -> dict[str, str]:
        result = {**_HERMETIC, **env}
        if self._git_dir is not None:
            result["GIT_DIR"] = self._git_dir
        if self._work_tree is not None:
            result["GIT_WORK_TREE"] = self._work_tree
        if self._index is not None:
            result["GIT_INDEX_FILE"] = self._index
        if config:
            # Not `-c`: a subsection may contain "=", and anybody can see a process's arguments.
            result["GIT_CONFIG_COUNT"] = str(len(config))
            for number, (key, value) in enumerate(config):
                result[f"GIT_CONFIG_KEY_{number}"] = key
                result[f"GIT_CONFIG_VALUE_{number}"] = value
        return result


def may_pass(error: GitError) -> bool:
    """Tell whether git failed for a reason that may go away or can be fixed.

    Args:
        error: the failure.

    Returns:
        False if git rejects its input and always will; true if git was killed, too slow or missing,
        met a lock, or the disk is full.
    """
    return error.returncode < 0 or any(word in error.message for word in _PASSING)


def attempt(act: Callable[[], object]) -> GitError | None:
    """Let git try something that the state of the files may make impossible.

    Args:
        act: calls git.

    Returns:
        Its error; `None` if there was none.

    Raises:
        GitError: it failed for a reason that may be temporary.
    """
    try:
        act()
    except GitError as error:
        if may_pass(error):
            raise
        return error
    return None


def _met_a_lock(result: Result) -> bool:
    return result.returncode != 0 and (
        b".lock': File exists" in result.stderr or b"could not lock config file" in result.stderr
    )


def _misses_a_program(result: Result) -> bool:
    return b"not found" in result.stderr or b"error: cannot run " in result.stderr


def _checked(args: Sequence[str], result: Result, ok: Sequence[int]) -> Result:
    if result.returncode in ok:
        return result
    words = " ".join(said(result.stderr).split()) or f"exit status {result.returncode}"
    hint = ""
    if _met_a_lock(result):
        hint = "Another git holds a lock. If none runs, remove the lock file that it names."
    elif b"dubious ownership" in result.stderr:
        hint = "The repository belongs to another user: see `safe.directory` in git-config(1)."
    elif b"git-lfs" in result.stderr and _misses_a_program(result):
        hint = "Install git-lfs, or start where it is on the PATH: https://git-lfs.com"
    elif b"filter" in result.stderr and _misses_a_program(result):
        hint = "Install the filter's program, or start where it is on the PATH."
    raise GitError(f"git {args[0]} failed: {words}", hint, returncode=result.returncode)


def said(stderr: bytes) -> str:
    """Make git's output fit for a message: without progress, hints and control characters.

    Args:
        stderr: its error output.

    Returns:
        The last 600 characters of the relevant lines.
    """
    lines = stderr.decode("utf-8", "replace").replace("\r", "\n").splitlines()
    kept = [line for line in lines if line and not line.startswith(("hint:", "Updating files"))]
    return "".join(c if c.isprintable() else " " for c in "\n".join(kept))[-600:]
