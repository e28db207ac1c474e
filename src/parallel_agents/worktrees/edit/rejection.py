"""Decide what taking a change out of a worktree moves: exactly that, or a refusal.

Keep true: the change is computed from two trees, never from a client's text; a file is touched only
if it is, through git's filters, what the newer tree holds; what is written gives, through the same
filters, exactly the content wanted.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from parallel_agents.core.diff import parse_hunks
from parallel_agents.core.errors import GitError, RefusedError, TreeGoneError, UsageError
from parallel_agents.core.taken_out import HunkSelection, TakenSpan
from parallel_agents.core.worktree import DiffPart, WorktreeRecord
from parallel_agents.worktrees.compare import trees
from parallel_agents.worktrees.edit.hunk_lines import ChosenLine, choose, spans_of, without
from parallel_agents.worktrees.edit.kept import Move
from parallel_agents.worktrees.filesystem.exchange import Content, OccupiedError, look
from parallel_agents.worktrees.filesystem.files import open_directory, opened_parent
from parallel_agents.worktrees.look.capture import by_filter
from parallel_agents.worktrees.look.identity import git_of, require
from parallel_agents.worktrees.look.objects import ObjectStore
from parallel_agents.worktrees.plumbing.git import Git, attempt, may_pass

SIZE_LIMIT = 100 * 1000 * 1000
"""The most bytes of a file that is taken back."""
_UMASK = 0o022
"""For files that are made when nobody told the user's own."""
_AGAIN = "Look at the diff again."
_LENIENT = (("core.safecrlf", "false"),)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a person wants to take out.

    Attributes:
        parts: the trees that were compared.
        path: the file.
        old_path: its name before, if it was renamed.
        hunks: which hunks; None for the whole file.
    """

    parts: tuple[DiffPart, ...]
    path: str
    old_path: str = ""
    hunks: tuple[HunkSelection, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """What taking it out does.

    Attributes:
        moves: the files that are moved, in this order.
        spans: the lines taken out; none for a whole file.
        blob: hash of the content in the newer tree; empty for none.
        old_blob: the same of the older tree.
        old_path: the name that the file gets back; empty when it keeps its name.
        insertions: lines taken out.
        deletions: lines put back.
    """

    moves: tuple[Move, ...]
    spans: tuple[TakenSpan, ...]
    blob: str
    old_blob: str
    old_path: str
    insertions: int
    deletions: int


class _Entry(NamedTuple):
    """An entry of a tree."""

    mode: str
    blob: str

    @property
    def is_link(self) -> bool:
        return self.mode == "120000"

    @property
    def is_executable(self) -> bool:
        return self.mode == "100755"


@dataclass(slots=True)
class _Files:
    """The two trees, and the worktree's own files.

    Args:
        git: a git in the worktree.
        env: where the trees are.
        part: the trees.
    """

    git: Git
    env: Mapping[str, str]
    part: DiffPart

    def entry(self, tree: str, path: str) -> _Entry | None:
        words = ("ls-tree", "-z", "--full-tree", f"{tree}^{{tree}}", "--", path)
        for line in self.git.read(*words, env=self.env).stdout.split(b"\0"):
            head, _, name = line.partition(b"\t")
            if name == os.fsencode(path):
                mode, kind, blob = head.decode().split(" ")
                if kind == "commit":
                    raise RefusedError(f"{path} is a submodule.", "Use git there.")
                return _Entry(mode, blob) if kind == "blob" else None
        return None

    def stored(self, blob: str) -> bytes:
        """The content of a blob."""
        size = int(self.git.read("cat-file", "-s", blob, env=self.env).line)
        if size > SIZE_LIMIT:
            raise RefusedError("The file is too large to be taken back.", "Use git.")
        return self.git.read("cat-file", "blob", blob, env=self.env).stdout

    def there(self, path: str) -> Content | None:
        """What is in the worktree."""
        top = open_directory(Path(self.git.directory))
        try:
            with opened_parent(top, path) as (folder, name):
                return look(folder, name)
        except FileNotFoundError:
            return None
        except OccupiedError:
            raise RefusedError(f"There is a directory at {path} now.", _AGAIN) from None
        except OSError as error:
            raise RefusedError(
                f"{path} cannot be read: {error.strerror}.", "See who may read it."
            ) from error
        finally:
            os.close(top)

    def names(self, entry: _Entry | None, content: Content | None, path: str) -> bool:
        """Whether a content is what a tree holds."""
        if entry is None or content is None:
            return entry is None and content is None
        if entry.is_link or content.kind == "link":
            is_link = entry.is_link and content.kind == "link"
            return is_link and self.hashed(content.data) == entry.blob
        return self.cleaned(content.data, path) == entry.blob

    def hashed(self, data: bytes) -> str:
        """The hash of a blob with these bytes."""
        return self.git.read("hash-object", "--stdin", "--no-filters", stdin=data).line

    def cleaned(self, data: bytes, path: str) -> str:
        """The hash that git gives a file's bytes, as a comparison stores them."""
        found: list[str] = []
        words = ("hash-object", "--stdin", f"--path={path}")
        error = attempt(
            lambda: found.append(self.git.read(*words, stdin=data, config=_LENIENT).line)
        )
        return self.hashed(data) if error else found[0]

    def smudged(self, blob: str, path: str) -> bytes:
        """The bytes that git checks out for a blob."""
        words = ("cat-file", "--filters", f"--path={path}", blob)
        return self.git.read(*words, env=self.env).stdout


def plan(record: WorktreeRecord, wish: Wish, store: ObjectStore, temporary: Path) -> Rejected:
    """Decide what is moved.

    Args:
        record: the worktree.
        wish: what is to be taken out.
        store: the trees of the session.
        temporary: directory for short-lived files.

    Raises:
        TreeGoneError: a tree is not kept any more.
        UsageError: the change has no such file or hunk.
        RefusedError: it cannot be taken out exactly.
        WorktreeError: the worktree is not as recorded.
    """
    require(record)
    git, part = git_of(record), _part(wish)
    files = _Files(git, store.reading(trees.objects_of(git)).env, part)
    _check_there(files)
    hunks = parse_hunks(_patch(record, wish, store, temporary), wish.path)
    if wish.hunks is not None and not hunks:
        raise RefusedError(
            f"Nothing of {wish.path} can be taken out line by line.", "Take out the whole file."
        )
    return _Change(files, wish, choose(hunks, wish.hunks)).rejected()


def _part(wish: Wish) -> DiffPart:
    for name in (wish.path, wish.old_path or wish.path):
        if not _is_plain_name(name):
            raise UsageError(f"{name} names no file of a worktree.", _AGAIN)
        if any(part.prefix and name.startswith(part.prefix) for part in wish.parts):
            raise RefusedError(
                f"{name} lies in a submodule, whose changes cannot be taken out here.",
                "Use git there.",
            )
    for part in wish.parts:
        if not part.prefix:
            return part
    raise UsageError("The trees that were compared are not named.", _AGAIN)


def _is_plain_name(name: str) -> bool:
    parts = name.split("/")
    odd = any(part in ("", ".", "..") or part.lower() == ".git" for part in parts)
    try:
        return not odd and b"\0" not in os.fsencode(name)
    except UnicodeEncodeError:  # half a surrogate pair, which is no byte
        return False


def _check_there(files: _Files) -> None:
    for tree in (files.part.base, files.part.tree):
        trees.check_hash(tree)
        words = ("cat-file", "-e", f"{tree}^{{tree}}")
        if files.git.read(*words, ok=(0, 1, 128), env=files.env).returncode:
            raise TreeGoneError("What was compared is not kept any more.", "Compare again.")


def _patch(record: WorktreeRecord, wish: Wish, store: ObjectStore, temporary: Path) -> str:
    names = [name for name in (wish.path, wish.old_path) if name]
    try:
        return trees.file_patch(record, wish.parts, names, store, temporary)
    except GitError as error:
        if wish.hunks is not None or may_pass(error):
            raise
        return ""


class _Change:
    """One changed file, and what of it is taken out.

    Args:
        files: the trees and the worktree.
        wish: what is wanted.
        lines: the changed lines, with those that are chosen.
    """

    def __init__(self, files: _Files, wish: Wish, lines: tuple[ChosenLine, ...]) -> None:
        self._files, self._path, self._lines = files, wish.path, lines
        base, tree = files.part.base, files.part.tree
        self._new = files.entry(tree, wish.path)
        old_path = wish.old_path if wish.old_path != wish.path else ""
        if old_path and files.entry(tree, old_path) is not None:
            old_path = ""  # a copy, whose source is still there
        self._old = files.entry(base, old_path or wish.path)
        if old_path and (self._old is None or self._new is None):
            raise UsageError(f"{wish.path} was not renamed from {old_path}.", _AGAIN)
        if self._old == self._new and not old_path:
            raise RefusedError(f"Nothing of {wish.path} was changed, or compared.", _AGAIN)
        everything = all(line.is_taken for line in lines)
        one_sided = self._old is None or self._new is None
        self._whole = wish.hunks is None or (one_sided and everything)
        self._old_path = old_path if self._whole else ""

    def rejected(self) -> Rejected:
        """What is moved."""
        there = self._files.there(self._path)
        if not self._files.names(self._new, there, self._path):
            raise RefusedError(f"{self._path} is not what it was when compared.", _AGAIN)
        self._check_filter()
        after = self._restored(there) if self._whole else self._remaining(there)
        taken = [line for line in self._lines if line.is_taken]
        return Rejected(
            moves=self._moves(there, after),
            spans=() if self._whole else spans_of(self._lines),
            blob=self._new.blob if self._new else "",
            old_blob=self._old.blob if self._old else "",
            old_path=self._old_path,
            insertions=sum(line.old is None for line in taken),
            deletions=sum(line.old is not None for line in taken),
        )

    def _moves(self, there: Content | None, after: Content | None) -> tuple[Move, ...]:
        token = os.urandom(8).hex()
        if not self._old_path:
            return (Move(self._path, there, after, f"{token}-0"),)
        if self._files.there(self._old_path) is not None:
            raise RefusedError(
                f"There is a file at {self._old_path} now.", "Move it away, then try again."
            )
        return (
            Move(self._old_path, None, after, f"{token}-0"),
            Move(self._path, there, None, f"{token}-1"),
        )

    def _check_filter(self) -> None:
        """Refuse what a program must convert: only that program knows what it would give back."""
        drivers = by_filter(self._files.git, [self._path]).keys() - {""}
        if drivers and not (self._whole and self._old is None):
            raise RefusedError(
                f"{self._path} goes through the filter {', '.join(drivers)}, which may not give "
                "the same bytes back.",
                "Let the agent take the change back.",
            )

    def _restored(self, there: Content | None) -> Content | None:
        """The older file."""
        if self._old is None:
            return None
        stored = self._files.stored(self._old.blob)
        if self._old.is_link:
            return Content("link", stored)
        return Content("file", self._converted(stored, there), self._mode(self._old, there))

    def _converted(self, stored: bytes, there: Content | None) -> bytes:
        """The older file's bytes as they belong into the worktree."""
        assert self._old is not None  # noqa: S101 - asked only of a file that was there
        path = self._old_path or self._path
        smudged = self._files.smudged(self._old.blob, path)
        choices = [stored, smudged] if self._is_plain(there) else [smudged, stored]
        for data in choices:
            if self._files.cleaned(data, path) == self._old.blob:
                return data
        raise self._inexact()

    def _is_plain(self, there: Content | None) -> bool:
        """Whether the worktree has the very bytes that git stores."""
        if there is None or self._new is None:
            return False
        return there.data == self._files.stored(self._new.blob)

    def _inexact(self) -> RefusedError:
        return RefusedError(
            f"Git converts {self._path} in a way that does not give the same bytes back.",
            "Let the agent take the change back.",
        )

    def _remaining(self, there: Content | None) -> Content:
        """The file without the chosen lines."""
        for entry in (self._old, self._new):
            if entry is not None and entry.is_link:
                raise RefusedError(f"{self._path} is or was a link.", "Take out the whole file.")
        stored = [self._files.stored(e.blob) if e else b"" for e in (self._new, self._old)]
        wanted = without(stored[0], stored[1], self._lines)
        older = stored[1] if self._old is None else self._converted(stored[1], there)
        try:
            data = without(there.data if there else b"", older, self._lines)
        except IndexError:
            raise self._inexact() from None
        if self._files.cleaned(data, self._path) != self._files.hashed(wanted):
            raise self._inexact()
        mode = there.mode if there else self._mode(self._old, None)
        return Content("file", data, mode)

    def _mode(self, entry: _Entry | None, there: Content | None) -> int:
        """The permissions of the older file; what git does not know of is kept."""
        executable = entry is not None and entry.is_executable
        if there is None or there.kind == "link":
            return (0o777 if executable else 0o666) & ~(Git.umask if Git.umask >= 0 else _UMASK)
        if executable == bool(there.mode & 0o100):
            return there.mode
        return there.mode | (there.mode & 0o444) >> 2 if executable else there.mode & ~0o111
