"""Taking a change out of a worktree: exactly that, undone exactly, or refused."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from parallel_agents.core.diff import parse_hunks
from parallel_agents.core.errors import RefusedError, UserError
from parallel_agents.core.taken_out import HunkSelection, LineRange, whole_hunk
from parallel_agents.core.value import replace
from parallel_agents.core.worktree import DiffStat, WorktreeRecord
from parallel_agents.worktrees.edit.rejection import Rejected, Wish
from parallel_agents.worktrees.manager import WorktreeManager
from tests.support.examples import examples
from tests.worktrees.conftest import Make, commit_all, git, snapshot_of, write
from tests.worktrees.test_comparing import record as record
from tests.worktrees.test_exact import Tree, files, lay, pairs

LINES = [b"one\n", b"two\n", b"two\r\n", b"caf\xe9\n", b"\r\r\n", b"-- \n", b"\n", b"@@ -1 +1 @@\n"]
numbered = st.lists(st.sampled_from(LINES), min_size=0, max_size=30)


class Rejecting:
    """A person who takes changes out of one worktree."""

    def __init__(self, manager: WorktreeManager, record: WorktreeRecord, kept: Path) -> None:
        self.manager, self.record, self.kept = manager, record, kept
        self.number = 0
        self.top = Path(record.path)

    def stat(self) -> DiffStat:
        return self.manager.diff_stat(self.record)

    def wish(self, path: str, *hunks: HunkSelection, stat: DiffStat | None = None) -> Wish:
        stat = stat or self.stat()
        old = next((f.old_path for f in stat.files if f.path == path), None) or ""
        return Wish(parts=stat.parts, path=path, old_path=old, hunks=hunks or None)

    def reject(self, path: str, *hunks: HunkSelection, stat: DiffStat | None = None) -> Rejected:
        planned = self.plan(self.wish(path, *hunks, stat=stat))
        assert self.move() == ""
        return planned

    def plan(self, wish: Wish) -> Rejected:
        self.number += 1
        return self.manager.plan_rejection(self.record, wish, self.directory)

    @property
    def directory(self) -> Path:
        return self.kept / str(self.number)

    def move(self, *, back: bool = False) -> str:
        return self.manager.carry_out(self.record, self.directory, back=back)

    def patch(self, path: str) -> str:
        stat = self.stat()
        return self.manager.diff_file(self.record, stat.parts, [path])


@pytest.fixture
def rejecting(manager: WorktreeManager, make: Make, tmp_path: Path) -> Rejecting:
    return Rejecting(manager, make(), tmp_path / "kept")


def started(manager: WorktreeManager, repo: Path, kept: Path) -> Rejecting:
    """A worktree of the repository as it is now."""
    commit_all(repo, "base")
    found = manager.resolve(str(repo))
    slug = manager.slug(found, "reject")
    base = manager.resolve_base(found, "head")
    record = manager.create(found, session=slug, slug=slug, base=base)
    return Rejecting(manager, record, kept / slug)


def selections(patch: str) -> list[HunkSelection]:
    return [whole_hunk(hunk) for hunk in parse_hunks(patch)]


def with_lines(hunk: HunkSelection, lines: LineRange) -> HunkSelection:
    return replace(hunk, lines=lines)


def is_in_the_way(name: str, path: str) -> bool:
    """Whether one of two files would have to be a directory for the other."""
    return name != path and (f"{name}/".startswith(f"{path}/") or path.startswith(f"{name}/"))


slowly = settings(
    max_examples=examples(25),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@slowly
@given(pair=pairs(), data=st.data())
def test_a_whole_file_goes_back_and_comes_again(
    pair: tuple[Tree, Tree],
    data: st.DataObject,
    manager: WorktreeManager,
    repo: Path,
    tmp_path: Path,
) -> None:
    before, after = pair
    lay(repo, before)
    one = started(manager, repo, tmp_path / "kept")
    lay(one.top, after)
    stat = one.stat()
    if not stat.files:
        return
    chosen = data.draw(st.sampled_from(stat.files))
    then = files(one.top)
    expected = dict(then)
    expected.pop(chosen.path, None)
    old = chosen.old_path or chosen.path
    restored = {name: entry for name, entry in files(repo).items() if name == old}
    if restored and any(is_in_the_way(name, old) for name in expected):
        with pytest.raises(RefusedError):
            one.reject(chosen.path, stat=stat)
        assert files(one.top) == then
        return
    one.reject(chosen.path, stat=stat)
    assert files(one.top) == expected | restored
    assert one.move(back=True) == ""
    assert files(one.top) == then


@slowly
@given(older=numbered, newer=numbered, ends=st.tuples(st.booleans(), st.booleans()), data=st.data())
def test_hunks_go_back_as_git_applies_them_in_reverse(
    older: list[bytes],
    newer: list[bytes],
    ends: tuple[bool, bool],
    data: st.DataObject,
    manager: WorktreeManager,
    repo: Path,
    tmp_path: Path,
) -> None:
    """With the filler lines there are several hunks."""
    filler = [b"%d\n" % number for number in range(9)]
    cut = [lines[len(lines) // 2 :] for lines in (older, newer)]
    sides = [
        b"".join([*lines[: len(lines) // 2], *filler, *rest, *([b"end"] if end else [])])
        for lines, rest, end in zip((older, newer), cut, ends, strict=True)
    ]
    write(repo / "file", sides[0])
    one = started(manager, repo, tmp_path / "kept")
    write(one.top / "file", sides[1])
    patch = one.patch("file")
    hunks = selections(patch)
    if not hunks:
        return
    chosen = data.draw(st.lists(st.sampled_from(range(len(hunks))), min_size=1, unique=True))
    expected = applied(sides[1], only(patch, set(chosen)), tmp_path)
    one.reject("file", *(hunks[number] for number in chosen))
    assert (one.top / "file").read_bytes() == expected
    assert one.move(back=True) == ""
    assert (one.top / "file").read_bytes() == sides[1]


@slowly
@given(older=numbered, newer=numbered, data=st.data())
def test_lines_go_back_as_git_applies_an_edited_patch(
    older: list[bytes],
    newer: list[bytes],
    data: st.DataObject,
    manager: WorktreeManager,
    repo: Path,
    tmp_path: Path,
) -> None:
    write(repo / "file", b"".join(older))
    one = started(manager, repo, tmp_path / "kept")
    write(one.top / "file", b"".join(newer))
    patch = one.patch("file")
    hunks = parse_hunks(patch)
    if not hunks:
        return
    place = data.draw(st.sampled_from(range(len(hunks))))
    lines = hunks[place].lines
    first = data.draw(st.integers(0, len(lines) - 1))
    last = data.draw(st.integers(first, len(lines) - 1))
    shown = lines[first : last + 1]
    if not any(line.kind in "+-" for line in shown):
        return
    new = [line.new for line in shown if line.kind == "+" and line.new]
    old = [line.old for line in shown if line.kind == "-" and line.old]
    wanted = LineRange(
        first=min(new, default=0), last=max(new, default=0),
        old_first=min(old, default=0), old_last=max(old, default=0),
    )  # fmt: skip
    edited = edit(patch, place, first, last)
    expected = applied(b"".join(newer), edited, tmp_path)
    one.reject("file", with_lines(selections(patch)[place], wanted))
    assert (one.top / "file").read_bytes() == expected
    assert one.move(back=True) == ""
    assert (one.top / "file").read_bytes() == b"".join(newer)


def pieces(patch: str) -> tuple[bytes, list[list[bytes]]]:
    """The head of a file's patch, and its hunks as lines."""
    head: list[bytes] = []
    hunks: list[list[bytes]] = []
    left = [0, 0]
    for line in patch.encode("utf-8", "surrogateescape").split(b"\n")[:-1]:
        if line.startswith(b"@@ ") and left == [0, 0]:
            left = [int((word[1:] + b",1").split(b",")[1]) for word in line.split(b" ")[1:3]]
            hunks.append([])
        (hunks[-1] if hunks else head).append(line + b"\n")
        if hunks and len(hunks[-1]) > 1:
            left[0] -= line[:1] in b"- "
            left[1] -= line[:1] in b"+ "
    return b"".join(head), hunks


def only(patch: str, chosen: set[int]) -> bytes:
    head, hunks = pieces(patch)
    return head + b"".join(b"".join(hunk) for n, hunk in enumerate(hunks) if n in chosen)


def edit(patch: str, place: int, first: int, last: int) -> bytes:
    """What `git add --patch` would have a person edit: for the reverse, what stays is context."""
    head, hunks = pieces(patch)
    title, *lines = hunks[place]
    made = [
        line if first <= number <= last else {b"+": b" "}.get(line[:1], line[:1]) + line[1:]
        for number, line in enumerate(lines)
        if first <= number <= last or line[:1] != b"-"
    ]
    return head + title + b"".join(made)


def applied(newer: bytes, patch: bytes, tmp_path: Path) -> bytes:
    place = tmp_path / "applied"
    place.mkdir(exist_ok=True)
    write(place / "file", newer)
    words = ["git", "apply", "-R", "--recount", "--unidiff-zero", "--whitespace=nowarn", "-"]
    done = subprocess.run(words, input=patch, cwd=place, capture_output=True, check=False)
    assert done.returncode == 0, (done.stderr, patch, newer)
    return (place / "file").read_bytes()


# --- what is odd ----------------------------------------------------------------------------------


def refused(rejecting: Rejecting, wish: Wish, said: str = ".") -> None:
    then = snapshot_of(rejecting.top)
    with pytest.raises(UserError, match=said):
        rejecting.plan(wish)
    assert snapshot_of(rejecting.top) == then
    assert not rejecting.directory.exists()


@pytest.mark.parametrize("setting", ["true", "input"])
def test_line_ends_stay_as_they_are(
    setting: str, manager: WorktreeManager, repo: Path, tmp_path: Path
) -> None:
    """Git stores line feeds alone; the file has both kinds, which stay where they are."""
    git(repo, "config", "core.autocrlf", setting)
    lines = [b"%d\r\n" % number for number in range(20)]
    write(repo / "file", b"".join(lines))
    one = started(manager, repo, tmp_path / "kept")
    mixed = [line if number % 3 else line.replace(b"\r", b"") for number, line in enumerate(lines)]
    changed = [*mixed[:3], b"new\r\n", *mixed[3:16], b"other\n", *mixed[17:]]
    write(one.top / "file", b"".join(changed))
    hunks = selections(one.patch("file"))
    one.reject("file", hunks[0])
    expected = [*mixed[:16], b"other\n", *mixed[17:]]
    assert (one.top / "file").read_bytes() == b"".join(expected)
    assert one.move(back=True) == ""
    assert (one.top / "file").read_bytes() == b"".join(changed)


def test_an_encoding_that_git_converts(
    manager: WorktreeManager, repo: Path, tmp_path: Path
) -> None:
    write(repo / ".gitattributes", "*.txt working-tree-encoding=UTF-16LE\n")
    older = "".join(f"l\u00f6ne {number}\n" for number in range(40))
    write(repo / "u.txt", older.encode("utf-16-le"))
    one = started(manager, repo, tmp_path / "kept")
    newer = older.replace(" 3\n", " three\n").replace(" 30\n", " ten\n")
    write(one.top / "u.txt", newer.encode("utf-16-le"))
    one.reject("u.txt", selections(one.patch("u.txt"))[0])
    expected = older.replace(" 30\n", " ten\n")
    assert (one.top / "u.txt").read_bytes().decode("utf-16-le") == expected


def test_a_line_without_an_end_gets_one_only_in_the_middle(
    manager: WorktreeManager, repo: Path, tmp_path: Path
) -> None:
    write(repo / "file", b"one\ntwo")
    one = started(manager, repo, tmp_path / "kept")
    write(one.top / "file", b"one\n2\n3")
    [hunk] = selections(one.patch("file"))
    one.reject("file", with_lines(hunk, LineRange(old_first=2, old_last=2)))
    assert (one.top / "file").read_bytes() == b"one\ntwo\n2\n3"
    one.reject("file")
    assert (one.top / "file").read_bytes() == b"one\ntwo"


def test_only_the_mode(rejecting: Rejecting) -> None:
    path = rejecting.top / "a.txt"
    path.chmod(0o755)
    planned = rejecting.reject("a.txt")
    assert planned.insertions == planned.deletions == 0
    assert path.stat().st_mode & 0o777 == 0o644
    assert rejecting.move(back=True) == ""
    assert path.stat().st_mode & 0o777 == 0o755


def test_a_new_file_whose_only_hunk_is_chosen_goes(rejecting: Rejecting) -> None:
    write(rejecting.top / "new/er.txt", "one\ntwo\n")
    [hunk] = selections(rejecting.patch("new/er.txt"))
    rejecting.reject("new/er.txt", hunk)
    assert not (rejecting.top / "new").exists()
    assert rejecting.move(back=True) == ""
    rejecting.reject("new/er.txt", with_lines(hunk, LineRange(first=1, last=1)))
    assert (rejecting.top / "new/er.txt").read_text() == "two\n"


def test_what_is_not_the_tree_any_more_is_refused(rejecting: Rejecting) -> None:
    path = rejecting.top / "a.txt"
    write(path, "new\n")
    wish = rejecting.wish("a.txt")
    write(path, "newer\n")
    refused(rejecting, wish, "not what it was")
    path.unlink()
    refused(rejecting, wish, "not what it was")
    path.mkdir()
    refused(rejecting, wish, "There is a directory")
    path.rmdir()
    path.symlink_to("/etc/passwd")
    refused(rejecting, wish, "not what it was")


def test_nothing_is_followed_out_of_the_worktree(rejecting: Rejecting, tmp_path: Path) -> None:
    write(rejecting.top / "dir/file", "mine\n")
    wish = rejecting.wish("dir/file")
    outside = tmp_path / "outside"
    write(outside / "file", "mine\n")
    (rejecting.top / "dir").rename(rejecting.top / "other")
    (rejecting.top / "dir").symlink_to(outside)
    refused(rejecting, wish, "cannot be read|not what it was")
    (rejecting.top / "dir").unlink()
    (rejecting.top / "other").rename(rejecting.top / "dir")
    rejecting.plan(wish)
    (rejecting.top / "dir").rename(rejecting.top / "other")
    (rejecting.top / "dir").symlink_to(outside)
    assert rejecting.move().startswith("dir/file has changed")
    assert (outside / "file").read_text() == "mine\n"


@pytest.mark.parametrize(
    "path",
    ["../x", "/etc/passwd", ".git/config", "a/.GIT/x", "", "a//b", "./a.txt", "a\0b", "\ud800"],
)
def test_names_that_are_no_files_of_it(path: str, rejecting: Rejecting) -> None:
    write(rejecting.top / "a.txt", "new\n")
    parts = rejecting.stat().parts
    refused(rejecting, Wish(parts=parts, path=path))
    refused(rejecting, Wish(parts=parts, path="a.txt", old_path=path or "."))


def test_trees_that_are_none(rejecting: Rejecting) -> None:
    write(rejecting.top / "a.txt", "new\n")
    [part] = rejecting.stat().parts
    for base in ("HEAD", "--output=x", "0" * 40):
        refused(rejecting, Wish(parts=(replace(part, base=base),), path="a.txt"))
    refused(rejecting, Wish(parts=(), path="a.txt"), "not named")
    no_hunk = HunkSelection(old_start=7, old_count=1, new_start=7, new_count=1)
    refused(rejecting, rejecting.wish("a.txt", no_hunk), "no hunk of this change")
    refused(rejecting, rejecting.wish("nothing.txt"), "Nothing of nothing.txt was changed")


def test_a_submodule_is_refused(
    record: WorktreeRecord, manager: WorktreeManager, tmp_path: Path
) -> None:
    one = Rejecting(manager, record, tmp_path / "kept")
    write(one.top / "lib/inner.txt", "changed\n")
    refused(one, one.wish("lib/inner.txt"), "lies in a submodule")
    commit_all(one.top / "lib", "moved on")
    refused(one, one.wish("lib"), "submodule")


def test_a_filter_is_refused_unless_the_file_is_new(
    manager: WorktreeManager, repo: Path, tmp_path: Path
) -> None:
    git(repo, "config", "--global", "filter.upper.clean", "tr a-z A-Z")
    git(repo, "config", "--global", "filter.upper.smudge", "tr A-Z a-z")
    write(repo / ".gitattributes", "*.up filter=upper\n")
    write(repo / "a.up", "one\n")
    one = started(manager, repo, tmp_path / "kept")
    write(one.top / "a.up", "two\n")
    write(one.top / "new.up", "three\n")
    refused(one, one.wish("a.up"), "goes through the filter upper")
    one.reject("new.up")
    assert not (one.top / "new.up").exists()
    assert one.move(back=True) == ""
    assert (one.top / "new.up").read_text() == "three\n"


def test_a_rename_is_refused_when_the_old_name_is_taken(rejecting: Rejecting) -> None:
    (rejecting.top / "a.txt").rename(rejecting.top / "b.txt")
    wish = rejecting.wish("b.txt")
    assert wish.old_path == "a.txt"
    write(rejecting.top / "a.txt", "another\n")
    refused(rejecting, wish, "There is a file at a.txt now")
    (rejecting.top / "a.txt").unlink()
    rejecting.plan(wish)
    write(rejecting.top / "b.txt", "the agent went on\n")
    assert rejecting.move().startswith("b.txt has changed")
    assert not (rejecting.top / "a.txt").exists()
    assert (rejecting.top / "b.txt").read_text() == "the agent went on\n"


@pytest.mark.parametrize("lost", ["moves.json", "0.before"])
def test_what_was_kept_and_is_damaged_moves_nothing(lost: str, rejecting: Rejecting) -> None:
    write(rejecting.top / "a.txt", "new\n")
    rejecting.plan(rejecting.wish("a.txt"))
    (rejecting.directory / lost).unlink()
    assert rejecting.move() == "What was kept of the change cannot be read."
    assert (rejecting.top / "a.txt").read_text() == "new\n"
