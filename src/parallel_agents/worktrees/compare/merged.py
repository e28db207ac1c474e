"""Tell how a branch's work got into its base: by a merge, a rebase, a squash, a pull request.

Keep true: it reports only what git itself finds equal: the commits, their patches
(git-patch-id(1)), the trees, or the head of a pull request that the base names (`merged_pull`,
asked beforehand); it never takes longer than its deadline, and what there was no time to check is
"not merged"; no ref, index or file is changed.
"""

import time
from dataclasses import dataclass

from parallel_agents.core.errors import GitError
from parallel_agents.core.worktree import WorktreeRecord
from parallel_agents.worktrees.compare.merged_pull import Pulls
from parallel_agents.worktrees.plumbing.git import Git
from parallel_agents.worktrees.plumbing.git_process import Result
from parallel_agents.worktrees.plumbing.porcelain import fields

SECONDS = 5.0
_COMMITS = 500
"""How many of the base's newest commits are compared by their patches."""

_PLAIN = ("--no-color", "--no-ext-diff", "--no-textconv", "--no-renames", "--full-index")
_PREFIXES = ("--src-prefix=a/", "--dst-prefix=b/")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Question:
    """One tip, one base, and the deadline."""

    git: Git
    tip: str
    target: str
    fork: str
    ends: float

    def ask(self, *args: str, ok: tuple[int, ...] = (0,), stdin: bytes = b"") -> Result:
        left = self.ends - time.monotonic()
        if left <= 0:
            raise GitError("there was no time left to compare", returncode=-1)
        return self.git.read(*args, ok=ok, stdin=stdin, seconds=left)


def merged(
    git: Git, record: WorktreeRecord, pulls: Pulls | None = None, *, seconds: float = SECONDS
) -> str:
    """Tell how the commits of a worktree got into its base.

    Args:
        git: a git in the worktree.
        record: the worktree.
        pulls: the pull requests found by asking a remote beforehand.
        seconds: the longest time to search.

    Returns:
        `merged into main`, perhaps followed by `by rebase`, `by squash` or `as #12`, or `its
        changes are in main`; empty if they are not there, if there are none, or if there was no
        time to find out.
    """
    ends = time.monotonic() + seconds
    tips = own_tips(git, record)
    targets = targets_of(git, record)
    for ref in targets:
        try:
            found = [_how(git, tip, ref, ends) for tip in tips]
        except GitError:
            continue
        if found and all(found):
            return found[-1].format(name=_short(ref))
    known = pulls or {}
    for ref in targets:
        numbers = [known.get((tip, ref), "") for tip in tips]
        if numbers and all(numbers):
            return f"merged into {_short(ref)} as {numbers[-1]}"
    return ""


def own_tips(git: Git, record: WorktreeRecord) -> tuple[str, ...]:
    """Find the commits at which a worktree's own work ends: HEAD, and its branch.

    Args:
        git: a git in the worktree.
        record: the worktree.

    Returns:
        Full hashes, each once, without those that the worktree started with.
    """
    names = ["HEAD", *([f"refs/heads/{record.branch}"] if record.made_branch else [])]
    tips = dict.fromkeys(tip for name in names if (tip := hash_of(git, name)))
    started = {record.base_commit, record.started_at}
    return tuple(tip for tip in tips if tip not in started)


def hash_of(git: Git, name: str) -> str:
    """Find the full hash for a ref or an expression; empty if there is none."""
    found = git.read("rev-parse", "--verify", "--quiet", "--end-of-options", name, ok=(0, 1, 128))
    return found.line if found.returncode == 0 else ""


def targets_of(git: Git, record: WorktreeRecord) -> list[str]:
    """Name the base, and its namesakes here and on remotes, where merges may arrive first.

    Args:
        git: a git in the repository.
        record: the worktree.

    Returns:
        Full refs; none if the base was not a branch.
    """
    ref = record.base_ref
    if not ref:
        return []
    if ref.startswith("refs/heads/"):
        name = ref.removeprefix("refs/heads/")
    else:
        name = ref.removeprefix("refs/remotes/").partition("/")[2]
    if not name:
        return [ref]
    listed = git.read(
        "for-each-ref", "--format=%(refname)", f"refs/heads/{name}", f"refs/remotes/*/{name}"
    )
    return list(dict.fromkeys([ref, *(line for line in listed.text.split("\n") if line)]))


def _short(ref: str) -> str:
    return ref.removeprefix("refs/heads/").removeprefix("refs/remotes/")


def _how(git: Git, tip: str, ref: str, ends: float) -> str:
    target = hash_of(git, ref)
    fork = git.read("merge-base", tip, target, ok=(0, 1, 128)).line if target else ""
    if not fork:
        return ""
    if fork == tip:
        return "merged into {name}"
    question = _Question(git=git, tip=tip, target=target, fork=fork, ends=ends)
    if question.ask("diff-tree", "--quiet", fork, tip, ok=(0, 1)).returncode == 0:
        return ""  # commits that undo each other leave nothing to find in a base
    if _each_patch(question):
        return "merged into {name} by rebase"
    if _one_patch(question):
        return "merged into {name} by squash"
    return "its changes are in {name}" if _adds_nothing(question) else ""


def _each_patch(question: _Question) -> bool:
    """Whether the base has a commit with the same patch for each of the branch's commits."""
    own = f"{question.target}..{question.tip}"
    if question.ask("rev-list", "--count", "--merges", own).line != "0" or _is_far(question):
        return False
    left = question.ask(
        "rev-list", "--count", "--cherry-pick", "--right-only",
        f"{question.target}...{question.tip}",
    )  # fmt: skip
    return left.line == "0"


def _is_far(question: _Question) -> bool:
    ahead = f"{question.fork}..{question.target}"
    limit = str(_COMMITS + 1)
    return int(question.ask("rev-list", "--count", f"--max-count={limit}", ahead).line) > _COMMITS


def _one_patch(question: _Question) -> bool:
    """Whether one commit of the base has the same patch as the whole branch."""
    newest = question.ask(
        "rev-list", "--no-merges", f"--max-count={_COMMITS}", f"{question.fork}..{question.target}"
    ).stdout
    if not newest:
        return False
    whole = question.ask("diff-tree", "-p", *_PLAIN, *_PREFIXES, question.fork, question.tip)
    each = question.ask("diff-tree", "--stdin", "-p", *_PLAIN, *_PREFIXES, stdin=newest)
    wanted = _patch_ids(question, whole.stdout)
    return bool(wanted) and wanted <= _patch_ids(question, each.stdout)


def _patch_ids(question: _Question, patch: bytes) -> set[str]:
    listed = question.ask("patch-id", "--stable", stdin=patch)
    return {line.partition(" ")[0] for line in listed.text.split("\n") if line}


def _adds_nothing(question: _Question) -> bool:
    """Whether all files that the branch changed are the same in the base, or merge to the same."""
    if not _changed(question, question.fork) & _changed(question, question.target):
        return True
    # Git before 2.38 has no such command: the answer is then simply "not merged".
    result = question.ask(
        "merge-tree", "--write-tree", question.target, question.tip, ok=(0, 1, 128, 129)
    )
    tree = question.ask("rev-parse", f"{question.target}^{{tree}}").line
    return result.returncode == 0 and result.line == tree


def _changed(question: _Question, other: str) -> set[str]:
    listed = question.ask(
        "diff-tree", "-r", "-z", "--name-only", "--no-renames", other, question.tip
    )
    return set(fields(listed.stdout))
