"""Where one history happens: a copy of a template repository, its remote, and a state directory."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

FAST = ("-c", "core.fsync=none", "-c", "gc.auto=0", "-c", "maintenance.auto=false")
FILTERS = (
    '[filter "swap"]\n clean = tr a-y b-z\n smudge = tr b-z a-y\n required = true\n'
    '[filter "broken"]\n clean = false\n required = true\n'
)
"""The person's own: one that works and one that does not."""
_CONFIG = (
    "[user]\n name = Somebody\n email = somebody@example.org\n"
    '[init]\n defaultBranch = main\n templateDir =\n[protocol "file"]\n allow = always\n'
    "[advice]\n detachedHead = false\n[rerere]\n enabled = false\n"
) + FILTERS
_IGNORE = "*.log\n.env\nlocal.ini\nnode_modules/\ntarget/\n.venv/\ndist/\nignored/\n"


def environment(home: Path) -> dict[str, str]:
    """An environment in which git knows nothing of the person who runs this."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
    return kept | {
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home / ".config"),
        "GIT_CONFIG_GLOBAL": str(home / ".gitconfig"),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_EDITOR": ":",
        "GIT_LITERAL_PATHSPECS": "1",
    }


class GitFailedError(AssertionError):
    """Git failed where it should not; an act may meet what an earlier one has closed."""


@dataclass(frozen=True)
class Place:
    """The directories of one history.

    Attributes:
        root: holds all others.
        name: of the main checkout's directory, which may be moved.
    """

    root: Path
    name: str = "repo"

    @property
    def repo(self) -> Path:
        """The main checkout."""
        return self.root / self.name

    @property
    def common(self) -> Path:
        """Git's directory, which all worktrees share."""
        return self.repo / ".git"

    @property
    def state(self) -> Path:
        """The state directory of the manager."""
        return self.root / "state"

    def git(self, directory: Path, *args: str, ok: tuple[int, ...] = (0,)) -> bytes:
        """Run git as a person or an agent would; its output."""
        done = subprocess.run(
            ["git", "-C", str(directory), *FAST, *args],
            capture_output=True,
            check=False,
            stdin=subprocess.DEVNULL,
            env=environment(self.root / "home"),
        )
        if done.returncode not in ok:
            raise GitFailedError((args, done.returncode, done.stderr))
        return done.stdout

    def tried(self, directory: Path, *args: str) -> bool:
        """Run git where failing is as well an outcome; whether it went well."""
        done = subprocess.run(
            ["git", "-C", str(directory), *FAST, *args],
            capture_output=True,
            check=False,
            stdin=subprocess.DEVNULL,
            env=environment(self.root / "home"),
        )
        return done.returncode == 0


def make_template(root: Path) -> None:
    """Make what each history begins with.

    Args:
        root: an empty directory.
    """
    place = Place(root)
    (root / "home").mkdir()
    (root / "home/.gitconfig").write_text(_CONFIG)
    place.repo.mkdir()
    place.git(place.repo, "init", "-q")
    _first_files(place.repo)
    _commit(place, "first")
    place.git(place.repo, "branch", "topic")
    place.git(place.repo, "checkout", "-q", "-b", "clash")
    (place.repo / "a.txt").write_text("one\nclash\nthree\n")
    _commit(place, "clash")
    place.git(place.repo, "checkout", "-q", "main")
    (place.repo / "later.txt").write_text("later\n")
    _commit(place, "second")
    place.git(root, "init", "-q", "lib")
    (root / "lib/inner.txt").write_text("inner\n")
    place.git(root / "lib", "add", "-A")
    place.git(root / "lib", "commit", "-q", "-m", "inner")
    place.git(root, "init", "-q", "--bare", "remote.git")
    place.git(place.repo, "remote", "add", "origin", "../remote.git")
    place.git(place.repo, "push", "-q", "origin", "main", "clash")
    place.git(place.repo, "fetch", "-q", "origin")
    place.git(place.repo, "remote", "set-head", "origin", "main")
    (place.repo / ".env").write_text("SECRET=1\n")
    (place.repo / "conf/local.ini").write_text("[local]\n")


def _first_files(repo: Path) -> None:
    for name in ("src", "docs/deep", "conf"):
        (repo / name).mkdir(parents=True)
    (repo / "a.txt").write_text("one\ntwo\nthree\n")
    (repo / "src/b.py").write_text("print('b')\n")
    (repo / "src/c.py").write_text("print('c')\n" * 50)
    (repo / "docs/deep/d.md").write_text("# d\n")
    (repo / "conf/app.ini").write_text("[app]\n")
    (repo / "run.sh").write_text("#!/bin/sh\n")
    (repo / "run.sh").chmod(0o755)
    (repo / "link").symlink_to("a.txt")
    (repo / "bin.dat").write_bytes(bytes(range(256)) * 8)
    (repo / ".gitignore").write_text(_IGNORE)
    (repo / ".gitattributes").write_text("*.swapped filter=swap\n*.broken filter=broken\n")
    (repo / ".worktreeinclude").write_text(".env\nlocal.ini\n")


def _commit(place: Place, message: str) -> None:
    place.git(place.repo, "add", "-A")
    place.git(place.repo, "commit", "-q", "-m", message)


def make_place(template: Path, root: Path) -> Place:
    """Copy the template for one history."""
    shutil.copytree(template, root, symlinks=True)
    return Place(root)
