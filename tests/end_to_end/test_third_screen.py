"""The same agent on the screen: the form offers what it has, the card what it asks."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest
from textual.widgets import Select

from parallel_agents.client.connection import Connection
from parallel_agents.tui.app import ScreenApp
from parallel_agents.tui.model.remembered import recall
from parallel_agents.tui.screens.confirm import ChoiceDialog
from parallel_agents.tui.screens.dispatch import DispatchScreen
from tests.support.sketch.supervisor import COMMAND
from tests.support.world import World
from tests.tui.drive import Clock, Drive
from tests.tui.fake import Fake


@pytest.fixture
def world() -> Iterator[World]:
    with World() as made:
        made.supervisor = COMMAND
        made.wait_ready(made.start_supervisor())
        made.trust()
        yield made


@asynccontextmanager
async def screen(world: World) -> AsyncIterator[Drive]:
    """The screen on the real supervisor."""
    clock = Clock()
    links: list[Connection] = []

    async def connect() -> Connection:
        links.append(await Connection.open())
        return links[-1]

    app = ScreenApp(str(world.repo), connect, clock)
    try:
        async with app.run_test(size=(120, 40), notifications=True) as pilot:
            drive = Drive(Fake(), clock, pilot)
            await drive.until(lambda: drive.main.store.agents.offers, "the agents are known")
            yield drive
    finally:
        for link in links:
            await link.close()


def choice(drive: Drive, name: str) -> Select[str]:
    found: Select[str] = drive.app.screen.query_one(f"#{name}", Select)
    return found


def offered(drive: Drive, name: str) -> list[str]:
    """What a list of the form offers."""
    return [str(value) for _, value in choice(drive, name)._options if value != Select.NULL]


async def start(drive: Drive, prompt: str) -> None:
    """Start a session of the agent by the form, and go in."""
    await drive.press("c")
    await drive.until(lambda: isinstance(drive.app.screen, DispatchScreen), "the form")
    await drive.press(*prompt)
    await drive.press("tab")
    await drive.until(lambda: drive.app.screen.query("#agent"), "the fields")
    assert offered(drive, "agent") == ["claude", "demo", "sketch"]
    assert choice(drive, "mode").value == Select.NULL
    choice(drive, "agent").value = "sketch"
    await drive.until(lambda: offered(drive, "mode") == ["careful", "bold"], "its own modes")
    assert offered(drive, "effort") == []
    assert choice(drive, "mode").value == Select.NULL
    choice(drive, "mode").value = "bold"
    await drive.press("ctrl+o")


async def opened(drive: Drive) -> None:
    """The request has the keys, and was on the screen long enough."""
    drive.main.go_in()
    await drive.ready()
    await drive.until(lambda: drive.main.focused is drive.main.request, "the card has the focus")


async def test_a_permission(world: World) -> None:
    async with screen(world) as drive:
        await start(drive, "ask green")
        await drive.shows("wants to use paint")
        await opened(drive)
        assert "allow once" in drive.text()
        assert not any(word in drive.text() for word in ("always", "edit"))
        await drive.press("y")
        await drive.shows("you said allow")
        remembered = recall()
        assert remembered is not None
        assert (remembered.agent, remembered.mode) == ("sketch", "bold")


async def test_a_question_and_its_modes(world: World) -> None:
    async with screen(world) as drive:
        await start(drive, "choose")
        await drive.shows("Which colour?")
        await opened(drive)
        await drive.press("2")
        await drive.shows("you chose blue")
        session = drive.main.store.selected
        assert session is not None
        assert world.wait_state(session, "done")["mode"] == "bold"
        drive.main.do_mode()
        await drive.until(lambda: isinstance(drive.app.screen, ChoiceDialog), "the modes")
        await drive.shows("asks first")
        assert "plan" not in drive.text()
        await drive.press("1")
        await drive.until(lambda: world.row(session)["mode"] == "careful", "changed")


async def test_an_agent_that_is_not_installed_says_how_to_get_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PARALLEL_AGENTS_CLAUDE", "/no/such/claude")
    async with screen(world) as drive:
        await drive.shows("names /no/such/claude")
        await drive.shows("npm install")
        sketch = drive.main.store.agents.named("sketch")
        assert sketch is not None
        assert sketch.available
