"""Sixteen agents commit at once while everything of theirs is looked at: no commit fails."""

import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from parallel_agents.core.worktree import WorktreeRecord
from parallel_agents.worktrees.manager import WorktreeManager
from tests.worktrees.conftest import Make, git, whole_patch

AGENTS = 16
COMMITS = 8
_SCRIPT = """
for number in $(seq {commits}); do
    echo "$number" > "file-$number.txt" && git add -A && git commit -qm "commit $number" || exit 1
done
"""


def test_no_commit_fails_while_all_is_refreshed(
    manager: WorktreeManager, make: Make, repo: Path
) -> None:
    records = [make(f"s{number}", f"agent {number}") for number in range(AGENTS)]
    over = threading.Event()
    looks: list[str] = []

    def refresh(mine: list[WorktreeRecord]) -> None:
        while not over.is_set():
            for record in mine:
                manager.diff_stat(record)
                whole_patch(manager, record)
                manager.own_work(record)
                manager.land_commands(record)
                looks.append(record.session)
            manager.reconcile(records, str(repo))
            manager.main_fingerprint(str(repo))

    agents = [
        subprocess.Popen(
            ["sh", "-c", _SCRIPT.format(commits=COMMITS)], cwd=record.path, stderr=subprocess.PIPE
        )
        for record in records
    ]
    failed: list[object]
    with ThreadPoolExecutor(4) as pool:
        screens = [pool.submit(refresh, records[part::4]) for part in range(4)]
        failed = [said for agent in agents if (said := agent.communicate()[1])]
        failed += [f"exit status {agent.returncode}" for agent in agents if agent.returncode]
        over.set()
        for screen in screens:
            screen.result()
    assert failed == []
    assert looks
    for record in records:
        assert git(record.path, "rev-list", "--count", f"{record.base_commit}..") == str(COMMITS)
        assert not list(Path(repo, ".git/worktrees", record.slug).glob("*.lock"))
    git(repo, "fsck", "--strict")
