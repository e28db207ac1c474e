"""A worktree is ignored in the checkout that holds it, whatever the repository's own rules say."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from parallel_agents.core.worktree import WorktreeRecord
from parallel_agents.worktrees.manager import WorktreeManager
from tests.worktrees.conftest import commit_all, git, none_alive, write

Make = Callable[..., WorktreeRecord]

DOTTED = ".*\n!.gitignore\n!.claude/\n!.claude/**\n"
RULES = {
    "all dotted names but": (".gitignore", DOTTED, 4, "!.claude/**"),
    "the worktrees": (".gitignore", "!/.claude/worktrees/\n", 1, "!/.claude/worktrees/"),
    "in the directory": (".claude/.gitignore", "x\n!worktrees/\n", 2, "!worktrees/"),
}


@pytest.mark.parametrize("case", RULES)
def test_nothing_of_it_is_staged_and_the_line_that_won_is_named(
    case: str, make: Make, manager: WorktreeManager, repo: Path
) -> None:
    name, text, line, pattern = RULES[case]
    write(repo / name, text)
    commit_all(repo, "rules")
    record = make()
    told = [note for note in record.notes if f"Line {line} of {name} ({pattern})" in note]
    assert len(told) == 1
    assert ".claude/worktrees/.gitignore was added" in told[0]
    git(repo, "add", "-A")
    assert git(repo, "status", "--porcelain") == ""
    other = make("s2", "another")
    assert not [note for note in other.notes if "was added against" in note]
    assert manager.reconcile([record, other]) == ()
    manager.delete(record, live_pids=none_alive)


def test_a_rule_that_cannot_be_outdone_is_said(make: Make, repo: Path) -> None:
    write(repo / ".gitignore", "!.claude/worktrees\n")
    write(repo / ".claude/worktrees/.gitignore", "!*\n")
    commit_all(repo, "rules")
    record = make()
    (told,) = [note for note in record.notes if "would take it" in note]
    assert "Line 1 of .claude/worktrees/.gitignore (!*)" in told


@pytest.mark.parametrize("rule", [".claude/\n", "", "/.claude/worktrees/fix-login\n"])
def test_nothing_is_said_where_it_is_ignored(rule: str, make: Make, repo: Path) -> None:
    write(repo / ".gitignore", rule)
    commit_all(repo, "rules")
    record = make()
    assert not [note for note in record.notes if "untracked:" in note]
    assert not (repo / ".claude/worktrees/.gitignore").exists()
