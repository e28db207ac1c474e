"""Pull requests as bases: found, fetched, and treated as a stranger's."""

import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext, suppress
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from parallel_agents.core.errors import GitError, UsageError
from parallel_agents.core.worktree import Extras
from parallel_agents.worktrees.make import pull
from parallel_agents.worktrees.manager import WorktreeManager
from tests.worktrees.conftest import commit_all, git, none_alive, write

GITHUB = "https://git.example.org/team/shop"
GITLAB = "https://lab.example.org/group/sub/shop"


@pytest.fixture
def server(repo: Path, tmp_path: Path) -> Path:
    """A bare repository with GitHub's pull request 7 and GitLab's merge request 8."""
    bare = tmp_path / "server.git"
    git(tmp_path, "clone", "-q", "--bare", str(repo), str(bare))
    for number, name in ((7, "refs/pull/7/head"), (8, "refs/merge-requests/8/head")):
        publish(repo, bare, name, f"theirs{number}.txt")
    return bare


def publish(repo: Path, bare: Path, ref: str, *names: str) -> str:
    """Give the server a commit on top of main under a ref, without a branch anywhere."""
    git(repo, "checkout", "-q", "--detach", "main")
    for name in names:
        write(repo / name, f"{name}\n")
    commit = commit_all(repo, f"for {ref}")
    git(repo, "push", "-q", str(bare), f"+HEAD:{ref}")
    git(repo, "checkout", "-q", "main")
    return commit


@pytest.fixture
def mine(server: Path, tmp_path: Path) -> Path:
    git(tmp_path, "clone", "-q", str(server), str(tmp_path / "mine"))
    return tmp_path / "mine"


@pytest.fixture
def hanging() -> Iterator[str]:
    """The URL of a server that accepts, and never says anything."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/team/shop"


@pytest.mark.parametrize("number", [7, 8])
def test_a_number_is_fetched_from_where_it_is_advertised(
    number: int, manager: WorktreeManager, mine: Path
) -> None:
    base = manager.resolve_base(manager.resolve(str(mine)), f"#{number}")
    assert (base.name, base.ref) == (f"#{number}", f"refs/parallel-agents/pr/{number}")
    assert base.stranger
    assert git(mine, "show", "--format=", "--name-only", base.commit) == f"theirs{number}.txt"
    assert git(mine, "rev-parse", str(base.ref)) == base.commit


def test_it_leaves_no_trace_but_its_ref(manager: WorktreeManager, mine: Path) -> None:
    before = git(mine, "for-each-ref").split("\n")
    config = (mine / ".git/config").read_bytes()
    base = manager.resolve_base(manager.resolve(str(mine)), "#7")
    assert not (mine / ".git/FETCH_HEAD").exists()
    assert (mine / ".git/config").read_bytes() == config
    after = git(mine, "for-each-ref").split("\n")
    assert set(after) - set(before) == {f"{base.commit} commit\t{base.ref}"}
    assert set(before) <= set(after)


def test_the_worktree_of_a_pull_request(manager: WorktreeManager, mine: Path) -> None:
    found = manager.resolve(str(mine))
    base = manager.resolve_base(found, "#7")
    slug = manager.slug(found, "pr-7", "{slug}")
    record = manager.create(found, session="s1", slug=slug, base=base, branch=slug)
    assert (record.slug, record.branch, record.stranger) == ("pr-7", "pr-7", True)
    assert (Path(record.path) / "theirs7.txt").exists()
    assert manager.diff_stat(record).changes.files == 0
    write(Path(record.path) / "own.txt", "own\n")
    stat = manager.diff_stat(record)
    assert (stat.against, [file.path for file in stat.files]) == ("#7", ["own.txt"])
    assert manager.slug(found, "pr-7", "{slug}") == "pr-7-2"
    manager.delete(record, live_pids=none_alive)
    assert git(mine, "branch", "--list", "pr-7") == ""


def test_a_url_chooses_the_remote_that_it_names(
    manager: WorktreeManager, mine: Path, server: Path, repo: Path, tmp_path: Path
) -> None:
    other = tmp_path / "fork.git"
    git(tmp_path, "clone", "-q", "--bare", str(repo), str(other))
    theirs = publish(repo, other, "refs/pull/7/head", "fork.txt")
    git(mine, "config", "--global", f"url.{server}.insteadOf", "work:shop.git")
    git(mine, "config", "--global", f"url.{other}.insteadOf", "git@git.example.org:Fork/Shop.git")
    git(mine, "remote", "set-url", "origin", "work:shop.git")
    git(mine, "remote", "add", "fork", "git@git.example.org:Fork/Shop.git")
    found = manager.resolve(str(mine))
    url = "https://git.example.org/fork/shop/pull/7/files?w=1#diff"
    assert manager.resolve_base(found, url).commit == theirs
    assert manager.resolve_base(found, "#7").commit != theirs
    with pytest.raises(UsageError, match="not a remote of this repository") as caught:
        manager.resolve_base(found, f"{GITHUB}/pull/7")
    assert caught.value.hint


def test_only_the_kind_that_the_url_names_is_looked_for(
    manager: WorktreeManager, mine: Path, server: Path
) -> None:
    git(mine, "config", "--global", f"url.{server}.insteadOf", GITLAB)
    git(mine, "remote", "set-url", "origin", GITLAB)
    found = manager.resolve(str(mine))
    assert manager.resolve_base(found, f"{GITLAB}/-/merge_requests/8").name == "#8"
    with pytest.raises(GitError, match="no pull request #7"):
        manager.resolve_base(found, f"{GITLAB}/-/merge_requests/7")


def test_one_that_is_not_there_is_said(manager: WorktreeManager, mine: Path) -> None:
    with pytest.raises(GitError, match="the remote origin has no pull request #9") as caught:
        manager.resolve_base(manager.resolve(str(mine)), "#9")
    assert "refs/pull/9/head" in caught.value.hint


def test_a_moved_pull_request_is_fetched_again(
    manager: WorktreeManager, mine: Path, repo: Path, server: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = manager.resolve(str(mine))
    first = manager.resolve_base(found, "#7").commit
    newer = publish(repo, server, "refs/pull/7/head", "forced.txt")
    assert manager.resolve_base(found, "#7").commit == first
    monkeypatch.setattr(pull, "KNOWN_SECONDS", 0.0)
    assert manager.resolve_base(found, "#7").commit == newer


def test_a_hanging_remote_ends_by_the_deadline(
    manager: WorktreeManager, mine: Path, hanging: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    git(mine, "remote", "set-url", "origin", hanging)
    monkeypatch.setattr(pull, "ASK_SECONDS", 0.5)
    with pytest.raises(GitError, match="did not end in time") as caught:
        manager.resolve_base(manager.resolve(str(mine)), f"{hanging}/pull/7")
    assert caught.value.hint


def test_a_hanging_remote_can_be_left_and_stops_nobody_else(
    manager: WorktreeManager, mine: Path, hanging: str
) -> None:
    found = manager.resolve(str(mine))
    base = manager.resolve_base(found, "head")
    git(mine, "remote", "set-url", "origin", hanging)
    leave = threading.Event()
    with ThreadPoolExecutor(2) as pool:
        asked = [
            pool.submit(manager.resolve_base, found, "#7", cancelled=leave.is_set) for _ in range(2)
        ]
        manager.create(found, session="s1", slug="meanwhile", base=base)
        assert not any(one.done() for one in asked)
        leave.set()
        for one in asked:
            with pytest.raises(GitError, match="cancelled"):
                one.result(timeout=30)


def test_many_ask_for_the_same_one(manager: WorktreeManager, mine: Path) -> None:
    found = manager.resolve(str(mine))
    with ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(manager.resolve_base, found, "#7") for _ in range(8)]
        assert len({one.result().commit for one in asked}) == 1


def test_a_remote_that_would_run_a_program_does_not(
    manager: WorktreeManager, mine: Path, tmp_path: Path
) -> None:
    git(mine, "remote", "set-url", "origin", f"ext::touch {tmp_path}/pwned")
    with pytest.raises(GitError, match="ls-remote"):
        manager.resolve_base(manager.resolve(str(mine)), "#7")
    git(mine, "config", "remote.origin.url", f"--upload-pack=touch {tmp_path}/pwned")
    with pytest.raises(GitError, match="ls-remote"):
        manager.resolve_base(manager.resolve(str(mine)), "#7")
    assert not (tmp_path / "pwned").exists()


def test_a_link_where_settings_would_be_leads_nowhere(
    manager: WorktreeManager, mine: Path, repo: Path, server: Path, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    git(repo, "checkout", "-q", "--detach", "main")
    (repo / ".claude").symlink_to(outside)
    commit_all(repo, "a link at .claude")
    git(repo, "push", "-q", str(server), "+HEAD:refs/pull/66/head")
    git(repo, "checkout", "-q", "main")
    write(mine / ".gitignore", ".claude/\n")
    write(mine / ".worktreeinclude", ".claude/secret\n")
    write(mine / ".claude/secret", "mine")
    found = manager.resolve(str(mine))
    base = manager.resolve_base(found, "#66")
    record = manager.create(found, session="s1", slug="pr-66", base=base)
    assert (Path(record.path) / ".claude").is_symlink()
    assert record.copied == ()
    assert not list(outside.iterdir())
    assert manager.verify(record) is None


def test_a_strangers_worktree_gets_no_copies(manager: WorktreeManager, mine: Path) -> None:
    write(mine / ".worktreeinclude", ".env\n")
    write(mine / ".env", "SECRET=1\n")
    found = manager.resolve(str(mine))
    base = manager.resolve_base(found, "#7")
    kept = Extras(without_copies="the pull request #7 has not been accepted")
    record = manager.create(found, session="s1", slug="a", base=base, extras=kept)
    assert not (Path(record.path) / ".env").exists()
    assert any("not been accepted" in note for note in record.notes)
    assert manager.create(found, session="s2", slug="b", base=base).copied[0].path == ".env"


def test_trust_of_a_pull_request_is_of_its_commit_alone(
    manager: WorktreeManager, mine: Path
) -> None:
    found = manager.resolve(str(mine))
    head = str(found.head)

    def digest(commit: str, *, stranger: bool) -> str:
        return manager.executable_config(found, commit, stranger=stranger).digest

    first = manager.resolve_base(found, "#7").commit
    second = manager.resolve_base(found, "#8").commit
    assert digest(first, stranger=False) == digest(head, stranger=False)
    assert len({digest(head, stranger=False), digest(first, stranger=True),
                digest(second, stranger=True)}) == 3  # fmt: skip


@pytest.mark.parametrize(
    "odd",
    ["#", "#0", "#007", "#12x", "#-1", "#1\n", "#٣", "##1", "#99999999999", "#--upload-pack=x",
     "https://x/pull/1", "https://x/a/b/pull/0", "https://x/a/b/pull/-1", "file:///a/b/pull/1",
     "https://u:p@x/a/b/pull/1", "https://x/a/b/pull/1 --x", "ext::sh://a/pull/1"],
)  # fmt: skip
def test_what_only_looks_like_a_pull_request(odd: str) -> None:
    found: pull.PullRequest | None = None
    with suppress(UsageError):
        found = pull.parse_pull(odd)
    assert found is None


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("https://github.com/Owner/Name.git", "github.com/owner/name"),
        ("https://user:token@github.com/owner/name/", "github.com/owner/name"),
        ("ssh://git@github.com:22/owner/name.git", "github.com/owner/name"),
        ("git@github.com:owner/name.git", "github.com/owner/name"),
        ("github.com:owner/name", "github.com/owner/name"),
        ("https://www.github.com/owner/name", "github.com/owner/name"),
        ("https://lab.example.org:8443/a/b/c", "lab.example.org/a/b/c"),
        ("/srv/git/name.git", ""),
        ("../name", ""),
        ("ext::sh -c x", ""),
        ("", ""),
    ],
)
def test_which_repository_a_url_means(url: str, place: str) -> None:
    assert pull.place_of(url) == place


@given(st.text() | st.from_regex(r"#\d{1,12}|https?://\S{1,20}/(pull|merge_requests)/\d+"))
def test_any_text_is_one_or_none_or_an_error(text: str) -> None:
    try:
        found = pull.parse_pull(text)
    except UsageError:
        return
    if found is not None:
        assert 0 < found.number < 10**10
        assert all(ref.isascii() and " " not in ref for ref in (found.ref, *found.refs))


def test_a_long_text_is_read_at_once() -> None:
    began = time.monotonic()
    for text in ("https://" + "a/" * 200_000, "https://a/" + "/pull/" * 50_000 + "x"):
        with pytest.raises(UsageError) if "/pull/" in text else nullcontext():
            pull.parse_pull(text)
    assert time.monotonic() - began < 30
