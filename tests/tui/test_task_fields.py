"""The fields of a new session, filled in before their own parts are there."""

from textual.widgets import Select

from parallel_agents.tui.model.remembered import Remembered
from parallel_agents.tui.model.task import Place
from parallel_agents.tui.widgets.task_fields import TaskFields
from tests.tui.views import Host, until


async def _nothing(_: str) -> list[str]:
    return []


async def test_choices_given_before_the_fields_are_there_are_filled_in_once_they_are() -> None:
    app = Host()
    async with app.run_test() as pilot:
        chosen = Remembered(agent="two", model="large")
        fields = TaskFields(Place(directory="/"), chosen, bases=_nothing, branches=_nothing)
        app.screen.mount(fields)  # not awaited, as for a key that comes right behind
        fields.put_chosen(chosen, ("one", "two"), None)
        assert fields.choices(chosen) == chosen
        await until(pilot, lambda: fields.query("#agent"))
        agent = fields.query_one("#agent", Select)
        await until(pilot, lambda: agent.value == "two")
        assert fields.choices(Remembered()) == chosen
