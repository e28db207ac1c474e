"""Compare a session's work with the right base, even if git cannot read some of the files.

Keep true: untracked files are added to a copy of the index; files that git cannot or should not
read are left out and reported; each submodule gets its own git, protected against the submodule's
own settings; a nested repository that is not a submodule is not read.
"""

import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from parallel_agents.core.diff import FileDiff, parse_diff, parse_stat, patch_text
from parallel_agents.core.errors import GitError
from parallel_agents.core.value import replace
from parallel_agents.core.worktree import DiffStat, FileStat, WorktreeRecord
from parallel_agents.worktrees import filters
from parallel_agents.worktrees.capture import ANY_NAME, by_filter, hide, remove_entries
from parallel_agents.worktrees.git import Git, may_pass
from parallel_agents.worktrees.looking import copy_index, mend_index, private_index, untracked
from parallel_agents.worktrees.porcelain import fields
from parallel_agents.worktrees.submodules import submodules, unreadable
from parallel_agents.worktrees.unread import FILE_LIMIT, Bounds, unread

_FLAGS = (
    "--raw",
    "--numstat",
    "-z",
    "--no-ext-diff",
    "--no-textconv",
    "--no-color",
    "--find-renames",
    "--ignore-submodules=dirty",
    "--submodule=short",
)
_EXACT = ("--binary", "--full-index", "--unified=3", "--inter-hunk-context=0", "--no-relative")
"""What `git apply` needs, whatever is configured: binary content and full hashes."""
_LARGE = (("core.bigFileThreshold", str(FILE_LIMIT)),)
"""Treat larger committed files as binary, so that git does not compare them line by line."""


@dataclass(slots=True)
class _Part:
    """A worktree, or a submodule in it, to compare.

    Args:
        git: a git in it, with a private index.
        commit: what it is compared with.
        prefix: its path, with a slash; empty for the worktree itself.
        names: files that differ from the index, or are not in it.
        left: why each file that is left out was left out, by path.
        began: the commit the worktree started from; empty for a submodule.
        filtered: files that are not read because their filter is disabled.
        damaged: whether git cannot compare it; then nothing in it is reported.
    """

    git: Git
    commit: str
    prefix: str = ""
    names: tuple[str, ...] = ()
    left: dict[str, str] = field(default_factory=dict)
    began: str = ""
    filtered: tuple[str, ...] = ()
    damaged: bool = False

    def prepare(self, bounds: Bounds) -> None:
        """Add untracked files as empty entries; the diff then reads them from disk."""
        with self._named_if_damaged():
            self._prepare(bounds)

    @contextmanager
    def _named_if_damaged(self) -> Iterator[None]:
        """Report a submodule that git cannot compare, instead of failing the whole comparison."""
        try:
            yield
        except (GitError, OSError) as error:
            if not self.prefix or (isinstance(error, GitError) and may_pass(error)):
                raise
            self.damaged = True
            self.names, self.left = (), {"": "git cannot compare what is in it"}

    def _prepare(self, bounds: Bounds) -> None:
        closed = unreadable(self.git)
        self._hide(closed)
        found = untracked(self.git)
        if self.began:
            filters.hide(self.git, self.began)
            self.filtered = filters.left_out(self.git, self.began, found.files)
        files = [name for name in found.files if name not in self.filtered]
        dirty = ("diff-files", "-z", "--name-only", "--no-renames", "--ignore-submodules=all")
        changed = fields(self.git.read(*dirty).stdout)
        self.names = tuple(dict.fromkeys((*files, *changed)))
        self.left = unread(Path(self.git.directory), self.names, bounds)
        entered = [name for name in files if name not in self.left]
        if entered:
            empty = self.git.read("hash-object", "-t", "blob", os.devnull).line
            lines = (f"100644 {empty}\t".encode() + os.fsencode(name) for name in entered)
            self._index("--index-info", lines)
        self._hide(set(changed) & self.left.keys())
        shut = dict.fromkeys(found.closed, "cannot be read: Permission denied") | closed
        self.left |= {f"{name}/": why for name, why in shut.items()}

    def diff(self, *args: str, paths: Iterable[str] = ()) -> bytes:
        """Run `git diff`; a damaged submodule gives an empty result."""
        found = b""
        if not self.damaged:
            with self._named_if_damaged():
                found = self._diff(*args, paths=paths)
        return found

    def _diff(self, *args: str, paths: Iterable[str]) -> bytes:
        """Run `git diff`; if a filter fails, run it again without the files that have one."""
        marks = (f"--src-prefix=a/{self.prefix}", f"--dst-prefix=b/{self.prefix}")
        words = ("diff", *_FLAGS, *marks, *args, self.commit, "--", *paths)
        try:
            return self.git.read(*words, config=_LARGE).stdout
        except GitError as error:
            if may_pass(error) or not self._leave_filtered():
                raise
        return self.git.read(*words, config=_LARGE).stdout

    def _leave_filtered(self) -> bool:
        """Leave out all files with a filter; return whether there are any."""
        groups = by_filter(self.git, [name for name in self.names if name not in self.left])
        groups.pop("", None)
        for driver, names in groups.items():
            self.left |= dict.fromkeys(names, f"its filter {driver} failed")
        entered = set(fields(self.git.read("ls-files", "-z").stdout))
        filtered = entered & {name for group in groups.values() for name in group}
        base = set(fields(self.git.read("ls-tree", "-r", "-z", "--name-only", self.commit).stdout))
        remove_entries(self.git, filtered - base)
        self._hide(filtered & base)
        return bool(groups)

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
        if lines:
            self._index("--index-info", lines)
            self._index("--assume-unchanged --stdin", [line.split(b"\t", 1)[1] for line in lines])

    def _index(self, how: str, lines: Iterable[bytes]) -> None:
        stdin = b"".join(line + b"\0" for line in lines)
        self.git.write("update-index", "-z", *how.split(), stdin=stdin, config=ANY_NAME)

    def stats(self, data: bytes) -> Iterator[FileStat]:
        """Parse the files in a diff, and add those that were left out."""
        left = dict(self.left)
        for stat in parse_stat(data):
            yield self.named(replace(stat, note=left.pop(stat.path, "")))
        for name, why in left.items():
            yield self.named(_unread(name, why))

    def named(self, stat: FileStat) -> FileStat:
        """Give a file's names relative to the top of the worktree."""
        old = None if stat.old_path is None else self.prefix + stat.old_path
        return replace(stat, path=self.prefix + stat.path, old_path=old)


def _unread(name: str, why: str) -> FileStat:
    return FileStat(
        path=name, old_path=None, status="M", insertions=0, deletions=0, binary=True, note=why
    )


@contextmanager
def _parts(record: WorktreeRecord, temporary: Path) -> Iterator[tuple[str, list[_Part]]]:
    """Yield the parts to compare, with the name of the base."""
    with private_index(record, temporary) as git, ExitStack() as stack:
        mend_index(git)
        name, commit = diff_base(git, record)
        found = [_Part(git, commit, began=record.started_at)]
        for path, inner in submodules(git):
            directory = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=temporary)))
            copy_index(inner.directory_of_git / "index", directory / "index")
            bound = inner.git.with_index(str(directory / "index"))
            found.append(_Part(bound, _head_or_nothing(bound), prefix=f"{path}/"))
        bounds = Bounds()
        for part in found:
            part.prepare(bounds)
        yield name, found


def _head_or_nothing(git: Git) -> str:
    found = git.read("rev-parse", "--verify", "--quiet", "HEAD^{commit}", ok=(0, 1, 128))
    return found.line or git.read("hash-object", "-t", "tree", os.devnull).line


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
            commit = fork or _head_or_nothing(git)
            return f"{record.base} as of {commit[:12]}", commit
    return f"{record.base} as of {start[:12]}", start


def _merge_base(git: Git, other: str) -> str:
    found = git.read("merge-base", "HEAD", other, ok=(0, 1, 128))
    return found.line if found.returncode == 0 else ""


def _is_ancestor(git: Git, ancestor: str, commit: str) -> bool:
    result = git.read("merge-base", "--is-ancestor", ancestor, commit, ok=(0, 1, 128))
    return result.returncode == 0


def diff_stat(record: WorktreeRecord, temporary: Path) -> DiffStat:
    """List the changed files with their counts.

    Args:
        record: the worktree.
        temporary: directory for short-lived files.

    Returns:
        The files and what they are compared with.
    """
    with _parts(record, temporary) as (name, parts):
        files = tuple(stat for part in parts for stat in part.stats(part.diff()))
        against = f"{name}{filters.note(parts[0].filtered)}"
        return DiffStat(against=against, commit=parts[0].commit, files=files)


def diff_text(
    record: WorktreeRecord, temporary: Path, *, exact: bool = False
) -> tuple[str, tuple[FileStat, ...]]:
    """Print the whole patch.

    Args:
        record: the worktree.
        temporary: directory for short-lived files.
        exact: as `git apply` takes it: whole hashes, binary content, nothing of submodules.

    Returns:
        The patch, and the files that it leaves out, wholly or in part.
    """
    with _parts(record, temporary) as (_, parts):
        more = _EXACT if exact else ()
        found = [(part, part.diff("-p", *more)) for part in parts]
        left = [stat for part, data in found for stat in part.stats(data) if stat.note]
        if exact:
            inner = [part.prefix.rstrip("/") for part, data in found if part.prefix and data]
            left += [_unread(name, "the changes inside are those of a submodule") for name in inner]
            found = found[:1]
        return "".join(patch_text(data) for _, data in found), tuple(left)


def diff_files(record: WorktreeRecord, temporary: Path) -> tuple[FileDiff, ...]:
    """Parse the whole patch.

    Args:
        record: the worktree.
        temporary: directory for short-lived files.

    Returns:
        The files that git compared, with their lines.
    """
    with _parts(record, temporary) as (_, parts):
        return tuple(
            replace(file, stat=part.named(file.stat))
            for part in parts
            for file in parse_diff(part.diff("-p"))
        )


def diff_file(record: WorktreeRecord, path: str, temporary: Path) -> str:
    """Print the patch of one file.

    Args:
        record: the worktree.
        path: name of the file now, as `diff_stat` gives it.
        temporary: directory for short-lived files.

    Returns:
        The patch; empty when the file is not changed, or left out.
    """
    with _parts(record, temporary) as (_, parts):
        for part in parts:
            for stat in parse_stat(part.diff()):
                if part.named(stat).path == path:
                    names = [name for name in (stat.old_path, stat.path) if name]
                    return patch_text(part.diff("-p", paths=names))
    return ""
