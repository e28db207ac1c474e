"""Filters that only the repository's configuration names, as `git-crypt unlock` writes them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from parallel_agents.core.errors import RefusedError
from parallel_agents.core.worktree import WorktreeRecord
from parallel_agents.worktrees.manager import WorktreeManager
from parallel_agents.worktrees.plumbing.git import Git
from tests.worktrees.conftest import commit_all, git, none_alive, whole_patch, write

SECRET = "the plain secret\n"
ENCODE = '#!/bin/sh\ncase "$1" in clean) base64 ;; *) base64 -d ;; esac\n'


@pytest.fixture
def accepted() -> set[str]:
    """The hashes that the person accepted."""
    return set()


@pytest.fixture
def manager(tmp_path: Path, accepted: set[str]) -> Iterator[WorktreeManager]:
    yield WorktreeManager(tmp_path / "state", accepts=accepted.__contains__)
    Git.accepts = None


@pytest.fixture
def vault(repo: Path, home: Path) -> Path:
    """The repository with a file that git stores in another form."""
    program = write(home / "vault", ENCODE)
    program.chmod(0o755)
    install(repo, str(program))
    write(repo / ".gitattributes", "secrets/** filter=vault\n")
    write(repo / "secrets/key.txt", SECRET)
    commit_all(repo, "secrets")
    assert "secret" not in git(repo, "show", "HEAD:secrets/key.txt")
    return repo


def install(repo: Path, program: str, *where: str) -> None:
    git(repo, "config", *where, "filter.vault.clean", f"{program} clean")
    git(repo, "config", *where, "filter.vault.smudge", f"{program} smudge")
    git(repo, "config", *where, "filter.vault.required", "true")


Accept = Callable[[], None]


@pytest.fixture
def accept(manager: WorktreeManager, repo: Path, accepted: set[str]) -> Accept:
    """Accept what the repository would run now."""

    def accept() -> None:
        found = manager.resolve(str(repo))
        config = manager.executable_config(found, found.head or "")
        accepted.update(file.digest for file in config.files if file.origin == "git")

    return accept


def shown(manager: WorktreeManager, record: WorktreeRecord) -> str:
    stat = manager.diff_stat(record)
    return "\n".join([stat.against, *(f.path for f in stat.files), whole_patch(manager, record)])


def test_the_lines_are_shown_and_hashed(manager: WorktreeManager, vault: Path) -> None:
    found = manager.resolve(str(vault))
    before = manager.executable_config(found, found.head or "")
    (lines,) = [file for file in before.files if file.origin == "git"]
    assert "filter.vault.smudge = " in lines.text
    git(vault, "config", "filter.vault.smudge", "cat")
    assert manager.executable_config(found, found.head or "").digest != before.digest


def test_an_accepted_filter_is_used(
    manager: WorktreeManager, make: Callable[..., WorktreeRecord], vault: Path, accept: Accept
) -> None:
    accept()
    record = make()
    key = Path(record.path, "secrets/key.txt")
    assert key.read_text() == SECRET
    key.touch()
    git(record.path, "add", "-A")
    assert git(record.path, "status", "--porcelain") == ""
    assert manager.diff_stat(record).changes.files == 0
    write(Path(record.path, "secrets/new.txt"), "another secret\n")
    assert "secrets/new.txt" in shown(manager, record)
    assert "another secret" not in shown(manager, record)
    entry = manager.delete(record, live_pids=none_alive)
    assert "another" not in git(vault, "show", f"{entry.refs[0]}:secrets/new.txt")
    manager.restore("s1")
    assert Path(record.path, "secrets/new.txt").read_text() == "another secret\n"


def test_without_acceptance_nothing_is_made(
    manager: WorktreeManager, make: Callable[..., WorktreeRecord], vault: Path
) -> None:
    found = manager.resolve(str(vault))
    base = manager.resolve_base(found, "head")
    with pytest.raises(RefusedError, match=r"secrets/key\.txt.*vault") as early:
        manager.check_filters(found, base, accepted=True)
    assert "parallel-agents trust" in early.value.hint
    with pytest.raises(RefusedError, match="vault"):
        make()
    assert git(vault, "worktree", "list").count("\n") == 0
    assert git(vault, "branch", "--list", "worktree-*") == ""


def test_a_filter_that_no_path_of_the_base_uses_hinders_nothing(
    manager: WorktreeManager, make: Callable[..., WorktreeRecord], repo: Path, canary: Path
) -> None:
    install(repo, str(canary))
    found = manager.resolve(str(repo))
    manager.check_filters(found, manager.resolve_base(found, "head"), accepted=True)
    assert make().path


def test_a_filter_for_worktrees_alone_is_no_way_around(
    manager: WorktreeManager, make: Callable[..., WorktreeRecord], vault: Path
) -> None:
    git(vault, "config", "--remove-section", "filter.vault")
    install(vault, "cat", "-f", str(vault / ".git/more"))
    git(vault, "config", "includeIf.gitdir:**/worktrees/**.path", "more")
    with pytest.raises(RefusedError, match="vault"):
        make()


def test_a_filter_of_the_work_tree_counts_with_its_content(
    manager: WorktreeManager,
    make: Callable[..., WorktreeRecord],
    vault: Path,
    accept: Accept,
    tmp_path: Path,
    canary: Path,
) -> None:
    write(vault / "tools/vault", ENCODE).chmod(0o755)
    install(vault, "tools/vault")
    commit_all(vault, "tools")
    accept()
    record = make()
    top = Path(record.path)
    assert (top / "secrets/key.txt").read_text() == SECRET
    assert manager.diff_stat(record).changes.files == 0
    write(top / "tools/vault", canary.read_bytes())
    write(top / "secrets/key.txt", "changed secret\n")
    write(top / "secrets/new.txt", "another secret\n")
    told = shown(manager, record)
    assert "tools/vault" in told
    assert "without secrets/key.txt, secrets/new.txt" in told
    assert "changed secret" not in told
    assert "another secret" not in told
    entry = manager.delete(record, live_pids=none_alive)
    assert "secrets/new.txt" not in git(vault, "ls-tree", "-r", "--name-only", entry.refs[0])
    assert not (tmp_path / "sang").exists()
    manager.restore("s1")
    assert (top / "secrets/new.txt").read_text() == "another secret\n"
    assert (top / "secrets/key.txt").read_text() == "changed secret\n"


@pytest.mark.parametrize("how", ["other lines", "attributes dropped", "worktree's own lines"])
def test_a_filter_that_is_changed_later_gives_nothing_away(
    how: str,
    manager: WorktreeManager,
    make: Callable[..., WorktreeRecord],
    vault: Path,
    accept: Accept,
    tmp_path: Path,
    canary: Path,
) -> None:
    accept()
    record = make()
    if how == "other lines":
        git(vault, "config", "filter.vault.clean", str(canary))
    elif how == "attributes dropped":
        write(Path(record.path, ".gitattributes"), "")
    else:
        git(vault, "config", "extensions.worktreeConfig", "true")
        git(record.path, "config", "--worktree", "filter.vault.clean", str(canary))
    Path(record.path, "secrets/key.txt").touch()
    told = shown(manager, record)
    assert "without secrets/key.txt" in told
    assert SECRET.strip() not in told
    manager.delete(record, live_pids=none_alive)
    assert git(vault, "grep", "-c", SECRET.strip(), *trash_refs(vault), ok=(0, 1)) == ""
    assert not (tmp_path / "sang").exists()


def trash_refs(repo: Path) -> list[str]:
    return git(repo, "for-each-ref", "--format=%(refname)", "refs/parallel-agents").split("\n")


def test_a_pull_request_is_accepted_at_its_commit(
    manager: WorktreeManager, vault: Path, accept: Accept
) -> None:
    from parallel_agents.core.value import replace

    accept()
    found = manager.resolve(str(vault))
    pull = replace(manager.resolve_base(found, "head"), name="#12", stranger=True)
    manager.check_filters(found, pull, accepted=True)
    with pytest.raises(RefusedError) as caught:
        manager.check_filters(found, pull, accepted=False)
    assert "--base '#12'" in caught.value.hint


@pytest.mark.parametrize(
    ("key", "value"), [("core.autocrlf", "true"), ("core.eol", "crlf"), ("core.safecrlf", "false")]
)
def test_line_ends_are_as_the_agents_git_makes_them(
    key: str, value: str, manager: WorktreeManager, make: Callable[..., WorktreeRecord], repo: Path
) -> None:
    write(repo / ".gitattributes", "*.txt text\n*.u16 text working-tree-encoding=UTF-16LE\n")
    write(repo / "b.u16", "wide\n".encode("utf-16-le"))
    commit_all(repo, "attributes")
    git(repo, "config", key, value)
    record = make()
    for name in ("a.txt", "b.u16"):
        Path(record.path, name).touch()
    assert git(record.path, "status", "--porcelain") == ""
    assert manager.diff_stat(record).changes.files == 0


@pytest.mark.parametrize("where", ["info/attributes", "core.attributesFile", "a macro"])
def test_attributes_are_found_wherever_they_are(
    where: str,
    manager: WorktreeManager,
    make: Callable[..., WorktreeRecord],
    vault: Path,
    accept: Accept,
) -> None:
    """nbstripout writes its attributes beside its filter, where no commit has them."""
    lines = "secrets/** filter=vault\n"
    if where == "a macro":
        lines = "[attr]hidden filter=vault\nsecrets/** hidden\n"
        write(vault / ".gitattributes", lines)
    else:
        (vault / ".gitattributes").unlink()
        write(
            vault / ".git/info/attributes" if where.startswith("info") else vault / ".git/a", lines
        )
        if where.startswith("core"):
            git(vault, "config", "core.attributesFile", str(vault / ".git/a"))
    commit_all(vault, "attributes")
    with pytest.raises(RefusedError, match="vault"):
        make("s0", "refused")
    accept()
    record = make()
    assert Path(record.path, "secrets/key.txt").read_text() == SECRET
    assert manager.diff_stat(record).changes.files == 0
    git(vault, "config", "filter.vault.clean", "cat")
    assert SECRET.strip() not in shown(manager, record)
