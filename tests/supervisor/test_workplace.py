"""Where a session works, without a process: what is on record when something fails."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from parallel_agents.core.options import Options
from parallel_agents.supervisor.context import Context
from parallel_agents.supervisor.ledger import Ledger
from parallel_agents.supervisor.workplace import Workplace
from tests.support.facts import CREATED
from tests.support.world import World


@pytest.fixture
def world() -> Iterator[World]:
    with World() as made:
        yield made


@pytest.fixture
def ledger(context: Context, world: World, tmp_path: Path) -> Ledger:
    """A session of a trusting person, dispatched in a repository."""
    directory = tmp_path / "sessions" / CREATED.id
    directory.mkdir(parents=True)
    made = Ledger(context, directory)
    made.record(replace(CREATED, directory=str(world.repo), options=Options(trusted=True)))
    return made


async def test_a_worktree_is_on_record_before_anything_else_can_fail(
    ledger: Ledger, context: Context
) -> None:
    workplace = Workplace(ledger)
    assert not await workplace.make()
    assert ledger.state.worktree is not None
    assert Path(ledger.state.worktree.path).is_dir()  # noqa: ASYNC240 - once, in a test
    assert ledger.state.setup is not None
    root, config = workplace.loaded_config()
    context.trust.accept(root, config.digest, config.files)
    assert await workplace.make()
    assert not ledger.state.setup_owed
