"""Save the state of a worktree as commits under one ref.

Keep true: the commit's tree is every tracked and untracked file; its parents are HEAD, a commit of
the index, the branch when it is elsewhere, and what an unfinished merge holds; identity and
settings are ours; neither the worktree nor its index is written; ignored files and nested
repositories never become objects.
"""

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from parallel_agents.core.worktree import WorktreeRecord
from parallel_agents.worktrees import filters
from parallel_agents.worktrees.diff import copy_index, private_index, untracked
from parallel_agents.worktrees.git import Git
from parallel_agents.worktrees.identity import admin_dir, common_dir
from parallel_agents.worktrees.porcelain import fields
from parallel_agents.worktrees.reflog import named_only_there

IDENTITY = {
    "GIT_AUTHOR_NAME": "parallel-agents",
    "GIT_AUTHOR_EMAIL": "parallel-agents@localhost",
    "GIT_COMMITTER_NAME": "parallel-agents",
    "GIT_COMMITTER_EMAIL": "parallel-agents@localhost",
}
DURABLE = (("core.fsync", "all"), ("core.fsyncMethod", "fsync"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """What was saved.

    Args:
        commit: the commit that holds all; `None` when there was nothing to save.
        tip: hash of the branch; `None` when it is gone.
        head: hash of HEAD; `None` when it has no commit.
        head_ref: full ref that HEAD names; `None` when detached.
        saved: what was left to save of a directory that is gone, one phrase each.
    """

    commit: str | None
    tip: str | None
    head: str | None
    head_ref: str | None
    saved: tuple[str, ...]


def take(record: WorktreeRecord, temporary: Path, lock_fd: int) -> Snapshot:
    """Save a worktree that is there.

    Args:
        record: the worktree.
        temporary: directory for short-lived files.
        lock_fd: descriptor of the repository's lock.

    Returns:
        The snapshot; no ref names it yet.

    Raises:
        GitError: a file could not be saved; nothing has changed.
    """
    with private_index(record, temporary) as git:
        head, head_ref = _head(git)
        tip = _hash(git, f"refs/heads/{record.branch}")
        index, conflicts = _save_index(git, head)
        found = untracked(git)[0]
        left = filters.left_out(git, record.started_at, found)
        _enter_all(git, tuple(name for name in found if name not in left))
        tree = git.write("write-tree", config=DURABLE).line
        logged = _save_logged(git, record)
        parents = [commit for commit in (head, index, tip, conflicts, logged) if commit]
        commit = _commit(git, tree, parents, f"Deleted worktree of session {record.session}")
    return Snapshot(commit=commit, tip=tip, head=head, head_ref=head_ref, saved=())


def take_remains(record: WorktreeRecord, git: Git, temporary: Path) -> Snapshot:
    """Save what is left of a worktree whose directory is gone: its branch and its index.

    Args:
        record: the worktree.
        git: a git in the repository.
        temporary: directory for short-lived files.

    Returns:
        The snapshot.
    """
    tip = _hash(git, f"refs/heads/{record.branch}")
    head, head_ref = tip, f"refs/heads/{record.branch}"
    index = conflicts = logged = None
    admin = admin_dir(record)
    if (admin / "HEAD").is_file():
        temporary.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=temporary) as directory:
            copy = Path(directory) / "index"
            copy_index(admin / "index", copy)
            bound = Git(git.directory, git_dir=str(admin), index=str(copy))
            head, named = _head(bound)
            head_ref = named or ""
            if copy.exists():
                index, conflicts = _save_index(bound, head)
            logged = _save_logged(bound, record)
    parents = list(dict.fromkeys(c for c in (head, index, tip, conflicts, logged) if c))
    commit = None
    if parents:
        tree = git.read("rev-parse", f"{index or parents[0]}^{{tree}}").line
        message = f"Deleted branch of session {record.session}"
        commit = _commit(git, tree, parents, message)
    saved = ["the worktree was gone already: its uncommitted files could not be saved"]
    saved += [f"branch {record.branch}"] if tip else []
    saved += ["staged changes"] if index or conflicts else []
    return Snapshot(
        commit=commit, tip=tip, head=head, head_ref=head_ref or None, saved=tuple(saved)
    )


def _save_index(git: Git, head: str | None) -> tuple[str | None, str | None]:
    """Commit the index as it is; of a conflict, keep all versions in a commit of their own."""
    unmerged = git.read("ls-files", "--unmerged", "-z").stdout
    parents = [head] if head else []
    if not unmerged:
        tree = git.write("write-tree", config=DURABLE).line
        return _commit(git, tree, parents, "Index"), None
    lines = []
    for number, stage in enumerate(_own_entries(git, head)):
        mode, oid, _ = stage.partition("\t")[0].split(" ")
        kind = "commit" if mode == "160000" else "blob"
        lines.append(f"{mode} {kind} {oid}\t{number}\0")
    # Without a check: an entry made by `add --intent-to-add` names a blob that is not there.
    tree = git.write(
        "mktree", "-z", "--missing", stdin="".join(lines).encode(), config=DURABLE
    ).line
    return None, _commit(git, tree, parents, "Versions in conflict")


def _own_entries(git: Git, head: str | None) -> list[str]:
    """List the entries of the index, in conflict or staged, that HEAD does not have."""
    entries = fields(git.read("ls-files", "--stage", "-z").stdout)
    if head is None:
        return entries
    listed = git.read("diff-index", "--cached", "--name-only", "--no-renames", "-z", head)
    changed = set(fields(listed.stdout))
    return [entry for entry in entries if entry.partition("\t")[2] in changed]


def _save_logged(git: Git, record: WorktreeRecord) -> str | None:
    """Hold what only a reflog or an unfinished operation names, for as long as the trash does."""
    commits = named_only_there(git, Path(common_dir(record)), admin_dir(record), record.branch)
    if not commits:
        return None
    tree = git.write("mktree", config=DURABLE).line
    return _commit(git, tree, list(commits), "Commits of the reflog")


def _enter_all(git: Git, files: tuple[str, ...]) -> None:
    """Bring the private index to the state of the files."""
    git.write("update-index", "-q", "--unmerged", "--ignore-submodules", "--refresh", ok=(0, 1))
    zero = "0" * len(git.read("hash-object", "-t", "blob", os.devnull).line)
    listed = fields(
        git.read(
            "diff-files", "-z", "--name-status", "--no-renames", "--ignore-submodules=all"
        ).stdout
    )
    changes = dict(zip(listed[1::2], listed[0::2], strict=False))
    gone = [path for path, status in changes.items() if status == "D"]
    removals = b"".join(f"0 {zero}\t".encode() + os.fsencode(path) + b"\0" for path in gone)
    if removals:
        git.write("update-index", "-z", "--index-info", stdin=removals)
    present = [path for path in (*changes, *files) if path not in set(gone)]
    names = b"".join(os.fsencode(path) + b"\0" for path in present)
    if names:
        git.write(
            "update-index", "--add", "--remove", "--replace", "-z", "--stdin",
            stdin=names, config=DURABLE,
        )  # fmt: skip


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
