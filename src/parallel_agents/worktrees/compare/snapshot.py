"""Save the state of a worktree as commits under one ref.

Keep true: the commit's tree holds every tracked and untracked file that git can store; its parents
are HEAD, a commit of the index, the branch if it points elsewhere, the versions in conflict, and
the commits that only a reflog names; identity and settings are ours; neither the worktree nor its
index is written; ignored files and nested repositories never become objects; what cannot be saved
is named but never stops the work.
"""

import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from parallel_agents.core.worktree import WorktreeRecord
from parallel_agents.worktrees.look.capture import DURABLE, enter_all, remove_entries
from parallel_agents.worktrees.look.identity import admin_dir, common_dir
from parallel_agents.worktrees.look.looking import copy_index, mend_index, private_index, untracked
from parallel_agents.worktrees.plumbing import filters
from parallel_agents.worktrees.plumbing.git import Git, attempt
from parallel_agents.worktrees.plumbing.porcelain import fields
from parallel_agents.worktrees.plumbing.reflog import named_only_there

IDENTITY = {
    "GIT_AUTHOR_NAME": "parallel-agents",
    "GIT_AUTHOR_EMAIL": "parallel-agents@localhost",
    "GIT_COMMITTER_NAME": "parallel-agents",
    "GIT_COMMITTER_EMAIL": "parallel-agents@localhost",
}
_NAMED = 5
_BROKEN = "the index as it is, which git cannot read"


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """The saved state of a worktree.

    Args:
        commit: the commit that holds everything; `None` if nothing was saved as a commit.
        tip: hash of the branch; `None` if the branch is gone.
        head: hash of HEAD; `None` if HEAD has no commit.
        head_ref: the full ref that HEAD names; `None` if HEAD is detached.
        saved: one phrase for each thing that could not be saved or, if the directory is gone, that
            was left to save.
        tip_is_lost: whether the branch names a commit whose objects are missing.
    """

    commit: str | None
    tip: str | None
    head: str | None
    head_ref: str | None
    saved: tuple[str, ...]
    tip_is_lost: bool = False

    @property
    def spares_branch(self) -> bool:
        """Whether the branch must stay, because no commit of ours holds its tip."""
        return self.tip is not None and (self.commit is None or self.tip_is_lost)


def take(record: WorktreeRecord, temporary: Path) -> Snapshot:
    """Save a worktree whose directory exists.

    Args:
        record: the worktree.
        temporary: a directory for short-lived files.

    Returns:
        The snapshot; no ref names it yet.

    Raises:
        GitError: git failed for a reason that may be temporary; nothing has changed.
    """
    head: str | None = None
    head_ref: str | None = None
    tip: str | None = None
    commit: str | None = None
    lost = False
    saved: list[str] = []

    def save() -> None:
        nonlocal head, head_ref, tip, commit, lost
        with private_index(record, temporary) as git:
            head, head_ref = _head(git)
            tip = _hash(git, f"refs/heads/{record.branch}")
            saved.extend([_BROKEN] if mend_index(git) else [])
            held = _hold(git, record, (head, tip), saved, index=True)
            lost = held.tip != tip
            tree = _tree(git, record, temporary, saved)
            commit = _commit(
                git, tree, held.commits, f"Deleted worktree of session {record.session}"
            )

    if error := attempt(save):
        commit = None
        saved.append(f"only the directory, since git cannot save commits here ({error.message})")
    return Snapshot(
        commit=commit, tip=tip, head=head, head_ref=head_ref, saved=tuple(saved), tip_is_lost=lost
    )


@dataclass(slots=True)
class _Held:
    """The parents of the snapshot's commit."""

    head: str | None = None
    index: str | None = None
    tip: str | None = None
    conflicts: str | None = None
    logged: str | None = None

    @property
    def commits(self) -> list[str]:
        """All parents, without duplicates."""
        found = (self.head, self.index, self.tip, self.conflicts, self.logged)
        return list(dict.fromkeys(commit for commit in found if commit))


def _hold(
    git: Git,
    record: WorktreeRecord,
    heads: tuple[str | None, str | None],
    saved: list[str],
    *,
    index: bool,
) -> _Held:
    """Collect the parents; commits whose objects are missing are named in `saved` instead."""
    head, tip = heads
    sound = [name for name in (head, tip) if name and _is_commit(git, name)]
    lost = [name[:12] for name in dict.fromkeys((head, tip)) if name and name not in sound]
    if lost:
        saved.append(f"the names of commits whose objects are missing: {', '.join(lost)}")
    held = _Held(head=head if head in sound else None, tip=tip if tip in sound else None)

    def save_index() -> None:
        held.index, held.conflicts = _save_index(git, held.head)

    def save_entries() -> None:
        held.conflicts = _save_entries(git, None, [held.head] if held.head else [])

    def save_logged() -> None:
        held.logged = _save_logged(git, record)

    if index and attempt(save_index) and (error := attempt(save_entries)):
        saved.append(f"what is staged, in the index only ({error.message})")
    if error := attempt(save_logged):
        saved.append(f"the reflog, whose commits git cannot read ({error.message})")
    return held


def _tree(git: Git, record: WorktreeRecord, temporary: Path, saved: list[str]) -> str:
    """Write the tree of all files, and name in `saved` those that it could not take."""
    files = untracked(git).files
    without = _out_of_force(git, record, files)
    entered = [name for name in files if name not in without]
    refused = without | enter_all(git, Path(common_dir(record)), temporary, entered)
    if attempt(lambda: _write_tree(git)):
        lost = _entries_without_objects(git)
        remove_entries(git, lost)
        refused |= dict.fromkeys(lost, "its object is missing")
        again = enter_all(git, Path(common_dir(record)), temporary, lost)
        refused = {n: why for n, why in refused.items() if n not in lost or n in again}
        refused |= {n: "its object is missing" for n in lost if not _lies(record, n)}
    if refused:
        saved.append(_only_kept(refused))
    return _write_tree(git)


def _write_tree(git: Git) -> str:
    # An index caches the trees of its directories. Git leaves a wrong one behind when a rebase
    # meets a repository that is staged inside: the directory would be in the tree twice.
    return git.write("write-tree", "--ignore-cache-tree", config=DURABLE).line


def _out_of_force(git: Git, record: WorktreeRecord, files: Iterable[str]) -> dict[str, str]:
    """Keep git from reading files whose filter is not in force.

    Returns:
        The reason for each of the given files that is left out, by path.
    """
    left: list[str] = []

    def hide() -> None:
        filters.hide(git, record.started_at)
        left.extend(filters.left_out(git, record.started_at, files))

    attempt(hide)
    mine = set(left) & set(files)
    return dict.fromkeys(sorted(mine), "its filter is not in force")


def _lies(record: WorktreeRecord, name: str) -> bool:
    return os.path.lexists(os.path.join(record.path, name))  # noqa: PTH118 - names are bytes


def _only_kept(refused: dict[str, str]) -> str:
    named = [f"{name} ({why})" for name, why in list(refused.items())[:_NAMED]]
    more = f" and {len(refused) - _NAMED} more" if len(refused) > _NAMED else ""
    return f"in the kept directory only: {', '.join(named)}{more}"


def _entries_without_objects(git: Git) -> list[str]:
    entries = [e.partition("\t") for e in fields(git.read("ls-files", "--stage", "-z").stdout)]
    wanted = {name: head.split(" ")[1] for head, _, name in entries if head[:6] != "160000"}
    there = _objects(git, set(wanted.values()))
    return [name for name, oid in wanted.items() if oid not in there]


def _objects(git: Git, names: set[str]) -> set[str]:
    """Pick the objects that exist."""
    asked = "".join(f"{name}\n" for name in sorted(names)).encode()
    answer = git.read("cat-file", "--batch-check=%(objectname)", stdin=asked).text if asked else ""
    return {line for line in answer.split("\n") if not line.endswith(" missing")}


def _is_commit(git: Git, name: str) -> bool:
    found = git.read("cat-file", "-e", f"{name}^{{tree}}", ok=(0, 1, 128))
    return found.returncode == 0


def take_remains(record: WorktreeRecord, git: Git, temporary: Path) -> Snapshot:
    """Save the remains of a worktree whose directory is gone: its branch and its index.

    Args:
        record: the worktree.
        git: a git in the repository.
        temporary: a directory for short-lived files.
    """
    tip = _hash(git, f"refs/heads/{record.branch}")
    head, head_ref = tip, f"refs/heads/{record.branch}"
    saved = ["the worktree was gone already: its uncommitted files could not be saved"]
    saved += [f"branch {record.branch}"] if tip else []
    commit: str | None = None
    lost = False

    def save() -> None:
        nonlocal head, head_ref, commit, lost
        with _remaining(record, git, temporary) as (bound, index):
            if bound is not git:
                head, named = _head(bound)
                head_ref = named or ""
            saved.extend([_BROKEN] if index and mend_index(bound) else [])
            held = _hold(bound, record, (head, tip), saved, index=index)
            lost = held.tip != tip
            if not held.commits:
                return
            tree = git.read("rev-parse", f"{held.index or held.commits[0]}^{{tree}}").line
            changed = held.index and tree != _hash(git, f"{held.commits[0]}^{{tree}}")
            saved.extend(["staged changes"] if changed or held.conflicts else [])
            message = f"Deleted branch of session {record.session}"
            commit = _commit(git, tree, held.commits, message)

    if error := attempt(save):
        saved.append(f"nothing as a commit, since git cannot write one ({error.message})")
    return Snapshot(
        commit=commit,
        tip=tip,
        head=head,
        head_ref=head_ref or None,
        saved=tuple(saved),
        tip_is_lost=lost,
    )


@contextmanager
def _remaining(record: WorktreeRecord, git: Git, temporary: Path) -> Iterator[tuple[Git, bool]]:
    """Yield a git for the remains of a worktree, and whether there is an index.

    If nothing remains, it is the repository's own git.
    """
    admin = admin_dir(record)
    if not (admin / "HEAD").is_file():
        yield git, False
        return
    temporary.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=temporary) as directory:
        copy = Path(directory) / "index"
        copy_index(admin / "index", copy)
        yield Git(git.directory, git_dir=str(admin), index=str(copy)), copy.exists()


def _save_index(git: Git, head: str | None) -> tuple[str | None, str | None]:
    """Commit the index as it is or, if it has conflicts, commit the versions of its entries.

    Returns:
        The commit of the index and the commit of the versions; one of them is `None`.
    """
    unmerged = git.read("ls-files", "--unmerged", "-z").stdout
    parents = [head] if head else []
    if not unmerged:
        return _commit(git, _write_tree(git), parents, "Index"), None
    return None, _save_entries(git, head, parents)


def _save_entries(git: Git, head: str | None, parents: list[str]) -> str:
    """Commit the index entries that HEAD does not have, under numbers instead of their names."""
    entries = [entry.partition("\t")[0].split(" ") for entry in _own_entries(git, head)]
    there = _objects(git, {oid for mode, oid, _ in entries if mode != "160000"})
    lines = []
    for number, (mode, oid, _) in enumerate(entries):
        kind = "commit" if mode == "160000" else "blob"
        # An entry made by `add --intent-to-add` names a blob that does not exist.
        if kind == "commit" or oid in there:
            lines.append(f"{mode} {kind} {oid}\t{number}\0")
    tree = git.write("mktree", "-z", stdin="".join(lines).encode(), config=DURABLE).line
    return _commit(git, tree, parents, "Versions in conflict")


def _own_entries(git: Git, head: str | None) -> list[str]:
    """List the index entries, staged or in conflict, that HEAD does not have."""
    entries = fields(git.read("ls-files", "--stage", "-z").stdout)
    if head is None:
        return entries
    # Not `diff-index --cached`, because that trusts the trees cached in the index.
    listed = fields(git.read("ls-tree", "-r", "-z", "--full-tree", head).stdout)
    committed = {f"{mode} {oid} 0\t{name}" for mode, oid, name in map(_committed, listed)}
    return [entry for entry in entries if entry not in committed]


def _committed(line: str) -> tuple[str, str, str]:
    """Split a line of `ls-tree` into mode, object and path."""
    head, _, name = line.partition("\t")
    mode, _, oid = head.split(" ")
    return mode, oid, name


def _save_logged(git: Git, record: WorktreeRecord) -> str | None:
    """Commit a parent for all commits that only a reflog or an unfinished operation names.

    It keeps them for as long as the trash entry exists.
    """
    commits = named_only_there(git, Path(common_dir(record)), admin_dir(record), record.branch)
    if not commits:
        return None
    tree = git.write("mktree", config=DURABLE).line
    return _commit(git, tree, list(commits), "Commits of the reflog")


def _commit(git: Git, tree: str, parents: list[str], message: str) -> str:
    options = [word for parent in dict.fromkeys(parents) for word in ("-p", parent)]
    args = ("commit-tree", *options, "-m", message, tree)
    return git.write(*args, env=IDENTITY, config=DURABLE).line


def _head(git: Git) -> tuple[str | None, str | None]:
    named = git.read("symbolic-ref", "--quiet", "HEAD", ok=(0, 1, 128))
    return _hash(git, "HEAD"), (named.line if named.returncode == 0 else None)


def _hash(git: Git, name: str) -> str | None:
    found = git.read("rev-parse", "--verify", "--quiet", name, ok=(0, 1, 128))
    return found.line if found.returncode == 0 else None
