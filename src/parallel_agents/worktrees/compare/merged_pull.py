"""Tell whether commits were merged as a pull request, however they were changed on the way.

Keep true: a pull request counts only if a commit of the base names it and the remote still keeps
exactly this commit under that number, so that it is not lost there either; the remote is one that
the user set up, and is asked once, only for numbers that the base names, and only for a branch that
was pushed; if it does not answer in time, nothing is known. The caller holds no lock meanwhile.

How hosts name it: GitHub writes `Title (#12)` or `Merge pull request #12 from …` (docs.github.com,
"About pull request merges"), GitLab `See merge request group/name!12` (docs.gitlab.com, "Commit
message templates").
"""

import re
from collections.abc import Mapping, Sequence

from parallel_agents.core.worktree import WorktreeRecord
from parallel_agents.worktrees.look import branches
from parallel_agents.worktrees.plumbing.git import Git

Pulls = Mapping[tuple[str, str], str]
"""The number (`#12`, on GitLab `!12`) that a commit was merged as, by its hash and the base's
ref."""

_COMMITS = 500
"""How many of the base's newest commits are read."""
_ASKED = 100
"""How many numbers of one base the remote is asked for, newest first."""
_SECONDS = 3.0

_NUMBER = r"([1-9][0-9]{0,9})\b"
_NAMED = re.compile(
    rf"\(#{_NUMBER}\)|^Merge pull request #{_NUMBER}|^See merge request \S*!{_NUMBER}",
    re.ASCII | re.MULTILINE,
)


def remote_to_ask(git: Git, record: WorktreeRecord) -> str:
    """Name the remote that may know a worktree's pull request.

    Args:
        git: a git in the worktree.
        record: the worktree.

    Returns:
        The remote that the base is on, or the main remote; empty if the branch was never pushed.
    """
    ours = f"branch.{record.branch}."
    pushed = {f"{ours}remote", f"{ours}pushremote", f"{ours}merge"}
    if not any(entry.key in pushed for entry in git.config()):
        return ""
    names = branches.remotes(git)
    of_base = (record.base_ref or "").removeprefix("refs/remotes/").partition("/")[0]
    return of_base if of_base in names else branches.main_remote(names) or ""


def merged_pulls(git: Git, remote: str, tips: Sequence[str], bases: Sequence[str]) -> Pulls:
    """Find the pull requests as which commits were merged; asks a remote.

    Args:
        git: a git in the worktree.
        remote: from `remote_to_ask`.
        tips: full hashes of the commits.
        bases: full refs of the branches that they may have been merged into.

    Returns:
        The known ones.

    Raises:
        GitError: the remote does not answer, or git fails.
    """
    pairs = [(tip, base) for tip in tips for base in bases]
    named = {(tip, base): _numbers(git, f"{tip}..{base}") for tip, base in pairs}
    asked = dict.fromkeys(ref for numbers in named.values() for ref in numbers)
    if not asked:
        return {}
    question = ("ls-remote", "--quiet", "--end-of-options", remote, *asked)
    listed = git.write(*question, seconds=_SECONDS)
    heads = [line.partition("\t")[::2] for line in listed.text.split("\n")]
    return {
        (tip, base): numbers[ref]
        for (tip, base), numbers in named.items()
        for commit, ref in heads
        if commit == tip and ref in numbers
    }


def _numbers(git: Git, ahead: str) -> dict[str, str]:
    """Find the pull requests that the base's commits name, by the refs that keep them."""
    # Not `log`, which obeys `log.showSignature`.
    messages = git.read(
        "rev-list", "--no-commit-header", "--format=%B", f"--max-count={_COMMITS}", ahead
    ).text
    found: dict[str, str] = {}
    for squash, merge, gitlab in _NAMED.findall(messages)[:_ASKED]:
        if number := squash or merge:
            found[f"refs/pull/{number}/head"] = f"#{number}"
        else:
            found[f"refs/merge-requests/{gitlab}/head"] = f"!{gitlab}"
    return found
