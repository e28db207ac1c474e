"""Compare a session's work with the right base, even if git cannot read some of the files.

Keep true: the files are written as a tree through a copy of the index, into a store of ours; files
that git cannot or should not read are left out and reported; each submodule gets its own git,
protected against the submodule's own settings, and its own tree; a nested repository that is not a
submodule is not read.
"""

import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from parallel_agents.core.diff import parse_stat
from parallel_agents.core.errors import GitError
from parallel_agents.core.value import replace
from parallel_agents.core.worktree import DiffPart, DiffStat, FileStat, WorktreeRecord
from parallel_agents.worktrees.compare import trees
from parallel_agents.worktrees.look.capture import (
    ANY_NAME,
    Intake,
    hide,
    passed_over,
    remove_entries,
)
from parallel_agents.worktrees.look.looking import copy_index, mend_index, private_index, untracked
from parallel_agents.worktrees.look.objects import Objects, ObjectStore
from parallel_agents.worktrees.look.unread import Bounds, unread
from parallel_agents.worktrees.plumbing import filters
from parallel_agents.worktrees.plumbing.git import Git, may_pass
from parallel_agents.worktrees.plumbing.porcelain import fields
from parallel_agents.worktrees.plumbing.submodules import submodules, unreadable

_ENTERED = (*ANY_NAME, ("core.safecrlf", "false"), ("core.fsync", "none"))
"""Take what a comparison takes; a tree lost in a crash is written again by the next one."""


@dataclass(slots=True)
class _Part:
    """A worktree, or a submodule in it, to compare.

    Args:
        git: a git in it, with a private index.
        commit: what it is compared with.
        objects: where its tree is written.
        temporary: directory for short-lived files.
        prefix: its path, with a slash; empty for the worktree itself.
        left: why each file that is left out was left out, by path.
        began: the commit the worktree started from; empty for a submodule.
        filtered: files that are not read because their filter is disabled.
        tree: hash of the tree of its files.
        damaged: whether git cannot compare it; then nothing in it is reported.
    """

    git: Git
    commit: str
    objects: Objects
    temporary: Path
    prefix: str = ""
    left: dict[str, str] = field(default_factory=dict)
    began: str = ""
    filtered: tuple[str, ...] = ()
    tree: str = ""
    damaged: bool = False

    @property
    def pair(self) -> DiffPart:
        """What names it to others."""
        return DiffPart(base=self.commit, tree=self.tree, prefix=self.prefix)

    @contextmanager
    def _named_if_damaged(self) -> Iterator[None]:
        """Report a submodule that git cannot compare, instead of failing the whole comparison."""
        try:
            yield
        except (GitError, OSError) as error:
            if not self.prefix or (isinstance(error, GitError) and may_pass(error)):
                raise
            self.damaged = True
            self.left = {"": "git cannot compare what is in it"}

    def stats(self, bounds: Bounds) -> Iterator[FileStat]:
        """Write the tree and compare it; add the files that were left out."""
        data = b""
        with self._named_if_damaged():
            self._write(bounds)
            data = trees.compare(self.git, self.objects, self.pair)
        left = dict(self.left)
        for stat in parse_stat(data):
            yield trees.below(replace(stat, note=left.pop(stat.path, "")), self.prefix)
        yield from self._left_out(left)

    def write(self, bounds: Bounds) -> Iterator[FileStat]:
        """Write the tree; list the files that it does not hold as they are."""
        with self._named_if_damaged():
            self._write(bounds)
        yield from self._left_out(self.left)

    def _left_out(self, left: Mapping[str, str]) -> Iterator[FileStat]:
        for name, why in left.items():
            yield trees.below(_unread(name, why), self.prefix)

    def _write(self, bounds: Bounds) -> None:
        """Write the files, as they are on disk, as a tree."""
        closed = unreadable(self.git)
        self._hide(closed)
        found = untracked(self.git)
        if self.began:
            filters.hide(self.git, self.began)
            self.filtered = filters.left_out(self.git, self.began, found.files)
        files = [name for name in found.files if name not in self.filtered]
        changed, gone = self._changed()
        names = tuple(dict.fromkeys((*files, *changed)))
        self.left = unread(Path(self.git.directory), names, bounds)
        self._hide(changed & self.left.keys())
        self._index("--force-remove --stdin", map(os.fsencode, gone - self.left.keys()))
        self._enter([name for name in names if name not in self.left and name not in gone])
        self._hide(changed & self.left.keys())
        shut = dict.fromkeys(found.closed, "cannot be read: Permission denied") | closed
        self.left |= {f"{name}/": why for name, why in shut.items()}
        # As for a snapshot, the trees that an index remembers are not believed. Objects that the
        # repository lacks were lacking before: they hinder only the patch that needs them.
        words = ("write-tree", "--ignore-cache-tree", "--missing-ok")
        self.tree = self.git.write(*words, env=self.objects.env).line

    def _changed(self) -> tuple[set[str], set[str]]:
        """List the tracked files that differ from the index, and those of them that are gone."""
        dirty = ("diff-files", "-z", "--name-status", "--no-renames", "--ignore-submodules=dirty")
        listed = fields(self.git.read(*dirty).stdout)
        # Of a conflict git lists a `U` first, then how the file differs from one of its versions.
        changes = dict(zip(listed[1::2], listed[0::2], strict=False))
        top = os.path.realpath(self.git.directory)
        gone = {
            name
            for name, status in changes.items()
            if status == "D" or (status == "U" and not _is_file(top, name))
        }
        return set(changes), gone

    def _enter(self, names: list[str]) -> None:
        intake = Intake(self.git, self.temporary, self.objects, _ENTERED)
        refused = intake.enter(names)
        if intake.passes_over:
            refused |= passed_over(self.git, [name for name in names if name not in refused])
        self.left |= refused

    def _hide(self, names: Iterable[str]) -> None:
        """Make git trust the index for these files."""
        hidden = list(names)
        if hide(self.git, hidden):
            self._take_from_base(hidden)

    def _take_from_base(self, names: list[str]) -> None:
        """Make git treat files as unchanged from the base, because some are in conflict."""
        remove_entries(self.git, names)
        wanted = {os.fsencode(name) for name in names}
        listed = self.git.read("ls-tree", "-r", "-z", self.commit).stdout.split(b"\0")
        lines = [line for line in listed if line.partition(b"\t")[2] in wanted]
        self._index("--index-info", lines)
        self._index("--assume-unchanged --stdin", [line.split(b"\t", 1)[1] for line in lines])

    def _index(self, how: str, lines: Iterable[bytes]) -> None:
        stdin = b"".join(line + b"\0" for line in lines)
        if stdin:
            self.git.write("update-index", "-z", *how.split(), stdin=stdin, config=ANY_NAME)


def _is_file(top: str, name: str) -> bool:
    """Tell whether there is a file or link at a path, not behind a link."""
    path = os.path.join(top, name)  # noqa: PTH118 - names are bytes
    return (
        os.path.realpath(os.path.dirname(path)) == os.path.dirname(path)  # noqa: PTH120
        and os.path.lexists(path)
        and (os.path.islink(path) or not os.path.isdir(path))  # noqa: PTH112, PTH114
    )


def _unread(name: str, why: str) -> FileStat:
    return FileStat(
        path=name, old_path=None, status="M", insertions=0, deletions=0, binary=True, note=why
    )


@contextmanager
def _parts(
    record: WorktreeRecord, store: ObjectStore, temporary: Path
) -> Iterator[tuple[str, list[_Part]]]:
    """Yield the parts to compare, with the name of the base."""
    generation = store.open()
    with private_index(record, temporary) as git, ExitStack() as stack:
        mend_index(git)
        name, commit = diff_base(git, record)
        objects = Objects(generation, (trees.objects_of(git),))
        found = [_Part(git, commit, objects, temporary, began=record.started_at)]
        for path, inner in submodules(git):
            directory = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=temporary)))
            copy_index(inner.directory_of_git / "index", directory / "index")
            bound = inner.git.with_index(str(directory / "index"))
            objects = Objects(generation, (trees.objects_of(bound),))
            base = head_or_nothing(bound)
            found.append(_Part(bound, base, objects, temporary, prefix=f"{path}/"))
        yield name, found


def head_or_nothing(git: Git) -> str:
    """Find the hash of the commit that is checked out; of the empty tree when there is none."""
    found = git.read("rev-parse", "--verify", "--quiet", "HEAD^{commit}", ok=(0, 1, 128))
    return found.line or nothing(git)


def nothing(git: Git) -> str:
    """Find the hash of the tree without files, as this repository writes hashes."""
    return git.read("hash-object", "-t", "tree", os.devnull).line


def diff_base(git: Git, record: WorktreeRecord) -> tuple[str, str]:
    """Choose what the diff is against: see `docs/worktrees.md`, "What the diff shows".

    Args:
        git: a git in the worktree.
        record: its record.

    Returns:
        Name for people, and full hash.
    """
    start = record.base_commit
    fork = _merge_base(git, record.base_ref) if record.base_ref is not None else ""
    kept = _is_ancestor(git, start, "HEAD")
    if fork and (not kept or _is_ancestor(git, start, fork)):
        return record.base, fork
    if not kept:  # rebased or reset, so the base is gone, and perhaps its commit too
        fork = _merge_base(git, start)
        there = git.read("cat-file", "-e", f"{start}^{{commit}}", ok=(0, 1, 128)).returncode == 0
        if fork or not there:
            commit = fork or head_or_nothing(git)
            return f"{record.base} as of {commit[:12]}", commit
    return f"{record.base} as of {start[:12]}", start


def _merge_base(git: Git, other: str) -> str:
    found = git.read("merge-base", "HEAD", other, ok=(0, 1, 128))
    return found.line if found.returncode == 0 else ""


def _is_ancestor(git: Git, ancestor: str, commit: str) -> bool:
    result = git.read("merge-base", "--is-ancestor", ancestor, commit, ok=(0, 1, 128))
    return result.returncode == 0


def diff_stat(record: WorktreeRecord, store: ObjectStore, temporary: Path) -> DiffStat:
    """List the changed files with their counts.

    Args:
        record: the worktree.
        store: where its tree is written.
        temporary: directory for short-lived files.

    Returns:
        The files and the trees that were compared.

    Raises:
        WorktreeError: the worktree is not as recorded.
    """
    with _parts(record, store, temporary) as (name, parts):
        bounds = Bounds()
        files = tuple(stat for part in parts for stat in part.stats(bounds))
        return DiffStat(
            against=f"{name}{filters.note(parts[0].filtered)}",
            commit=parts[0].commit,
            files=files,
            parts=tuple(part.pair for part in parts if not part.damaged),
        )


def trees_now(record: WorktreeRecord, store: ObjectStore, temporary: Path) -> DiffStat:
    """Write the files as trees, to be compared with something else than their base.

    Args:
        record: the worktree.
        store: where its trees are written.
        temporary: directory for short-lived files.

    Returns:
        The trees; of the files only those that they do not hold as they are.

    Raises:
        WorktreeError: the worktree is not as recorded.
    """
    with _parts(record, store, temporary) as (name, parts):
        bounds = Bounds()
        left = tuple(stat for part in parts for stat in part.write(bounds))
        pairs = tuple(part.pair for part in parts if not part.damaged)
        return DiffStat(against=name, commit=parts[0].commit, files=left, parts=pairs)
