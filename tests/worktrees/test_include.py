"""`.worktreeinclude`: what is copied, and what never is."""

import errno
import hashlib
import os
import unicodedata
from pathlib import Path

import pytest

from parallel_agents.core.errors import RefusedError
from parallel_agents.worktrees.look import exclude
from parallel_agents.worktrees.settings import include
from tests.support.ordinary import ordinary
from tests.worktrees.conftest import Make, commit_all, git, write
from tests.worktrees.test_repository import AWKWARD


@pytest.fixture
def including(repo: Path) -> Path:
    write(repo / ".worktreeinclude", "# local files\n.env\n**/*.key\nignored/*\n!ignored/no.txt\n")
    write(repo / ".gitignore", "*.log\n.env\n*.key\nignored/*\n")
    commit_all(repo, "include")
    return repo


def copied(make: Make) -> tuple[Path, list[str], str]:
    record = make()
    return Path(record.path), [file.path for file in record.copied], " ".join(record.notes)


def test_ignored_and_listed_files_are_copied(including: Path, make: Make) -> None:
    write(including / ".env", "A=1\n").chmod(0o600)
    write(including / "deep/er/x.key", "key")
    write(including / "ignored/yes.txt", "yes")
    write(including / "ignored/no.txt", "no")
    write(including / "x.log", "ignored, but not listed")
    write(including / "plain.env", "neither")
    top, names, _ = copied(make)
    assert names == [".env", "deep/er/x.key", "ignored/yes.txt"]
    assert (top / ".env").read_text() == "A=1\n"
    assert (top / ".env").stat().st_mode & 0o777 == 0o600
    assert (top / "deep/er/x.key").read_text() == "key"
    assert not (top / "x.log").exists()
    assert git(top, "status", "--porcelain") == ""


@pytest.fixture(params=["without a name", "beside", "no second names"])
def ways_to_copy(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """File systems that can make a file without a name, that cannot, and that have no links."""

    def link(*_: object, **__: object) -> None:
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))

    if request.param != "without a name":
        monkeypatch.setattr(os, "O_TMPFILE", os.O_DIRECTORY | os.O_WRONLY)  # as refused: EISDIR
    if request.param == "no second names":
        monkeypatch.setattr(os, "link", link)


@pytest.mark.usefixtures("ways_to_copy")
def test_a_copy_that_was_cut_off_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its half would be taken for the file: nothing is ever copied over anything."""
    source, target = tmp_path / "from", tmp_path / "to"
    write(source / ".env", "SECRET=1\n")
    target.mkdir()
    whole = include._transfer

    def half(read: int, written: int | None) -> str:
        if written is not None:
            os.write(written, b"SEC")
        raise OSError(errno.EIO, "cut off")

    monkeypatch.setattr(include, "_clone", lambda *_: False)
    monkeypatch.setattr(include, "_transfer", half)
    with pytest.raises(OSError, match="cut off"):
        include.copy_files(source, target, [".env"])
    assert not (target / ".env").exists()
    monkeypatch.setattr(include, "_transfer", whole)
    copied, left = include.copy_files(source, target, [".env"])
    assert ([file.path for file in copied], left) == ([".env"], ())
    assert [path.name for path in target.iterdir()] == [".env"]
    assert (target / ".env").read_text() == "SECRET=1\n"


@pytest.mark.usefixtures("ways_to_copy")
def test_what_a_killed_process_left_of_a_copy_is_replaced(tmp_path: Path) -> None:
    source, target = tmp_path / "from", tmp_path / "to"
    write(source / ".env", "SECRET=1\n").chmod(0o640)
    name = f".parallel-agents-{hashlib.sha256(b'.env').hexdigest()[:16]}"
    if os.O_TMPFILE == os.O_DIRECTORY | os.O_WRONLY:
        write(target / name, "SEC")
    target.mkdir(exist_ok=True)
    include.copy_files(source, target, [".env"])
    assert [path.name for path in target.iterdir()] == [".env"]
    assert (target / ".env").stat().st_mode & 0o777 == 0o640


@pytest.mark.usefixtures("ways_to_copy")
@pytest.mark.parametrize("taken", ["file", "link", "directory"])
def test_nothing_is_copied_over_anything(taken: str, tmp_path: Path) -> None:
    source, target = tmp_path / "from", tmp_path / "to"
    write(source / ".env", "SECRET=1\n")
    target.mkdir()
    make = {
        "file": lambda path: path.write_text("mine"),
        "link": lambda path: path.symlink_to("nowhere"),
        "directory": lambda path: path.mkdir(),
    }
    make[taken](target / ".env")
    before = (target / ".env").lstat()
    assert include.copy_files(source, target, [".env"]) == ((), (".env",))
    assert (target / ".env").lstat() == before
    assert [path.name for path in target.iterdir()] == [".env"]


def test_the_checkout_where_the_person_stands_is_the_source(
    including: Path, make: Make, tmp_path: Path
) -> None:
    git(including, "worktree", "add", "-q", "-b", "dev", str(tmp_path / "dev"))
    write(including / ".env", "main")
    write(tmp_path / "dev/.env", "dev")
    assert (Path(make(at=tmp_path / "dev").path) / ".env").read_text() == "dev"


def test_links_and_special_files_are_not_followed(
    including: Path, make: Make, tmp_path: Path
) -> None:
    write(tmp_path / "outside/secret.key", "private")
    (including / "stolen.key").symlink_to(tmp_path / "outside/secret.key")
    (including / "ignored").mkdir()
    (including / "ignored/dir").symlink_to(tmp_path / "outside")
    os.mkfifo(including / "pipe.key")
    write(including / "fine.key", "fine")
    top, names, notes = copied(make)
    assert names == ["fine.key"]
    assert "stolen.key" in notes
    assert not os.path.lexists(top / "stolen.key")


def test_a_link_in_the_base_does_not_lead_a_copy_outside(
    including: Path, make: Make, tmp_path: Path
) -> None:
    (tmp_path / "outside").mkdir()
    (including / "out").symlink_to(tmp_path / "outside")
    write(including / ".gitignore", "*.key\n")
    commit_all(including, "a link where the copy would go")
    (including / "out").unlink()
    write(including / "out/x.key", "private")
    _, names, notes = copied(make)
    assert names == []
    assert "out/x.key" in notes
    assert not list((tmp_path / "outside").iterdir())


def test_nothing_is_written_over_what_the_base_tracks(including: Path, make: Make) -> None:
    base_name, other_form = (
        unicodedata.normalize("NFC", "é.key"),
        unicodedata.normalize("NFD", "é.key"),
    )
    for name in ("tracked.key", "Case.key", base_name):
        write(including / name, "base")
        git(including, "add", "-f", name)
    git(including, "commit", "-q", "-m", "tracked")
    for name in ("tracked.key", "Case.key", base_name):
        git(including, "rm", "-q", "--cached", name)
    write(including / "tracked.key", "mine")
    for name in ("case.key", other_form):
        write(including / name, "mine")
    top, names, _ = copied(make)
    assert names == []
    assert (top / "tracked.key").read_text() == "base"
    assert not (top / "case.key").exists()
    assert not (top / other_form).exists()


def test_repositories_and_our_own_worktrees_are_left_out(including: Path, make: Make) -> None:
    nested = including / "ignored/nested"
    nested.mkdir(parents=True)
    git(nested, "init", "-q")
    write(nested / "x.key", "x")
    write(including / ".worktreeinclude", "**\n")
    first = make("s0", "first")
    write(Path(first.path) / "mine.key", "x")
    _, names, _ = copied(make)
    assert names == []


def test_a_linked_include_file_is_not_read(including: Path, make: Make, tmp_path: Path) -> None:
    write(tmp_path / "list", "*.key\n")
    (including / ".worktreeinclude").unlink()
    (including / ".worktreeinclude").symlink_to(tmp_path / "list")
    write(including / "x.key", "x")
    _, names, notes = copied(make)
    assert names == []
    assert "symbolic link" in notes


@pytest.mark.parametrize("name", AWKWARD)
def test_a_pattern_matches_its_own_path_alone(name: str, repo: Path) -> None:
    pattern = exclude.pattern_for(f"sub/{name}")
    if "\n" in name:
        assert pattern is None
        return
    assert pattern is not None
    (repo / ".git/info/exclude").write_bytes(os.fsencode(pattern) + b"\n")
    write(repo / "sub" / name, "x")
    for other in ("stara", "tail", "quote", "other"):
        write(repo / "sub" / other, "x")
    write(repo / "deeper/sub" / name, "x")
    listed = git(repo, "ls-files", "-z", "--others", "--exclude-standard").split("\0")
    assert f"sub/{name}" not in listed
    assert f"deeper/sub/{name}" in listed
    assert "sub/other" in listed


def test_secrets_that_the_base_does_not_ignore_are_not_committed(
    including: Path, make: Make
) -> None:
    write(including / ".env", "SECRET")
    write(including / "n l.key", "SECRET")
    base = git(including, "rev-parse", "HEAD")
    git(including, "rm", "-q", "--cached", ".gitignore")
    git(including, "commit", "-q", "-m", "rules are local only")
    assert git(including, "rev-parse", "HEAD") != base
    top, names, notes = copied(make)
    assert names == [".env", "n l.key"]
    assert "info/exclude" in notes
    git(top, "add", "-A")
    assert git(top, "diff", "--cached", "--name-only") == ""


def test_our_line_is_added_once(repo: Path, make: Make) -> None:
    (repo / ".git/info/exclude").write_bytes(b"# mine\n*.tmp")
    assert any("info/exclude" in note for note in make().notes)
    assert not any("info/exclude" in note for note in make("s2", "second").notes)
    assert (repo / ".git/info/exclude").read_bytes() == b"# mine\n*.tmp\n/.claude/worktrees/\n"
    (repo / ".git/info/exclude").unlink()
    (repo / ".git/info").rmdir()
    make("s3", "third")
    assert git(repo, "status", "--porcelain") == ""


def test_our_line_is_not_told_where_git_ignores_worktrees_already(repo: Path, make: Make) -> None:
    write(repo / ".gitignore", "/.claude/worktrees/\n")
    commit_all(repo, "ignore them")
    assert not any("info/exclude" in note for note in make().notes)
    assert "/.claude/worktrees/" in (repo / ".git/info/exclude").read_text()


def test_a_linked_exclude_file_is_refused(repo: Path, make: Make, tmp_path: Path) -> None:
    target = write(tmp_path / "bashrc", "x\n")
    (repo / ".git/info/exclude").unlink()
    (repo / ".git/info/exclude").symlink_to(target)
    with pytest.raises(RefusedError, match="symbolic link"):
        make()
    assert target.read_text() == "x\n"
    assert not (repo / ".claude/worktrees/fix-login").exists()


def test_the_shipped_example_is_taken_by_git(repo: Path, make: Make) -> None:
    example = Path(__file__).parents[2] / ".worktreeinclude.example"
    write(repo / ".worktreeinclude", example.read_bytes())
    write(repo / ".env", "A=1")
    assert [f.path for f in make().copied] == [".env"]


def test_the_whole_syntax_of_gitignore(including: Path, make: Make) -> None:
    write(including / ".gitignore", "ignored/\nlocal*\n*.key\nspaced\\ \n#odd\n!odd\n")
    write(
        including / ".worktreeinclude",
        b"\xef\xbb\xbf# a comment, then a line of another system\r\n"
        b"ignored/**/deep.txt\r\n"
        b"/local-top\n"
        b"local-dir/\n"
        b"!local-dir/not.txt\n"
        b"*.key\n"
        b"!no*.key\n"
        b"!**/never/**\n"
        b"ignored/in/\n"
        b"trailing.key   \n"
        b"spaced\\ \n"
        b"\\#odd\n"
        b"\n",
    )
    commit_all(including, "patterns")
    wanted = [
        "ignored/a/b/deep.txt", "local-top", "local-dir/yes.txt", "sub/yes.key",
        "ignored/in/side.txt", "spaced ", "local-dir/not.txt",
    ]  # fmt: skip
    unwanted = [
        "sub/local-top", "nope.key", "sub/never/x.key", "ignored/other.txt", "spaced",
        "ignored/a/shallow.txt",
    ]  # fmt: skip
    for name in [*wanted, *unwanted]:
        write(including / name, name)
    top, names, _ = copied(make)
    assert sorted(names) == sorted(wanted)  # nothing comes back from below a whole directory
    for name in names:
        assert (top / name).read_text() == name
    assert git(top, "status", "--porcelain") == ""


class Cloning:
    """Stands for a file system that can share blocks, or that says why it cannot."""

    def __init__(self, error: int = 0) -> None:
        self.error = error
        self.asked = 0

    def __call__(self, target: int, request: int, source: int) -> int:
        assert request == 0x40049409
        self.asked += 1
        if self.error:
            raise OSError(self.error, os.strerror(self.error))
        os.pwrite(target, os.pread(source, 1 << 20, 0), 0)
        return 0


ERRORS = ("EOPNOTSUPP", "EXDEV", "EINVAL", "ENOTTY", "ENOSYS", "EPERM", "EACCES", "EBADF")


@pytest.mark.parametrize("error", ["", *ERRORS])
def test_a_copy_shares_blocks_where_it_can(
    error: str, including: Path, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    cloning = Cloning(getattr(errno, error) if error else 0)
    monkeypatch.setattr("fcntl.ioctl", cloning)
    write(including / ".env", "A=1\n").chmod(0o600)
    write(including / "empty.key", "")
    record = make()
    assert cloning.asked == 2
    assert (Path(record.path) / ".env").read_text() == "A=1\n"
    assert (Path(record.path) / ".env").stat().st_mode & 0o777 == 0o600
    digests = {file.path: file.digest for file in record.copied}
    assert digests[".env"] == hashlib.sha256(b"A=1\n").hexdigest()
    assert digests["empty.key"] == hashlib.sha256(b"").hexdigest()


def test_a_copy_is_its_own_file(including: Path, make: Make) -> None:
    write(including / ".env", "A=1\n")
    top, _, _ = copied(make)
    write(top / ".env", "changed\n")
    assert (including / ".env").read_text() == "A=1\n"


def test_a_byte_order_mark_is_no_part_of_the_first_line(including: Path, make: Make) -> None:
    write(including / ".worktreeinclude", b"\xef\xbb\xbf.env\r\nx.key\n")
    write(including / ".env", "A=1\n")
    write(including / "x.key", "key")
    assert copied(make)[1] == [".env", "x.key"]


def test_what_is_no_plain_file_is_named(including: Path, make: Make) -> None:
    with (including / ".worktreeinclude").open("a") as file:
        file.write("run/agent.pipe\n/state/\n*.sock\n")
    for name in ("run/agent.pipe", "state/queue", "dev.sock", "other.pipe"):
        (including / name).parent.mkdir(exist_ok=True)
        os.mkfifo(including / name)
    _, names, notes = copied(make)
    assert names == []
    assert "dev.sock, run/agent.pipe, state/queue" in notes
    assert "other.pipe" not in notes


def test_a_closed_file_is_named(including: Path, make: Make) -> None:
    write(including / "closed.key", "key").chmod(0)
    write(including / "open.key", "key")

    def create() -> tuple[list[str], str]:
        return copied(make)[1:]

    names, notes = ordinary(create)
    assert names == ["open.key"]
    assert "closed.key" in notes
