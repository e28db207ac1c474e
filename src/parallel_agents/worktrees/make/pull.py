"""Pull requests as bases: finds the one that was named, and fetches its commit.

Keep true: only the number and the repository of a URL are read; the fetch is from a remote that
the user set up, never from the URL; waiting for the network happens without the repository's lock
and ends at a deadline; `FETCH_HEAD` is not changed, because `fresh` tells from it when the remote
was last asked.

Where hosts keep them: GitHub `refs/pull/N/head` (docs.github.com, "Checking out pull requests
locally"), GitLab `refs/merge-requests/N/head` (docs.gitlab.com, "Merge requests").
"""

import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from parallel_agents.core.errors import GitError, UsageError
from parallel_agents.core.worktree import Base, Repository
from parallel_agents.worktrees.look import branches
from parallel_agents.worktrees.plumbing.git import Git

REF_PREFIX = "refs/parallel-agents/pr/"
ASK_SECONDS = 15.0
FETCH_SECONDS = 300.0
KNOWN_SECONDS = 60.0
_NUMBER = re.compile(r"#([1-9][0-9]{0,9})", re.ASCII)
_URL = re.compile(
    r"(?P<site>https?://[^/\s@?#]+)/(?P<path>[^\s?#]+?)"
    r"/(?:(?P<github>pull)|-/merge_requests)/(?P<number>[1-9][0-9]{0,9})(?:[/?#]\S*)?",
    re.ASCII,
)
_LOOKS = re.compile(r"#|\w+://.*/(pull|merge_requests)/", re.DOTALL)
_GITHUB = "refs/pull/{}/head"
_GITLAB = "refs/merge-requests/{}/head"


@dataclass(frozen=True, slots=True, kw_only=True)
class PullRequest:
    """A pull request as the user named it.

    Args:
        number: its number.
        refs: full names of the refs under which a remote may advertise it.
        place: host and path of its repository, `github.com/owner/name`; empty for a bare number.
    """

    number: int
    refs: tuple[str, ...]
    place: str = ""

    @property
    def ref(self) -> str:
        """The ref that keeps it here."""
        return f"{REF_PREFIX}{self.number}"


def parse_pull(base: str) -> PullRequest | None:
    """Parse a base as a pull request.

    Args:
        base: what the user named.

    Returns:
        The pull request; `None` if the text does not look like one.

    Raises:
        UsageError: it looks like a pull request, but is not one.
    """
    if not _LOOKS.match(base):
        return None
    if found := _NUMBER.fullmatch(base):
        refs = (_GITHUB.format(found[1]), _GITLAB.format(found[1]))
        return PullRequest(number=int(found[1]), refs=refs)
    if found := _URL.fullmatch(base):
        kind = _GITHUB if found["github"] else _GITLAB
        place = place_of(f"{found['site']}/{found['path']}")
        number = int(found["number"])
        return PullRequest(number=number, refs=(kind.format(number),), place=place)
    raise UsageError(
        f"{base[:200]!r} names no pull request",
        "Name one as '#12', https://HOST/OWNER/NAME/pull/12 or "
        "https://HOST/GROUP/NAME/-/merge_requests/12",
    )


def place_of(url: str) -> str:
    """Identify the repository of a URL, however the URL is written.

    Args:
        url: a remote's URL: `https://`, `ssh://`, or `user@host:path`.

    Returns:
        Host and path in lower case, without user, port and `.git`; empty for anything else.
    """
    full = re.fullmatch(r"\w+://(?:[^/@\s]*@)?([^/:@\s]+)(?::\d*)?/(\S+)", url)
    short = re.fullmatch(r"(?:[^/@:\s]+@)?([^/:@\s]+):(?!//)(\S+)", url)
    found = full or short
    if found is None:
        return ""
    path = found[2].strip("/").removesuffix(".git")
    return f"{found[1]}/{path}".lower().removeprefix("www.")


class PullRequests:
    """Fetches pull requests; one at a time in each repository."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._locks: dict[str, threading.Lock] = {}
        self._known: dict[tuple[str, str, str], float] = {}

    def resolve(
        self, repository: Repository, pull: PullRequest, cancelled: Callable[[], bool] | None
    ) -> Base:
        """Find the head of a pull request, and fetch it unless that was done a moment ago.

        Args:
            repository: where to look.
            pull: the pull request.
            cancelled: called about ten times a second; true stops the fetch.

        Returns:
            The base, marked as untrusted.

        Raises:
            UsageError: no remote matches, or several might.
            GitError: there is no such number, the remote does not answer, or the fetch was
                cancelled.
        """
        git = Git(repository.checkout)
        remote = _remote_for(git, pull)
        with self._guard:
            lock = self._locks.setdefault(repository.common_dir, threading.Lock())
        while not lock.acquire(timeout=0.1):
            if cancelled is not None and cancelled():
                raise GitError("fetching the pull request was cancelled", returncode=-1)
        try:
            commit = self._fetched(git, repository, remote, pull, cancelled)
        finally:
            lock.release()
        return Base(name=f"#{pull.number}", ref=pull.ref, commit=commit, stranger=True)

    def _fetched(
        self,
        git: Git,
        repository: Repository,
        remote: str,
        pull: PullRequest,
        cancelled: Callable[[], bool] | None,
    ) -> str:
        key = (repository.common_dir, remote, pull.ref)
        commit = _kept(git, pull.ref)
        fresh = time.monotonic() - self._known.get(key, -KNOWN_SECONDS) < KNOWN_SECONDS
        if commit and fresh:
            return commit
        ref, advertised = _advertised(git, remote, pull, cancelled)
        if commit != advertised:
            _fetch(git, remote, f"+{ref}:{pull.ref}", cancelled)
            commit = _kept(git, pull.ref)
        # The same number from another remote overwrites the ref.
        self._known = {k: at for k, at in self._known.items() if (k[0], k[2]) != (key[0], key[2])}
        self._known[key] = time.monotonic()
        if not commit:
            raise GitError(f"the pull request #{pull.number} holds no commit")
        return commit


def _remote_for(git: Git, pull: PullRequest) -> str:
    names = branches.remotes(git)
    if not pull.place:
        chosen = branches.main_remote(names)
        if chosen is None:
            have = f"there are {len(names)} remotes, none called origin" if names else "no remote"
            raise UsageError(
                f"#{pull.number} cannot be found: {have}", "Name the pull request by its URL."
            )
        return chosen
    for name in names:
        asked = git.read("remote", "get-url", "--all", "--end-of-options", name, ok=(0, 2, 128))
        urls = [*_configured(git, name), *asked.text.split("\n")]
        if pull.place in {place_of(url) for url in urls}:
            return name
    raise UsageError(
        f"{pull.place} is not a remote of this repository",
        "Start the session in a clone of it, or add it: git remote add NAME URL",
    )


def _configured(git: Git, remote: str) -> list[str]:
    """Read a remote's URLs as written, before `url.*.insteadOf` applies."""
    return [e.value or "" for e in git.config() if e.key == f"remote.{remote}.url"]


def _advertised(
    git: Git, remote: str, pull: PullRequest, cancelled: Callable[[], bool] | None
) -> tuple[str, str]:
    args = ("ls-remote", "--quiet", "--end-of-options", remote, *pull.refs)
    listed = git.write(*args, seconds=ASK_SECONDS, cancelled=cancelled)
    for line in listed.text.split("\n"):
        commit, _, ref = line.partition("\t")
        if ref in pull.refs:
            return ref, commit
    raise GitError(
        f"the remote {remote} has no pull request #{pull.number}",
        f"It advertises none of: {', '.join(pull.refs)}",
    )


def _fetch(git: Git, remote: str, what: str, cancelled: Callable[[], bool] | None) -> None:
    git.write(
        "fetch",
        "--quiet",
        "--no-tags",
        "--no-prune",
        "--no-prune-tags",
        "--no-recurse-submodules",
        "--no-auto-maintenance",
        "--no-write-fetch-head",
        "--end-of-options",
        remote,
        what,
        seconds=FETCH_SECONDS,
        cancelled=cancelled,
    )


def _kept(git: Git, ref: str) -> str:
    asked = ("rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}")
    found = git.read(*asked, ok=(0, 1, 128))
    return found.line if found.returncode == 0 else ""
