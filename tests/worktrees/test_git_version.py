"""Which git is there: asked once, and again when it is another one."""

from pathlib import Path

import pytest

from parallel_agents.core.errors import GitError, RepositoryError
from parallel_agents.worktrees.manager import WorktreeManager
from parallel_agents.worktrees.plumbing import git_process, surroundings
from parallel_agents.worktrees.plumbing.git_version import require_git


def program(folder: Path, version: str) -> dict[str, str]:
    """A caller's environment with a git that only tells its version, and counts who asks."""
    folder.mkdir(exist_ok=True)
    fresh = folder / "new"
    fresh.write_text(f"#!/bin/sh\necho asked >> {folder}/asked\necho git version {version}\n")
    fresh.chmod(0o755)
    fresh.rename(folder / "git")
    return {"PATH": f"{folder}:/usr/bin:/bin"}


def asked(folder: Path) -> int:
    return (folder / "asked").read_text().count("\n")


def test_a_program_is_asked_once_and_again_when_its_file_changes(tmp_path: Path) -> None:
    with surroundings.of(program(tmp_path / "bin", "2.44.1")):
        assert [require_git(), require_git()] == ["2.44.1", "2.44.1"]
    assert asked(tmp_path / "bin") == 1
    with surroundings.of(program(tmp_path / "bin", "2.45.0")):
        assert require_git() == "2.45.0"
    with surroundings.of(program(tmp_path / "other", "2.46.0")):
        assert require_git() == "2.46.0"


def test_an_old_or_missing_git_is_refused_each_time(tmp_path: Path) -> None:
    with surroundings.of(program(tmp_path / "bin", "2.20.0")):
        for _ in range(2):
            with pytest.raises(RepositoryError, match="too old"):
                require_git()
    with surroundings.of({"PATH": str(tmp_path)}), pytest.raises(GitError, match="not found"):
        require_git()


def test_a_repository_is_found_with_few_calls(
    repo: Path, manager: WorktreeManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A person waits for them between Enter and the new row."""
    manager.resolve(str(repo))
    calls: list[tuple[str, ...]] = []
    run = git_process.run

    def counted(task: git_process.Task) -> git_process.Result:
        calls.append(tuple(task.args))
        return run(task)

    monkeypatch.setattr(git_process, "run", counted)
    found = manager.resolve(str(repo))
    assert len(calls) == 6
    manager.executable_config(found, found.head or "")
    assert len(calls) <= 9
