"""Parse `git diff --raw --numstat -p -z` into files, hunks and lines.

Keep true: the bytes come from an untrusted worktree, so nothing here raises on any input; names
are taken from the `--raw` part, where git quotes nothing; a patch that cannot be understood is
kept as text with no hunks.

The layout of the output is git's (git-diff(1), "Raw output format" and `-z`): all raw entries,
all numstat entries, one NUL, the patches in the same order.
"""

from collections.abc import Iterator
from io import StringIO
from typing import TYPE_CHECKING, Literal

from parallel_agents.core.value import Value, replace
from parallel_agents.core.worktree import FileStat

if TYPE_CHECKING:
    from unidiff.patch import Hunk


class Anchor(Value):
    """A line of a file, before or after a change.

    Args:
        path: the file's name after the change, on both sides.
        side: which of the two.
        number: counted from 1.
    """

    path: str
    side: Literal["old", "new"]
    number: int


class DiffLine(Value):
    """One line of a hunk.

    Args:
        kind: `+`, `-`, a space, or a backslash for "no newline at end of file".
        text: the line without its mark and without its line feed.
        old: its number in the old file, when it is there.
        new: its number in the new file, when it is there.
        path: the file's name after the change.
    """

    kind: str
    text: str
    old: int | None = None
    new: int | None = None
    path: str = ""

    @property
    def anchor(self) -> Anchor | None:
        """Where it is: on the new side unless it was removed; None for a remark of git's."""
        if self.new is not None:
            return Anchor(path=self.path, side="new", number=self.new)
        if self.old is not None:
            return Anchor(path=self.path, side="old", number=self.old)
        return None


class DiffHunk(Value):
    """A run of changed lines with its surroundings.

    Args:
        old_start: first line in the old file, from 1.
        old_count: lines of the old file.
        new_start: first line in the new file, from 1.
        new_count: lines of the new file.
        section: what git prints after the second `@@`.
        lines: the lines.
    """

    old_start: int
    old_count: int
    new_start: int
    new_count: int
    section: str
    lines: tuple[DiffLine, ...]


class FileDiff(Value):
    """One changed file with its patch.

    Args:
        stat: name, status and counts.
        patch: the raw patch text of this file, in which undecodable bytes are surrogates; may be
            empty.
    """

    stat: FileStat
    patch: str


def parse_stat(data: bytes) -> tuple[FileStat, ...]:
    """Parse names, states and counts; patches are ignored.

    Args:
        data: output of `git diff --raw --numstat [-p] -z`.

    Returns:
        The files in git's order.
    """
    return tuple(_summary(data)[0])


def parse_diff(data: bytes) -> tuple[FileDiff, ...]:
    """Parse a whole diff.

    Args:
        data: output of `git diff --raw --numstat -p -z`.

    Returns:
        The files in git's order.
    """
    stats, rest = _summary(data)
    patches = _deal(stats, split_patch(rest))
    return tuple(
        FileDiff(stat=stat, patch=patch) for stat, patch in zip(stats, patches, strict=True)
    )


def patch_text(data: bytes) -> str:
    """Take the patch part alone.

    Args:
        data: output of `git diff --raw --numstat -p -z`.

    Returns:
        The patch as text that gives git's bytes back: undecodable ones are surrogates.
    """
    return _name(_summary(data)[1])


def split_patch(data: bytes) -> Iterator[str]:
    """Cut a patch into one text per `diff --git`.

    Args:
        data: patch text as bytes.

    Yields:
        One patch each; lines end with a line feed only, whatever else they contain.
    """
    current: list[bytes] = []
    for line in data.split(b"\n"):
        if line.startswith((b"diff --git ", b"diff --cc ", b"* Unmerged path ")) and current:
            yield _name(b"\n".join(current) + b"\n")
            current = []
        if current or line.startswith((b"diff --", b"* Unmerged path ")):
            current.append(line)
    if current:
        yield _name(b"\n".join(current))


def parse_hunks(patch: str, path: str = "") -> tuple[DiffHunk, ...]:
    """Parse the hunks of one file's patch.

    Args:
        patch: the patch of one file.
        path: the file's name after the change, which its lines are to know.

    Returns:
        The hunks; empty when there are none or they make no sense.
    """
    start = 0 if patch.startswith("@@ ") else patch.find("\n@@ ") + 1
    if not patch.startswith("@@ ", start):
        return ()
    from unidiff.errors import UnidiffParseError
    from unidiff.patch import PatchSet

    # unidiff reads only hunks: its reading of file headers stumbles over odd names.
    source = StringIO("--- a/f\n+++ b/f\n" + patch[start:], newline="\n")
    try:
        parsed = PatchSet(source)
        return tuple(_hunk(hunk, path) for file in parsed for hunk in file)
    except (UnidiffParseError, ValueError):
        return ()


def _hunk(hunk: "Hunk", path: str) -> DiffHunk:
    return DiffHunk(
        old_start=hunk.source_start,
        old_count=hunk.source_length,
        new_start=hunk.target_start,
        new_count=hunk.target_length,
        section=hunk.section_header,
        lines=tuple(
            DiffLine(
                kind=line.line_type or " ",
                text=line.value.removesuffix("\n"),
                old=line.source_line_no,
                new=line.target_line_no,
                path=path,
            )
            for line in hunk
        ),
    )


def _deal(stats: list[FileStat], patches: Iterator[str]) -> Iterator[str]:
    """Give each file its patch: a type change has two, all others one."""
    for stat in stats:
        yield "".join(next(patches, "") for _ in range(2 if stat.status == "T" else 1))


def _summary(data: bytes) -> tuple[list[FileStat], bytes]:
    """Read the raw and numstat parts; return them with the bytes that follow."""
    stats: list[FileStat] = []
    position = 0
    while data.startswith(b":", position):
        stat, position = _raw_entry(data, position)
        if stat is None:
            return stats, b""
        stats.append(stat)
    index = 0
    while position < len(data) and not data.startswith((b"\0", b"diff --"), position):
        field, position = _field(data, position)
        counts = field.split(b"\t", 2)
        if len(counts) != 3:
            break
        if not counts[2]:  # a rename: both names follow
            _, position = _field(data, position)
            _, position = _field(data, position)
        if index < len(stats):
            stats[index] = _counted(stats[index], counts[0], counts[1])
        index += 1
    return stats, data[position:].removeprefix(b"\0")


def _raw_entry(data: bytes, position: int) -> tuple[FileStat | None, int]:
    head, position = _field(data, position)
    words = head[1:].split(b" ")
    if len(words) != 5 or not words[4]:
        return None, len(data)
    status = _decode(words[4][:1])
    path, position = _field(data, position)
    old = None
    if status in ("R", "C"):
        old = path
        path, position = _field(data, position)
    stat = FileStat(
        path=_name(path),
        old_path=None if old is None else _name(old),
        status=status,
        insertions=0,
        deletions=0,
        binary=False,
        old_blob=_hash(words[2]),
        blob=_hash(words[3]),
    )
    return stat, position


def _hash(word: bytes) -> str:
    """A whole hash; git writes zeros for what is not there, and may shorten others."""
    return _decode(word) if len(word) in (40, 64) and word.strip(b"0") else ""


def _counted(stat: FileStat, insertions: bytes, deletions: bytes) -> FileStat:
    if insertions == b"-":
        return replace(stat, binary=True)
    if not (_number(insertions) and _number(deletions)):
        return stat
    return replace(stat, insertions=int(insertions), deletions=int(deletions))


def _number(data: bytes) -> bool:
    return data.isdigit() and len(data) < 19


def _field(data: bytes, position: int) -> tuple[bytes, int]:
    end = data.find(b"\0", position)
    if end < 0:
        return data[position:], len(data)
    return data[position:end], end + 1


def _name(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def _decode(data: bytes) -> str:
    return data.decode("utf-8", "replace")
