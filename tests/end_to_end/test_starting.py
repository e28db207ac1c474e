"""Every way to start: branches, pull requests, patterns, and the settings of Claude Code."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from parallel_agents.core.errors import RefusedError, UsageError
from parallel_agents.core.ids import new_uuid
from parallel_agents.wire.messages import ListRefs, ResolveRepository, Setting, Status, Trust
from tests.support.world import World


@pytest.fixture
def world() -> Iterator[World]:
    with World() as made:
        yield made


def git(directory: Path | str, *args: str) -> str:
    done = subprocess.run(
        ["git", "-C", str(directory), *args], capture_output=True, text=True, check=True
    )
    return done.stdout.removesuffix("\n")


def journal(world: World, session: str) -> list[dict[str, Any]]:
    lines = (world.session_dir(session) / "journal.jsonl").read_text().splitlines()
    return [event for line in lines for event in _events(json.loads(line))]


def _events(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        if "type" in value:
            yield value
        for inner in value.values():
            yield from _events(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _events(inner)


def event(world: World, session: str, kind: str) -> dict[str, Any]:
    return next(e for e in journal(world, session) if e["type"] == kind)


def started(world: World, **fields: Any) -> tuple[str, dict[str, Any], dict[str, Any]]:
    """Begin a session and give its id, how it was journalled, and its worktree.

    A journal leaves out what is as usual.
    """
    fields.setdefault("base", "")
    session = world.new(fields.pop("prompt", "echo ready"), **fields)
    assert world.wait_state(session, "done", "failed")["state"] == "done"
    created = event(world, session, "session_created")
    created = {"pattern": "worktree-{slug}", **created}
    created["options"] = {"trusted": True, **created.get("options", {})}
    usual = {"made_branch": True, "linked": [], "sparse": [], "stranger": False}
    return session, created, usual | event(world, session, "worktree_ready")["record"]


@pytest.fixture
def server(world: World) -> Path:
    """A remote `origin` with pull request 7, which brings a hook that the person never saw."""
    bare = world.root / "server.git"
    git(world.root, "clone", "-q", "--bare", str(world.repo), str(bare))
    git(world.repo, "remote", "add", "origin", str(bare))
    git(world.repo, "fetch", "-q")
    git(world.repo, "checkout", "-q", "--detach")
    (world.repo / ".claude").mkdir()
    (world.repo / ".claude/settings.json").write_text('{"hooks": {"SessionStart": []}}')
    (world.repo / "theirs.txt").write_text("theirs\n")
    git(world.repo, "add", "-A")
    git(world.repo, "commit", "-q", "-m", "theirs")
    git(world.repo, "push", "-q", "origin", "HEAD:refs/pull/7/head")
    git(world.repo, "checkout", "-q", "main")
    return bare


def test_an_existing_branch_needs_no_base(world: World) -> None:
    world.trust()
    git(world.repo, "branch", "feature/x")
    _, created, record = started(world, branch="feature/x")
    assert created["base"] == "refs/heads/feature/x"
    assert (record["branch"], record["made_branch"]) == ("feature/x", False)
    assert git(record["path"], "branch", "--show-current") == "feature/x"
    _, created, record = started(world, branch="feature/new", name="another")
    assert (created["base"], record["branch"], record["made_branch"]) == (
        "fresh", "feature/new", True,
    )  # fmt: skip


def test_a_branch_in_use_is_refused_before_anything_is_made(world: World) -> None:
    world.trust()
    with pytest.raises(RefusedError, match="checked out in"):
        world.new("echo x", branch="main", base="")
    code, _, said = world.run("new", "--agent", "demo", "--branch", "main", "echo x")
    assert (code, str(world.repo) in said) == (4, True)
    with pytest.raises(RefusedError, match="exists already"):
        world.new("echo x", branch="main", base="head")
    code, _, said = world.run("new", "--agent", "demo", "--branch=-x", "echo x")
    assert (code, "cannot name a branch" in said) == (4, True)
    assert not (world.repo / ".claude/worktrees").exists()


def test_a_pull_request_starts_as_a_strangers(world: World, server: Path) -> None:
    world.trust()
    (world.repo / ".gitignore").write_text(".env\n")
    (world.repo / ".worktreeinclude").write_text(".env\n")
    (world.repo / ".env").write_text("SECRET=1\n")
    session, created, record = started(world, base="#7")
    assert created["options"]["trusted"] is False
    assert (record["slug"], record["branch"], record["base"]) == ("pr-7", "pr-7", "#7")
    assert (Path(record["path"]) / "theirs.txt").exists()
    assert not (Path(record["path"]) / ".env").exists()
    notes = " ".join(event(world, session, "worktree_ready")["notes"])
    assert "parallel-agents trust" in notes
    assert "nothing was copied" in notes
    _, _, record = started(world, base="#7")
    assert (record["slug"], record["branch"]) == ("pr-7-2", "pr-7-2")


def test_an_accepted_pull_request_is_trusted_at_that_commit_only(
    world: World, server: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (world.repo / ".gitignore").write_text(".env\n")
    (world.repo / ".worktreeinclude").write_text(".env\n")
    (world.repo / ".env").write_text("SECRET=1\n")
    where = str(world.repo)
    shown = world.ask(ResolveRepository(directory=where, base="#7"))
    assert not shown.trusted
    assert (shown.files[0].path, shown.files[0].origin) == (".claude/settings.json", "base")
    world.ask(Trust(key=new_uuid(), directory=where, base="#7", digest=shown.digest))
    _, created, record = started(world, base="#7")
    assert created["options"]["trusted"] is True
    assert (Path(record["path"]) / ".env").exists()
    git(record["path"], "commit", "-q", "--allow-empty", "-m", "more of theirs")
    git(record["path"], "push", "-q", "origin", "HEAD:refs/pull/8/head")
    _, created, _ = started(world, base="#8")
    assert created["options"]["trusted"] is False


def test_an_untrusted_repositorys_pull_request_needs_no_trust(world: World, server: Path) -> None:
    _, created, _ = started(world, base="#7")
    assert created["options"]["trusted"] is False


def test_a_pull_request_that_is_not_there(world: World, server: Path) -> None:
    code, _, said = world.run("new", "--agent", "demo", "--base", "#9", "echo x")
    assert (code, "no pull request #9" in said) == (1, True)
    code, _, said = world.run("new", "--agent", "demo", "--base", "https://x.org/a/b/pull/7", "x")
    assert (code, "not a remote of this repository" in said) == (2, True)


def test_branches_are_named_by_the_pattern(world: World) -> None:
    config = world.state / "config/config.toml"
    config.parent.mkdir(parents=True)
    config.write_text('branch = "fix/{ticket}-{slug}"\n')
    world.trust()
    _, created, record = started(world, prompt="echo AB-12", name="login")
    assert (created["pattern"], record["branch"]) == ("fix/AB-12-{slug}", "fix/AB-12-login")
    (world.repo / ".parallel-agents.toml").write_text('branch = "repo/{slug}"\n')
    world.trust()
    assert started(world, name="login")[2]["branch"] == "repo/login-2"
    said = world.ask(Status()).config["branch"]
    assert said == Setting(value="fix/{ticket}-{slug}", source=str(config))
    code, out, _ = world.run("doctor")
    assert "fix/{ticket}-{slug}" in out
    assert code in (0, 1)
    (world.repo / ".parallel-agents.toml").write_text('branch = "a b/{slug}"\n')
    world.trust()
    with pytest.raises(RefusedError, match="cannot name a branch"):
        world.new("echo x")
    (world.repo / ".parallel-agents.toml").write_text('branch = "{nope}-{slug}"\n')
    world.trust()
    with pytest.raises(UsageError, match=r"unknown placeholder .*nope"):
        world.new("echo x")


def test_claude_codes_settings_are_honoured_once_accepted(world: World) -> None:
    for name in ("in/a", "out/b"):
        (world.repo / name).parent.mkdir()
        (world.repo / name).write_text("x\n")
    (world.repo / ".gitignore").write_text("node_modules/\n")
    git(world.repo, "add", "-A")
    git(world.repo, "commit", "-q", "-m", "more")
    (world.repo / "node_modules").mkdir()
    (world.repo / ".claude").mkdir()
    wanted = {"baseRef": "head", "symlinkDirectories": ["node_modules"], "sparsePaths": ["in"]}
    (world.repo / ".claude/settings.local.json").write_text(json.dumps({"worktree": wanted}))
    world.trust()
    _, created, record = started(world)
    assert created["base"] == "head"
    assert (record["linked"], record["sparse"]) == (["node_modules"], ["in", ".claude"])
    top = Path(record["path"])
    assert (top / "in/a").exists()
    assert not (top / "out").exists()
    assert (top / "node_modules").is_symlink()
    assert git(world.repo, "status", "--porcelain") == "?? .claude/"
    bare = world.new("echo x", base="", options=_untrusted())
    world.wait_state(bare, "done")
    record = event(world, bare, "worktree_ready")["record"]
    assert (record.get("linked"), record.get("sparse")) == (None, None)
    assert event(world, bare, "session_created")["base"] == "fresh"


def _untrusted() -> Any:
    from parallel_agents.core.options import Options

    return Options(mode="default", trusted=False)


def test_completion_of_bases_and_branches(world: World, server: Path) -> None:
    git(world.repo, "update-ref", "refs/parallel-agents/pr/7", "main")
    where = str(world.repo)
    assert world.ask(ListRefs(directory=where, prefix="#")).refs == ("#7",)
    assert world.ask(ListRefs(directory=where, kind="branch")).refs == ("main",)
