"""Compare two trees: the same answer whenever it is asked for, whatever happens to the files.

Keep true: no file of a worktree is read, and neither its index; names of trees that come from a
client are hexadecimal hashes; attributes are those that the newer tree holds itself.
"""

import re
import tempfile
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from parallel_agents.core.diff import parse_diff, parse_stat, patch_text
from parallel_agents.core.errors import GitError, TreeGoneError, UsageError
from parallel_agents.core.value import replace
from parallel_agents.core.worktree import DiffPart, FileStat, WorktreeRecord
from parallel_agents.worktrees.look.identity import common_dir, git_of, require
from parallel_agents.worktrees.look.objects import Objects, ObjectStore
from parallel_agents.worktrees.look.unread import FILE_LIMIT
from parallel_agents.worktrees.plumbing.git import Git, may_pass
from parallel_agents.worktrees.plumbing.porcelain import fields
from parallel_agents.worktrees.plumbing.submodules import submodules

_FLAGS = (
    "--raw",
    "--numstat",
    "--no-abbrev",
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


class StoredFile(NamedTuple):
    """A file of a tree.

    Attributes:
        blob: hash of its content.
        content: None if it is too large, or was not to be read.
    """

    blob: str
    content: bytes | None


_HASH = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_ATTRIBUTES = ".gitattributes"


def compare(
    git: Git, objects: Objects, part: DiffPart, *args: str, paths: Iterable[str] = ()
) -> bytes:
    """Compare the two trees of a part.

    Args:
        git: a git of the part's repository.
        objects: where the trees are.
        part: what to compare.
        args: further options of `git diff`.
        paths: files to compare, from the part's top; all of them without any.

    Returns:
        The output of `git diff --raw --numstat -z`, with the part's prefix before the names in
        patches.

    Raises:
        GitError: git cannot compare them.
    """
    marks = (f"--src-prefix=a/{part.prefix}", f"--dst-prefix=b/{part.prefix}")
    trees = (f"{part.base}^{{tree}}", f"{part.tree}^{{tree}}")
    words = ("diff", *_FLAGS, *marks, *args, *trees, "--", *paths)
    return git.read(*words, config=_LARGE, env=objects.env).stdout


def objects_of(git: Git) -> Path:
    """Find the object directory of a repository.

    Args:
        git: a git in it.
    """
    return Path(git.directory, git.read("rev-parse", "--git-path", "objects").text)


def whole_patch(
    record: WorktreeRecord,
    parts: Sequence[DiffPart],
    store: ObjectStore,
    temporary: Path,
    *,
    exact: bool,
) -> str:
    """Print the patch of all files.

    Args:
        record: the worktree.
        parts: what to compare.
        store: the objects of its session.
        temporary: directory for short-lived files.
        exact: as `git apply` takes it: whole hashes, binary content, nothing of submodules.

    Raises:
        TreeGoneError: a tree is not kept any more.
        UsageError: a name is no hash.
    """
    more, wanted = (_EXACT, parts[:1]) if exact else ((), parts)
    return "".join(
        patch_text(_compared(record, part, store, temporary, "-p", *more)) for part in wanted
    )


def file_patch(
    record: WorktreeRecord,
    parts: Sequence[DiffPart],
    names: Sequence[str],
    store: ObjectStore,
    temporary: Path,
) -> str:
    """Print the patch of one file.

    Args:
        record: the worktree.
        parts: what to compare.
        names: its name now, and the one before if it was renamed, from the worktree's top.
        store: the objects of its session.
        temporary: directory for short-lived files.

    Returns:
        The patch; empty when the file is not changed.

    Raises:
        TreeGoneError: a tree is not kept any more.
        UsageError: a name is no hash.
    """
    part = max(
        (part for part in parts if names[0].startswith(part.prefix)),
        key=lambda part: len(part.prefix),
        default=None,
    )
    if part is None:
        return ""
    inner = [name.removeprefix(part.prefix) for name in names]
    data = _compared(record, part, store, temporary, "-p", paths=inner)
    # A name of a file before may be the name of a directory now, which git then takes as well.
    return "".join(file.patch for file in parse_diff(data) if file.stat.path == inner[0])


def stats(
    record: WorktreeRecord, parts: Sequence[DiffPart], store: ObjectStore, temporary: Path
) -> tuple[FileStat, ...]:
    """List the files that differ, with their counts.

    Args:
        record: the worktree.
        parts: what to compare.
        store: the objects of its session.
        temporary: directory for short-lived files.

    Raises:
        TreeGoneError: a tree is not kept any more.
    """
    return tuple(
        below(stat, part.prefix)
        for part in parts
        for stat in parse_stat(_compared(record, part, store, temporary))
    )


def below(stat: FileStat, prefix: str) -> FileStat:
    """Name a file of a submodule from the top of the worktree.

    Args:
        stat: the file, with its names in the submodule.
        prefix: path of the submodule, with a slash.
    """
    old = None if stat.old_path is None else prefix + stat.old_path
    return replace(stat, path=prefix + stat.path, old_path=old)


def check_hash(name: str) -> None:
    """Refuse a name of a tree or commit that is no whole hash.

    Raises:
        UsageError: it is none.
    """
    if not _HASH.fullmatch(name):
        raise UsageError("What is to be compared is not named by hashes.")


def _compared(
    record: WorktreeRecord,
    part: DiffPart,
    store: ObjectStore,
    temporary: Path,
    *args: str,
    paths: Sequence[str] = (),
) -> bytes:
    with _reading_trees(record, part, store, temporary) as (git, objects):
        _lay_attributes(git, objects, part.tree, paths)
        return compare(git, objects, part, *args, paths=paths)


@contextmanager
def _reading_trees(
    record: WorktreeRecord, part: DiffPart, store: ObjectStore, temporary: Path
) -> Iterator[tuple[Git, Objects]]:
    """Lend a git that reads the trees of a part.

    Raises:
        TreeGoneError: git failed, and a tree is not kept any more.
        UsageError: a name is no hash.
    """
    check_hash(part.base)
    check_hash(part.tree)
    repository = _repository(record, part.prefix)
    with _without_files(repository, temporary) as git:
        objects = store.reading(objects_of(git))
        try:
            yield git, objects
        except GitError as error:
            if may_pass(error) or (_holds(git, objects, part.base, part.tree)):
                raise
            raise TreeGoneError(
                "What was compared is not kept any more.", "Compare again."
            ) from error


def _repository(record: WorktreeRecord, prefix: str) -> str:
    """Find git's own directory for a worktree or a submodule in it."""
    if not prefix and record.traits.is_git_worktree:
        return common_dir(record)  # without asking git: the worktree may be gone by now
    if not prefix:
        git = git_of(record)
        return str(Path(git.directory, git.read("rev-parse", "--git-common-dir").text))
    require(record)
    for path, inner in submodules(git_of(record)):
        if f"{path}/" == prefix:
            return str(inner.directory_of_git)
    raise TreeGoneError(f"The submodule {prefix} is not there any more.", "Compare again.")


@contextmanager
def _without_files(git_dir: str, temporary: Path) -> Iterator[Git]:
    """Lend a git whose work tree is an empty directory."""
    temporary.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=temporary) as directory:
        files = Path(directory) / "files"
        files.mkdir()
        index = str(Path(directory) / "index")
        yield Git(str(files), git_dir=git_dir, work_tree=str(files), index=index)


def _holds(git: Git, objects: Objects, *names: str) -> bool:
    """Tell whether all these trees are there."""
    return all(
        git.read("cat-file", "-e", f"{name}^{{tree}}", ok=(0, 1, 128), env=objects.env).returncode
        == 0
        for name in names
    )


def _lay_attributes(git: Git, objects: Objects, tree: str, paths: Sequence[str]) -> None:
    """Put the attributes of a tree into the work tree, where every version of git reads them."""
    wanted = dict.fromkeys(
        str(folder / _ATTRIBUTES) for path in paths for folder in PurePosixPath(path).parents
    )
    how = ("ls-tree", "-z", "--full-tree", *(() if paths else ("-r",)))
    listed = fields(git.read(*how, f"{tree}^{{tree}}", "--", *wanted, env=objects.env).stdout)
    blobs = [
        (name, head.split(" ")[2])
        for head, _, name in (line.partition("\t") for line in listed)
        if head.startswith("100") and _is_attributes(name)
    ]
    if not blobs:
        return
    contents = _contents(git, objects, [blob for _, blob in blobs])
    for name, blob in blobs:
        if blob in contents:
            target = Path(git.directory, name)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(contents[blob])


def _contents(git: Git, objects: Objects, blobs: Iterable[str]) -> dict[str, bytes]:
    """Read the content of blobs, by hash; what is missing is left out."""
    wanted = list(dict.fromkeys(blobs))
    asked = "".join(f"{blob}\n" for blob in wanted).encode()
    data = git.read("cat-file", "--batch", stdin=asked, env=objects.env).stdout if asked else b""
    found: dict[str, bytes] = {}
    at = 0
    for blob in wanted:
        end = data.index(b"\n", at)
        head, at = data[at:end], end + 1
        if not head.endswith(b" missing"):
            size = int(head.rpartition(b" ")[2])
            found[blob] = data[at : at + size]
            at += size + 1
    return found


def read_files(
    record: WorktreeRecord,
    part: DiffPart,
    names: Sequence[str],
    store: ObjectStore,
    temporary: Path,
    *,
    before: bool = False,
    known: Collection[str] = (),
) -> dict[str, StoredFile]:
    """Read files as a tree of a part has them.

    Args:
        record: the worktree.
        part: the trees.
        names: the files, from the worktree's top; those of other parts are left out.
        store: the objects of its session.
        temporary: directory for short-lived files.
        before: read the base instead of the newer tree.
        known: hashes of content that need not be read.

    Returns:
        By name, the regular files and links that are there.

    Raises:
        TreeGoneError: the tree is not kept any more.
        UsageError: a name is no hash.
    """
    tree = part.base if before else part.tree
    wanted = [name.removeprefix(part.prefix) for name in names if name.startswith(part.prefix)]
    with _reading_trees(record, part, store, temporary) as (git, objects):
        how = ("ls-tree", "-z", "--long", "--full-tree", f"{tree}^{{tree}}", "--", *wanted)
        listed = fields(git.read(*how, env=objects.env).stdout) if wanted else []
        sizes = {}
        for head, _, name in (line.partition("\t") for line in listed):
            words = head.split()
            if words[1] == "blob":
                sizes[part.prefix + name] = words[2], int(words[3])
        read = (h for h, size in sizes.values() if size <= FILE_LIMIT and h not in known)
        contents = _contents(git, objects, read)
    return {name: StoredFile(h, contents.get(h)) for name, (h, _) in sizes.items()}


def _is_attributes(name: str) -> bool:
    """Tell whether this is a file of attributes in a place where a tree may have one."""
    *folders, last = name.split("/")
    odd = ("", ".", "..", ".git")
    return last == _ATTRIBUTES and not any(folder.lower() in odd for folder in folders)
