"""`diff | git apply` on the base gives the tree of the worktree, whatever is in it."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from parallel_agents.core.worktree import WorktreeRecord
from parallel_agents.worktrees.manager import WorktreeManager
from tests.support.examples import examples
from tests.worktrees.conftest import commit_all, git, snapshot_of, whole_patch

Make = Callable[..., WorktreeRecord]
Entry = tuple[str, bytes]
Tree = dict[str, Entry]

NAMES = [
    "a", "b c", 'q"uote', "tab\tx", "new\nline", "-dash", "ümlaut", "\udcff", " lead", "trail ",
    "x\\y", "dir", "dir/x", "dir/y", "b/b", "cr\r", "'", "日本", "*", ":(top)z",
]  # fmt: skip
PIECES = [
    b"one\n", b"two\n", b"two\r\n", b"caf\xe9\n", b"\0bin\n", b"\r", b"-- \n", b"\xff\xfe\n", b"\n",
    b"diff --git a/a b/a\n", b"\\ No newline\n", b"last", "Über\u2028\n".encode(), b" \n", b"\t\n",
]  # fmt: skip
contents = st.lists(st.sampled_from(PIECES), max_size=12).map(b"".join)
entries = st.one_of(
    st.tuples(st.sampled_from(["file", "file", "program"]), contents),
    st.tuples(st.just("link"), st.sampled_from([b"a", b"nowhere", b"\xff", b"dir"])),
)


def without_clash(tree: Tree) -> Tree:
    """A name is a file or a directory."""
    clash = any(name.startswith("dir/") for name in tree)
    return {name: entry for name, entry in tree.items() if not (clash and name == "dir")}


trees = st.dictionaries(st.sampled_from(NAMES), entries, max_size=8).map(without_clash)


@st.composite
def pairs(draw: st.DrawFn) -> tuple[Tree, Tree]:
    """A base, and what became of it: kept, renamed, changed and new files."""
    before, other = draw(trees), draw(trees)
    kept = {name: entry for name, entry in before.items() if draw(st.booleans())}
    after = {**kept, **other}
    for name in list(before):
        if name not in after and draw(st.booleans()):
            after[f"moved {name.replace('/', ' ')}"] = before[name]
    return before, without_clash(after)


def lay(top: Path, tree: Tree) -> None:
    """Let a tree be all there is."""
    for path in top.iterdir():
        if path.name not in (".git", ".claude"):
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
    for name, (kind, content) in tree.items():
        path = top / name
        path.parent.mkdir(exist_ok=True)
        if kind == "link":
            path.symlink_to(os.fsdecode(content))
        else:
            path.write_bytes(content)
            path.chmod(0o755 if kind == "program" else 0o644)


def files(top: Path) -> dict[str, tuple[str, int, bytes]]:
    found = snapshot_of(top)
    return {
        name: (kind, mode & 0o111, data)
        for name, (kind, mode, data) in found.items()
        if kind != "directory" and not name.startswith((".git/", ".claude/"))
    }


def apply(patch: str, top: Path) -> None:
    data = patch.encode("utf-8", "surrogateescape")
    done = subprocess.run(
        ["git", "apply", "--whitespace=nowarn", "-"] if data else ["true"],
        input=data, cwd=top, capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, (done.stderr, data)


@settings(
    max_examples=examples(25),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(pair=pairs(), settled=st.booleans())
def test_any_change_is_exact(
    *, pair: tuple[Tree, Tree], settled: bool, manager: WorktreeManager, repo: Path
) -> None:
    before, after = pair
    lay(repo, before)
    commit_all(repo, "base")
    found = manager.resolve(str(repo))
    slug = manager.slug(found, "exact")
    base = manager.resolve_base(found, "head")
    record = manager.create(found, session=slug, slug=slug, base=base)
    lay(Path(record.path), after)
    if settled:
        commit_all(record.path, "settled")
    apply(whole_patch(manager, record, exact=True), repo)
    assert files(repo) == files(Path(record.path))


@pytest.mark.parametrize(
    "setting",
    ["diff.context=0", "diff.noprefix=true", "diff.mnemonicPrefix=true", "diff.renames=copies",
     "diff.suppressBlankEmpty=true", "diff.algorithm=histogram", "diff.interHunkContext=9",
     "core.quotePath=false", "diff.relative=true", "diff.submodule=log", "color.ui=always",
     "core.autocrlf=true", "core.autocrlf=input"],
)  # fmt: skip
def test_no_setting_of_the_person_spoils_it(
    setting: str, manager: WorktreeManager, make: Make, repo: Path
) -> None:
    lines = [b"%d\n" % number for number in range(40)]
    (repo / "many").write_bytes(b"".join(lines))
    commit_all(repo, "many")
    git(repo, "config", "--global", *setting.split("="))
    record = make()
    top = Path(record.path)
    lines = (top / "many").read_bytes().splitlines(keepends=True)
    (top / "many").write_bytes(b"".join([*lines[:5], *lines[6:30], b"caf\xe9\r\n", *lines[30:]]))
    (top / "a.txt").rename(top / "b.txt")
    (top / "new").write_bytes(b"\0\1\2")
    apply(whole_patch(manager, record, exact=True), repo)
    now = files(repo)
    assert now["new"] == files(top)["new"]
    assert git(repo, "hash-object", "many", "b.txt") == git(top, "hash-object", "many", "b.txt")
