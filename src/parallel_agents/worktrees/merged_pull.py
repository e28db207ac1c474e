"""Tell whether a commit was merged as a pull request, however it was changed on the way.

Keep true: it counts only when a commit of the base names the pull request, and the remote still
keeps exactly this commit under that number, so that it is not lost there either; only numbers that
the base names are asked for, of a remote that the person set up, and only for a branch that was
pushed; without an answer in time the answer is no.

How hosts name it: GitHub writes `Title (#12)` or `Merge pull request #12 from …` (docs.github.com,
"About pull request merges"), GitLab `See merge request group/name!12` (docs.gitlab.com, "Commit
message templates").
"""

import re

from parallel_agents.core.errors import GitError
from parallel_agents.core.worktree import WorktreeRecord
from parallel_agents.worktrees import branches
from parallel_agents.worktrees.git import Git

_COMMITS = 500
"""How many of the base's newest commits are read."""
_ASKED = 100
"""How many numbers the remote is asked for, the newest first."""
_SECONDS = 3.0

_NUMBER = r"([1-9][0-9]{0,9})\b"
_NAMED = re.compile(
    rf"\(#{_NUMBER}\)|^Merge pull request #{_NUMBER}|^See merge request \S*!{_NUMBER}",
    re.ASCII | re.MULTILINE,
)


def merged_pull(git: Git, record: WorktreeRecord, tip: str, ahead: str) -> str:
    """Find the pull request as which a commit was merged.

    Args:
        git: a git in the worktree.
        record: the worktree.
        tip: full hash of the commit.
        ahead: the commits that the base has since, as a range.

    Returns:
        `#12` or, of GitLab, `!12`; empty when none is known to be it.
    """
    remote = _remote(git, record)
    numbers = _numbers(git, ahead) if remote else {}
    if not numbers:
        return ""
    asked = ("ls-remote", "--quiet", "--end-of-options", remote, *numbers)
    try:
        listed = git.write(*asked, seconds=_SECONDS)
    except GitError:
        return ""
    kept = (line.partition("\t")[::2] for line in listed.text.split("\n"))
    return next((numbers[ref] for commit, ref in kept if commit == tip and ref in numbers), "")


def _remote(git: Git, record: WorktreeRecord) -> str:
    """The remote that the base is on, when the branch was ever pushed."""
    ours = f"branch.{record.branch}."
    pushed = {f"{ours}remote", f"{ours}pushremote", f"{ours}merge"}
    if not any(entry.key in pushed for entry in git.config()):
        return ""
    names = branches.remotes(git)
    of_base = (record.base_ref or "").removeprefix("refs/remotes/").partition("/")[0]
    return of_base if of_base in names else branches.main_remote(names) or ""


def _numbers(git: Git, ahead: str) -> dict[str, str]:
    """The pull requests that the base's commits name, by the refs that keep them."""
    # Not `log`, which would run what `log.showSignature` and `gpg.program` name.
    messages = git.read(
        "rev-list", "--no-commit-header", "--format=%B", f"--max-count={_COMMITS}", ahead
    ).text
    found: dict[str, str] = {}
    for squash, merge, gitlab in _NAMED.findall(messages):
        if number := squash or merge:
            found[f"refs/pull/{number}/head"] = f"#{number}"
        else:
            found[f"refs/merge-requests/{gitlab}/head"] = f"!{gitlab}"
        if len(found) == _ASKED:
            break
    return found
