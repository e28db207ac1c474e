"""The fields of a new session beside its task: where it starts, and how.

Keep true: a mode that asks nothing is never chosen by itself.
"""

from collections.abc import Iterable

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import Input, Select, Static

from parallel_agents.core.agents import Traits
from parallel_agents.tui.model.remembered import Remembered
from parallel_agents.tui.model.task import Place
from parallel_agents.tui.widgets.ref_field import Complete, RefField

_BASE = "worktree.baseRef in the settings, or fresh"
_BRANCH = "new, named after the session"


class TaskFields(Vertical):
    """The fields; they report changes as the messages of Textual's widgets.

    Args:
        place: the initial place.
        chosen: the initial choices.
        bases: completes bases.
        branches: completes branches.
    """

    DEFAULT_CSS = """
    TaskFields { height: auto; }
    """

    def __init__(
        self, place: Place, chosen: Remembered, *, bases: Complete, branches: Complete
    ) -> None:
        super().__init__()
        self._place = place
        self._chosen = chosen
        self._bases = bases
        self._branches = branches
        self._offered: dict[str, tuple[str, ...]] = {"agent": (), "mode": (), "effort": ()}
        self._is_filled = False

    def compose(self) -> ComposeResult:
        """Create the fields."""
        directory = Input(self._place.directory, id="directory", select_on_focus=False)
        yield _field("directory", directory)
        yield _field("base", RefField("base", _BASE, self._bases, must_exist=True))
        yield _field("branch", RefField("branch", _BRANCH, self._branches, must_exist=False))
        yield _field("mode", _select("mode", "as the agent"))
        model = Input(self._chosen.model, id="model", placeholder="as the agent")
        yield _field("model", model)
        yield _field("effort", _select("effort", "as the agent"))
        yield _field("agent", _select("agent", "as in the settings"))

    def on_mount(self) -> None:
        """Fill in the place."""
        self.put_place(self._place)

    @property
    def place(self) -> Place:
        """The place as it is typed."""
        return Place(
            directory=self._input("directory").value,
            base=self._input("base").value,
            branch=self._input("branch").value,
        )

    def put_place(self, place: Place) -> None:
        """Show another place."""
        for name in ("directory", "base", "branch"):
            field = self._input(name)
            if field.value != (value := getattr(place, name)):
                field.value = value

    def put_chosen(self, chosen: Remembered, agents: Iterable[str], traits: Traits | None) -> None:
        """Show other choices.

        Args:
            chosen: the choices.
            agents: names of the agents on offer.
            traits: of the chosen agent, if they are known.
        """
        self._offered = {
            "agent": tuple(agents),
            "mode": traits.mode_names if traits else (),
            "effort": traits.efforts if traits else (),
        }
        self._chosen = chosen
        self._fill()

    def _fill(self) -> None:
        """Fill in the choices, once the fields have their parts: a select's come after itself."""
        selects = [*self.query(Select)]
        self._is_filled = len(selects) == len(self._offered) and all(
            select.query("#label") for select in selects
        )
        if not self._is_filled:
            self.call_after_refresh(self._fill)
            return
        for name, offered in self._offered.items():
            _put(self.query_one(f"#{name}", Select), offered, getattr(self._chosen, name))
        model = self._input("model")
        if model.value.strip() != self._chosen.model:
            model.value = self._chosen.model

    def choices(self, before: Remembered) -> Remembered:
        """Read the choices; one that nothing is offered for stays as it was before."""
        agent, mode, effort = (
            self._choice(name, getattr(before, name)) for name in ("agent", "mode", "effort")
        )
        model = self._input("model").value.strip() if self._is_filled else before.model
        return Remembered(agent=agent, mode=mode, model=model, effort=effort)

    def _choice(self, name: str, before: str) -> str:
        if not self._is_filled or not self._offered[name]:
            return before
        select = self.query_one(f"#{name}", Select)
        return select.value if isinstance(select.value, str) else ""

    def _input(self, name: str) -> Input:
        return self.query_one(f"#{name}", Input)


def _select(name: str, nothing: str) -> Select[str]:
    return Select[str]([], id=name, prompt=nothing, compact=True)


def _put(select: Select[str], offered: tuple[str, ...], chosen: str) -> None:
    """Offer names, and choose one if it is among them."""
    with select.prevent(Select.Changed):
        select.set_options([(name, name) for name in offered])
        if chosen in offered:
            select.value = chosen


def _field(name: str, widget: Input | RefField | Select[str]) -> Horizontal:
    label = Static(name, classes="label", markup=False)
    return Horizontal(label, widget, classes="field")
