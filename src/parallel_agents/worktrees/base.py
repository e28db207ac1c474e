"""Turn what the person calls the base into a commit.

Keep true: a hanging or missing remote delays `fresh` by seconds at most and never fails it; a
name reaches git only behind `--end-of-options`, and from then on as a hash.
"""

import time
from collections.abc import Callable
from pathlib import Path

from parallel_agents.core.errors import GitError
from parallel_agents.core.worktree import Base, Repository
from parallel_agents.worktrees import branches, surroundings
from parallel_agents.worktrees.git import Git
from parallel_agents.worktrees.locks import RepositoryLocks
from parallel_agents.worktrees.pull import PullRequests, parse_pull

FRESH_SECONDS = 24 * 3600
FETCH_SECONDS = 5.0
RETRY_SECONDS = 600.0


class BaseResolver:
    """Finds base commits, and remembers which remotes did not answer.

    Args:
        locks: the repositories' write locks.
    """

    def __init__(self, locks: RepositoryLocks) -> None:
        self._locks = locks
        self._pulls = PullRequests()
        self._failed: dict[tuple[str, ...], float] = {}

    def resolve(
        self,
        repository: Repository,
        base: str,
        *,
        branch: str | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> Base:
        """Find the commit for a base.

        Args:
            repository: where.
            base: `fresh`, `head`, a pull request (`#12` or its URL), or anything git takes for a
                commit.
            branch: the branch asked for; when it is the base, too, it is worked on as it is.
            cancelled: asked about ten times a second, while the network is waited for, whether
                to stop.

        Returns:
            The base.

        Raises:
            UsageError: the URL is that of another repository, or of no pull request.
            GitError: there is no such commit, branch or pull request, or it was cancelled.
        """
        if branch is not None and branches.is_itself(branch, base):
            return self._existing(repository, branch)
        if base == "fresh":
            return self._fresh(repository)
        if base == "head":
            return _head(repository)
        pull = parse_pull(base)
        if pull is not None:
            return self._pulls.resolve(repository, pull, cancelled)
        return named(repository, base)

    def _existing(self, repository: Repository, branch: str) -> Base:
        """Find what a branch's work is compared with: where it left the remote's default one."""
        git = Git(repository.checkout)
        tip = branches.tip(git, branch)
        remote = _remote(git)
        candidates = [_default_branch(git, remote) if remote else None]
        candidates += [branches.upstream(git, branch), branches.on_remote(git, branch)]
        for ref in candidates:
            common = ref and git.read("merge-base", tip, ref, ok=(0, 1, 128)).line
            if ref and common:
                return Base(name=_short(ref), ref=ref, commit=common, branch=branch, tip=tip)
        return Base(name=branch, ref=None, commit=tip, branch=branch, tip=tip)

    def _fresh(self, repository: Repository) -> Base:
        git = Git(repository.checkout)
        remote = _remote(git)
        if remote is None:
            return _local(repository, "There is no remote: the branch starts at the local HEAD.")
        ref = _default_branch(git, remote)
        note = ""
        if not _fetched_lately(repository) and not self._failed_lately(repository):
            note = self._fetch(repository, remote, ref)
            ref = ref or _default_branch(git, remote)
        elif self._failed_lately(repository):
            note = f"The remote {remote} did not answer a short while ago."
        commit = None if ref is None else _commit(git, ref)
        if ref is None or commit is None:
            return _local(
                repository,
                f"{note} The default branch of {remote} is not known: "
                "the branch starts at the local HEAD.".strip(),
            )
        if note:
            note += f" The last known {_short(ref)} is used."
        return Base(name=_short(ref), ref=ref, commit=commit, note=note)

    def _failed_lately(self, repository: Repository) -> bool:
        failed = self._failed.get(_asked(repository))
        return failed is not None and time.monotonic() - failed < RETRY_SECONDS

    def _fetch(self, repository: Repository, remote: str, ref: str | None) -> str:
        """Fetch the default branch alone; say what went wrong, if anything."""
        try:
            with self._locks.hold(repository.common_dir, FETCH_SECONDS):
                _fetch_default(Git(repository.checkout), remote, ref)
        except GitError as error:
            self._failed[_asked(repository)] = time.monotonic()
            return f"The remote {remote} could not be fetched ({_brief(error)})."
        self._failed.pop(_asked(repository), None)
        return ""


def _asked(repository: Repository) -> tuple[str, ...]:
    """Which remote did not answer, and to whom: others may have the keys or the proxy."""
    return (repository.common_dir, *surroundings.reach())


def named(repository: Repository, name: str) -> Base:
    """Find the commit that a ref or hash names.

    Args:
        repository: where.
        name: anything git takes for a commit.

    Returns:
        The base.

    Raises:
        GitError: there is no such commit.
    """
    git = Git(repository.checkout)
    commit = None if "\0" in name or not name else _commit(git, name)
    if commit is None:
        raise GitError(
            f"{name!r} names no commit in {repository.root}",
            "See the branches: git branch --all. A remote one may have to be fetched first.",
        )
    ref = git.read(
        "rev-parse", "--symbolic-full-name", "--verify", "--quiet", "--end-of-options", name,
        ok=(0, 1, 128),
    ).line  # fmt: skip
    if not ref.startswith("refs/"):
        ref = ""
    return Base(name=_short(ref) if ref else _shown(name, commit), ref=ref or None, commit=commit)


def _shown(name: str, commit: str) -> str:
    return commit[:12] if commit.startswith(name) else name


def _head(repository: Repository) -> Base:
    if repository.head is None:
        raise GitError(f"{repository.checkout} has no commit yet", "Make the first commit.")
    if repository.branch is None:
        return Base(name=repository.head[:12], ref=None, commit=repository.head)
    ref = f"refs/heads/{repository.branch}"
    return Base(name=repository.branch, ref=ref, commit=repository.head)


def _local(repository: Repository, note: str) -> Base:
    base = _head(repository)
    return Base(name=base.name, ref=base.ref, commit=base.commit, note=note)


def _commit(git: Git, name: str) -> str | None:
    found = git.read(
        "rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}",
        ok=(0, 1, 128),
    )  # fmt: skip
    return found.line if found.returncode == 0 and found.line else None


def _remote(git: Git) -> str | None:
    return branches.main_remote(branches.remotes(git))


def _default_branch(git: Git, remote: str) -> str | None:
    found = git.read("symbolic-ref", "--quiet", f"refs/remotes/{remote}/HEAD", ok=(0, 1, 128))
    if found.returncode == 0 and found.line.startswith(f"refs/remotes/{remote}/"):
        return found.line
    return None


def _fetch_default(git: Git, remote: str, ref: str | None) -> None:
    ends = time.monotonic() + FETCH_SECONDS
    if ref is None:
        listed = git.write(
            "ls-remote", "--symref", "--end-of-options", remote, "HEAD", seconds=FETCH_SECONDS
        )
        ref = _advertised(listed.text, remote)
        if ref is None:
            return
        git.write("symbolic-ref", f"refs/remotes/{remote}/HEAD", ref)
    branch = ref.removeprefix(f"refs/remotes/{remote}/")
    git.write(
        "fetch",
        "--quiet",
        "--no-tags",
        "--no-recurse-submodules",
        "--no-auto-maintenance",
        "--end-of-options",
        remote,
        f"+refs/heads/{branch}:{ref}",
        seconds=max(0.5, ends - time.monotonic()),
    )


def _advertised(listed: str, remote: str) -> str | None:
    for line in listed.split("\n"):
        target, _, name = line.removeprefix("ref: ").partition("\t")
        if line.startswith("ref: refs/heads/") and name == "HEAD":
            return f"refs/remotes/{remote}/{target.removeprefix('refs/heads/')}"
    return None


def _fetched_lately(repository: Repository) -> bool:
    common = Path(repository.common_dir)
    marks = [common / "FETCH_HEAD", *common.glob("worktrees/*/FETCH_HEAD")]
    newest = max((m.stat().st_mtime for m in marks if m.is_file()), default=0.0)
    return time.time() - newest < FRESH_SECONDS


def _short(ref: str) -> str:
    for prefix in ("refs/heads/", "refs/remotes/", "refs/tags/"):
        if ref.startswith(prefix):
            return ref.removeprefix(prefix)
    return ref


def _brief(error: GitError) -> str:
    return error.message.removeprefix("git fetch failed: ")[:160]
