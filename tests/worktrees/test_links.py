"""Links for heavy directories, sparse worktrees, and the settings that ask for them."""

import json
import os
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from parallel_agents.core.codec import from_plain, to_plain
from parallel_agents.core.worktree import Extras, WorktreeRecord
from parallel_agents.worktrees.manager import WorktreeManager
from parallel_agents.worktrees.settings import claude_settings
from parallel_agents.worktrees.settings.claude_settings import read_wishes
from tests.worktrees.conftest import commit_all, git, none_alive, snapshot_of, write


def made(
    manager: WorktreeManager, repo: Path, session: str = "s1", **extras: tuple[str, ...]
) -> WorktreeRecord:
    found = manager.resolve(str(repo))
    base = manager.resolve_base(found, "head")
    slug = manager.slug(found, "one")
    wanted = Extras(**extras)  # type: ignore[arg-type]
    return manager.create(found, session=session, slug=slug, base=base, extras=wanted)


@pytest.fixture
def heavy(repo: Path) -> Path:
    write(repo / "node_modules/m/index.js", "heavy")
    write(repo / "ignored/deep/cache/x", "cache")
    write(repo / "plain/x", "not ignored")
    return repo


def test_a_heavy_directory_becomes_a_link(manager: WorktreeManager, heavy: Path) -> None:
    record = made(manager, heavy, links=("node_modules/", "ignored/deep/cache", "missing"))
    top = Path(record.path)
    assert record.linked == ("node_modules", "ignored/deep/cache")
    assert (top / "node_modules").readlink() == heavy / "node_modules"
    assert (top / "ignored/deep/cache/x").read_text() == "cache"
    assert git(top, "status", "--porcelain") == ""
    git(top, "add", "-A")
    assert git(top, "diff", "--cached", "--name-only") == ""
    assert git(heavy, "status", "--porcelain") == "?? plain/"
    assert any("shared" in note and "node_modules" in note for note in record.notes)
    assert from_plain(json.loads(json.dumps(to_plain(record))), WorktreeRecord) == record


def test_deleting_removes_the_link_and_never_what_it_leads_to(
    manager: WorktreeManager, heavy: Path
) -> None:
    before = snapshot_of(heavy / "node_modules")
    record = made(manager, heavy, links=("node_modules",))
    entry = manager.delete(record, live_pids=none_alive)
    assert entry.saved == ()
    manager.settle()
    assert (manager.trash()[0].size_bytes or 0) < 10_000
    assert snapshot_of(heavy / "node_modules") == before
    back = manager.restore("s1")
    assert (Path(back.path) / "node_modules/m/index.js").read_text() == "heavy"
    manager.delete(back, live_pids=none_alive)
    assert manager.empty_trash() == ("s1",)
    assert snapshot_of(heavy / "node_modules") == before


@pytest.mark.parametrize(
    "hostile",
    ["..", "../outside", "a/../../outside", "/etc", ".git", "ignored/.GIT", ".claude",
     ".claude/worktrees", "", ".", "/", "plain", "src", "a.txt", "ignored/out", "ignored/out/in",
     "x\ny", "node_modules/m/index.js"],
)  # fmt: skip
def test_what_is_never_linked(
    hostile: str, manager: WorktreeManager, heavy: Path, tmp_path: Path
) -> None:
    write(tmp_path / "outside/in/secret", "private")
    (heavy / "ignored/out").symlink_to(tmp_path / "outside")
    record = made(manager, heavy, links=(hostile,))
    assert record.linked == ()
    links = [p for p in Path(record.path).rglob("*") if p.is_symlink() and p.name != "link"]
    assert links == []
    assert manager.verify(record) is None


def test_a_path_with_a_tracked_file_below_is_not_linked(
    manager: WorktreeManager, heavy: Path
) -> None:
    for name in ("node_modules/m/kept.js", "ignored/Deep/Cache/y"):
        git(heavy, "add", "-f", str(write(heavy / name, "tracked")))
    git(heavy, "commit", "-q", "-m", "tracked below")
    record = made(manager, heavy, links=("node_modules", "ignored/deep/cache", "ignored/deep"))
    assert record.linked == ()
    assert any("not linked" in note for note in record.notes)
    assert not (Path(record.path) / "node_modules").is_symlink()


def test_a_link_in_the_base_does_not_lead_a_link_outside(
    manager: WorktreeManager, heavy: Path, tmp_path: Path
) -> None:
    (tmp_path / "outside").mkdir()
    (heavy / "way").symlink_to(tmp_path / "outside")
    git(heavy, "add", "way")
    git(heavy, "commit", "-q", "-m", "a link where the way would go")
    (heavy / "way").unlink()
    write(heavy / ".gitignore", "way/\n")
    write(heavy / "way/cache/x", "x")
    assert made(manager, heavy, links=("way/cache",)).linked == ()
    assert not list((tmp_path / "outside").iterdir())


@pytest.fixture
def wide(repo: Path) -> Path:
    for name in ("in/deep/a", "in/b", "out/c", "out/more/d", ".claude/settings.json"):
        write(repo / name, "{}")
    commit_all(repo, "wide")
    return repo


def files_of(top: Path) -> set[str]:
    found = (Path(base) / name for base, _, names in os.walk(top) for name in names)
    return {str(path.relative_to(top)) for path in found} - {".git"}


def test_a_sparse_worktree_has_only_what_was_named(manager: WorktreeManager, wide: Path) -> None:
    record = made(manager, wide, sparse=("in/deep", ".claude"))
    top = Path(record.path)
    assert record.sparse == ("in/deep", ".claude")
    assert "in/deep/a" in files_of(top)
    assert ".claude/settings.json" in files_of(top)
    assert not any(name.startswith("out/") for name in files_of(top))
    assert git(top, "status", "--porcelain") == ""
    assert manager.diff_stat(record).changes.files == 0
    write(top / "in/deep/new", "x\n")
    assert manager.diff_stat(record).changes.files == 1
    manager.delete(record, live_pids=none_alive)
    back = manager.restore("s1")
    assert "in/deep/new" in files_of(Path(back.path))
    assert not (Path(back.path) / "out").exists()
    assert git(back.path, "status", "--porcelain") == "?? in/deep/new"
    assert git(back.path, "sparse-checkout", "list").split() == [".claude", "in/deep"]


def test_the_main_checkout_does_not_become_sparse(manager: WorktreeManager, wide: Path) -> None:
    def files() -> dict[str, tuple[str, int, bytes]]:
        ours = (".claude/worktrees", ".git/")
        return {n: v for n, v in snapshot_of(wide).items() if not n.startswith(ours)}

    before, config = files(), git(wide, "config", "--local", "--list").split("\n")
    index = (wide / ".git/index").read_bytes()
    made(manager, wide, sparse=("in/deep",))
    assert files() == before
    assert (wide / ".git/index").read_bytes() == index
    assert git(wide, "status", "--porcelain") == ""
    added = set(git(wide, "config", "--local", "--list").split("\n")) - set(config)
    assert added <= {"extensions.worktreeconfig=true"}
    assert git(wide, "ls-files", "-t").count("S ") == 0
    git(wide, "checkout", "-q", "--detach", "HEAD~1")
    git(wide, "checkout", "-q", "main")
    assert (wide / "out/more/d").exists()
    full = made(manager, wide, "s2")
    assert "out/more/d" in files_of(Path(full.path))


def test_the_trust_of_a_sparse_worktree_is_that_of_its_base(
    manager: WorktreeManager, wide: Path
) -> None:
    record = made(manager, wide, sparse=("in/deep", ".claude"))
    found = manager.resolve(str(wide))
    commit = record.started_at
    assert manager.executable_config(found, commit).digest == (
        manager.executable_config(found, commit, worktree=record.path).digest
    )


# --- settings -----------------------------------------------------------------------------


def settings(path: Path, **worktree: object) -> Path:
    return write(path, json.dumps({"worktree": worktree}))


def test_the_order_of_the_settings_is_claudes(
    repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claude_settings, "MANAGED", tmp_path / "managed.json")
    home = {"HOME": str(tmp_path / "own")}
    settings(tmp_path / "own/.claude/settings.json", baseRef="head", symlinkDirectories=["a"])
    assert read_wishes(repo, home, accepted=True).base == "head"
    settings(repo / ".claude/settings.json", baseRef="fresh", symlinkDirectories=["b", "a"])
    assert read_wishes(repo, home, accepted=True).base == "fresh"
    settings(repo / ".claude/settings.local.json", baseRef="head", sparsePaths=["x/", "y"])
    found = read_wishes(repo, home, accepted=True)
    assert (found.base, found.links, found.sparse) == ("head", ("a", "b"), ("x", "y", ".claude"))
    settings(tmp_path / "managed.json", baseRef="fresh")
    assert read_wishes(repo, home, accepted=True).base == "fresh"
    other = {**home, "CLAUDE_CONFIG_DIR": str(tmp_path / "elsewhere")}
    assert read_wishes(repo, other, accepted=True).links == ("b", "a")


def test_a_repositorys_settings_count_only_when_accepted(repo: Path, tmp_path: Path) -> None:
    settings(repo / ".claude/settings.json", baseRef="head", symlinkDirectories=["b"])
    settings(repo / ".claude/settings.local.json", sparsePaths=["x"])
    found = read_wishes(repo, {"HOME": str(tmp_path)}, accepted=False)
    assert (found.base, found.links, found.sparse, found.notes) == ("", (), (), ())


@pytest.mark.parametrize(
    "content",
    ["", "[]", "{", '{"worktree": 3}', '{"worktree": {"baseRef": 3, "sparsePaths": "x"}}',
     '{"worktree": {"symlinkDirectories": [1]}}', "[" * 100_000],
)  # fmt: skip
def test_settings_of_the_wrong_form_are_not_used(content: str, repo: Path, tmp_path: Path) -> None:
    write(repo / ".claude/settings.json", content)
    found = read_wishes(repo, {"HOME": str(tmp_path)}, accepted=True)
    assert (found.base, found.links, found.sparse) == ("", (), ())


@given(st.lists(st.text() | st.sampled_from(["../x", "/x", '"x', "!x", "#x", "a\nb", "x/.git"])))
def test_no_sparse_path_leads_outside(tmp_path_factory: pytest.TempPathFactory, paths: list[str]
) -> None:  # fmt: skip
    main = tmp_path_factory.mktemp("sparse")
    settings(main / ".claude/settings.json", sparsePaths=paths)
    for path in read_wishes(main, {}, accepted=True).sparse:
        assert not path.startswith(("/", '"', "!", "#"))
        assert not {"..", ".", "", ".git"} & set(path.split("/"))
        assert path.isprintable()
