"""Attacks through a repository: each works on plain git, and does nothing to us."""

from __future__ import annotations

import http.server
import os
import pty
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from parallel_agents.core.errors import UserError
from parallel_agents.core.text import safe_line
from parallel_agents.core.worktree import WorktreeRecord
from parallel_agents.worktrees.manager import WorktreeManager
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


@dataclass(frozen=True)
class Scene:
    """A repository to be attacked, and the program that tells when it was run."""

    repo: Path
    canary: Path

    @property
    def sang(self) -> bool:
        return self.canary.with_name("sang").exists()

    def hush(self) -> None:
        self.canary.with_name("sang").unlink()

    def config(self, text: str, to: str = "config") -> None:
        with (self.repo / ".git" / to).open("a") as file:
            file.write(text.replace("CANARY", str(self.canary)))

    def program(self, path: Path) -> None:
        write(path, self.canary.read_bytes()).chmod(0o755)

    def plain(self, *args: str, directory: Path | None = None) -> None:
        """Run git as a person would, at a terminal; it may fail."""
        leader, terminal = pty.openpty()
        try:
            subprocess.run(
                ["git", "-C", str(directory or self.repo), *args],
                stdin=subprocess.DEVNULL,
                stdout=terminal,
                stderr=subprocess.DEVNULL,
                check=False,
                timeout=30,
                env={**os.environ, "TERM": "xterm"},
            )
        finally:
            os.close(leader)
            os.close(terminal)


@pytest.fixture
def scene(tmp_path: Path, repo: Path) -> Scene:
    sang = tmp_path / "sang"
    canary = write(tmp_path / "canary", f"#!/bin/sh\necho \"$0 $*\" >> '{sang}'\n")
    canary.chmod(0o755)
    write(repo / ".gitattributes", "a.txt filter=evil diff=evil merge=evil\n")
    commit_all(repo, "attributes")
    git(repo, "branch", "theirs")
    write(repo / "a.txt", "one\nours\nthree\n")
    commit_all(repo, "ours")
    git(repo, "checkout", "-q", "theirs")
    write(repo / "a.txt", "one\ntheirs\nthree\n")
    commit_all(repo, "theirs")
    git(repo, "checkout", "-q", "main")
    return Scene(repo, canary)


def all_operations(manager: WorktreeManager, repo: Path) -> None:
    """Whatever the supervisor asks of git for a session, from its beginning to its end."""
    found = manager.resolve(str(repo))
    manager.refs(found.root, "")
    manager.files(str(repo), "")
    manager.resolve_base(found, "fresh")
    base = manager.resolve_base(found, "head")
    manager.executable_config(found, base.commit)
    slug = manager.slug(found, "fix login")
    record = manager.create(found, session="s1", slug=slug, base=base)
    write(Path(record.path) / "a.txt", "one\nchanged\nthree\n")
    write(Path(record.path) / "new.txt", "new\n")
    inspect(manager, record)
    manager.executable_config(found, base.commit, worktree=record.path)
    manager.delete(record, live_pids=none_alive)
    manager.trash()
    record = manager.restore("s1")
    inspect(manager, record)
    assert (Path(record.path) / "new.txt").read_text() == "new\n"


def inspect(manager: WorktreeManager, record: WorktreeRecord) -> None:
    manager.verify(record)
    manager.diff_stat(record)
    manager.diff_stat(record)
    one_patch(manager, record, "a.txt")
    whole_patch(manager, record)
    every_patch(manager, record)
    manager.files(record.path, "")
    manager.land_commands(record)
    manager.protection(record)
    manager.main_fingerprint(record.root)
    manager.reconcile([record])


Plant = Callable[[Scene], None]


def setting(text: str) -> Plant:
    return lambda scene: scene.config(text)


def hook(name: str) -> Plant:
    return lambda scene: scene.program(scene.repo / ".git/hooks" / name)


def hooks_elsewhere(scene: Scene) -> None:
    scene.program(scene.repo / "tools/post-checkout")
    scene.config("[core]\n hooksPath = tools\n")


def included(scene: Scene) -> None:
    scene.config("[core]\n fsmonitor = CANARY\n", to="more")
    scene.config('[includeIf "gitdir:**"]\n path = more\n')


def included_for_branches(scene: Scene) -> None:
    scene.config("[core]\n fsmonitor = CANARY\n", to="more")
    scene.config('[includeIf "onbranch:**"]\n path = more\n')


def for_each_worktree(scene: Scene) -> None:
    scene.config("[extensions]\n worktreeConfig = true\n")
    scene.config("[core]\n fsmonitor = CANARY\n", to="config.worktree")


def remote(url: str, more: str = "") -> Plant:
    lines = f'[remote "origin"]\n url = {url}\n fetch = +refs/heads/*:refs/remotes/origin/*\n'
    return setting(lines + more)


def upload_pack(scene: Scene) -> None:
    git(scene.repo, "clone", "-q", "--bare", ".", str(scene.canary.with_name("remote.git")))
    url = str(scene.canary.with_name("remote.git"))
    remote(url, " uploadpack = CANARY\n")(scene)


def nested_repository(scene: Scene) -> None:
    nested = scene.repo / "nested"
    nested.mkdir()
    git(nested, "init", "-q")
    commit_all(nested, "nested")
    git(scene.repo, "add", "nested")
    git(scene.repo, "commit", "-q", "-m", "nested")
    git(nested, "config", "core.fsmonitor", str(scene.canary))


def submodule(scene: Scene) -> None:
    origin = scene.canary.with_name("module")
    origin.mkdir()
    git(origin, "init", "-q")
    write(origin / "m.txt", "m")
    commit_all(origin, "m")
    git(scene.repo, "submodule", "--quiet", "add", str(origin), "module")
    commit_all(scene.repo, "module")
    git(scene.repo / "module", "config", "core.fsmonitor", str(scene.canary))
    scene.config(
        "[diff]\n submodule = log\n ignoreSubmodules = none\n[submodule]\n recurse = true\n"
    )


CHANGE = ("!change",)
"""Instead of a command: change a tracked file by hand."""

ATTACKS: dict[str, tuple[Plant, tuple[tuple[str, ...], ...]]] = {
    "hook post-checkout": (hook("post-checkout"), (("worktree", "add", "w"),)),
    "hook post-index-change": (hook("post-index-change"), (CHANGE, ("add", "a.txt"))),
    "hook reference-transaction": (hook("reference-transaction"), (("branch", "b"),)),
    "hook pre-commit": (hook("pre-commit"), (("commit", "--allow-empty", "-m", "x"),)),
    "core.hooksPath": (hooks_elsewhere, (("checkout", "-b", "b"),)),
    "core.fsmonitor": (setting("[core]\n fsmonitor = CANARY\n"), (("status",),)),
    "includeIf gitdir": (included, (("status",),)),
    "includeIf onbranch": (included_for_branches, (("status",),)),
    "config.worktree": (for_each_worktree, (("status",),)),
    "filter clean": (setting('[filter "evil"]\n clean = CANARY\n'), (CHANGE, ("diff",))),
    "filter smudge": (setting('[filter "evil"]\n smudge = CANARY\n'), (("worktree", "add", "w"),)),
    "filter process": (
        setting('[filter "evil"]\n process = CANARY\n required = true\n'),
        (("worktree", "add", "w"),),
    ),
    "diff textconv": (setting('[diff "evil"]\n textconv = CANARY\n'), (CHANGE, ("diff",))),
    "diff command": (setting('[diff "evil"]\n command = CANARY\n'), (CHANGE, ("diff",))),
    "diff external": (setting("[diff]\n external = CANARY\n"), (CHANGE, ("diff",))),
    "merge driver": (setting('[merge "evil"]\n driver = CANARY %A\n'), (("merge", "theirs"),)),
    "core.pager": (setting("[core]\n pager = CANARY\n"), (("log",),)),
    "pager of one command": (setting("[pager]\n status = CANARY\n"), (("status",),)),
    "core.editor": (setting("[core]\n editor = CANARY\n"), (("commit", "--allow-empty"),)),
    "alias": (setting('[alias]\n st = "!CANARY"\n'), (("st",),)),
    "gpg.program": (
        setting("[gpg]\n program = CANARY\n[commit]\n gpgSign = true\n[tag]\n gpgSign = true\n"),
        (("commit", "--allow-empty", "-m", "signed"),),
    ),
    "core.sshCommand": (
        remote("ssh://127.0.0.1:1/x", "[core]\n sshCommand = CANARY\n"),
        (("fetch",),),
    ),
    "ext:: address": (
        remote("ext::CANARY", '[protocol "ext"]\n allow = always\n'),
        (("fetch",),),
    ),
    "insteadOf ext::": (
        remote("https://127.0.0.1:1/x", '[protocol "ext"]\n allow = always\n'
               '[url "ext::CANARY "]\n insteadOf = https://\n'),
        (("fetch",),),
    ),
    "core.gitProxy": (
        remote("git://127.0.0.1:1/x", "[core]\n gitProxy = CANARY\n"),
        (("fetch",),),
    ),
    "uploadpack": (upload_pack, (("fetch",),)),
    "remote.vcs": (
        remote("CANARY", ' vcs = ext\n[protocol "ext"]\n allow = always\n'),
        (("fetch",),),
    ),
    "nested repository": (nested_repository, (("status",),)),
    "submodule": (submodule, (("status",),)),
}  # fmt: skip


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_through_the_repository(
    name: str, scene: Scene, manager: WorktreeManager, tmp_path: Path
) -> None:
    plant, commands = ATTACKS[name]
    plant(scene)
    victim = Scene(tmp_path / "victim", scene.canary)
    shutil.copytree(scene.repo, victim.repo, symlinks=True)
    if scene.sang:
        scene.hush()
    for command in commands:
        if command is CHANGE:
            write(victim.repo / "a.txt", "one\nchanged\nthree\n")
        else:
            victim.plain(*command)
    assert scene.sang, "the attack does not work on plain git: this case shows nothing"
    scene.hush()
    all_operations(manager, scene.repo)
    assert not scene.sang


@pytest.fixture
def closed_server() -> Iterator[str]:
    """The address of a server that asks for a password."""

    class Closed(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="x"')
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Closed) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/x.git"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("key", ["credential.helper", "core.askPass"])
def test_nobody_is_asked_for_a_password(
    key: str, closed_server: str, scene: Scene, manager: WorktreeManager
) -> None:
    remote(closed_server)(scene)
    git(scene.repo, "config", key, str(scene.canary))
    scene.plain("fetch")
    assert scene.sang
    scene.hush()
    all_operations(manager, scene.repo)
    assert not scene.sang


def hostile_repository(scene: Scene) -> Path:
    """A repository beside, whose configuration runs the canary."""
    other = scene.canary.with_name("other")
    shutil.copytree(scene.repo, other, symlinks=True)
    git(other, "config", "core.fsmonitor", str(scene.canary))
    return other / ".git"


def other_git_file(top: Path, hostile: Path) -> None:
    write(top / ".git", f"gitdir: {hostile}\n")


def other_git_directory(top: Path, hostile: Path) -> None:
    (top / ".git").unlink()
    shutil.copytree(hostile, top / ".git")


def other_git_link(top: Path, hostile: Path) -> None:
    (top / ".git").unlink()
    (top / ".git").symlink_to(hostile)


@pytest.mark.parametrize("swap", [other_git_file, other_git_directory, other_git_link])
def test_a_worktree_that_claims_to_be_of_another_repository(
    swap: Callable[[Path, Path], None], scene: Scene, manager: WorktreeManager, make: Make
) -> None:
    record = make()
    top = Path(record.path)
    swap(top, hostile_repository(scene))
    scene.plain("status", directory=top)
    assert scene.sang
    scene.hush()
    for operation in (
        lambda: manager.diff_stat(record),
        lambda: whole_patch(manager, record),
        lambda: manager.diff_stat(record).changes,
        lambda: manager.relock(record),
        lambda: manager.protection(record),
        lambda: manager.land_commands(record),
    ):
        with pytest.raises(UserError):
            operation()
    assert manager.verify(record) is not None
    assert manager.reconcile([record])
    assert manager.delete(record, live_pids=none_alive).untouched
    assert manager.empty_trash() == ("s1",)
    manager.settle()
    assert not scene.sang
    assert (top / "a.txt").exists()


@pytest.mark.parametrize("where", ["config", "config.worktree"])
def test_files_are_written_into_the_worktree_only(
    where: str, scene: Scene, manager: WorktreeManager, make: Make, tmp_path: Path
) -> None:
    """`core.worktree` makes plain git write wherever the repository says."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    text = f"[core]\n worktree = {elsewhere}\n"
    record = make()
    if where == "config":
        scene.config(text)
        scene.plain("checkout", "-f")
    else:
        scene.config("[extensions]\n worktreeConfig = true\n")
        scene.config(text, to=f"worktrees/{record.slug}/config.worktree")
        scene.plain("checkout", "-f", directory=Path(record.path))
    assert list(elsewhere.iterdir())
    shutil.rmtree(elsewhere)
    elsewhere.mkdir()
    write(Path(record.path) / "new.txt", "new\n")
    inspect(manager, record)
    manager.delete(record, live_pids=none_alive)
    back = manager.restore("s1")
    assert (Path(back.path) / "new.txt").read_text() == "new\n"
    assert list(elsewhere.iterdir()) == []


def test_a_file_named_like_an_option(scene: Scene, manager: WorktreeManager, make: Make) -> None:
    record = make()
    top = Path(record.path)
    write(top / "--output=written", "x\n")
    scene.plain("diff", "HEAD", "--output=written", directory=top)
    assert (top / "written").exists()
    (top / "written").unlink()
    assert "+x" in one_patch(manager, record, "--output=written")
    manager.files(record.path, "--output=written")
    manager.delete(record, live_pids=none_alive)
    manager.restore("s1")
    assert (top / "--output=written").read_text() == "x\n"
    assert not (top / "written").exists()


def test_a_base_named_like_an_option(
    scene: Scene, manager: WorktreeManager, make: Make, tmp_path: Path
) -> None:
    git(scene.repo, "clone", "-q", "--bare", ".", str(tmp_path / "remote.git"))
    git(scene.repo, "remote", "add", "origin", str(tmp_path / "remote.git"))
    name = f"--upload-pack={scene.canary}"
    scene.plain("fetch", "origin", name)
    assert scene.sang
    scene.hush()
    found = manager.resolve(str(scene.repo))
    git(scene.repo, "update-ref", "refs/heads/--exec=x", "HEAD")
    assert manager.resolve_base(found, "--exec=x").commit == found.head  # as a ref, if any
    for wrong in (name, "-x", "--all", "@{-1}..", "main:a.txt"):
        with pytest.raises(UserError):
            manager.resolve_base(found, wrong)
    base = manager.resolve_base(found, "head")
    for branch in ("-x", "--exec=y", "x..y", "a b", "x.lock", "@{", "../../HEAD"):
        with pytest.raises(UserError):
            manager.create(found, session="s1", slug="x", base=base, branch=branch)
    manager.refs(found.root, "--")
    assert not scene.sang
    assert not (scene.repo / ".claude/worktrees/x").exists()


def test_names_that_turn_the_line_round(scene: Scene, manager: WorktreeManager, make: Make) -> None:
    name = "\u202etxt.exe\u2066\u200b\x1b]52;c;eA==\x07"
    scene.plain("branch", "\u202eniam")
    assert "\u202eniam" in git(scene.repo, "branch", "--format=%(refname:short)")
    record = make()
    write(Path(record.path) / name, "x\n")
    (stat,) = manager.diff_stat(record).files
    assert stat.path == name  # raw inside
    listed = [safe_line(text) for text in (stat.path, *manager.refs(record.root, ""))]
    for shown in listed:
        assert not {"\u202e", "\u2066", "\u200b", "\x1b", "\x07"} & set(shown)
    manager.delete(record, live_pids=none_alive)
    manager.restore("s1")
    assert (Path(record.path) / name).read_text() == "x\n"


def test_gits_own_directory_is_not_copied_under_any_case(
    scene: Scene, manager: WorktreeManager
) -> None:
    """On a file system that folds names this would be the worktree's own `.git`."""
    names = (".GIT/hooks/post-checkout", "x/.Git/config", ".g\u0131t/x")
    write(scene.repo / ".worktreeinclude", "**\n")
    write(scene.repo / ".git/info/exclude", ".GIT\n.Git\n.g\u0131t\n")
    for name in names:
        scene.program(scene.repo / name)
    found = manager.resolve(str(scene.repo))
    base = manager.resolve_base(found, "head")
    record = manager.create(found, session="s1", slug="x", base=base)
    assert [file.path for file in record.copied] == [".g\u0131t/x"]  # folds to another name


FAKE_LFS = """#!/bin/sh
store=$(git rev-parse --git-common-dir)/lfs-store
mkdir -p "$store"
case $1 in
clean)
    cat > "$store/now.$$"
    oid=$(git hash-object --no-filters "$store/now.$$")
    mv "$store/now.$$" "$store/$oid"
    echo "pointer $oid";;
smudge)
    read -r word oid
    cat "$store/$oid";;
esac
"""


@pytest.mark.parametrize("scope", ["--global", "--local"])
def test_large_files_go_through_git_lfs(
    scope: str, manager: WorktreeManager, make: Make, repo: Path, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """As `git lfs install` sets it up, for the person or for one repository."""
    write(tmp_path / "bin/git-lfs", FAKE_LFS).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    git(repo, "config", scope, "filter.lfs.clean", "git-lfs clean -- %f")
    git(repo, "config", scope, "filter.lfs.smudge", "git-lfs smudge -- %f")
    git(repo, "config", scope, "filter.lfs.required", "true")
    write(repo / ".gitattributes", "*.bin filter=lfs diff=lfs merge=lfs -text\n")
    large = bytes(range(256)) * 100
    write(repo / "model.bin", large)
    commit_all(repo, "large")
    assert git(repo, "show", "HEAD:model.bin").startswith("pointer ")
    record = make()
    top = Path(record.path)
    assert (top / "model.bin").read_bytes() == large
    assert manager.diff_stat(record).changes.files == 0
    write(top / "model.bin", large[::-1])
    write(top / "new.bin", b"new" + large)
    assert {file.path for file in manager.diff_stat(record).files} == {"model.bin", "new.bin"}
    entry = manager.delete(record, live_pids=none_alive)
    for name in ("model.bin", "new.bin"):
        assert git(repo, "show", f"{entry.refs[0]}:{name}").startswith("pointer ")
    shutil.rmtree(str(entry.tree))  # so that the restore must take them from the commits
    manager.restore("s1")
    assert (top / "model.bin").read_bytes() == large[::-1]
    assert (top / "new.bin").read_bytes() == b"new" + large


def test_the_persons_own_upload_pack_stays(scene: Scene, manager: WorktreeManager) -> None:
    """Of this setting git takes the first, where of others it takes the last."""
    own = scene.canary.with_name("own")
    write(own, f'#!/bin/sh\ntouch {own}.ran\nexec git-upload-pack "$@"\n').chmod(0o755)
    upload_pack(scene)
    git(scene.repo, "config", "--global", "remote.origin.uploadpack", str(own))
    found = manager.resolve(str(scene.repo))
    assert manager.resolve_base(found, "fresh").name == "origin/main"
    assert own.with_name("own.ran").exists()
    assert not scene.sang
