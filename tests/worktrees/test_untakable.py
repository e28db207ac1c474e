"""What git cannot take is no reason to refuse: the directory is kept anyway, and it is named."""

from __future__ import annotations

import os
import socket
import stat
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from parallel_agents.core.worktree import TrashEntry, WorktreeRecord
from parallel_agents.worktrees.look import capture, unread
from parallel_agents.worktrees.look.identity import admin_dir
from parallel_agents.worktrees.manager import WorktreeManager
from tests.support.ordinary import give_away, ordinary
from tests.worktrees.conftest import (
    Make,
    commit_all,
    every_patch,
    git,
    none_alive,
    one_patch,
    whole_patch,
    write,
)

Item = tuple[str, int, bytes]


@dataclass(frozen=True)
class Scene:
    """A worktree in which something odd is made."""

    repo: Path
    record: WorktreeRecord

    @property
    def top(self) -> Path:
        return Path(self.record.path)

    @property
    def admin(self) -> Path:
        return admin_dir(self.record)

    @property
    def state(self) -> Path:
        return self.repo.parent / "state"


@pytest.fixture
def scene(make: Make, repo: Path) -> Scene:
    scene = Scene(repo, make())
    write(scene.top / "committed.txt", "committed\n")
    commit_all(scene.top, "committed")
    write(scene.top / "committed.txt", "changed\n")
    write(scene.top / "new.txt", "new\n")
    write(scene.top / "staged.txt", "staged\n")
    git(scene.top, "add", "staged.txt")
    return scene


def content_of(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except PermissionError:
        return b"closed"


def all_of(top: Path) -> dict[str, Item]:
    """Everything in a directory; of what may not be read, that it is there."""
    found: dict[str, Item] = {"": ("directory", stat.S_IMODE(top.lstat().st_mode), b"")}
    for folder, below, names in os.walk(top):
        for name in (*below, *names):
            path = Path(folder, name)
            mode = path.lstat().st_mode
            content = b""
            if stat.S_ISREG(mode) and name != ".git":
                content = content_of(path)
            elif stat.S_ISLNK(mode):
                content = os.fsencode(path.readlink())
            key = os.path.relpath(path, top)
            found[key] = (oct(stat.S_IFMT(mode)), stat.S_IMODE(mode), content)
    return found


def _closed_file(s: Scene) -> str:
    write(s.top / "secret", "secret").chmod(0)
    return "secret (cannot be read: Permission denied)"


def _closed_tracked_file(s: Scene) -> str:
    write(s.top / "src/b.py", "changed, and closed").chmod(0)
    return "src/b.py (cannot be read: Permission denied)"


def _another_users_file(s: Scene) -> str:
    path = write(s.top / "theirs", "theirs")
    path.chmod(0o600)
    give_away(path)
    return "theirs (cannot be read: Permission denied)"


def _closed_directory(s: Scene) -> str:
    write(s.top / "closed/file", "inside").parent.chmod(0)
    return "directories that cannot be read: closed"


def _closed_tracked_directory(s: Scene) -> str:
    write(s.top / "src/b.py", "changed inside")
    (s.top / "src").chmod(0)
    return "directories that cannot be read: src"


def _fifo(s: Scene) -> str:
    os.mkfifo(s.top / "fifo")
    return ""


def _tracked_file_becomes_fifo(s: Scene) -> str:
    (s.top / "a.txt").unlink()
    os.mkfifo(s.top / "a.txt")
    return "a.txt (no plain file)"


def _socket(s: Scene) -> str:
    here = Path.cwd()
    os.chdir(s.top)  # the path of a socket is short
    try:
        with socket.socket(socket.AF_UNIX) as made:
            made.bind("socket")
    finally:
        os.chdir(here)
    return ""


def _device(s: Scene) -> str:
    try:
        os.mknod(s.top / "null", stat.S_IFCHR | 0o600, os.makedev(1, 3))
    except PermissionError:
        pytest.skip("only root can make devices")
    return ""


def _line_ends(s: Scene) -> str:
    git(s.repo, "config", "core.autocrlf", "input")
    git(s.repo, "config", "core.safecrlf", "true")
    write(s.top / "windows.txt", "one\r\ntwo\r\n")
    return ""


def _encoding(s: Scene) -> str:
    write(s.top / ".gitattributes", "*.rc working-tree-encoding=UTF-16\n*.x text eol=crlf\n")
    write(s.top / "dialog.rc", "no UTF-16")
    write(s.top / "unknown.x", b"\xff\x00")
    return ""


def _unknown_encoding(s: Scene) -> str:
    write(s.top / ".gitattributes", "*.rc working-tree-encoding=no-such-encoding\n")
    write(s.top / "dialog.rc", "text")
    return ""


def _filter(s: Scene, command: str) -> str:
    """The person's own filter: it is in force, since it may be there to keep plain text out."""
    git(s.repo, "config", "--global", "filter.vault.clean", command)
    git(s.repo, "config", "--global", "filter.vault.smudge", command)
    git(s.repo, "config", "--global", "filter.vault.required", "true")
    write(s.top / ".gitattributes", "secrets/** filter=vault\n")
    write(s.top / "secrets/key", "PLAIN-TEXT-OF-THE-KEY")
    return "secrets/key (its filter vault failed)"


def _failing_filter(s: Scene) -> str:
    return _filter(s, "false")


def _missing_filter(s: Scene) -> str:
    return _filter(s, "/no/such/program")


def _odd_names(s: Scene) -> str:
    write(s.top / "git~1", "the short name of .git elsewhere")
    write(s.top / "sub/.GIT/x", "another way to write it")
    write(s.top / ".git .", "and another")
    return "git~1 (git takes no such name)"


def _broken_index(s: Scene) -> str:
    (s.admin / "index").write_bytes(b"DIRC, but nothing else")
    return "the index as it is, which git cannot read"


def _cut_index(s: Scene) -> str:
    content = (s.admin / "index").read_bytes()
    (s.admin / "index").write_bytes(content[: len(content) // 2])
    return "the index as it is, which git cannot read"


def _closed_index(s: Scene) -> str:
    (s.admin / "index").chmod(0)
    return "the index as it is, which git cannot read"


def _objects(s: Scene, *names: str) -> None:
    for name in names:
        oid = git(s.top, "rev-parse", name)
        (s.repo / f".git/objects/{oid[:2]}/{oid[2:]}").unlink()


def _missing_staged_object(s: Scene) -> str:
    _objects(s, ":staged.txt")
    (s.top / "staged.txt").unlink()
    return ""


def _missing_object_of_a_file_that_is_there(s: Scene) -> str:
    _objects(s, ":a.txt")
    return ""


def _missing_commit(s: Scene) -> str:
    _objects(s, "HEAD")
    return "the names of commits whose objects are missing"


def _missing_tree(s: Scene) -> str:
    _objects(s, "HEAD^{tree}")
    return "the names of commits whose objects are missing"


def _corrupt_object(s: Scene) -> str:
    oid = git(s.top, "rev-parse", "HEAD")
    path = s.repo / f".git/objects/{oid[:2]}/{oid[2:]}"
    path.chmod(0o644)
    path.write_bytes(b"not what it was")
    return "the names of commits whose objects are missing"


def _broken_head(s: Scene) -> str:
    (s.admin / "HEAD").write_text("what is this\n")
    return ""


def _broken_settings(s: Scene) -> str:
    with (s.repo / ".git/config").open("a") as file:
        file.write("[core\n")
    return "only the directory"


def _closed_objects(s: Scene) -> str:
    for folder in [s.repo / ".git/objects", *(s.repo / ".git/objects").iterdir()]:
        folder.chmod(0o500)
    return "only the directory"


def _closed_refs(s: Scene) -> str:
    (s.repo / ".git/refs").chmod(0o500)
    return "only the directory"


def _closed_worktree(s: Scene) -> str:
    s.top.chmod(0)
    return ""


def _read_only_worktree(s: Scene) -> str:
    s.top.chmod(0o500)
    return ""


def _closed_git_file(s: Scene) -> str:
    (s.top / ".git").chmod(0)
    return ""


def _closed_conflict(s: Scene) -> str:
    git(s.top, "stash", "push", "-q", "-u")
    git(s.top, "checkout", "-q", "-b", "theirs", "HEAD~")
    write(s.top / "a.txt", "theirs\n")
    commit_all(s.top, "theirs")
    git(s.top, "checkout", "-q", s.record.branch)
    write(s.top / "a.txt", "ours\n")
    commit_all(s.top, "ours")
    subprocess.run(["git", "-C", str(s.top), "merge", "theirs"], capture_output=True, check=False)
    (s.top / "a.txt").chmod(0)
    write(s.top / "committed.txt", "changed\n")
    write(s.top / "new.txt", "new\n")
    return "a.txt (cannot be read: Permission denied)"


def _broken_submodules(s: Scene) -> str:
    write(s.top / ".gitmodules", "<<<<<<< ours\n")
    return ""


def _closed_rules(s: Scene) -> str:
    (s.top / ".gitignore").chmod(0)
    write(s.top / "deep/.gitattributes", "* text\n").chmod(0)
    return "deep/.gitattributes (cannot be read: Permission denied)"


ODD: list[Callable[[Scene], str]] = [
    _closed_file, _closed_tracked_file, _another_users_file, _closed_directory,
    _closed_tracked_directory, _fifo, _tracked_file_becomes_fifo, _socket, _device, _line_ends,
    _encoding, _unknown_encoding, _failing_filter, _missing_filter, _odd_names, _broken_index,
    _cut_index, _closed_index, _missing_staged_object, _missing_object_of_a_file_that_is_there,
    _missing_commit, _missing_tree, _corrupt_object, _broken_head, _broken_settings,
    _closed_objects, _closed_refs, _closed_worktree, _read_only_worktree, _closed_git_file,
    _closed_rules, _closed_conflict, _broken_submodules,
]  # fmt: skip
_MENDED_FIRST = {_broken_settings}
"""Nothing of git works: it must be put right before the worktree comes back."""
_NO_DIFF = {
    _broken_index, _cut_index, _closed_index, _missing_commit, _missing_tree, _corrupt_object,
    _broken_head, _broken_settings, _closed_worktree, _closed_git_file, _closed_tracked_directory,
    _broken_submodules,
}  # fmt: skip
"""There is nothing to compare, or not all of it."""


def open_again(repo: Path) -> None:
    """Give the owner the rights back that a case took away in the repository."""
    subprocess.run(["chmod", "-R", "u+rwX", str(repo / ".git")], check=True)


@pytest.mark.parametrize("odd", ODD)
def test_it_is_deleted_and_comes_back(odd: Callable[[Scene], str], scene: Scene) -> None:
    told = odd(scene)
    before, index = all_of(scene.top), content_of(scene.admin / "index")

    def delete() -> TrashEntry:
        manager = WorktreeManager(scene.state)
        manager.own_work(scene.record)
        return manager.delete(scene.record, live_pids=none_alive)

    entry = ordinary(delete)
    assert told in " | ".join(entry.saved)
    assert not os.path.lexists(scene.top)
    if odd in _MENDED_FIRST:
        config = scene.repo / ".git/config"
        config.write_text(config.read_text().replace("[core\n", ""))
    open_again(scene.repo)

    def restore() -> None:
        WorktreeManager(scene.state).restore("s1")

    ordinary(restore)
    assert all_of(scene.top) == before
    assert content_of(scene.admin / "index") == index
    assert git(scene.repo, "for-each-ref", "refs/parallel-agents") == ""


@pytest.mark.parametrize("odd", [case for case in ODD if case not in _NO_DIFF])
def test_the_diff_shows_all_else(odd: Callable[[Scene], str], scene: Scene) -> None:
    told = odd(scene)

    def look() -> tuple[dict[str, str], str, str]:
        manager = WorktreeManager(scene.state)
        stat = manager.diff_stat(scene.record)
        assert every_patch(manager, scene.record)
        return (
            {file.path: file.note for file in stat.files},
            whole_patch(manager, scene.record),
            one_patch(manager, scene.record, "new.txt"),
        )

    notes, text, one = ordinary(look)
    assert "+new" in one
    assert "+changed" in text
    name, _, why = told.partition(" (")
    if why and "git takes" not in why:
        assert notes[name].startswith(why.removesuffix(")"))
        assert name.rstrip("/") not in text
    if odd is _odd_names:
        assert "git~1" in notes
        assert "+the short name of .git elsewhere" in text


def test_plain_text_never_becomes_an_object(scene: Scene) -> None:
    _failing_filter(scene)
    WorktreeManager(scene.state).delete(scene.record, live_pids=none_alive)
    objects = git(scene.repo, "cat-file", "--batch-all-objects", "--batch", "--unordered")
    assert "PLAIN-TEXT-OF-THE-KEY" not in objects
    assert "committed" in objects


@pytest.mark.parametrize(
    "odd", [_closed_conflict, _broken_submodules, _broken_head, _odd_names, _closed_directory]
)
def test_the_rest_is_in_the_commits(odd: Callable[[Scene], str], scene: Scene) -> None:
    odd(scene)

    def delete() -> TrashEntry:
        return WorktreeManager(scene.state).delete(scene.record, live_pids=none_alive)

    entry = ordinary(delete)
    if odd is not _broken_head:
        listed = git(scene.repo, "ls-tree", "--name-only", entry.refs[0]).split("\n")
        assert {"new.txt", "committed.txt"} <= set(listed)
        assert git(scene.repo, "for-each-ref", f"refs/heads/{scene.record.branch}") == ""
    else:
        assert git(scene.repo, "for-each-ref", f"refs/heads/{scene.record.branch}") != ""


@pytest.mark.parametrize("odd", [_line_ends, _encoding, _missing_object_of_a_file_that_is_there])
def test_it_is_in_the_commits_all_the_same(odd: Callable[[Scene], str], scene: Scene) -> None:
    odd(scene)
    names = {path.name for path in scene.top.iterdir() if path.is_file()} - {".git"}
    entry = WorktreeManager(scene.state).delete(scene.record, live_pids=none_alive)
    listed = git(scene.repo, "ls-tree", "--name-only", entry.refs[0]).split("\n")
    assert names <= set(listed)
    for name in names:
        git(scene.repo, "cat-file", "-e", f"{entry.refs[0]}:{name}")


def test_what_is_staged_is_held_beside_a_missing_object(scene: Scene) -> None:
    write(scene.top / "other.txt", "staged, and nowhere else\n")
    git(scene.top, "add", "other.txt")
    (scene.top / "other.txt").unlink()
    _missing_staged_object(scene)
    WorktreeManager(scene.state).delete(scene.record, live_pids=none_alive)
    kept = git(scene.repo, "rev-list", "--objects", "refs/parallel-agents/trash/s1")
    oid = git(scene.repo, "hash-object", "--stdin-paths")  # nothing is asked: the empty answer
    assert oid == ""
    staged = subprocess.run(
        ["git", "hash-object", "--stdin"],
        input=b"staged, and nowhere else\n",
        capture_output=True,
        check=True,
    ).stdout.decode()
    assert staged.strip() in kept


def test_a_file_that_vanishes_while_it_is_read(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:

    def vanishing(top: Path, names: list[str]) -> dict[str, str]:
        found = unread.unread(top, names)
        (scene.top / "new.txt").unlink(missing_ok=True)
        return found

    monkeypatch.setattr(capture, "unread", vanishing)
    entry = WorktreeManager(scene.state).delete(scene.record, live_pids=none_alive)
    assert entry.refs
    assert not any("new.txt" in phrase for phrase in entry.saved)


def test_a_branch_that_no_commit_of_ours_holds_stays(scene: Scene) -> None:
    tip = git(scene.top, "rev-parse", "HEAD")
    _missing_tree(scene)
    manager = WorktreeManager(scene.state)
    manager.delete(scene.record, live_pids=none_alive)
    assert git(scene.repo, "rev-parse", f"refs/heads/{scene.record.branch}") == tip
    manager.restore("s1")
    assert manager.verify(scene.record) is None


def test_closed_is_not_missing(scene: Scene) -> None:
    scene.top.chmod(0)

    def look() -> str | None:
        return WorktreeManager(scene.state).verify(scene.record)

    assert "cannot be read: Permission denied" in (ordinary(look) or "")


def test_a_full_disk_is_a_reason_to_stop(scene: Scene, tmp_path: Path) -> None:
    """Git says so itself; nothing has changed, and the next try saves all."""
    program = write(
        tmp_path / "bin/git",
        '#!/bin/sh\ncase "$*" in *write-tree*) echo "fatal: No space left on device" >&2; exit 128'
        f';; esac\nexec {subprocess.check_output(["which", "git"], text=True).strip()} "$@"\n',
    )
    program.chmod(0o755)
    path = os.environ["PATH"]
    manager = WorktreeManager(scene.state)
    try:
        os.environ["PATH"] = f"{program.parent}:{path}"
        with pytest.raises(Exception, match="No space left"):
            manager.delete(scene.record, live_pids=none_alive)
    finally:
        os.environ["PATH"] = path
    assert manager.verify(scene.record) is None
    assert manager.delete(scene.record, live_pids=none_alive).refs
