"""The questions that tasks on their way raise: how much agents may do, and trust.

Keep true: a question never meets a user who is typing; nothing that was shown before they began to
write again counts as an answer.
"""

from typing import Protocol

from textual.screen import ModalScreen

from parallel_agents.core.agents import Traits
from parallel_agents.core.errors import UserError
from parallel_agents.core.ids import new_uuid
from parallel_agents.tui.model.offers import first_modes
from parallel_agents.tui.model.remembered import Remembered, remember
from parallel_agents.tui.model.starting import Starting
from parallel_agents.tui.model.store import Store
from parallel_agents.tui.model.task import Place
from parallel_agents.tui.screens.confirm import ChoiceDialog
from parallel_agents.tui.screens.trust import TrustScreen
from parallel_agents.tui.text.styles import Ink
from parallel_agents.wire import messages as m

_ABOUT_MODES = (
    "By default the agent asks before every single edit. Each session works in a worktree of its "
    "own, so edits do not touch your checkout. The composer remembers this choice."
)


class Asker(Protocol):
    """The composer, as far as questions need it."""

    @property
    def may_interrupt(self) -> bool:
        """Whether the user is in the empty input, and at rest."""

    def ink(self) -> Ink:
        """The styles."""

    def traits(self) -> Traits | None:
        """The traits of the chosen agent."""

    async def show(self, dialog: ModalScreen[str | None]) -> str | None:
        """Show a dialog and wait for its result."""

    def mode_chosen(self, mode: str) -> None:
        """Use a mode from now on."""


class TaskQuestions:
    """Asks about tasks that wait for the user.

    Args:
        asker: the composer.
        store: sends the requests.
        starting: has the tasks.
        first: whether no mode was ever chosen, so that the first task asks for one.

    Attributes:
        is_asking: whether a question is being asked.
    """

    def __init__(self, asker: Asker, store: Store, starting: Starting, *, first: bool) -> None:
        self._asker = asker
        self._store = store
        self._starting = starting
        self._first = first
        self.is_asking = False

    @property
    def needs_mode(self) -> bool:
        """Whether a task without a mode has to wait for the user's choice."""
        return self._first and bool(self._modes())

    @property
    def are_due(self) -> bool:
        """Whether there is something to ask."""
        return bool(self._starting.modeless or self._starting.untrusted)

    async def ask(self) -> None:
        """Ask the question that is due."""
        if self._starting.modeless:
            await self._choose_mode()
        elif self._starting.untrusted:
            await self._decide()

    def _modes(self) -> list[tuple[str, str]]:
        traits = self._asker.traits()
        return first_modes(traits) if traits is not None else []

    async def _choose_mode(self) -> None:
        """Let the user choose, once, how much agents may do without asking."""
        title = "How much may new agents do without asking?"
        dialog = ChoiceDialog(title, _ABOUT_MODES, self._modes(), self._asker.ink())
        mode = await self._asker.show(dialog)
        self.is_asking = False
        if mode is None:
            self._starting.abandon("Not started.")
            return
        self._first = False
        self._asker.mode_chosen(mode)
        remember(Remembered(mode=mode))
        self._starting.choose(mode)

    async def _decide(self) -> None:
        """Let the user decide about the first repository that waits for it."""
        place = self._starting.untrusted[0].place
        try:
            resolved, answer = await self._decision(place)
        except UserError as error:
            self.is_asking = False
            self._starting.refuse(place, f"{error.message} {error.hint}".strip())
            return
        self.is_asking = False
        if answer is None:
            self._starting.refuse(place, "Not started.")
        elif answer != "later":
            self._starting.decide(place, resolved, trusted=answer == "trust")

    async def _decision(self, place: Place) -> tuple[m.ResolvedRepository, str | None]:
        resolved = await self._store.ask(place.question())
        if resolved.trusted:
            return resolved, "trust"
        if not self._asker.may_interrupt:  # they began to write while the supervisor looked
            return resolved, "later"
        answer = await self._asker.show(TrustScreen(resolved, self._asker.ink()))
        if answer == "trust":
            await self._store.ask(_trust(place, resolved))
        return resolved, answer


def _trust(place: Place, resolved: m.ResolvedRepository) -> m.Trust:
    """Accept what was shown: a commit, because acceptance of a pull request is tied to its own."""
    base = resolved.base
    shown = place.base.strip() or base.name if base.stranger else base.start
    return m.Trust(key=new_uuid(), directory=place.path, base=shown, digest=resolved.digest)
