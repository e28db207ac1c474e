"""Where a session works, without a process: what is on record when something fails."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from parallel_agents.core import events as ev
from parallel_agents.core.options import Options
from parallel_agents.core.place import Counts
from parallel_agents.core.worktree import DiffStat, WorktreeRecord
from parallel_agents.supervisor.base.hub import Subscriber
from parallel_agents.supervisor.place.workplace import Workplace
from parallel_agents.supervisor.record.context import Context
from parallel_agents.supervisor.record.session_ledger import SessionLedger
from tests.support.facts import CREATED, facts_of
from tests.support.world import World


@pytest.fixture
def world() -> Iterator[World]:
    with World() as made:
        yield made


async def accept(ledger: SessionLedger, workplace: Workplace) -> None:
    """Trust what the session would load and run."""
    root, config = workplace.loaded_config()
    await ledger.context.trust.accept(root, config.digest, config.files)


@pytest.fixture
def ledger(context: Context, world: World, tmp_path: Path) -> SessionLedger:
    """A session of a trusting person, dispatched in a repository."""
    directory = tmp_path / "sessions" / CREATED.id
    directory.mkdir(parents=True)
    made = SessionLedger(context, directory)
    made.record(replace(CREATED, directory=str(world.repo), options=Options(trusted=True)))
    return made


async def test_a_worktree_is_on_record_before_anything_else_can_fail(
    ledger: SessionLedger,
) -> None:
    workplace = Workplace(ledger)
    assert not await workplace.make()
    assert ledger.state.place.worktree is not None
    assert Path(ledger.state.place.worktree.path).is_dir()  # noqa: ASYNC240 - once, in a test
    assert ledger.state.place.setup is not None
    await accept(ledger, workplace)
    assert await workplace.make()
    assert not ledger.state.place.setup_owed


async def test_output_that_cannot_be_written_is_a_failed_set_up(
    ledger: SessionLedger, world: World
) -> None:
    world.commit_preset('setup = "true"\n')
    workplace = Workplace(ledger)
    assert not await workplace.make()
    await accept(ledger, workplace)
    in_the_way = ledger.directory / "step.log"
    in_the_way.mkdir()
    assert not await workplace.make()
    assert ledger.state.place.setup is not None
    assert "could not be started" in ledger.state.place.setup.message
    in_the_way.rmdir()
    assert await workplace.make()


async def test_an_adopted_worktree_is_torn_down_by_whoever_made_it(
    ledger: SessionLedger, world: World
) -> None:
    world.commit_preset('teardown = "echo bye > torn-down"\n')
    workplace = Workplace(ledger)
    assert not await workplace.make()
    await accept(ledger, workplace)
    ledger.state = facts_of(ledger.state, adopted=ledger.state.place.standing.path)
    await workplace.tear_down()
    trace = Path(ledger.state.place.standing.path) / "torn-down"
    assert not trace.exists()
    ledger.state = facts_of(ledger.state, adopted="")
    await workplace.tear_down()
    assert trace.exists()


async def test_one_that_waits_for_its_turn_is_called_off_at_once(
    ledger: SessionLedger, context: Context
) -> None:
    context.making = asyncio.Semaphore(1)
    workplace = Workplace(ledger)
    async with context.making:
        making = asyncio.create_task(workplace.make())
        asyncio.get_running_loop().call_soon(workplace.cancel)  # once it waits
        assert not await making
    assert ledger.state.place.worktree is None
    assert ledger.state.place.setup is not None
    assert not context.making.locked()


async def test_what_a_turn_changed_is_counted_once(
    ledger: SessionLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The tree recorded at the end of a turn also is the count that its last tool asked for."""
    workplace = Workplace(ledger)
    await workplace.make()
    await accept(ledger, workplace)
    assert await workplace.make()
    looked: list[str] = []
    usual = ledger.context.manager.diff_stat

    def diff_stat(record: WorktreeRecord) -> DiffStat:
        looked.append(record.path)
        return usual(record)

    monkeypatch.setattr(ledger.context.manager, "diff_stat", diff_stat)
    changes = workplace.changes
    ledger.state = facts_of(ledger.state, count=1)
    (Path(ledger.state.place.standing.path) / "new.txt").write_text("one\n")
    changes.heard(ev.ToolReturned(tool_use="t1", text=""))
    changes.heard(ev.TurnEnded(outcome="ok"))
    await changes.counted()
    assert ledger.state.place.changes.files == 1
    assert len(looked) == 1
    changes.heard(ev.ToolReturned(tool_use="t2", text=""))
    await changes.counted()
    assert len(looked) == 2, "what is asked for later is counted"
    await changes.close()


async def test_what_a_person_compares_or_looks_at_is_counted(
    ledger: SessionLedger, context: Context
) -> None:
    workplace = Workplace(ledger)
    await workplace.make()
    await accept(ledger, workplace)
    assert await workplace.make()
    changes, top = workplace.changes, Path(ledger.state.place.standing.path)
    (top / "one.txt").write_text("1\n")
    stat = await changes.compared()
    assert ledger.state.place.changes == Counts(files=1, insertions=1)
    seq = ledger.state.seq
    assert (await changes.compared()).parts == stat.parts
    assert ledger.state.seq == seq, "what is known is not told again"
    (top / "two.txt").write_text("2\n")
    screen = Subscriber()
    context.hub.add(screen)
    screen.followed = frozenset({ledger.id})
    changes.glance()
    await ledger.until(lambda state: state.place.changes.files == 2)
    await changes.close()


async def test_who_only_passes_a_session_costs_no_count(
    ledger: SessionLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    workplace = Workplace(ledger)
    looked: list[str] = []
    monkeypatch.setattr(workplace.changes, "count", lambda: looked.append("counted"))
    workplace.changes.glance()
    glancing = workplace.changes._glancing
    assert glancing is not None
    await glancing
    assert looked == []
    await workplace.changes.close()


async def test_a_count_is_not_replaced_by_an_older_comparison(
    ledger: SessionLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    workplace = Workplace(ledger)
    await workplace.make()
    await accept(ledger, workplace)
    assert await workplace.make()
    changes, top = workplace.changes, Path(ledger.state.place.standing.path)
    usual = ledger.context.manager.diff_stat
    counted, began = threading.Event(), threading.Event()
    slow = [True]

    def diff_stat(record: WorktreeRecord) -> DiffStat:
        found = usual(record)
        if slow and slow.pop():
            began.set()
            assert counted.wait(30)
        return found

    monkeypatch.setattr(ledger.context.manager, "diff_stat", diff_stat)
    comparing = asyncio.create_task(changes.compared())
    await asyncio.to_thread(began.wait, 30)
    (top / "new.txt").write_text("one\n")
    changes.count()
    await changes.counted()
    counted.set()
    assert (await comparing).files == ()
    assert ledger.state.place.changes.files == 1
    await changes.close()
