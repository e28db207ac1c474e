"""Templates in the composer: chosen with Alt+T, their fields filled one after the other."""

from hypothesis import given, strategies as st

from parallel_agents.core.template import FIELD, Template
from parallel_agents.tui.screens.confirm import ChoiceDialog
from parallel_agents.tui.screens.dispatch import DispatchScreen
from parallel_agents.tui.screens.template_choice import begun
from parallel_agents.wire import messages as m
from tests.tui.drive import Drive
from tests.tui.test_composer import Held, composer, held, opened, write

TEXT = "Goal: {{goal}}\nChange {{paths}}, and again {{goal}} but {{ other.js }}"


def fake(*templates: Template, notes: tuple[str, ...] = ()) -> Held:
    made = Held()
    listed = templates or (Template(name="brief", text=TEXT, origin="program"),)
    made.answers["list_templates"] = m.TemplateList(templates=listed, notes=notes)
    return made


async def chosen(drive: Drive, key: str = "1") -> DispatchScreen:
    await drive.press("alt+t")
    await drive.until(lambda: isinstance(drive.app.screen, ChoiceDialog), "the choice")
    await drive.press(key)
    await drive.until(lambda: isinstance(drive.app.screen, DispatchScreen), "the composer")
    return composer(drive)


async def test_fields_are_filled_one_after_the_other() -> None:
    supervisor = fake()
    async with held(supervisor) as drive:
        await opened(drive)
        box = await chosen(drive)
        await drive.until(lambda: box.prompt.editor.selected_text == "{{goal}}", "the first field")
        await write(drive, "fix it")
        await drive.press("tab")
        assert box.prompt.editor.selected_text == "{{paths}}"
        await drive.press("tab")
        assert box.prompt.editor.selected_text == "{{goal}}"
        await write(drive, "it")
        await drive.press("tab")
        await write(drive, "src")
        assert box.prompt.text == "Goal: fix it\nChange src, and again it but {{ other.js }}"
        await drive.press("enter")
        await drive.until(lambda: len(supervisor.started) == 1)
        assert supervisor.started[0].startswith("Goal: fix it\n")
        await drive.press("tab")
        await drive.until(lambda: box.query("#agent"), "Tab opens the fields again")


async def test_what_was_written_goes_into_the_first_field() -> None:
    async with held(fake()) as drive:
        await opened(drive)
        await write(drive, "fix it")
        box = await chosen(drive)
        await drive.until(lambda: box.prompt.editor.selected_text == "{{paths}}")
        assert box.prompt.text.startswith("Goal: fix it\n")
        assert box.prompt.history[-1] == "fix it", "an arrow brings it back"


async def test_an_unfilled_field_is_said_once_before_the_start() -> None:
    supervisor = fake()
    async with held(supervisor) as drive:
        await opened(drive)
        box = await chosen(drive)
        await drive.until(lambda: box.prompt.editor.selected_text == "{{goal}}")
        await drive.press("enter")
        await drive.shows("{{goal}} is not filled")
        assert supervisor.of(m.New) == []
        await write(drive, "x")
        await drive.until(lambda: "is not filled" not in drive.text())
        await drive.press("enter")
        await drive.shows("{{paths}} is not filled")
        await drive.press("enter")
        await drive.until(lambda: len(supervisor.started) == 1)
        assert "{{paths}}" in supervisor.started[0]


async def test_many_templates_come_in_pages_and_notes_are_said() -> None:
    many = [Template(name=f"t{n}", text=f"text {n}", origin="user") for n in range(10)]
    async with held(fake(*many, notes=("The template x.md is left out: why.",))) as drive:
        await opened(drive)
        await drive.press("alt+t")
        await drive.shows("is left out: why.")
        await drive.press("9")
        await drive.shows("t9")
        await drive.press("2")
        await drive.until(lambda: composer(drive).prompt.text == "text 9")


async def test_leaving_the_choice_keeps_the_text() -> None:
    async with held(fake()) as drive:
        await opened(drive)
        await write(drive, "fix")
        box = await chosen(drive, "escape")
        assert box.prompt.text == "fix"


@given(st.text(max_size=20), st.lists(st.sampled_from(["{{a}}", "{{b}}", "x"])).map("".join))
def test_the_first_field_takes_what_was_written(text: str, template: str) -> None:
    made = Template(name="t", text=template, origin="user")
    filled, left = begun(made, text)
    if text.strip() and made.fields:
        assert filled == template.replace(f"{{{{{made.fields[0]}}}}}", text.strip())
        assert left == made.fields[1:]
    else:
        assert (filled, left) == (template, tuple(dict.fromkeys(FIELD.findall(template))))
