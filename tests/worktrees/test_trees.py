"""Patches between trees: exact, unchanging, and kept nowhere but in the session's own store."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from parallel_agents.core.diff import parse_diff
from parallel_agents.core.errors import TreeGoneError, UsageError
from parallel_agents.core.value import replace
from parallel_agents.core.worktree import DiffPart, WorktreeRecord
from parallel_agents.worktrees.look import objects
from parallel_agents.worktrees.manager import WorktreeManager
from tests.support.examples import examples
from tests.worktrees.conftest import (
    Make,
    commit_all,
    git,
    none_alive,
    one_patch,
    snapshot_of,
    whole_patch,
    write,
)
from tests.worktrees.test_comparing import record as record
from tests.worktrees.test_exact import Tree, lay, pairs

SECRET = "a secret that was never committed\n"


def of_git(top: Path, base: str) -> bytes:
    """What plain git says of the files, with the untracked ones entered."""
    git(top, "add", "--intent-to-add", "--all", ".")
    words = ("diff", "--raw", "--numstat", "-z", "-p", "--full-index", "--find-renames", base, "--")
    done = subprocess.run(["git", "-C", str(top), *words], check=True, capture_output=True)
    return done.stdout


def blob_of(top: Path, name: str) -> str:
    """The hash of a file's content, or of where a link points to."""
    path = top / name
    if path.is_symlink():
        said = subprocess.run(
            ["git", "-C", str(top), "hash-object", "--stdin"],
            check=True,
            capture_output=True,
            input=os.fsencode(path.readlink()),
        )
        return said.stdout.decode().strip()
    return git(top, "hash-object", "--", name)


@settings(
    max_examples=examples(25),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(pair=pairs(), staged=st.sampled_from(["none", "all", "committed"]))
def test_it_is_what_git_says(
    pair: tuple[Tree, Tree], staged: str, manager: WorktreeManager, repo: Path
) -> None:
    before, after = pair
    lay(repo, before)
    commit_all(repo, "base")
    git(repo, "config", "core.abbrev", "40")
    found = manager.resolve(str(repo))
    slug = manager.slug(found, "trees")
    base = manager.resolve_base(found, "head")
    made = manager.create(found, session=slug, slug=slug, base=base)
    top = Path(made.path)
    lay(top, after)
    if staged != "none":
        git(top, "add", "-A")
    if staged == "committed":
        commit_all(top, "settled")
    stat = manager.diff_stat(made)
    told = parse_diff(of_git(top, stat.commit))
    # Compared with files, git does not name the content that is in none of its trees.
    told_now = {f.stat.path: replace(f.stat, blob="") for f in told}
    assert told_now == {file.path: replace(file, blob="") for file in stat.files}
    for file in stat.files:
        assert file.blob == (blob_of(top, file.path) if file.status != "D" else "")
    patches = {file.stat.path: file.patch for file in told}
    assert {name: one_patch(manager, made, name) for name in patches} == patches
    assert whole_patch(manager, made) == "".join(patches.values())


def test_the_answer_stays_whatever_happens_to_the_files(
    manager: WorktreeManager, make: Make
) -> None:
    record = make()
    top = Path(record.path)
    write(top / ".gitattributes", "*.odd -diff\n")
    write(top / "x.odd", "odd\n")
    write(top / "new.txt", "first\n")
    write(top / "sub/.gitattributes", "y.txt -diff\n")
    write(top / "sub/y.txt", "binary by name\n")
    parts = manager.diff_stat(record).parts
    first = manager.diff_patch(record, parts)
    assert "+first\n" in first
    assert "Binary files /dev/null and b/x.odd differ" in first
    assert "Binary files /dev/null and b/sub/y.txt differ" in first
    one = manager.diff_file(record, parts, ["sub/y.txt"])
    write(top / ".gitattributes", "")
    write(top / "new.txt", "second\n")
    (top / "sub/.gitattributes").unlink()
    git(top, "add", "-A")
    assert manager.diff_patch(record, parts) == first
    assert manager.diff_file(record, parts, ["sub/y.txt"]) == one
    assert "+second\n" in whole_patch(manager, record)


def test_a_patch_is_whole_while_somebody_writes(manager: WorktreeManager, make: Make) -> None:
    """Each file is rewritten again and again; a patch read twice is the same, and can be parsed."""
    record = make()
    top = Path(record.path)
    over = threading.Event()

    def scribble() -> None:
        for number in range(1_000_000):
            if over.is_set():
                return
            write(top / f"{number % 7}.txt", f"{number}\n" * (number % 50))

    writer = threading.Thread(target=scribble)
    writer.start()
    try:
        for _ in range(5):
            stat = manager.diff_stat(record)
            named = [file.path for file in stat.files if not file.note]
            whole = manager.diff_patch(record, stat.parts)
            single = [manager.diff_file(record, stat.parts, [name]) for name in named]
            assert whole == "".join(single) == manager.diff_patch(record, stat.parts)
            assert whole.count("\n+") - whole.count("\n+++") == stat.changes.insertions
    finally:
        over.set()
        writer.join()


def test_nothing_is_left_in_the_repository(
    record: WorktreeRecord, manager: WorktreeManager, repo: Path
) -> None:
    top = Path(record.path)
    write(top / "secret.txt", SECRET)
    write(top / "lib/secret.txt", SECRET)
    write(top / "staged.txt", "staged\n")
    git(top, "add", "staged.txt")
    before = snapshot_of(repo / ".git")
    assert SECRET in whole_patch(manager, record)
    assert SECRET in one_patch(manager, record, "lib/secret.txt")
    assert snapshot_of(repo / ".git") == before


def test_the_store_goes_with_the_session(
    manager: WorktreeManager, make: Make, tmp_path: Path
) -> None:
    record = make()
    write(Path(record.path) / "secret.txt", SECRET)
    manager.diff_stat(record)
    store = tmp_path / "state/objects/s1"
    assert list(store.iterdir())
    manager.delete(record, live_pids=none_alive)
    manager.settle()
    assert not store.exists()
    assert not list((tmp_path / "state/dropped").iterdir())
    back = manager.restore("s1")
    assert SECRET in whole_patch(manager, back)


def test_a_tree_that_is_gone_is_reported(
    manager: WorktreeManager, make: Make, tmp_path: Path
) -> None:
    record = make()
    write(Path(record.path) / "new.txt", "new\n")
    parts = manager.diff_stat(record).parts
    shutil.rmtree(tmp_path / "state/objects")
    with pytest.raises(TreeGoneError):
        manager.diff_patch(record, parts)
    with pytest.raises(TreeGoneError):
        manager.diff_file(record, parts, ["new.txt"])
    assert "+new\n" in whole_patch(manager, record)


def test_a_store_that_is_full_makes_room(
    manager: WorktreeManager, make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(objects, "COUNT_LIMIT", 1)
    record = make()
    seen = []
    for text in ("first\n", "second\n", "third\n"):
        write(Path(record.path) / "new.txt", text)
        seen.append((text, manager.diff_stat(record).parts))
    assert len(list((tmp_path / "state/objects/s1").iterdir())) == 2
    (_, oldest), *kept = seen
    for text, parts in kept:
        assert f"+{text}" in manager.diff_patch(record, parts)
    with pytest.raises(TreeGoneError, match="not kept any more"):
        manager.diff_file(record, oldest, ["new.txt"])


@pytest.mark.parametrize(
    "name", ["HEAD", "--output=written", "main", "", "0" * 39, f"{'0' * 40}\n", "A" * 40]
)
def test_only_hashes_name_trees(name: str, manager: WorktreeManager, make: Make) -> None:
    record = make()
    whole = manager.diff_stat(record).parts[0]
    for part in (DiffPart(base=name, tree=whole.tree), DiffPart(base=whole.base, tree=name)):
        with pytest.raises(UsageError):
            manager.diff_patch(record, [part])
        with pytest.raises(UsageError):
            manager.diff_file(record, [part], ["a.txt"])


def test_what_is_no_tree_is_gone(manager: WorktreeManager, make: Make) -> None:
    record = make()
    whole = manager.diff_stat(record).parts[0]
    blob = git(record.path, "rev-parse", "HEAD:a.txt")
    for wrong in (
        DiffPart(base=whole.base, tree=blob),
        DiffPart(base="1" * 40, tree=whole.tree),
        DiffPart(base=whole.base, tree=whole.tree, prefix="nowhere/"),
    ):
        with pytest.raises(TreeGoneError):
            manager.diff_patch(record, [wrong])


def test_attributes_are_laid_nowhere_else(
    manager: WorktreeManager, make: Make, tmp_path: Path
) -> None:
    """A tree made by hand may have names that lead out of the directory they are laid in."""
    record = make()
    blob = git(record.path, "rev-parse", "HEAD:a.txt")
    git_dir = Path(record.root) / ".git"
    made = [
        subprocess.run(
            ["git", "hash-object", "-t", "tree", "-w", "--literally", "--stdin"],
            cwd=git_dir, check=True, capture_output=True, input=content,
        ).stdout.decode().strip()
        for content in (b"100644 .gitattributes\0" + bytes.fromhex(blob),)
    ]  # fmt: skip
    for name in (b"..", b".git", b"."):
        content = b"40000 " + name + b"\0" + bytes.fromhex(made[0])
        tree = subprocess.run(
            ["git", "hash-object", "-t", "tree", "-w", "--literally", "--stdin"],
            cwd=git_dir, check=True, capture_output=True, input=content,
        ).stdout.decode().strip()  # fmt: skip
        before = snapshot_of(tmp_path)
        base = git(record.path, "rev-parse", "HEAD")
        manager.diff_patch(record, [DiffPart(base=base, tree=tree)])
        after = snapshot_of(tmp_path)
        assert {name for name in after if name not in before} <= {"state/tmp"}


def test_a_name_before_that_is_a_directory_now(manager: WorktreeManager, make: Make) -> None:
    record = make()
    top = Path(record.path)
    (top / "a.txt").rename(top / "b.txt")
    write(top / "a.txt/inside", "inside\n")
    patch = one_patch(manager, record, "b.txt")
    assert "rename from a.txt" in patch
    assert "inside" not in patch


def test_a_conflict_is_shown_as_the_file_is(manager: WorktreeManager, make: Make) -> None:
    record = make()
    top = Path(record.path)
    git(top, "checkout", "-q", "-b", "other")
    write(top / "a.txt", "theirs\n")
    (top / "run.sh").unlink()
    write(top / "run.sh/inside", "x\n")
    commit_all(top, "theirs")
    git(top, "checkout", "-q", record.branch)
    write(top / "a.txt", "ours\n")
    write(top / "run.sh", "ours\n")
    commit_all(top, "ours")
    git(top, "merge", "-q", "other", ok=(1,))
    stat = manager.diff_stat(record)
    assert "+<<<<<<< HEAD" in one_patch(manager, record, "a.txt")
    assert "run.sh/inside" in [file.path for file in stat.files]
    (top / "a.txt").unlink()
    assert {f.path: f.status for f in manager.diff_stat(record).files}["a.txt"] == "D"


def test_a_huge_change(manager: WorktreeManager, make: Make) -> None:
    record = make()
    top = Path(record.path)
    for number in range(1000):
        write(top / f"many/{number // 100}/{number}.txt", f"{number}\n" * 10)
    write(top / "long.txt", "".join(f"{number}\n" for number in range(200_000)))
    stat = manager.diff_stat(record)
    assert (stat.changes.files, stat.changes.insertions) == (1001, 210_000)
    assert manager.diff_file(record, stat.parts, ["long.txt"]).count("\n+") == 200_001
    assert manager.diff_patch(record, stat.parts).count("diff --git") == 1001


def test_a_repository_of_sha256(manager: WorktreeManager, make: Make, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    git(tmp_path / "other", "init", "-q", "--object-format=sha256")
    write(tmp_path / "other/a.txt", "a\n")
    commit_all(tmp_path / "other", "first")
    record = make(at=tmp_path / "other")
    write(Path(record.path) / "a.txt", "b\n")
    stat = manager.diff_stat(record)
    assert len(stat.parts[0].tree) == 64
    assert "+b\n" in manager.diff_patch(record, stat.parts)


@pytest.mark.parametrize("name", ['state "with": signs', "sta\\te:dir", "st\nate"])
def test_a_state_directory_of_any_name(name: str, repo: Path, tmp_path: Path) -> None:
    manager = WorktreeManager(tmp_path / name)
    found = manager.resolve(str(repo))
    base = manager.resolve_base(found, "head")
    record = manager.create(found, session="s1", slug="x", base=base)
    write(Path(record.path) / "new.txt", "new\n")
    assert "+new\n" in whole_patch(manager, record)
    assert "+new\n" in one_patch(manager, record, "new.txt")
