"""The dialogs of a diff, shown from its view."""

from collections.abc import Iterable, Sequence

from textual.screen import ModalScreen

from parallel_agents.core.scope import Commit, Scope
from parallel_agents.core.state import SessionState
from parallel_agents.core.text import safe_line
from parallel_agents.tui.model.commands import Commands
from parallel_agents.tui.screens.confirm import LineDialog
from parallel_agents.tui.screens.scope_choice import choose_scope
from parallel_agents.tui.text.styles import ink_of
from parallel_agents.tui.widgets.diff_view import DiffView
from parallel_agents.wire.messages import ListCommits


async def ask_scope(
    view: DiffView, commands: Commands, state: SessionState, others: Iterable[SessionState]
) -> Scope | None:
    """Let the user choose what to compare with; None if they leave.

    Args:
        view: above which the dialogs are shown.
        commands: whom to ask.
        state: the session whose files are compared.
        others: every session.
    """

    async def commits() -> Sequence[Commit]:
        reply = await commands.ask(ListCommits(session=state.id))
        return () if reply is None else reply.commits

    async def show(dialog: ModalScreen[str | None]) -> str | None:
        return await view.app.push_screen_wait(dialog)

    return await choose_scope(state, others, commits, show, ink_of(view.app))


async def ask_filter(view: DiffView, word: str) -> str | None:
    """Ask what the paths shown must have in them; None if the user leaves.

    Args:
        view: above which the dialog is shown.
        word: what they have now.
    """
    title = "Show files whose path has"
    found = await view.app.push_screen_wait(LineDialog(title, safe_line(word)))
    return None if found is None else found.strip()
