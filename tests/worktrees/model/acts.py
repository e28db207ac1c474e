"""What people and agents do in a worktree, one small act at a time."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.worktrees.model.place import GitFailedError, Place

_LATIN1 = os.fsdecode(b"caf\xe9")
NAMES = (
    "plain.txt", "with space", "line\nend", "-dash", "--output=x", _LATIN1, "e\u0301", "é", "Case",
    "case", 'quo"te', "back\\slash", "tab\there", "*", "[x]", ":(top)x", "#hash", "!not", "$(x)",
    "a.swapped", "b.swapped", "a.broken", "git~1", " around ",
    "\u202etxt.exe", "\x1b[31m", ".hidden", "a.b.c", "😀", "~", "x" * 200,
)  # fmt: skip
FOLDERS = ("", "", "", "new dir/", "src/", "docs/deep/", f"{_LATIN1}/", "-d/", "a/b/c/d/")
IGNORED = ("x.log", "src/y.log", "ignored/z", "ignored/deep/-w", "local.ini", "conf/local.ini")
HEAVY = ("node_modules/", "src/node_modules/m/", "target/debug/", ".venv/bin/", "dist/")


@dataclass
class Bench:
    """A worktree in which acts take place.

    Attributes:
        place: the repository around it.
        top: the worktree.
        rng: all choices.
        branch: short name of the session's branch.
        done: names of the acts so far.
    """

    place: Place
    top: Path
    rng: random.Random
    branch: str
    done: list[str] = field(default_factory=list)

    def git(self, *args: str, ok: tuple[int, ...] = (0,)) -> bytes:
        """Run git in the worktree."""
        return self.place.git(self.top, *args, ok=ok)

    def tried(self, *args: str) -> bool:
        """Run git in the worktree where it may refuse."""
        return self.place.tried(self.top, *args)

    def files(self) -> list[str]:
        """Plain files outside nested repositories, in a fixed order."""
        found = []
        for folder, below, names in os.walk(self.top):
            below[:] = sorted(n for n in below if not os.path.lexists(f"{folder}/{n}/.git"))
            here = os.path.relpath(folder, self.top)
            found += [os.path.normpath(f"{here}/{n}") for n in sorted(names) if n != ".git"]
        # With a broken `.gitmodules`, git itself says nothing that could be compared.
        return [n for n in found if n != ".gitmodules" and (self.top / n).is_file()]

    def some_file(self) -> Path | None:
        """One of them."""
        found = self.files()
        return self.top / self.rng.choice(found) if found else None

    def free(self, name: str) -> Path | None:
        """A path in the worktree that can be made, with its directories; or none."""
        path = self.top / name
        # A link made before may lead out of the worktree, where nothing is ours to keep.
        if not Path(os.path.realpath(path.parent)).is_relative_to(os.path.realpath(self.top)):
            return None
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError:
            return None
        return None if os.path.lexists(path) else path

    def content(self) -> bytes:
        """Bytes of some kind; often of one length."""
        rng = self.rng
        return rng.choice([
            b"", b"%04d\n" % rng.randrange(9999), b"%04d\n" % rng.randrange(9999),
            b"crlf\r\nmixed\n", rng.randbytes(300), b"\x00\xff", b"line\n" * rng.randrange(400),
        ])  # fmt: skip


def edit(b: Bench) -> None:
    if path := b.some_file():
        path.write_bytes(b.content() if b.rng.random() < 0.6 else path.read_bytes() + b"more\n")


def new(b: Bench) -> None:
    if path := b.free(b.rng.choice(FOLDERS) + b.rng.choice(NAMES)):
        path.write_bytes(b.content())


def ignored(b: Bench) -> None:
    if path := b.free(b.rng.choice(IGNORED)):
        path.write_bytes(b.content())


def heavy(b: Bench) -> None:
    if path := b.free(b.rng.choice(HEAVY) + b.rng.choice(NAMES)):
        path.write_bytes(b.content())


def heavy_but_tracked(b: Bench) -> None:
    if path := b.free(b.rng.choice(HEAVY) + "tracked"):
        path.write_bytes(b.content())
        b.tried("add", "-f", "--", str(path))


def copied(b: Bench) -> None:
    path = b.top / b.rng.choice([".env", "conf/local.ini"])
    if not path.is_file():
        return
    act = b.rng.choice(["edit", "delete", "rights"])
    if act == "edit":
        path.write_bytes(b"mine\n")
    elif act == "delete":
        path.unlink()
    else:
        path.chmod(0o600)


def stage(b: Bench) -> None:
    if path := b.some_file():
        b.tried("add", "--", str(path))


def stage_all(b: Bench) -> None:
    b.tried("add", "-A")


def stage_partly(b: Bench) -> None:
    if path := b.some_file():
        path.write_bytes(b"staged\n")
        b.tried("add", "--", str(path))
        path.write_bytes(b.rng.choice([b"later!\n", b"stagex\n"]))


def intend(b: Bench) -> None:
    if path := b.free(b.rng.choice(NAMES)):
        path.write_bytes(b.content())
        b.tried("add", "-N", "--", str(path))


def hide(b: Bench) -> None:
    way = b.rng.choice(["--skip-worktree", "--assume-unchanged"])
    b.tried("update-index", way, b.rng.choice(["a.txt", "src/c.py"]))


def unstage(b: Bench) -> None:
    b.tried("rm", "-q", "--cached", "--", b.rng.choice(["run.sh", "a.txt", "conf/app.ini"]))


def remove(b: Bench) -> None:
    b.tried("rm", "-q", "-f", "--", b.rng.choice(["run.sh", "src/b.py", "bin.dat"]))


def rename(b: Bench) -> None:
    old, new_name = b.rng.choice([("src/b.py", "b2.py"), ("docs", "doc"), ("a.txt", "A.TXT")])
    b.tried("mv", "--", old, new_name)


def delete_by_hand(b: Bench) -> None:
    if path := b.some_file():
        path.unlink()


def delete_folder(b: Bench) -> None:
    shutil.rmtree(b.top / b.rng.choice(["src", "docs", "conf"]), ignore_errors=True)


def move_by_hand(b: Bench) -> None:
    old = b.some_file()
    target = b.free(b.rng.choice(FOLDERS) + b.rng.choice(NAMES))
    if old and target and old.exists():
        old.rename(target)


def file_becomes_folder(b: Bench) -> None:
    if path := b.some_file():
        path.unlink()
        path.mkdir()
        (path / "inside").write_bytes(b.content())


def rights(b: Bench) -> None:
    if path := b.some_file():
        path.chmod(b.rng.choice([0o755, 0o644, 0o600, 0o444, 0o000, 0o777]))


def link(b: Bench) -> None:
    if path := b.free(b.rng.choice(FOLDERS) + b.rng.choice(NAMES)):
        path.symlink_to(b.rng.choice(["a.txt", "/nowhere", "..", ".", "src", "loop"]))


def file_becomes_link(b: Bench) -> None:
    if path := b.some_file():
        path.unlink()
        path.symlink_to(b.rng.choice(["a.txt", "../..", "src"]))


def empty_folder(b: Bench) -> None:
    if path := b.free(b.rng.choice(["empty/below", "src/empty", "ignored/empty"])):
        path.mkdir()


def special(b: Bench) -> None:
    if path := b.free("fifo"):
        os.mkfifo(path)


def nested(b: Bench) -> None:
    path = b.free(b.rng.choice(["nested", "src/nested", "ignored/nested", "-n"]))
    if path is None:
        return
    b.place.git(b.place.root, "init", "-q", str(path))
    (path / "inner.txt").write_bytes(b.content())
    if b.rng.random() < 0.7:
        b.place.git(path, "add", "-A")
        b.place.git(path, "commit", "-q", "-m", "inner")
        (path / "uncommitted").write_bytes(b.content())
        if b.rng.random() < 0.3:
            b.tried("add", "--", str(path))  # as a gitlink, as `add -A` does


def submodule(b: Bench) -> None:
    path = b.top / "lib"
    if not path.exists():
        b.tried("submodule", "--quiet", "add", str(b.place.root / "lib"), "lib")
    if not (path / ".git").is_file():
        return
    (path / b.rng.choice(["inner.txt", "new.txt"])).write_bytes(b.content())
    if b.rng.random() < 0.5:
        b.place.git(path, "add", "-A")
        b.place.git(path, "commit", "-q", "--allow-empty", "-m", "only here")


def close_file(b: Bench) -> None:
    if path := b.some_file():
        path.chmod(0)


def close_folder(b: Bench) -> None:
    if path := b.free("closed/file"):
        path.write_bytes(b.content())
    folder = b.top / b.rng.choice(["closed", "src", "ignored", "node_modules/m"])
    if folder.is_dir() and not folder.is_symlink():
        folder.chmod(b.rng.choice([0, 0o500, 0o300]))


def build_of_another_repository(b: Bench) -> None:
    path = b.free(b.rng.choice(HEAVY) + "cloned")
    if path is not None:
        b.place.git(b.place.root, "clone", "-q", str(b.place.root / "lib"), str(path))
        (path / "only-here").write_bytes(b.content())


def commit(b: Bench) -> None:
    b.tried("commit", "-q", "--allow-empty", "-m", f"work {len(b.done)}")


def commit_all(b: Bench) -> None:
    b.tried("add", "-A")
    commit(b)


def amend(b: Bench) -> None:
    b.tried("commit", "-q", "--amend", "--allow-empty", "-m", f"amended {len(b.done)}")


def reset(b: Bench) -> None:
    b.tried("reset", "-q", b.rng.choice(["--soft", "--mixed", "--hard"]), "HEAD~1")


def stash(b: Bench) -> None:
    b.tried("stash", "push", "-q", *b.rng.choice([(), ("-u",), ("--keep-index",)]))


def unstash(b: Bench) -> None:
    b.tried("stash", b.rng.choice(["pop", "apply"]), "-q", *b.rng.choice([(), ("--index",)]))


def push(b: Bench) -> None:
    b.tried("push", "-q", "-u", "origin", "HEAD:refs/heads/pushed")


def merge_into_main(b: Bench) -> None:
    if not b.place.tried(b.place.repo, "merge", "-q", "--no-ff", "-m", "merged", b.branch):
        b.place.tried(b.place.repo, "merge", "--abort")


def squash_into_main(b: Bench) -> None:
    repo = b.place.repo
    if b.place.tried(repo, "merge", "-q", "--squash", b.branch):
        b.place.tried(repo, "commit", "-q", "-m", "squashed")
    else:
        b.place.tried(repo, "reset", "-q", "--merge")


def take_main(b: Bench) -> None:
    (b.place.repo / "main.txt").write_bytes(b.content())
    b.place.git(b.place.repo, "add", "main.txt")
    b.place.git(b.place.repo, "commit", "-q", "--allow-empty", "-m", "main goes on")
    b.tried(b.rng.choice(["merge", "rebase"]), "-q", "main")


def clashing(b: Bench) -> None:
    """Stop in the middle of something; tracked changes would hinder it."""
    if b.rng.random() < 0.7:
        b.tried("stash", "push", "-q")
    path = b.top / "a.txt"
    if path.is_dir() and not path.is_symlink():
        return
    path.unlink(missing_ok=True)
    path.write_text("one\nmine\nthree\n")
    b.tried("commit", "-q", "-m", "mine", "--", "a.txt")
    if b.rng.random() < 0.3:
        edit(b)
    act = b.rng.choice([
        ("merge", "-q", "clash"), ("rebase", "-q", "clash"),
        ("rebase", "-q", "--autostash", "clash"), ("cherry-pick", "clash"), ("revert", "HEAD~1"),
    ])  # fmt: skip
    b.tried(*act)


def resolve(b: Bench) -> None:
    if b.tried("add", "--", "a.txt") and b.rng.random() < 0.5:
        b.tried(b.rng.choice(["merge", "rebase", "cherry-pick"]), "--continue")


def detach(b: Bench) -> None:
    b.tried("checkout", "-q", "--detach", *b.rng.choice([(), ("HEAD~1",)]))


def switch(b: Bench) -> None:
    b.tried("checkout", "-q", *b.rng.choice([("-b", "other"), ("topic",), (b.branch,)]))


def orphan(b: Bench) -> None:
    b.tried("checkout", "-q", "--orphan", "orphan")


def rename_branch(b: Bench) -> None:
    b.tried("branch", "-m", b.branch, b.rng.choice(["renamed", "feature/renamed"]))


def drop_branch(b: Bench) -> None:
    if b.tried("checkout", "-q", "--detach"):
        b.tried("branch", "-D", b.branch)


def tag(b: Bench) -> None:
    b.tried("tag", "-f", "mark")


def bisect(b: Bench) -> None:
    b.tried("bisect", "start", "HEAD", "HEAD~1")


def pack(b: Bench) -> None:
    b.tried("pack-refs", "--all")


Act = Callable[[Bench], None]
OFTEN: tuple[Act, ...] = (
    edit, new, new, ignored, heavy, stage, stage_all, stage_partly, commit, commit_all, remove,
    rename, delete_by_hand, move_by_hand, rights, link, nested, copied,
)  # fmt: skip
SELDOM: tuple[Act, ...] = (
    heavy_but_tracked, intend, hide, unstage, delete_folder, file_becomes_folder, file_becomes_link,
    empty_folder, special, amend, reset, stash, unstash, push, merge_into_main, squash_into_main,
    take_main, clashing, clashing, resolve, detach, switch, orphan, rename_branch, drop_branch, tag,
    bisect, pack, submodule, submodule, close_file, close_folder, build_of_another_repository,
)  # fmt: skip


def play(b: Bench, count: int) -> None:
    """Let some acts take place."""
    for _ in range(count):
        act = b.rng.choice(OFTEN if b.rng.random() < 0.6 else SELDOM)
        b.done.append(act.__name__)
        # In what was closed, or broken off, not everything can be done.
        with suppress(PermissionError, GitFailedError):
            act(b)
