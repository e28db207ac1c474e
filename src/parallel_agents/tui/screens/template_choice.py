"""Choosing a template for a task."""

from collections.abc import Awaitable, Callable, Sequence

from textual.screen import ModalScreen

from parallel_agents.core.template import FIELD, Template
from parallel_agents.core.text import safe_line
from parallel_agents.tui.screens.confirm import ChoiceDialog
from parallel_agents.tui.text.styles import Ink

_PAGE = 8
_MORE = "more …"
_ABOUT = "Tab goes from one field of it to the next. What you have written goes into the first."
_FROM = {"user": "yours", "repository": "from the repository", "program": "comes with the program"}

Show = Callable[[ModalScreen[str | None]], Awaitable[str | None]]


async def choose_template(
    templates: Sequence[Template], notes: Sequence[str], show: Show, ink: Ink
) -> Template | None:
    """Let the user choose a template; None if they leave.

    Args:
        templates: on offer, each name once.
        notes: what to say about those that are not.
        show: shows a dialog and waits for its result.
        ink: the styles.
    """
    about = safe_line(" ".join([_ABOUT, *notes[:2]]))
    first = 0
    while True:
        page = templates[first : first + _PAGE]
        offered = [(each.name, _meaning(each)) for each in page]
        if len(templates) > _PAGE:
            offered.append((_MORE, ""))
        chosen = await show(ChoiceDialog("Template", about, offered, ink))
        if chosen != _MORE:
            return next((each for each in page if each.name == chosen), None)
        first = first + _PAGE if first + _PAGE < len(templates) else 0


def _meaning(template: Template) -> str:
    fields = ", ".join(template.fields)
    return _FROM[template.origin] + (f": {fields}" if fields else "")


def begun(template: Template, text: str) -> tuple[str, tuple[str, ...]]:
    """Put what was written so far into the first field of a template.

    Returns:
        The text, and the fields that are still to be filled.
    """
    fields = template.fields
    if not text.strip() or not fields:
        return template.text, fields
    filled = FIELD.sub(
        lambda found: text.strip() if found[1] == fields[0] else found[0], template.text
    )
    return filled, fields[1:]
