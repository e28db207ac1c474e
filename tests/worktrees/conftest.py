"""Real git in a home of its own."""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from parallel_agents.core.worktree import Repository, WorktreeRecord
from parallel_agents.worktrees.manager import WorktreeManager


def git(
    directory: Path | str,
    *args: str,
    env: dict[str, str] | None = None,
    ok: tuple[int, ...] = (0,),
) -> str:
    """Run git as the person would, and give what it prints."""
    done = subprocess.run(
        ["git", "-C", str(directory), *args],
        capture_output=True,
        check=False,
        stdin=subprocess.DEVNULL,
        env={**os.environ, **(env or {})},
    )
    assert done.returncode in ok, (args, done.stderr)
    return done.stdout.decode("utf-8", "surrogateescape").removesuffix("\n")


def commit_all(directory: Path | str, message: str) -> str:
    git(directory, "add", "-A")
    git(directory, "commit", "-q", "--allow-empty", "-m", message)
    return git(directory, "rev-parse", "HEAD")


def write(path: Path, content: str | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A fresh HOME with an identity, and nothing of git inherited."""
    home = tmp_path / "home"
    home.mkdir()
    for name in list(os.environ):
        if name.startswith("GIT_") and name != "GIT_PYTHON_REFRESH":
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / ".config"))
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(home / ".gitconfig"))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.delenv("PA_FAILPOINT", raising=False)
    write(
        home / ".gitconfig",
        "[user]\n name = Somebody\n email = somebody@example.org\n"
        '[init]\n defaultBranch = main\n[protocol "file"]\n allow = always\n',
    )
    return home


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with one commit, to be copied: git makes it once for all tests."""
    root = tmp_path_factory.mktemp("template") / "repo"
    root.mkdir()
    git(root, "init", "-q", "-b", "main")
    write(root / "a.txt", "one\ntwo\nthree\n")
    write(root / "src/b.py", "print('b')\n")
    write(root / "run.sh", "#!/bin/sh\n").chmod(0o755)
    (root / "link").symlink_to("a.txt")
    write(root / ".gitignore", "*.log\n.env\nnode_modules/\nignored/\n")
    identity = {
        f"GIT_{who}_{what}": "Somebody"
        for who in ("AUTHOR", "COMMITTER")
        for what in ("NAME", "EMAIL")
    }
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "first", env=identity)
    return root


@pytest.fixture
def repo(template: Path, tmp_path: Path) -> Path:
    """A repository with one commit."""
    root = tmp_path / "repo"
    shutil.copytree(template, root, symlinks=True)
    git(root, "update-index", "-q", "--refresh")
    return root


@pytest.fixture
def manager(tmp_path: Path) -> WorktreeManager:
    return WorktreeManager(tmp_path / "state")


Make = Callable[..., WorktreeRecord]


@pytest.fixture
def make(manager: WorktreeManager, repo: Path) -> Make:
    """Make a worktree on `head`."""

    def make(
        session: str = "s1", text: str = "fix login", at: Path | None = None
    ) -> WorktreeRecord:
        found: Repository = manager.resolve(str(at or repo))
        return manager.create(
            found,
            session=session,
            slug=manager.slug(found, text),
            base=manager.resolve_base(found, "head"),
        )

    return make


@pytest.fixture
def canary(tmp_path: Path) -> Path:
    """A program that leaves a mark when it is run, and passes its input on."""
    program = write(tmp_path / "canary", f"#!/bin/sh\necho \"$0 $*\" >> '{tmp_path}/sang'\ncat\n")
    program.chmod(0o755)
    return program


def whole_patch(manager: WorktreeManager, record: WorktreeRecord, *, exact: bool = False) -> str:
    """The patch of everything, as it is now."""
    return manager.diff_patch(record, manager.diff_stat(record).parts, exact=exact)


def one_patch(manager: WorktreeManager, record: WorktreeRecord, path: str) -> str:
    """The patch of one file, as it is now."""
    stat = manager.diff_stat(record)
    before = [file.old_path for file in stat.files if file.path == path and file.old_path]
    return manager.diff_file(record, stat.parts, [path, *before])


def every_patch(manager: WorktreeManager, record: WorktreeRecord) -> dict[str, str]:
    """The patches of all files that are compared, by path, as they are now."""
    stat = manager.diff_stat(record)
    return {
        file.path: manager.diff_file(
            record, stat.parts, [name for name in (file.path, file.old_path) if name]
        )
        for file in stat.files
        if not file.note
    }


def none_alive() -> list[int]:
    return []


def snapshot_of(top: Path) -> dict[str, tuple[str, int, bytes]]:
    """Everything below a directory: kind, rights, content; `.git` of the top left out."""
    found: dict[str, tuple[str, int, bytes]] = {}
    for path in sorted(top.rglob("*")):
        name = str(path.relative_to(top))
        if name == ".git":
            continue
        if path.is_symlink():
            found[name] = ("link", 0, os.fsencode(path.readlink()))
        elif path.is_dir():
            found[name] = ("directory", path.stat().st_mode, b"")
        else:
            found[name] = ("file", path.stat().st_mode, path.read_bytes())
    return found
