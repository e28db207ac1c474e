"""Which files of a change come first, which are folded at first, which have been viewed.

Keep true: all files are looked at once for each comparison, mark or filter, and not in the event
loop; whatever is shown afterwards is looked up.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from parallel_agents.core.events import FileViewed
from parallel_agents.core.value import replace
from parallel_agents.core.worktree import DiffStat as ChangedFiles, FileStat

LOCKS = frozenset(
    {
        "bun.lock", "bun.lockb", "Cargo.lock", "composer.lock", "flake.lock", "Gemfile.lock",
        "go.sum", "gradle.lockfile", "mix.lock", "npm-shrinkwrap.json", "package-lock.json",
        "packages.lock.json", "pdm.lock", "Pipfile.lock", "pixi.lock", "pnpm-lock.yaml",
        "Podfile.lock", "poetry.lock", "pubspec.lock", "uv.lock", "yarn.lock",
    }
)  # fmt: skip
"""Names of files that a package manager writes."""

_MINIFIED = re.compile(r"[.-]min\.[a-z]+")
_GENERATED = re.compile(
    r"_pb2(_grpc)?\.pyi?|\.pb\.(go|cc|h)|\.g\.dart|\.designer\.cs|\.generated\."
)


@dataclass(frozen=True, slots=True)
class Totals:
    """What a whole change comes to.

    Attributes:
        files: how many files.
        insertions: lines added in all.
        deletions: lines removed in all.
        most: lines changed in the file with the most.
    """

    files: int
    insertions: int
    deletions: int
    most: int


@dataclass(frozen=True, slots=True)
class FileMarks:
    """What is known of files besides their changes.

    Attributes:
        folded: why a file is folded at first, by path.
        viewed: paths of the files that were viewed as they are.
        changed: paths of those that have changed since they were viewed.
        word: what the paths shown have in them; empty when all are shown.
    """

    folded: Mapping[str, str] = field(default_factory=dict)
    viewed: frozenset[str] = frozenset()
    changed: frozenset[str] = frozenset()
    word: str = ""

    def is_folded(self, path: str) -> bool:
        """Whether a file is folded unless a person says otherwise."""
        return path in self.viewed or path in self.folded

    def said_of(self, path: str) -> str:
        """What is said beside a file's name; empty for nothing."""
        if path in self.changed:
            return "changed since you viewed it"
        return "viewed" if path in self.viewed else self.folded.get(path, "")


@dataclass(frozen=True, slots=True)
class Arrangement:
    """A change as it is shown.

    Attributes:
        stat: the files that are shown, in their order.
        totals: of these.
        marks: what else is known of them.
    """

    stat: ChangedFiles
    totals: Totals
    marks: FileMarks


def totals_of(stat: ChangedFiles) -> Totals:
    """Add up the changed files; for a large one, not in the event loop."""
    sizes = [(file.insertions, file.deletions) for file in stat.files]
    return Totals(
        len(sizes),
        sum(added for added, _ in sizes),
        sum(removed for _, removed in sizes),
        max((added + removed for added, removed in sizes), default=0),
    )


def arranged(stat: ChangedFiles, viewed: Iterable[FileViewed], word: str = "") -> Arrangement:
    """Choose and order the files; for a large change, not in the event loop.

    Args:
        stat: the changed files, in git's order.
        viewed: the marks of files.
        word: what a path must have in it to be shown; in any case of letters.
    """
    fits = [f for f in stat.files if word.casefold() in f.path.casefold()] if word else stat.files
    made = {file.path: why for file in fits if (why := made_by_program(file.path))}
    if made:
        fits = sorted(fits, key=lambda file: file.path in made)
    shown = replace(stat, files=tuple(fits))
    folded = {file.path: "deleted" for file in fits if file.status == "D"} | made
    seen, changed = _viewed(fits, viewed)
    marks = FileMarks(folded=folded, viewed=seen, changed=changed, word=word)
    return Arrangement(shown, totals_of(shown), marks)


def made_by_program(path: str) -> str:
    """Say why nobody wrote a file by hand, as far as its name tells; empty when it does not."""
    name = path.rpartition("/")[2]
    if name in LOCKS:
        return "lock file"
    if _MINIFIED.search(name):
        return "minified"
    if name.endswith((".js.map", ".css.map", ".mjs.map", ".ts.map")):
        return "source map"
    return "generated" if _GENERATED.search(name) else ""


def mark_of(file: FileStat) -> FileViewed | None:
    """The mark of a file as it is; None for one whose content was not compared."""
    if file.note or not (file.blob or file.old_blob):
        return None
    blob = file.blob or file.old_blob
    return FileViewed(path=file.path, blob=blob, gone=not file.blob)


def _viewed(
    files: Iterable[FileStat], viewed: Iterable[FileViewed]
) -> tuple[frozenset[str], frozenset[str]]:
    """Tell which files have been viewed as they are, and which have changed since."""
    known: dict[str, set[tuple[str, bool]]] = {}
    for mark in viewed:
        known.setdefault(mark.path, set()).add((mark.blob, mark.gone))
    if not known:
        return frozenset(), frozenset()
    seen: set[str] = set()
    changed: set[str] = set()
    for file in files:
        # A renamed file keeps the marks of its former name.
        contents = known.get(file.path, set()) | known.get(file.old_path or "", set())
        now = mark_of(file)
        if contents and now is not None:
            (seen if (now.blob, now.gone) in contents else changed).add(file.path)
    return frozenset(seen), frozenset(changed)
