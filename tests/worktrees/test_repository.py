"""Which repository, which base, which name."""

import os
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from parallel_agents.core.errors import GitError, RefusedError, RepositoryError, UsageError
from parallel_agents.worktrees.manager import WorktreeManager
from parallel_agents.worktrees.plumbing import naming
from tests.worktrees.conftest import Make, commit_all, git, write

AWKWARD = [
    "with space",
    "quote'\"",
    "new\nline",
    "-leading",
    "ünïcode",
    "bidi\u202eevil",
    "$(touch pwned)",
    ":(top)x",
    "star*[a]?",
    "tail ",
    "back\\slash",
]
LATIN1 = os.fsdecode(b"latin-\xe9.txt")


@pytest.mark.parametrize("name", [*AWKWARD, os.fsdecode(b"latin-\xe9")])
def test_a_repository_with_an_awkward_name(
    name: str, manager: WorktreeManager, make: Make, repo: Path, tmp_path: Path
) -> None:
    moved = tmp_path / "in" / name
    moved.parent.mkdir()
    repo.rename(moved)
    record = make(at=moved)
    assert record.root == str(moved)
    write(Path(record.path) / "new.txt", "x\n")
    assert manager.diff_stat(record).changes.insertions == 1
    assert manager.verify(record) is None
    manager.delete(record, live_pids=list)
    assert manager.verify(manager.restore("s1")) is None
    for command in manager.land_commands(record)[:2]:
        assert os.system(command) == 0
    assert (moved / "new.txt").read_text() == "x\n"
    assert not (tmp_path / "pwned").exists()


def test_from_a_subdirectory_a_symlink_and_a_linked_checkout(
    manager: WorktreeManager, make: Make, repo: Path, tmp_path: Path
) -> None:
    (tmp_path / "by-link").symlink_to(repo)
    git(repo, "worktree", "add", "-q", "-b", "dev", str(tmp_path / "linked"))
    own = commit_all(tmp_path / "linked", "on dev")
    inside = manager.resolve(str(repo / "src"))
    assert (inside.root, inside.checkout, inside.branch) == (str(repo), str(repo), "main")
    assert manager.resolve(str(tmp_path / "by-link")) == manager.resolve(str(repo))
    linked = manager.resolve(str(tmp_path / "linked"))
    assert (linked.root, linked.checkout) == (str(repo), str(tmp_path / "linked"))
    assert (linked.head, linked.branch) == (own, "dev")
    record = make(at=tmp_path / "linked")
    assert record.path == str(repo / ".claude/worktrees/fix-login")
    assert (record.base, record.base_commit) == ("dev", own)


def test_a_session_started_in_a_sessions_worktree(make: Make, repo: Path) -> None:
    first = make()
    own = commit_all(first.path, "mine")
    second = make("s2", "other", at=Path(first.path))
    assert second.base_commit == own
    assert second.path == str(repo / ".claude/worktrees/other")


def test_a_bare_hub(manager: WorktreeManager, make: Make, repo: Path, tmp_path: Path) -> None:
    hub = tmp_path / "hub"
    hub.mkdir()
    git(tmp_path, "clone", "-q", "--bare", str(repo), str(hub / ".bare"))
    write(hub / ".git", "gitdir: ./.bare\n")
    with pytest.raises(RepositoryError, match="without a checkout"):
        manager.resolve(str(hub))
    git(hub, "worktree", "add", "-q", "main", "main")
    found = manager.resolve(str(hub / "main" / "src"))
    assert (found.root, found.checkout, found.bare) == (str(hub / ".bare"), str(hub / "main"), True)
    record = make(at=hub / "main")
    assert record.path == str(hub / ".bare/.claude/worktrees/fix-login")
    write(Path(record.path) / "x", "x\n")
    assert manager.diff_stat(record).changes.files == 1
    assert git(hub / "main", "status", "--porcelain") == ""
    assert manager.main_fingerprint(record.root) == manager.main_fingerprint(record.root)
    manager.delete(record, live_pids=list)
    assert manager.verify(manager.restore("s1")) is None
    from_hub = manager.resolve(str(hub))
    assert from_hub.checkout == str(hub / "main")
    assert any("bare" in note for note in from_hub.notes)


def test_what_cannot_hold_a_worktree(manager: WorktreeManager, tmp_path: Path) -> None:
    with pytest.raises(RepositoryError, match="no directory"):
        manager.resolve(str(tmp_path / "missing"))
    with pytest.raises(RepositoryError, match="no directory"):
        manager.resolve("a\0b")
    plain = tmp_path / "plain"
    plain.mkdir()
    with pytest.raises(RepositoryError, match="not in a git repository") as caught:
        manager.resolve(str(plain))
    assert "git init" in caught.value.hint
    git(plain, "init", "-q")
    with pytest.raises(RepositoryError, match="no commit yet") as caught:
        manager.resolve(str(plain))
    assert "git commit" in caught.value.hint


def test_a_submodule_is_refused(manager: WorktreeManager, repo: Path, tmp_path: Path) -> None:
    git(repo, "-c", "protocol.file.allow=always", "submodule", "add", "-q", str(repo), "sub")
    with pytest.raises(RepositoryError, match="main worktree") as caught:
        manager.resolve(str(repo / "sub"))
    assert "outer repository" in caught.value.hint
    separate = tmp_path / "separate"
    git(tmp_path, "clone", "-q", f"--separate-git-dir={tmp_path / 'g'}", str(repo), str(separate))
    with pytest.raises(RepositoryError, match="main worktree"):
        manager.resolve(str(separate))


@pytest.mark.parametrize("which", [".claude", ".claude/worktrees"])
def test_a_symlink_in_the_way_is_refused(
    which: str, manager: WorktreeManager, make: Make, repo: Path, tmp_path: Path
) -> None:
    (tmp_path / "dotfiles").mkdir()
    (repo / which).parent.mkdir(exist_ok=True)
    (repo / which).symlink_to(tmp_path / "dotfiles")
    with pytest.raises(RefusedError, match="symbolic link"):
        make()
    assert not list((tmp_path / "dotfiles").iterdir())
    assert git(repo, "branch", "--format=%(refname:short)") == "main"
    if which == ".claude":
        assert any("symbolic link" in note for note in manager.resolve(str(repo)).notes)


def test_bases(manager: WorktreeManager, repo: Path) -> None:
    first = git(repo, "rev-parse", "HEAD")
    git(repo, "tag", "-a", "-m", "t", "v1")
    git(repo, "branch", "feature/x")
    second = commit_all(repo, "second")
    found = manager.resolve(str(repo))

    def base(name: str) -> tuple[str, str | None, str]:
        result = manager.resolve_base(found, name)
        return result.name, result.ref, result.commit

    assert base("head") == ("main", "refs/heads/main", second)
    assert base("main") == ("main", "refs/heads/main", second)
    assert base("feature/x") == ("feature/x", "refs/heads/feature/x", first)
    assert base("v1") == ("v1", "refs/tags/v1", first)
    assert base(first[:8]) == (first[:12], None, first)
    assert base("HEAD~1") == ("HEAD~1", None, first)
    for missing in ("nope", "--output=x", "-", "", "a\0b", "a\nb", "ext::sh", "x" * 300):
        with pytest.raises(GitError, match="names no commit") as caught:
            manager.resolve_base(found, missing)
        assert caught.value.hint
    with pytest.raises(UsageError, match="no remote"):
        manager.resolve_base(found, "#12")


def test_head_may_be_detached(manager: WorktreeManager, make: Make, repo: Path) -> None:
    git(repo, "checkout", "-q", "--detach")
    found = manager.resolve(str(repo))
    assert found.branch is None
    assert manager.resolve_base(found, "head").ref is None
    assert make().base_ref is None


def clone(repo: Path, tmp_path: Path) -> Path:
    git(tmp_path, "clone", "-q", str(repo), str(tmp_path / "clone"))
    return tmp_path / "clone"


def test_fresh_fetches_the_default_branch_once_a_day(
    manager: WorktreeManager, repo: Path, tmp_path: Path
) -> None:
    mine = clone(repo, tmp_path)
    newer = commit_all(repo, "newer")
    found = manager.resolve(str(mine))
    base = manager.resolve_base(found, "fresh")
    assert (base.name, base.ref, base.commit) == ("origin/main", "refs/remotes/origin/main", newer)
    assert base.note == ""
    newest = commit_all(repo, "newest")
    assert manager.resolve_base(found, "fresh").commit == newer
    old = (mine / ".git/FETCH_HEAD").stat().st_mtime - 25 * 3600
    os.utime(mine / ".git/FETCH_HEAD", (old, old))
    assert manager.resolve_base(found, "fresh").commit == newest


def test_fresh_asks_an_unknown_remote_for_its_default_branch(
    manager: WorktreeManager, repo: Path, tmp_path: Path
) -> None:
    mine = clone(repo, tmp_path)
    git(mine, "remote", "set-head", "origin", "--delete")
    assert manager.resolve_base(manager.resolve(str(mine)), "fresh").name == "origin/main"


def test_fresh_works_offline(manager: WorktreeManager, repo: Path, tmp_path: Path) -> None:
    mine = clone(repo, tmp_path)
    head = git(repo, "rev-parse", "HEAD")
    repo.rename(tmp_path / "gone")
    base = manager.resolve_base(manager.resolve(str(mine)), "fresh")
    assert (base.name, base.commit) == ("origin/main", head)
    assert "could not be fetched" in base.note
    assert "last known origin/main" in base.note


def test_fresh_without_a_remote_is_the_local_head(manager: WorktreeManager, repo: Path) -> None:
    base = manager.resolve_base(manager.resolve(str(repo)), "fresh")
    assert base.name == "main"
    assert "no remote" in base.note


@given(st.text())
def test_every_text_gives_a_slug(text: str) -> None:
    assert naming.SLUG.fullmatch(naming.plain(text))


@given(st.sets(st.integers(1, 30)))
def test_a_free_slug_is_free(numbers: set[int]) -> None:
    long = "a" * 40
    used = frozenset(long if n == 1 else long[: 39 - len(str(n))] + f"-{n}" for n in numbers)
    found = naming.free(long, used)
    assert found not in used
    assert naming.SLUG.fullmatch(found)


def test_slugs(manager: WorktreeManager, make: Make, repo: Path) -> None:
    found = manager.resolve(str(repo))
    assert manager.slug(found, "Please fix the Über-login, and then more words here") == (
        "fix-uber-login-then-more"
    )
    assert manager.slug(found, "日本") == "session"
    assert manager.slug(found, "日本") == "session-2"
    make(text="taken")
    assert WorktreeManager(repo.parent / "other").slug(found, "Taken!") == "taken-2"
    git(repo, "branch", "worktree-branchy/below")
    assert manager.slug(found, "branchy") == "branchy-2"


def test_names_of_others_are_refused(manager: WorktreeManager, make: Make, repo: Path) -> None:
    make(text="one")
    found = manager.resolve(str(repo))
    base = manager.resolve_base(found, "head")
    git(repo, "branch", "mine")
    with pytest.raises(RefusedError, match="branch mine exists"):
        manager.create(found, session="s2", slug="two", base=base, branch="mine")
    with pytest.raises(RefusedError, match="exists already"):
        manager.create(found, session="s2", slug="one", base=base, branch="x")
    for branch in ("-x", "a..b", "x.lock", "a b", "@{-1}"):
        with pytest.raises(RefusedError, match="cannot name a branch"):
            manager.create(found, session="s2", slug="two", base=base, branch=branch)
    for slug in ("../x", "A", "", "a/b", "-x", "x" * 41):
        with pytest.raises(UsageError):
            manager.create(found, session="s2", slug=slug, base=base)
    with pytest.raises(UsageError):
        manager.create(found, session="../s", slug="two", base=base)
    record = manager.create(found, session="s2", slug="two", base=base, branch="feature/two")
    assert git(record.path, "symbolic-ref", "HEAD") == "refs/heads/feature/two"


def test_completion(manager: WorktreeManager, repo: Path) -> None:
    git(repo, "branch", "feature/x")
    git(repo, "tag", "v1")
    assert manager.refs(str(repo), "") == ("feature/x", "main", "v1")
    assert manager.refs(str(repo), "fea") == ("feature/x",)
    assert len(manager.refs(str(repo), "", limit=2)) == 2
    write(repo / LATIN1, "x")
    write(repo / "x.log", "ignored")
    assert manager.files(str(repo), "src/") == ("src/b.py",)
    assert manager.files(str(repo), "b.") == ("src/b.py",)
    assert manager.files(str(repo), "latin") == (LATIN1,)
    assert "x.log" not in manager.files(str(repo), "")


def test_progress_is_told(manager: WorktreeManager, repo: Path) -> None:
    for number in range(60):
        write(repo / f"many/{number}.txt", f"{number}\n")
    commit_all(repo, "many")
    told: list[tuple[int, int]] = []
    found = manager.resolve(str(repo))
    manager.create(
        found, session="s", slug="x", base=manager.resolve_base(found, "head"),
        progress=lambda done, total: told.append((done, total)),
    )  # fmt: skip
    assert told[-1] == (65, 65)


def test_a_cancelled_creation_leaves_nothing(manager: WorktreeManager, repo: Path) -> None:
    found = manager.resolve(str(repo))
    base = manager.resolve_base(found, "head")
    with pytest.raises(GitError, match="cancelled"):
        manager.create(found, session="s", slug="x", base=base, cancelled=lambda: True)
    assert git(repo, "branch", "--format=%(refname:short)") == "main"
    assert not (repo / ".claude/worktrees/x").exists()
    manager.create(found, session="s", slug="x", base=base)


def test_creation_in_a_repository_with_submodules(
    manager: WorktreeManager, make: Make, repo: Path, tmp_path: Path
) -> None:
    git(tmp_path, "clone", "-q", str(repo), str(tmp_path / "other"))
    git(repo, "submodule", "add", "-q", str(tmp_path / "other"), "sub")
    commit_all(repo, "submodule")
    record = make()
    assert not list(Path(record.path, "sub").iterdir())
    assert manager.diff_stat(record).changes.files == 0
    manager.delete(record, live_pids=list)
    assert manager.verify(manager.restore("s1")) is None


def test_what_a_killed_creation_left_can_be_cleaned(
    manager: WorktreeManager, repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.worktrees.test_failpoints import fail_at

    fail_at("create.added", "kill", repo.parent / "state", repo)
    found = manager.resolve(str(repo))
    assert (repo / ".claude/worktrees/fix-login").exists()
    manager.clean_unfinished(found)
    assert not (repo / ".claude/worktrees/fix-login").exists()
    assert git(repo, "branch", "--format=%(refname:short)") == "main"
    manager.clean_unfinished(found)
