"""Everything that a worktree can hold, through every way of deleting it.

Each case is deleted and restored with a kill at every named step, one after the other, then deleted
again and dropped for good, all as an ordinary user. Nothing may be lost, nothing stranded, and what
is said must be true.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from parallel_agents.core.worktree import TrashEntry
from parallel_agents.worktrees.manager import WorktreeManager
from tests.support.ordinary import give_away, ordinary
from tests.worktrees.conftest import commit_all, git, none_alive, write
from tests.worktrees.test_failpoints import POINTS
from tests.worktrees.test_repository import AWKWARD, LATIN1
from tests.worktrees.test_untakable import (
    ODD,
    Scene,
    all_of,
    content_of,
    open_again,
    scene as scene,
)

Case = Callable[[Scene], None]


def nothing(s: Scene) -> None:
    subprocess.run(
        ["git", "-C", str(s.top), "reset", "-q", "--hard", s.record.base_commit], check=True
    )
    git(s.top, "clean", "-q", "-f", "-d")


def names(s: Scene) -> None:
    for name in [*AWKWARD, LATIN1, "Case", "case", "e\u0301", "é", "x" * 255, "CON", "a:b"]:
        write(s.top / "names" / name, name.encode("utf-8", "surrogateescape"))
    deep = s.top
    for _ in range(30):
        deep = deep / ("d" * 60)
    (s.top / "d").mkdir()
    write(deep / "file", "deep down")


def modes(s: Scene) -> None:
    for mode in (0o000, 0o111, 0o400, 0o444, 0o600, 0o755, 0o777, 0o4755, 0o2755):
        write(s.top / f"file-{mode:o}", "content").chmod(mode)
    for mode in (0o500, 0o555, 0o700, 0o1777, 0o2775, 0o711):
        write(s.top / f"dir-{mode:o}/file", "content").parent.chmod(mode)


def links(s: Scene) -> None:
    (s.top / "dangling").symlink_to("/no/such/place")
    (s.top / "loop").symlink_to("loop")
    (s.top / "up").symlink_to("..")
    (s.top / "absolute").symlink_to(s.repo / "a.txt")
    (s.top / "hard").hardlink_to(s.top / "new.txt")
    (s.top / "a.txt").unlink()
    (s.top / "a.txt").symlink_to("new.txt")


def sizes(s: Scene) -> None:
    write(s.top / "empty", "")
    with (s.top / "sparse").open("wb") as file:
        file.truncate(3_000_000)
    write(s.top / "binary", bytes(range(256)) * 4000)
    (s.top / "empty directory/below").mkdir(parents=True)


def encodings(s: Scene) -> None:
    write(s.top / "latin.txt", b"caf\xe9\r\nmixed\n")
    write(s.top / "utf16.txt", "text".encode("utf-16"))
    write(s.top / "bom.txt", b"\xef\xbb\xbftext\r\n")
    git(s.repo, "config", "core.autocrlf", "true")


def nested_repositories(s: Scene) -> None:
    for name in ("nested", "ignored/nested", "node_modules/nested", "src/unborn"):
        (s.top / name).mkdir(parents=True)
        git(s.top / name, "init", "-q")
        write(s.top / name / "inner.txt", "inner")
    commit_all(s.top / "nested", "inner")
    commit_all(s.top / "node_modules/nested", "inner")


def worktrees_of_others(s: Scene) -> None:
    other = s.repo.parent / "other"
    git(s.repo.parent, "clone", "-q", str(s.repo), str(other))
    git(other, "worktree", "add", "-q", "--detach", str(s.top / "checkout"))
    write(s.top / "checkout/work.txt", "work")
    git(s.repo, "worktree", "add", "-q", "--detach", str(s.top / "our own"))
    git(
        s.repo,
        "clone",
        "-q",
        "--bare",
        "--no-hardlinks",
        str(s.repo),
        str(s.top / "node_modules/mirror.git"),
    )


def submodules(s: Scene) -> None:
    lib = s.repo.parent / "lib"
    lib.mkdir()
    git(lib, "init", "-q")
    commit_all(lib, "lib")
    git(s.top, "submodule", "--quiet", "add", str(lib), "lib")
    git(s.top, "commit", "-q", "-m", "submodule")
    write(s.top / "lib/edited.txt", "edited")
    git(s.top / "lib", "checkout", "-q", "--detach")
    commit_all(s.top / "lib", "only here")


def build_directories(s: Scene) -> None:
    write(s.top / "node_modules/m/index.js", "made again")
    write(s.top / "src/node_modules/m/index.js", "made again")
    write(s.top / "node_modules/.cache/x", "made again").parent.chmod(0o555)
    write(s.top / "dist/kept.js", "not ignored, so it is work")


def a_strangers_build(s: Scene) -> None:
    write(s.top / "node_modules/m/index.js", "theirs")
    write(s.top / "ignored/cache/file", "theirs, too")
    give_away(s.top / "node_modules/m")
    give_away(s.top / "ignored/cache")


def clash(s: Scene) -> None:
    git(s.top, "stash", "push", "-q", "-u")
    git(s.top, "checkout", "-q", "-b", "theirs", "HEAD~")
    write(s.top / "a.txt", "theirs\n")
    commit_all(s.top, "theirs")
    git(s.top, "checkout", "-q", s.record.branch)
    for text in ("ours\n", "ours, later\n"):
        write(s.top / "a.txt", text)
        commit_all(s.top, "ours")


def stopped(*words: str) -> Case:
    def act(s: Scene) -> None:
        clash(s)
        done = subprocess.run(["git", "-C", str(s.top), *words], capture_output=True, check=False)
        assert done.returncode, words

    act.__name__ = words[0]
    return act


def bisection(s: Scene) -> None:
    git(s.top, "stash", "push", "-q", "-u")
    git(s.top, "bisect", "start", "HEAD", "HEAD~1")


def patches(s: Scene) -> None:
    """`git am` in the middle."""
    clash(s)
    git(s.top, "format-patch", "-q", "-1", "theirs", "-o", "ignored")
    patch = next((s.top / "ignored").iterdir())
    subprocess.run(["git", "-C", str(s.top), "am", str(patch)], capture_output=True, check=False)
    assert (s.admin / "rebase-apply").is_dir()


def detached(s: Scene) -> None:
    git(s.top, "checkout", "-q", "--detach")
    git(s.top, "commit", "-q", "-m", "on no branch")


def orphan(s: Scene) -> None:
    git(s.top, "checkout", "-q", "--orphan", "new-start")


def on_another_branch(s: Scene) -> None:
    git(s.top, "branch", "-q", "-m", "renamed")


def hidden(s: Scene) -> None:
    git(s.top, "update-index", "--skip-worktree", "a.txt")
    git(s.top, "update-index", "--assume-unchanged", "src/b.py")
    write(s.top / "a.txt", "changed, and git does not look\n")
    write(s.top / "src/b.py", "as well\n")


def split_index(s: Scene) -> None:
    git(s.top, "update-index", "--split-index")
    write(s.top / "more.txt", "more")
    git(s.top, "add", "more.txt")


def sparse(s: Scene) -> None:
    git(s.top, "stash", "push", "-q", "-u")
    git(s.top, "sparse-checkout", "set", "--cone", "src")
    write(s.top / "src/new.txt", "new")


def types_changed(s: Scene) -> None:
    (s.top / "a.txt").unlink()
    write(s.top / "a.txt/inside", "a directory now")
    (s.top / "run.sh").unlink()
    (s.top / "link").unlink()
    write(s.top / "link", "a file now")


def extended_attributes(s: Scene) -> None:
    try:
        os.setxattr(write(s.top / "attributed", "x"), "user.note", b"precious")
    except OSError:
        pytest.skip("no extended attributes here")


def open_files(s: Scene) -> None:
    """Somebody holds files open; nobody is in the directory."""
    held = os.open(write(s.top / "open.log", "written\n"), os.O_WRONLY | os.O_APPEND)
    HELD.append(held)


HELD: list[int] = []


def listening(s: Scene) -> None:
    here = Path.cwd()
    os.chdir(s.top)
    try:
        with socket.socket(socket.AF_UNIX) as made:
            made.bind("s")
    finally:
        os.chdir(here)
    os.mkfifo(s.top / "ignored-by-git.fifo")


OWN: list[Case] = [
    nothing, names, modes, links, sizes, encodings, nested_repositories, worktrees_of_others,
    submodules, build_directories, a_strangers_build, stopped("merge", "theirs"),
    stopped("rebase", "theirs"), stopped("cherry-pick", "theirs"), stopped("revert", "HEAD~1"),
    bisection, patches, detached, orphan, on_another_branch, hidden, split_index, sparse,
    types_changed, extended_attributes, open_files, listening,
]  # fmt: skip
TABLE: list[Callable[[Scene], object]] = [*OWN, *ODD]
STEPS = {
    name: [f"{point}:kill" for point in POINTS if point.startswith(name)]
    for name in ("delete", "restore")
}


def in_order(points: list[str]) -> list[str]:
    """The steps as they come: a kill at a later one must not pass the earlier ones over."""
    order = [
        "delete.snapshot", "delete.ref", "delete.plan", "delete.renamed", "delete.parked",
        "delete.admin", "delete.branch", "delete.skipped", "delete.entry", "restore.plan",
        "restore.branch", "restore.parked", "restore.admin", "restore.tree", "restore.copied",
        "restore.entry",
    ]  # fmt: skip
    assert {point.partition(":")[0] for point in points} <= set(order)
    return sorted(points, key=lambda point: order.index(point.partition(":")[0]))


def killed_at(point: str, act: Callable[[], object]) -> bool:
    """Do something in a process that is killed at a step; whether it came there."""

    def doomed() -> int:
        pid = os.fork()
        if pid == 0:
            os.environ["PA_FAILPOINT"] = point
            with suppress(BaseException):
                act()
            os._exit(0)
        return os.waitpid(pid, 0)[1]

    return os.WIFSIGNALED(status := ordinary(doomed)) and os.WTERMSIG(status) == signal.SIGKILL


def attributes(top: Path) -> dict[str, bytes]:
    path = top / "attributed"
    return {"note": os.getxattr(path, "user.note")} if path.exists() else {}


def without(found: dict[str, tuple[str, int, bytes]], skipped: set[str]) -> dict[str, object]:
    return {
        name: item
        for name, item in found.items()
        if not any(name == path or name.startswith(f"{path}/") for path in skipped)
    }


@pytest.mark.parametrize("case", TABLE, ids=lambda case: case.__name__.strip("_"))
def test_nothing_is_lost_or_stranded(case: Callable[[Scene], object], scene: Scene) -> None:
    case(scene)
    before, index = all_of(scene.top), content_of(scene.admin / "index")
    noted = attributes(scene.top) if case is extended_attributes else {}
    branches = git_if_it_can(scene)

    def delete() -> TrashEntry:
        return WorktreeManager(scene.state).delete(scene.record, live_pids=none_alive)

    def restore() -> str | None:
        manager = WorktreeManager(scene.state)
        record = manager.restore("s1")
        return manager.verify(record)

    reached = sum(killed_at(point, delete) for point in in_order(STEPS["delete"]))
    assert reached >= 6
    entry = ordinary(delete)
    assert not os.path.lexists(scene.top)
    assert entry.tree is not None
    skipped = set(entry.skipped)
    assert all(name.rpartition("/")[2] == "node_modules" for name in skipped)
    kept = without(all_of(Path(entry.tree)), skipped)
    assert {**kept, "": 0} == {**without(before, skipped), "": 0}
    told(entry)

    mend(scene)
    reached = sum(killed_at(point, restore) for point in in_order(STEPS["restore"]))
    assert reached >= 5
    wrong = ordinary(restore)
    assert wrong is None or "cannot be read" in wrong
    assert without(all_of(scene.top), skipped) == without(before, skipped)
    assert content_of(scene.admin / "index") == index
    assert not noted or attributes(scene.top) == noted
    if branches:
        assert git_if_it_can(scene) == branches
    nothing_left_over(scene)

    def drop() -> tuple[tuple[str, ...], list[str]]:
        manager = WorktreeManager(scene.state)
        manager.delete(scene.record, live_pids=none_alive)
        gone = manager.empty_trash()
        manager.settle()
        return gone, [finding.path for finding in manager.reconcile([])]

    gone, named = ordinary(drop)
    assert gone == ("s1",)
    left = list((scene.state / "dropped").iterdir())
    assert [str(path) for path in left] == named
    assert not left or case is a_strangers_build
    assert not os.path.lexists(scene.top)


def told(entry: TrashEntry) -> None:
    """What is named as kept with the directory only is really there."""
    assert entry.tree is not None
    for phrase in entry.saved:
        if phrase.startswith("in the kept directory only: "):
            name = phrase.removeprefix("in the kept directory only: ").partition(" (")[0]
            assert os.path.lexists(Path(entry.tree, name)) or "its object is missing" in phrase


def mend(scene: Scene) -> None:
    """Put right what a case has broken in the repository itself."""
    config = scene.repo / ".git/config"
    config.write_text(config.read_text().replace("[core\n", ""))
    open_again(scene.repo)


def git_if_it_can(scene: Scene) -> str:
    done = subprocess.run(
        ["git", "-C", str(scene.repo), "for-each-ref", "refs/heads", "refs/stash"],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout if done.returncode == 0 else ""


def nothing_left_over(scene: Scene) -> None:
    common = scene.repo / ".git"
    assert [p.name for p in common.glob("parallel-agents-*")] == []
    assert list(common.rglob("*.lock")) == []
    assert [p.name for p in (scene.state / "trash/s1").iterdir()] == ["restored.json"]
    beside = {path.name for path in scene.top.parent.iterdir()}
    assert beside == {scene.top.name}
    assert WorktreeManager(scene.state).trash() == ()
    assert git(scene.repo, "for-each-ref", "refs/parallel-agents") == ""


def test_every_step_is_in_the_table() -> None:
    assert len(in_order(STEPS["delete"])) == len([p for p in POINTS if p.startswith("delete")])
    assert len(in_order(STEPS["restore"])) == len([p for p in POINTS if p.startswith("restore")])
