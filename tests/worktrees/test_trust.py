"""The hash of what a spawn could run."""

import json
import os
from pathlib import Path

import pytest

from parallel_agents.core.worktree import WorktreeRecord
from parallel_agents.worktrees.manager import WorktreeManager
from tests.worktrees.conftest import Make, commit_all, git, write

HOOK = json.dumps({"hooks": {"WorktreeCreate": [{"hooks": [{"type": "command"}]}]}})


def digest(manager: WorktreeManager, repo: Path, commit: str = "HEAD") -> str:
    found = manager.resolve(str(repo))
    return manager.executable_config(found, git(repo, "rev-parse", commit)).digest


def test_only_what_can_run_counts(manager: WorktreeManager, repo: Path) -> None:
    empty = digest(manager, repo)
    write(repo / ".claude/commands/x.md", "text")
    write(repo / "src/.mcp.json", "{}")
    write(repo / ".claude/worktrees/x/.claude/settings.json", "{}")
    commit_all(repo, "harmless")
    assert digest(manager, repo) == empty


def test_each_file_counts_in_base_and_main(manager: WorktreeManager, repo: Path) -> None:
    names = (
        ".claude/settings.json",
        ".claude/settings.local.json",
        ".mcp.json",
        ".claude/hooks/deep/run.sh",
        ".claude/plugins/p/plugin.json",
        ".parallel-agents.toml",
    )
    seen = [digest(manager, repo)]
    for name in names:
        write(repo / name, "{}")
        seen.append(digest(manager, repo))
        commit_all(repo, name)
        seen.append(digest(manager, repo))
        write(repo / name, "{} ")
        seen.append(digest(manager, repo))
    assert len(set(seen)) == len(seen)
    found = manager.resolve(str(repo))
    config = manager.executable_config(found, str(found.head))
    assert {(f.origin, f.path) for f in config.files} == {
        (origin, name) for origin in ("base", "main") for name in names
    }
    assert digest(manager, repo, "HEAD~6") != digest(manager, repo)


@pytest.mark.parametrize("origin", ["base", "main"])
@pytest.mark.parametrize(
    ("path", "text", "counts"),
    [
        (".claude/skills/deploy/SKILL.md", "Now: !`make deploy`\n", True),
        (".claude/skills/deploy/SKILL.md", "```!\nmake deploy\n```\n", True),
        (".claude/commands/x.md", "---\nallowed-tools: Bash(*)\n---\n", True),
        (".claude/agents/a/b.md", "---\nname: b\nhooks:\n  Stop: []\n---\n", True),
        (".claude/agents/b.md", "---\nmcpServers: {}\n---\n", True),
        (".claude/agents/b.md", "---\npermissionMode: bypassPermissions\n---\n", True),
        (".claude/skills/style/SKILL.md", "---\nname: style\n---\nWrite `x`, plainly!\n", False),
        (".claude/notes/SKILL.md", "!`make`\n", False),
    ],
)
def test_texts_that_run_something_count(
    manager: WorktreeManager, repo: Path, origin: str, path: str, text: str, counts: bool
) -> None:
    """A shell command inside a skill runs without PreToolUse, by which others fence."""
    write(repo / path, text)
    if origin == "base":
        commit_all(repo, "texts")
    commit = git(repo, "rev-parse", "HEAD")
    found = manager.executable_config(manager.resolve(str(repo)), commit)
    assert [f.path for f in found.files if f.origin == origin] == ([path] if counts else [])


def test_a_hook_for_commands_in_skills_is_shown(manager: WorktreeManager, repo: Path) -> None:
    hook = {"hooks": {"PreSkillShellCommand": [{"hooks": [{"type": "command", "command": "./x"}]}]}}
    write(repo / ".claude/settings.json", json.dumps(hook))
    commit_all(repo, "hook")
    commit = git(repo, "rev-parse", "HEAD")
    found = manager.executable_config(manager.resolve(str(repo)), commit)
    assert "PreSkillShellCommand" in found.files[0].text


def test_nothing_is_checked_out(manager: WorktreeManager, repo: Path) -> None:
    git(repo, "checkout", "-q", "-b", "strange")
    write(repo / ".mcp.json", "{}")
    strange = commit_all(repo, "strange")
    git(repo, "checkout", "-q", "main")
    found = manager.resolve(str(repo))
    config = manager.executable_config(found, strange)
    assert [(f.origin, f.path, f.text) for f in config.files] == [("base", ".mcp.json", "{}")]
    assert not (repo / ".mcp.json").exists()


def test_links_count_with_their_target(
    manager: WorktreeManager, repo: Path, tmp_path: Path
) -> None:
    outside = write(tmp_path / "dot/settings.json", "{}")
    seen = [digest(manager, repo)]
    (repo / ".claude").mkdir()
    (repo / ".claude/settings.json").symlink_to(outside)
    seen.append(digest(manager, repo))
    outside.write_text('{"hooks": {}}')
    seen.append(digest(manager, repo))
    os.mkfifo(repo / ".claude/settings.local.json")
    seen.append(digest(manager, repo))
    (repo / ".claude/hooks").mkdir()
    (repo / ".claude/hooks/more").symlink_to(tmp_path)
    seen.append(digest(manager, repo))
    assert len(set(seen)) == len(seen)


def test_notes(manager: WorktreeManager, repo: Path, tmp_path: Path) -> None:
    write(repo / ".claude/settings.json", HOOK)
    found = manager.resolve(str(repo))
    config = manager.executable_config(found, str(found.head))
    assert ["WorktreeCreate" in note for note in config.notes] == [True]
    (repo / ".claude").rename(tmp_path / "dotclaude")
    (repo / ".claude").symlink_to(tmp_path / "dotclaude")
    notes = manager.executable_config(found, str(found.head)).notes
    assert "symbolic link" in notes[0]
    assert "WorktreeCreate" in notes[1]
    write(tmp_path / "dotclaude/settings.json", "[" * 100_000)
    manager.executable_config(found, str(found.head))


def test_long_files_are_hashed_whole_and_shown_cut(manager: WorktreeManager, repo: Path) -> None:
    write(repo / ".claude/plugins/big.js", "x" * 100_000)
    found = manager.resolve(str(repo))
    first = manager.executable_config(found, str(found.head))
    write(repo / ".claude/plugins/big.js", "x" * 99_999 + "y")
    second = manager.executable_config(found, str(found.head))
    assert first.files[0].text == second.files[0].text
    assert first.digest != second.digest


def now(manager: WorktreeManager, record: WorktreeRecord) -> str:
    found = manager.resolve(record.root)
    return manager.executable_config(found, record.base_commit, worktree=record.path).digest


def test_a_worktree_as_made_has_the_digest_of_its_base(
    manager: WorktreeManager, make: Make, repo: Path
) -> None:
    write(repo / ".gitattributes", "*.json text eol=crlf\n")
    write(repo / ".worktreeinclude", "settings.local.json\n")
    write(repo / ".gitignore", "settings.local.json\n")
    write(repo / ".claude/settings.json", "{\n}\n")
    write(repo / ".claude/settings.local.json", '{"mine": 1}')
    write(repo / ".claude/hooks/empty.sh", "")
    write(repo / "shared/mcp.json", "{}")
    (repo / ".mcp.json").symlink_to("shared/mcp.json")
    write(repo / "tools/plugins/p/plugin.json", "{}")
    (repo / ".claude/plugins").symlink_to("../tools/plugins")
    (repo / ".claude/settings.far.json").symlink_to("/etc/hostname")
    (repo / ".claude/settings.dangling.json").symlink_to("nowhere")
    commit_all(repo, "configured")
    (repo / ".claude/settings.far.json").unlink()
    commit_all(repo, "without the far one")
    record = make()
    top = Path(record.path)
    assert b"\r\n" in (top / ".claude/settings.json").read_bytes()
    assert (top / ".claude/settings.local.json").exists()
    asked = digest(manager, repo)
    assert now(manager, record) == asked
    for name in (
        ".claude/settings.json",
        ".claude/settings.local.json",
        ".claude/hooks/new.sh",
        ".claude/hooks/empty.sh",
        "shared/mcp.json",
        "tools/plugins/p/plugin.json",
    ):
        before = (top / name).read_bytes() if (top / name).exists() else None
        write(top / name, '{"changed": 1}')
        assert now(manager, record) != asked, name
        (top / name).unlink()
        if before is not None:
            assert now(manager, record) != asked or name == ".claude/settings.local.json", name
            write(top / name, before)
        assert now(manager, record) == asked
    (top / ".claude/settings.json").unlink()
    os.mkfifo(top / ".claude/settings.json")
    assert now(manager, record) != asked
