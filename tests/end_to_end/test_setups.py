"""Repositories that are set up in uncommon ways, on the real `claude` (pitfall 2)."""

import json
from pathlib import Path

import pytest

from tests.support.messages_api import MessagesApi
from tests.support.person import Person

pytestmark = pytest.mark.claude

WRITE = 'WRITE {"file_path": "$CWD/made.txt", "content": "x"}'
MODE = ("--permission-mode", "acceptEdits", "--base", "head")


def works_in_its_worktree(person: Person, session: str) -> Path:
    person.wait(session, "done")
    tree = Path(person.show(session)["worktree"])
    assert (tree / "made.txt").read_text() == "x"
    assert [f["path"] for f in person.json("diff", session)["files"]] == ["made.txt"]
    return tree


def test_symlinked_path_subdirectory_and_linked_checkout(developer: Person) -> None:
    """Wherever `new` runs from, the worktree lies under the main root."""
    repo = developer.repository()
    (repo / "sub").mkdir()
    link = developer.tmp / "link"
    link.symlink_to(repo)
    linked = developer.tmp / "linked"
    developer.git("worktree", "add", "-q", "-b", "side", str(linked), cwd=repo)
    for directory in (repo / "sub", link, linked):
        session = developer.ok("new", WRITE, "-C", str(directory), *MODE)
        tree = works_in_its_worktree(developer, session)
        assert tree.parent == repo / ".claude/worktrees"
    assert developer.git("status", "--porcelain", cwd=repo) == ""
    assert developer.git("status", "--porcelain", cwd=linked) == ""


def test_bare_hub(developer: Person) -> None:
    """A bare repository with linked checkouts."""
    plain = developer.repository("plain")
    hub = developer.tmp / "hub"
    hub.mkdir()
    developer.git("clone", "-q", "--bare", str(plain), str(hub / ".bare"), cwd=hub)
    developer.git("worktree", "add", "-q", str(hub / "main"), "main", cwd=hub / ".bare")
    developer.ok("trust", str(hub / "main"), "--base", "head")
    session = developer.ok("new", WRITE, "-C", str(hub / "main"), *MODE)
    works_in_its_worktree(developer, session)
    assert developer.git("status", "--porcelain", cwd=hub / "main") == ""


def test_symlinked_claude_directory_is_refused(developer: Person) -> None:
    repo = developer.repository()
    (developer.tmp / "dotfiles").mkdir()
    (repo / ".claude").symlink_to(developer.tmp / "dotfiles")
    developer.ok("trust", str(repo))
    session = developer.ok("new", WRITE, "-C", str(repo), *MODE)
    developer.wait(session, "failed")
    assert "symlink" in developer.show(session)["detail"]
    assert list((developer.tmp / "dotfiles").iterdir()) == []


def test_worktree_hook_says_where_the_agent_works(developer: Person) -> None:
    """With a `WorktreeCreate` hook the CLI makes no place of its own: the hook was asked once."""
    repo = developer.repository()
    elsewhere = developer.tmp / "elsewhere"
    hook = {"type": "command", "command": f"mkdir {elsewhere} && echo {elsewhere}"}
    settings = {"hooks": {"WorktreeCreate": [{"hooks": [hook]}]}}
    (repo / ".claude").mkdir()
    (repo / ".claude/settings.json").write_text(json.dumps(settings))
    developer.git("add", "-A", cwd=repo)
    developer.git("commit", "-qm", "hook", cwd=repo)
    developer.ok("trust", str(repo))
    session = developer.ok("new", WRITE, "-C", str(repo), "--permission-mode", "acceptEdits")
    developer.wait(session, "done")
    assert developer.show(session)["worktree"] == str(elsewhere)
    assert len(list(elsewhere.iterdir())) == 1
    assert not (repo / ".claude/worktrees").exists()


def test_merged_branch_is_not_moved_at_resume(developer: Person) -> None:
    """The branch was pushed, merged and deleted on the remote; a resume leaves it alone."""
    remote = developer.tmp / "remote.git"
    repo = developer.repository()
    developer.git("clone", "-q", "--bare", str(repo), str(remote), cwd=repo)
    developer.git("remote", "add", "origin", str(remote), cwd=repo)
    developer.git("fetch", "-q", "origin", cwd=repo)
    session = developer.ok("new", WRITE, "-C", str(repo), *MODE)
    tree = works_in_its_worktree(developer, session)
    developer.ok("stop", session)
    branch = developer.show(session)["branch"]
    developer.git("add", "-A", cwd=tree)
    developer.git("commit", "-qm", "work", cwd=tree)
    own = developer.git("rev-parse", "HEAD", cwd=tree)
    developer.git("push", "-q", "origin", branch, cwd=tree)
    developer.git("merge", "-q", "--no-ff", "-m", "merge", branch, cwd=repo)
    developer.git("push", "-q", "origin", "main", cwd=repo)
    developer.git("push", "-q", "origin", "--delete", branch, cwd=repo)
    developer.ok("send", session, "SAY still here")
    developer.wait(session, "done")
    assert developer.git("rev-parse", "HEAD", cwd=tree) == own


def test_a_session_started_in_a_sub_directory_is_told_so(
    developer: Person, api: MessagesApi
) -> None:
    """By the note, to the agent, and to its commands; it begins at the top."""
    repo = developer.repository()
    (repo / "web/app").mkdir(parents=True)
    (repo / "web/app/page").write_text("x")
    developer.git("add", "-A", cwd=repo)
    developer.git("commit", "-qm", "app", cwd=repo)
    prompt = "BASH echo $PARALLEL_AGENTS_DIRECTORY > where"
    session = developer.ok("new", prompt, "-C", str(repo / "web/app"), "--base", "head")
    developer.wait(session, "blocked")
    developer.ok("answer", session, "--allow")
    developer.wait(session, "done")
    top = Path(developer.ok("path", session))
    assert (top / "where").read_text().strip() == str(top / "web/app")
    assert "told about web/app" in developer.ok("logs", session)
    told = [json.dumps(call.body) for call in api.calls() if call.session_id]
    assert any("started this session in the directory" in body for body in told)


def test_land_command_of_info_works(developer: Person) -> None:
    """The command that Info shows brings the work into the main checkout."""
    import subprocess

    from parallel_agents.wire.messages import Info

    repo = developer.repository()
    session = developer.ok("new", WRITE, "-C", str(repo), *MODE)
    works_in_its_worktree(developer, session)
    with developer.client() as client:
        commands = client.request(Info(session=session)).land
    merge = next(i for i, command in enumerate(commands) if " merge " in command)
    for command in commands[: merge + 1]:
        subprocess.run(command, shell=True, cwd=repo, env=developer.env, check=True)
    assert (repo / "made.txt").read_text() == "x"


def test_a_pull_requests_hooks_run_only_once_it_was_accepted(developer: Person) -> None:
    """The repository is trusted; its pull request brings a hook of its own."""
    repo = developer.repository()
    ran = developer.tmp / "ran"
    hook = {"hooks": [{"type": "command", "command": f"touch {ran}"}]}
    developer.git("clone", "-q", "--bare", str(repo), str(developer.tmp / "bare"), cwd=repo)
    developer.git("remote", "add", "origin", str(developer.tmp / "bare"), cwd=repo)
    developer.git("checkout", "-q", "--detach", cwd=repo)
    (repo / ".claude").mkdir()
    (repo / ".claude/settings.json").write_text(json.dumps({"hooks": {"SessionStart": [hook]}}))
    developer.git("add", "-A", cwd=repo)
    developer.git("commit", "-q", "-m", "theirs", cwd=repo)
    developer.git("push", "-q", "origin", "HEAD:refs/pull/7/head", cwd=repo)
    developer.git("checkout", "-q", "main", cwd=repo)
    words = ("new", WRITE, "-C", str(repo), "--permission-mode", "acceptEdits", "--base", "#7")
    tree = works_in_its_worktree(developer, developer.ok(*words))
    assert (tree.name, ran.exists()) == ("pr-7", False)
    developer.ok("trust", str(repo), "--base", "#7")
    works_in_its_worktree(developer, developer.ok(*words))
    assert ran.exists()


def test_a_sparse_worktree_with_links(developer: Person) -> None:
    repo = developer.repository()
    (repo / "deep/in").mkdir(parents=True)
    (repo / "deep/in/a.txt").write_text("x")
    (repo / "left").mkdir()
    (repo / "left/b.txt").write_text("x")
    (repo / ".gitignore").write_text("heavy/\n")
    developer.git("add", "-A", cwd=repo)
    developer.git("commit", "-q", "-m", "more", cwd=repo)
    (repo / "heavy").mkdir()
    (repo / ".claude").mkdir()
    wanted = {"sparsePaths": ["deep"], "symlinkDirectories": ["heavy"]}
    (repo / ".claude/settings.json").write_text(json.dumps({"worktree": wanted}))
    developer.ok("trust", str(repo), "--base", "head")
    tree = works_in_its_worktree(developer, developer.ok("new", WRITE, "-C", str(repo), *MODE))
    assert (tree / "deep/in/a.txt").exists()
    assert not (tree / "left").exists()
    assert (tree / "heavy").is_symlink()
