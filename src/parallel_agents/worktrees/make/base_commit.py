"""Resolve what the user calls the base to a commit.

Keep true: a slow or missing remote delays `fresh` by a few seconds at most and never makes it fail;
a name reaches git only after `--end-of-options`, and is a hash from then on.
"""

import time
from collections.abc import Callable

from parallel_agents.core.errors import GitError
from parallel_agents.core.value import replace
from parallel_agents.core.worktree import Base, Repository
from parallel_agents.worktrees.filesystem.locks import RepositoryLocks
from parallel_agents.worktrees.look import branches
from parallel_agents.worktrees.look.fetched import Fetches, words_of
from parallel_agents.worktrees.make.pull import PullRequests, parse_pull
from parallel_agents.worktrees.plumbing import surroundings
from parallel_agents.worktrees.plumbing.git import Git
from parallel_agents.worktrees.plumbing.meanings import refuse_ambiguous

FRESH_SECONDS = 24 * 3600
FETCH_SECONDS = 5.0
RETRY_SECONDS = 600.0


class BaseResolver:
    """Finds base commits, and remembers which remotes did not answer.

    Args:
        locks: the repositories' write locks.
        fetches: when each branch was last fetched.
    """

    def __init__(self, locks: RepositoryLocks, fetches: Fetches) -> None:
        self._locks = locks
        self._fetches = fetches
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
            repository: where to look.
            base: `fresh`, `head`, a pull request (`#12` or its URL), or anything git accepts as a
                commit.
            branch: the requested branch; if it is also the base, the session works on that branch
                itself.
            cancelled: called about ten times a second while waiting for the network; true stops the
                wait.

        Returns:
            The base.

        Raises:
            UsageError: the URL belongs to another repository or is not a pull request, or a name
                means
                several commits.
            GitError: there is no such commit, branch or pull request, or the request was cancelled.
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
        found = named(repository, base)
        return replace(found, note=self._aged(repository, found.ref))

    def _aged(self, repository: Repository, ref: str | None) -> str:
        """Say how old our copy of a remote branch is."""
        if ref is None or not ref.startswith("refs/remotes/"):
            return ""
        git = Git(repository.checkout)
        return _aged(ref, self._fetches.words(git, repository.common_dir, ref))

    def _existing(self, repository: Repository, branch: str) -> Base:
        """Find what a branch's work is compared with: where it left the remote's default branch."""
        git = Git(repository.checkout)
        tip = branches.tip(git, branch)
        note = "" if branches.exists(git, branch) else branches.on_remote(git, branch)
        note = self._aged(repository, note or None)
        remote = _remote(git)
        candidates = [_default_branch(git, remote) if remote else None]
        candidates += [branches.upstream(git, branch), branches.on_remote(git, branch)]
        for ref in candidates:
            common = ref and git.read("merge-base", tip, ref, ok=(0, 1, 128)).line
            if ref and common:
                name = _short(ref)
                return Base(name=name, ref=ref, commit=common, branch=branch, tip=tip, note=note)
        return Base(name=branch, ref=None, commit=tip, branch=branch, tip=tip, note=note)

    def _fresh(self, repository: Repository) -> Base:
        git = Git(repository.checkout)
        remote = _remote(git)
        if remote is None:
            return _local(repository, _no_remote(branches.remotes(git)))
        ref, note = self._renewed(repository, git, remote)
        commit = None if ref is None else _commit(git, ref)
        if ref is None or commit is None:
            if note or _is_ahead(git, remote):
                unknown = f"The default branch of {remote} is not known"
                note = f"{note} {unknown}: the branch starts at the local HEAD.".strip()
            return _local(repository, note)
        return Base(name=_short(ref), ref=ref, commit=commit, note=note)

    def _renewed(self, repository: Repository, git: Git, remote: str) -> tuple[str | None, str]:
        """Find the default branch, fetched unless that was done lately; report any deviation."""
        common, ref = repository.common_dir, _default_branch(git, remote)
        age = None if ref is None else self._fetches.age(git, common, ref)
        if ref is not None and age is not None and age < FRESH_SECONDS:
            return ref, _aged(ref, words_of(age))
        if self._failed_lately(repository):
            note = f"The remote {remote} did not answer a short while ago."
        else:
            note = self._fetch(repository, remote, ref)
            before, ref = ref, _default_branch(git, remote)
            if not note and before and before != ref:
                return ref, f"The default branch of {remote} is now {_short(ref or '')}."
        if note and ref is not None:
            words = self._fetches.words(git, common, ref)
            note += f" The last known {_short(ref)} is used{words}."
        return ref, note

    def _failed_lately(self, repository: Repository) -> bool:
        failed = self._failed.get(_asked(repository))
        return failed is not None and time.monotonic() - failed < RETRY_SECONDS

    def _fetch(self, repository: Repository, remote: str, ref: str | None) -> str:
        """Fetch the remote's default branch; return what went wrong, if anything."""
        ends = time.monotonic() + FETCH_SECONDS
        try:
            with self._locks.hold(repository.common_dir, FETCH_SECONDS):
                fetched = _fetch_default(Git(repository.checkout), remote, ref, ends)
        except GitError as error:
            self._failed[_asked(repository)] = time.monotonic()
            return f"The remote {remote} could not be fetched ({_brief(error)})."
        self._failed.pop(_asked(repository), None)
        if fetched is not None:
            self._fetches.remember(repository.common_dir, fetched)
        return ""


def _aged(ref: str, words: str) -> str:
    return f"{_short(ref)} is taken as it is here{words}." if words else ""


def _asked(repository: Repository) -> tuple[str, ...]:
    """Key for a remote that did not answer, and for whom: others may have the keys or proxy."""
    return (repository.common_dir, *surroundings.reach())


def named(repository: Repository, name: str) -> Base:
    """Find the commit that a ref or hash names.

    Args:
        repository: where to look.
        name: anything git accepts as a commit.

    Returns:
        The base.

    Raises:
        GitError: there is no such commit.
        UsageError: the name means several commits.
    """
    git = Git(repository.checkout)
    commit = commit_named(git, name, repository.root)
    ref = git.read(
        "rev-parse", "--symbolic-full-name", "--verify", "--quiet", "--end-of-options", name,
        ok=(0, 1, 128),
    ).line  # fmt: skip
    if not ref.startswith("refs/"):
        ref = ""
    return Base(name=_short(ref) if ref else _shown(name, commit), ref=ref or None, commit=commit)


def commit_named(git: Git, name: str, root: str) -> str:
    """Find the hash of the commit that a ref or hash names.

    Args:
        git: a git in the repository.
        name: anything git accepts as a commit.
        root: the repository, for people.

    Raises:
        GitError: there is no such commit.
        UsageError: the name means several commits.
    """
    known = bool(name) and "\0" not in name
    if known:
        refuse_ambiguous(git, name)
    commit = _commit(git, name) if known else None
    if commit is None:
        raise GitError(
            f"{name!r} names no commit in {root}",
            "See the branches: git branch --all. A remote one may have to be fetched first.",
        )
    return commit


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


def _fetch_default(git: Git, remote: str, known: str | None, ends: float) -> str | None:
    """Ask the remote for its HEAD and fetch that branch, both before the same deadline."""
    listed = git.write(
        "ls-remote", "--symref", "--end-of-options", remote, "HEAD", seconds=_left(ends)
    )
    ref = _advertised(listed.text, remote) or known
    if ref is None:
        return None
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
        seconds=_left(ends),
    )
    if ref != known:
        git.write("symbolic-ref", f"refs/remotes/{remote}/HEAD", ref)
    return ref


def _is_ahead(git: Git, remote: str) -> bool:
    """Whether a known branch of a remote has commits that the local HEAD lacks."""
    args = ("for-each-ref", "--count=1", "--no-merged=HEAD", f"refs/remotes/{remote}/")
    return bool(git.read(*args, ok=(0, 1, 128, 129)).line)


def _left(ends: float) -> float:
    return max(0.5, ends - time.monotonic())


def _advertised(listed: str, remote: str) -> str | None:
    for line in listed.split("\n"):
        target, _, name = line.removeprefix("ref: ").partition("\t")
        if line.startswith("ref: refs/heads/") and name == "HEAD":
            return f"refs/remotes/{remote}/{target.removeprefix('refs/heads/')}"
    return None


def _no_remote(names: list[str]) -> str:
    if not names:
        return "There is no remote: the branch starts at the local HEAD."
    return (
        f"None of the remotes ({', '.join(names)}) is called origin: "
        "the branch starts at the local HEAD."
    )


def _short(ref: str) -> str:
    for prefix in ("refs/heads/", "refs/remotes/", "refs/tags/"):
        if ref.startswith(prefix):
            return ref.removeprefix(prefix)
    return ref


def _brief(error: GitError) -> str:
    return error.message.removeprefix("git fetch failed: ")[:160]
