"""What the supervisor stands on is taken away while it runs."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from parallel_agents.core.ids import new_uuid
from parallel_agents.wire import messages as m
from parallel_agents.wire.endpoint import supervisor_socket
from tests.support.world import World, is_alive, wait_until


@pytest.fixture
def world() -> Iterator[World]:
    with World() as made:
        made.wait_ready(made.start_supervisor())
        made.trust()
        yield made


def replace_by_a_file(path: Path) -> None:
    path.unlink()
    path.write_text("a file")


def hide(path: Path) -> None:
    path.rename(path.with_name("moved"))


@pytest.mark.parametrize(
    "take",
    [Path.unlink, replace_by_a_file, hide, lambda path: shutil.rmtree(path.parent)],
    ids=["removed", "replaced", "moved", "with its directory"],
)
def test_a_socket_that_is_gone_is_made_again(world: World, take: Callable[[Path], object]) -> None:
    session = world.new("echo ready")
    world.wait_state(session, "done")
    pid = world.supervisor_pid()
    take(supervisor_socket(world.state))
    assert world.run("ls")[0] == 0
    assert world.supervisor_pid() == pid
    world.ask(m.Send(key=new_uuid(), session=session, text="echo more"), start=False)
    wait_until(lambda: world.row(session, start=False)["state"] == "done", what="it works on")


@pytest.mark.parametrize("replaced", [False, True], ids=["removed", "replaced"])
def test_who_lost_the_state_directory_ends(world: World, replaced: bool) -> None:
    """It would take messages and write them where nobody finds them."""
    session = world.new("echo ready")
    world.wait_state(session, "done")
    pid = world.supervisor_pid()
    assert pid is not None
    agents = world.agents()
    world.state.rename(world.root / "kept")
    if replaced:
        world.state.mkdir(mode=0o700)
    wait_until(lambda: not is_alive(pid), what="it ends")
    assert all(is_alive(agent) for agent in agents)
    assert world.run("ls")[1].strip() == ""
    assert world.supervisor_pid() != pid
    world.ask(m.Shutdown(), start=False)
    wait_until(lambda: world.supervisor_pid() is None, what="the other one ends")
    shutil.rmtree(world.state)
    (world.root / "kept").rename(world.state)
    assert world.row(session)["state"] == "done"
