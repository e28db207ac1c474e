"""What there is of a worktree, byte by byte, and how two such pictures differ."""

from __future__ import annotations

import hashlib
import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path

from tests.worktrees.model.place import Place

Item = tuple[str, int, bytes]
"""Kind, rights, and content: of a file, or the target of a link."""

_OWN = ("index", "gitdir", "locked", "commondir")
"""Files of git's directory that are compared in another way, or written anew on restore."""

_HASH = re.compile(rb"\b[0-9a-f]{40}\b")
_NAMING = (
    "HEAD", "logs/HEAD", "MERGE_HEAD", "ORIG_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD",
    "rebase-merge/autostash", "rebase-merge/orig-head", "rebase-merge/onto",
)  # fmt: skip
"""Files of git's directory for a worktree that name commits (gitrepository-layout(5))."""


def walk(top: Path) -> dict[str, Item]:
    """Read everything below a directory; its own `.git` file is left out."""
    found: dict[str, Item] = {}
    pending = [""]
    while pending:
        below = pending.pop()
        try:
            entries = list(os.scandir(f"{top}/{below}"))
        except PermissionError:
            continue  # that it is there and closed is all there is to see
        for entry in entries:
            name = below + entry.name
            if name == ".git":
                continue
            try:
                found[name] = _item(entry)
            except PermissionError:
                found[name] = ("hidden", 0, b"")
            if found[name][0] == "directory":
                pending.append(name + "/")
    return found


def _item(entry: os.DirEntry[str]) -> Item:
    seen = entry.stat(follow_symlinks=False)
    mode = stat.S_IMODE(seen.st_mode)
    if stat.S_ISLNK(seen.st_mode):
        return "link", 0, os.fsencode(Path(entry.path).readlink())
    if stat.S_ISDIR(seen.st_mode):
        return "directory", mode, b""
    if stat.S_ISREG(seen.st_mode):
        if not os.access(entry.path, os.R_OK):
            return "closed", mode, str(seen.st_size).encode()
        return "file", mode, Path(entry.path).read_bytes()
    return "special", stat.S_IFMT(seen.st_mode), b""


@dataclass(frozen=True)
class Picture:
    """All that deletion and restore must give back.

    Attributes:
        files: everything in the worktree.
        admin: everything in git's directory for it: HEAD, its reflog, unfinished operations.
        index: entries of the index with stages and flags.
        refs: branches, tags, remote branches, the stash: names and hashes.
        logs: reflogs of the repository, the stash's too.
        status: what `git status` says.
    """

    files: dict[str, Item]
    admin: dict[str, Item]
    index: bytes
    refs: dict[str, str]
    logs: dict[str, Item]
    status: bytes


def picture(place: Place, top: Path, admin: Path) -> Picture:
    """Take the picture of a worktree; changes nothing in it."""
    # The filter that always fails would let git say nothing at all.
    git = ("--no-optional-locks", "-c", "filter.broken.clean=cat")
    return Picture(
        files=walk(top),
        admin={n: i for n, i in walk(admin).items() if n not in _OWN},
        index=place.git(top, *git, "ls-files", "-s", "-v", "-z"),
        refs=refs(place),
        logs=logs(place),
        status=place.git(top, *git, "status", "--porcelain=v2", "-z", "--untracked-files=all"),
    )


def refs(place: Place) -> dict[str, str]:
    """All refs but those of the trash."""
    listed = place.git(place.repo, "for-each-ref", "--format=%(refname) %(objectname)")
    pairs = (line.split(" ") for line in os.fsdecode(listed).splitlines())
    return {name: oid for name, oid in pairs if not name.startswith("refs/parallel-agents/")}


def logs(place: Place) -> dict[str, Item]:
    """The reflogs that the worktrees share."""
    found = walk(place.common / "logs")
    return {name: item for name, item in found.items() if item[0] == "file"}


def differences(before: Picture, after: Picture, ignored: set[str]) -> list[str]:
    """Say what is not as it was.

    Args:
        before: at the deletion.
        after: when restored.
        ignored: paths in the worktree that need not be equal.
    """
    found = []
    for part in ("files", "admin", "refs", "logs"):
        old, new = getattr(before, part), getattr(after, part)
        changed = sorted(n for n in old.keys() | new.keys() if old.get(n) != new.get(n))
        found += [
            f"{part} {name!r}: {_short(old, name)} became {_short(new, name)}"
            for name in changed
            if part != "files" or not covered(name, ignored)
        ]
    return found + [
        f"{part}: {getattr(before, part)!r} became {getattr(after, part)!r}"
        for part in ("index", "status")
        if getattr(before, part) != getattr(after, part)
    ]


def covered(name: str, paths: set[str]) -> bool:
    """Whether a path is one of those, or below one."""
    parts = name.split("/")
    return any("/".join(parts[:count]) in paths for count in range(1, len(parts) + 1))


def _short(items: dict[str, object], name: str) -> str:
    text = repr(items.get(name, "nothing"))
    return text if len(text) < 200 else text[:200] + "…"


def hidden(seen: Picture) -> set[str]:
    """Files whose changes git was told not to look for: they are kept with the directory only."""
    entries = (os.fsdecode(e).partition("\t") for e in seen.index.split(b"\0") if e)
    return {name for head, _, name in entries if head[0] == "S" or head[0].islower()}


def blob(content: bytes) -> str:
    """The name that git gives to a content."""
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


def named(seen: Picture) -> set[str]:
    """All objects that the worktree's index, reflog and unfinished operations name."""
    entries = [e.split(b"\t")[0].split(b" ") for e in seen.index.split(b"\0") if e]
    found = {e[2] for e in entries if e[1] != b"160000"} - {blob(b"").encode()}
    for name in _NAMING:
        found |= set(_HASH.findall(seen.admin.get(name, ("", 0, b""))[2]))
    return {os.fsdecode(oid) for oid in found if oid.strip(b"0")}


def reachable(place: Place, ref: str) -> set[str]:
    """All objects that a ref keeps."""
    listed = place.git(place.repo, "rev-list", "--objects", ref)
    return {os.fsdecode(line[:40]) for line in listed.splitlines()}


def saved_files(place: Place, ref: str) -> dict[str, tuple[str, str]]:
    """What a saved commit holds: mode and hash of each path."""
    listed = place.git(place.repo, "ls-tree", "-r", "-z", ref)
    found = {}
    for line in filter(None, os.fsdecode(listed).split("\0")):
        words, _, name = line.partition("\t")
        mode, _, oid = words.split(" ")
        found[name] = (mode, oid)
    return found


def as_git(item: Item) -> tuple[str, str]:
    """How git keeps a file or link: mode and hash."""
    kind, mode, content = item
    if kind == "link":
        return "120000", blob(content)
    return ("100755" if mode & 0o100 else "100644"), blob(content)
