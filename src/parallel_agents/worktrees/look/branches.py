"""Find and check existing branches, and find where they are checked out.

Keep true: a name comes from a person or a pattern, and reaches git as a full ref only after git
itself has accepted it as a branch name.
"""

import os
import shlex

from parallel_agents.core.errors import GitError, RefusedError, UsageError
from parallel_agents.core.worktree import Base
from parallel_agents.worktrees.look.repository import list_worktrees
from parallel_agents.worktrees.plumbing.git import Git

_HEADS = "refs/heads/"
_KEYWORDS = frozenset({"fresh", "head"})


def is_itself(branch: str, base: str) -> bool:
    """Tell whether branch and base are the same, which means working on that branch itself.

    Args:
        branch: short name of the requested branch.
        base: the requested base; `fresh` and `head` are never branches, `refs/heads/head` is.

    Returns:
        Whether they are the same.
    """
    if base in _KEYWORDS:
        return False
    return bool(branch) and base.removeprefix(_HEADS) == branch


def check_name(git: Git, branch: str) -> None:
    """Refuse a name that no branch can have.

    Args:
        git: a git in the repository.
        branch: short name.

    Raises:
        RefusedError: git rejects the name, or gives it another meaning.
    """
    special = branch.startswith("-") or branch == "HEAD" or "\0" in branch
    ref = f"{_HEADS}{branch}"
    if special or git.read("check-ref-format", ref, ok=(0, 1)).returncode:
        raise RefusedError(f"{branch!r} cannot name a branch", "See git-check-ref-format(1).")


def check(git: Git, base: Base, branch: str) -> None:
    """Refuse a branch that a worktree cannot use.

    Args:
        git: a git in the repository.
        base: the base requested with it.
        branch: short name.

    Raises:
        RefusedError: the new branch cannot be created, or the existing one is in use.
    """
    if base.branch is None:
        refuse_taken(git, branch)
    else:
        refuse_used(git, branch)


def is_there(git: Git, branch: str) -> bool:
    """Tell whether a branch exists to work on, here or on a remote.

    Args:
        git: a git in the repository.
        branch: short name.

    Returns:
        Whether it exists.

    Raises:
        RefusedError: the name cannot be a branch.
        UsageError: several remotes have a branch of that name, and none of them is the main one.
    """
    check_name(git, branch)
    if exists(git, branch):
        return True
    found = _on_remotes(git, branch)
    if found and main_remote(list(found)) is None:
        refs = " and ".join(ref.removeprefix("refs/remotes/") for ref in found.values())
        raise UsageError(
            f"“{branch}” means several branches: {refs}.",
            f"Make the one that you mean: git branch {shlex.quote(branch)} REMOTE/{branch}",
        )
    return bool(found)


def exists(git: Git, branch: str) -> bool:
    """Tell whether there is a local branch; the name must have passed `check_name`."""
    return _hash(git, f"{_HEADS}{branch}") != ""


def refuse_taken(git: Git, branch: str) -> None:
    """Require that a branch can be created: neither it nor a branch that conflicts at a `/` exists.

    Args:
        git: a git in the repository.
        branch: short name of the new branch.

    Raises:
        RefusedError: the name cannot be a branch, or is taken.
    """
    check_name(git, branch)
    if exists(git, branch):
        raise RefusedError(
            f"the branch {branch} exists already",
            f"Choose another, or work on it as it is: --branch {branch} without --base",
        )
    below = git.read("for-each-ref", "--count=1", "--format=%(refname)", f"{_HEADS}{branch}/").text
    if below:
        raise RefusedError(
            f"the branch {below.removeprefix(_HEADS)} exists, so none can be called {branch}",
            "Choose another --branch, or another pattern in the settings.",
        )
    parts = branch.split("/")
    for count in range(1, len(parts)):
        above = "/".join(parts[:count])
        if exists(git, above):
            raise RefusedError(
                f"the branch {above} exists, so none can be called {branch}",
                "Choose another --branch, or another pattern in the settings.",
            )


def tip(git: Git, branch: str) -> str:
    """Find the commit of a local branch or, if there is none, of the matching remote branch.

    Args:
        git: a git in the repository.
        branch: short name.

    Returns:
        Its hash.

    Raises:
        RefusedError: the name cannot be a branch.
        GitError: there is no such branch.
    """
    check_name(git, branch)
    remote = on_remote(git, branch) or ""
    found = _hash(git, f"{_HEADS}{branch}") or (remote and _hash(git, remote))
    if not found:
        raise GitError(
            f"there is no branch {branch!r}, neither here nor on a remote",
            "See the branches: git branch --all. A remote one may have to be fetched first.",
        )
    return found


def on_remote(git: Git, branch: str) -> str | None:
    """Find a remote branch's full ref, as last fetched: the main remote's, or the only match."""
    found = _on_remotes(git, branch)
    chosen = main_remote(list(found))
    return None if chosen is None else found[chosen]


def _on_remotes(git: Git, branch: str) -> dict[str, str]:
    """Find the refs of a branch by remote, as last fetched."""
    refs = {name: f"refs/remotes/{name}/{branch}" for name in remotes(git)}
    return {name: ref for name, ref in refs.items() if _hash(git, ref)}


def upstream(git: Git, branch: str) -> str | None:
    """Find the full ref of a branch's upstream; `None` when it has none."""
    listed = git.read("for-each-ref", "--format=%(refname) %(upstream)", f"{_HEADS}{branch}").text
    for line in listed.split("\n"):
        name, _, ref = line.partition(" ")
        if name == f"{_HEADS}{branch}" and ref:
            return ref
    return None


def remotes(git: Git) -> list[str]:
    """List the names of the remotes."""
    return [name for name in git.read("remote").text.split("\n") if name]


def main_remote(names: list[str]) -> str | None:
    """Choose the remote to use when none is named: `origin`, or the only one; else `None`."""
    if "origin" in names:
        return "origin"
    return names[0] if len(names) == 1 else None


def used_in(git: Git, branch: str, *, but: str = "") -> str | None:
    """Find the worktree in which a branch is checked out.

    Args:
        git: a git in the repository.
        branch: short name.
        but: a worktree to ignore; real path.

    Returns:
        Top of that worktree.
    """
    for entry in list_worktrees(git):
        if entry.branch == f"{_HEADS}{branch}" and os.path.realpath(entry.path) != but:
            return entry.path
    return None


def refuse_used(git: Git, branch: str) -> None:
    """Require that a branch is not checked out: two worktrees on it would undo each other's work.

    Args:
        git: a git in the repository.
        branch: short name.

    Raises:
        RefusedError: it is checked out; the message says where.
    """
    place = used_in(git, branch)
    if place is not None:
        raise RefusedError(
            f"the branch {branch} is checked out in {place}",
            f"Check out another one there, or cut a new branch from it: --base {branch}",
        )


def _hash(git: Git, ref: str) -> str:
    asked = ("rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}")
    found = git.read(*asked, ok=(0, 1, 128))
    return found.line if found.returncode == 0 else ""
