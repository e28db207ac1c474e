"""The panes of the shown session: which there are, which are shown, and how they share the room.

Keep true: a pane that is not on the screen asks nothing; a session that was given a layout of its
own keeps it; going from session to session changes no layout of somebody who never chose one.
"""

from parallel_agents.core.state import SessionState
from parallel_agents.core.value import replace
from parallel_agents.tui.model.commands import Commands
from parallel_agents.tui.model.kept_layouts import (
    KeptLayouts,
    keep_layouts,
    kept_layouts,
    with_own,
)
from parallel_agents.tui.model.layout import (
    Area,
    Divider,
    exchanged,
    fits,
    line_beside,
    moved,
    panes_of,
    split,
    usual_layout,
    without,
)
from parallel_agents.tui.model.store import Store
from parallel_agents.tui.screens import header
from parallel_agents.tui.screens.checks_pane import ChecksPane
from parallel_agents.tui.screens.diff_pane import DiffPane
from parallel_agents.tui.screens.info_pane import InfoPane
from parallel_agents.tui.screens.pane import Pane
from parallel_agents.tui.screens.transcript_pane import BesidePane, TranscriptPane
from parallel_agents.tui.text.styles import ink_of
from parallel_agents.tui.widgets.pane_area import PaneArea

ONLY = "This is the only pane."
NO_ROOM = "There is no room for another pane."

_UNLISTED = ("beside", "checks")

STEP = 4
"""Cells by which a key makes a pane larger or smaller."""


class Panes:
    """Shows the panes.

    Args:
        commands: whom to ask.
        store: what the screen knows.

    Attributes:
        all: every pane by its name.
        diff: the one that shows the diff.
        transcript: the one that shows the conversation of the selected session.
        area: the room that they share.
    """

    def __init__(self, commands: Commands, store: Store) -> None:
        self.diff = DiffPane(commands, lambda: list(store.mirror.sessions.values()))
        self.transcript = TranscriptPane(commands, lambda: store.opened)
        made: list[Pane] = [
            self.transcript,
            self.diff,
            InfoPane(commands),
            ChecksPane(commands),
            BesidePane(commands, lambda: store.beside),
        ]
        self.all = {pane.name: pane for pane in made}
        self.area = PaneArea({pane.name: pane.view for pane in made}, id="panes")
        self._store = store
        self._commands = commands
        self._kept: KeptLayouts | None = None
        self._session: str | None = None
        self._single = "transcript"
        self._zoomed = False
        self._shares = (100, 100)

    # --- what is shown ------------------------------------------------------------------------

    @property
    def current(self) -> str:
        """The pane that keys change: the one with the focus, or the one that had it last."""
        return self.area.current

    @property
    def shown(self) -> list[str]:
        """The panes that are on the screen."""
        return list(self.area.shown)

    @property
    def pane(self) -> Pane:
        """The current pane."""
        return self.all[self.current]

    @property
    def layouts(self) -> KeptLayouts:
        """What was chosen, read when it is first needed."""
        if self._kept is None:
            self._kept = kept_layouts(frozenset(self.all))
        return self._kept

    @property
    def own(self) -> Area:
        """The layout of the shown session's own panes, as it was chosen."""
        width = self.area.size.width
        if self._store.beside is not None:
            width = width * self._shares[0] // sum(self._shares)
        return self._chosen or usual_layout(width, self._single)

    @property
    def _chosen(self) -> Area | None:
        return self.layouts.own.get(self._session or "") or self.layouts.usual

    @property
    def layout(self) -> Area:
        """The layout of all panes: a session beside has its column at the right."""
        return self._with_beside(self.own)

    def _with_beside(self, own: Area) -> Area:
        if self._store.beside is None:
            return own
        mine, other = self._shares
        return Area(parts=(replace(own, weight=mine), Area(pane="beside", weight=other)))

    @property
    def _here(self) -> str:
        """The current pane, or the last of the session's own if the current one is another's."""
        return panes_of(self.own)[-1] if self.current == "beside" else self.current

    def show(self, name: str) -> None:
        """Bring a pane on the screen: to where it stands, or in place of the current one."""
        own = self.own
        if name not in panes_of(own):
            if own.parts or self._chosen is not None:
                self._choose(exchanged(own, self._here, name), name)
                return
            self._single = name
        self._put(self.layout, name)

    def arrange(self, session: str | None) -> None:
        """Lay out the panes for a session, and for the room that there is now."""
        if session != self._session:
            self._session, self._zoomed = session, False
        self._put(self.layout, self.current)

    def focused(self, name: str) -> None:
        """Note which pane has the focus."""
        if name in self.shown and name != self.current:
            self.area.current = name

    def _put(self, area: Area, current: str) -> None:
        names = panes_of(area)
        chosen = current if current in names else names[0]
        self.area.put(area, chosen, zoomed=self._zoomed)

    def follow(self, state: SessionState) -> None:
        """Show in each pane on the screen what is known now."""
        for name in self.shown:
            followed = self._other if name == "beside" else state
            if followed is not None and not (self.all[name].asks and self._store.problem):
                self.all[name].follow(followed)

    def paint_titles(self, state: SessionState, focused: str) -> None:
        """Write the line above each pane, while there are several.

        Args:
            state: facts of the selected session.
            focused: the pane with the focus; empty for none.
        """
        ink = ink_of(self.area.app)
        for number, name in enumerate(self.shown):
            other = self._other if name == "beside" else None
            title = header.pane_title(
                self.all[name].title, ink, focused=name == focused, other=other
            )
            right = header.model_words(state, ink) if not number else []
            self.area.boxes[name].title.put(title, right)

    def tabs(self) -> list[tuple[str, bool]]:
        """List the titles of the session's own panes, and whether each is shown.

        Not everybody has checks: their pane is listed while it is shown.
        """
        shown = self.shown
        listed = [p for p in self.all.values() if p.name in shown or p.name not in _UNLISTED]
        return [(p.title, p.name in shown) for p in listed if p.name != "beside"]

    @property
    def _other(self) -> SessionState | None:
        beside = self._store.beside
        return self._store.mirror.sessions.get(beside.session) if beside is not None else None

    # --- changing the layout ------------------------------------------------------------------

    def split(self, *, across: bool) -> None:
        """Show one more pane beside the current one, or below it."""
        own = self.own
        missing = [n for n in self.all if n not in panes_of(own) and n != "beside"]
        if not missing:
            self._commands.say("Every pane is shown already.", topic="key")
            return
        area = split(own, self._here, missing[0], across=across)
        if fits(self._with_beside(area), *self.area.size):
            self._choose(area, missing[0])
        else:
            self._commands.say(NO_ROOM, topic="key")

    def _choose(self, area: Area, current: str) -> None:
        """Give the shown session a layout of its own panes."""
        self._zoomed = False
        self._give(area)
        self.keep()
        self._put(self.layout, current)

    def _give(self, area: Area) -> None:
        if self._session is not None:
            self._kept = with_own(self.layouts, self._session, area)

    def close(self) -> None:
        """Take the current pane away, unless it is the only one."""
        if self.current == "beside":
            self.put_beside(None)
        elif self.own.parts:
            self._choose(without(self.own, self.current), "")
        else:
            self._commands.say(ONLY, topic="key")

    def zoom(self) -> None:
        """Show only the current pane, or all again."""
        if len(panes_of(self.layout)) < 2:
            self._commands.say(ONLY, topic="key")
            return
        self._zoomed = not self._zoomed
        self._put(self.layout, self.current)

    def swap(self) -> None:
        """Let the current pane and the next one take each other's place."""
        names = panes_of(self.own)
        if len(names) < 2:
            self._commands.say(ONLY, topic="key")
            return
        after = names[(names.index(self._here) + 1) % len(names)]
        self._choose(exchanged(self.own, self._here, after), self._here)

    def next(self) -> str:
        """Return the pane after the current one."""
        shown = self.shown
        at = shown.index(self.current) if self.current in shown else -1
        return shown[(at + 1) % len(shown)]

    def resize(self, step: int) -> None:
        """Make the current pane larger or smaller."""
        found = line_beside(self.area.effective, self.current, *self.area.size)
        if found is None:
            self._commands.say(ONLY, topic="key")
            return
        self.drag(found[0], found[1] * step * STEP)
        self.keep()

    def keep(self) -> None:
        """Write the layouts down; not for each cell that a line is dragged by."""
        keep_layouts(self.layouts)

    def drag(self, divider: Divider, cells: int) -> None:
        """Move the line between two panes; `keep` once it stays there."""
        area = self.area.effective
        if not area.parts:
            return
        area = moved(area, divider, cells, *self.area.size)
        if self._store.beside is not None:
            self._shares = (area.parts[0].weight, area.parts[1].weight)
            area = area.parts[0]
            if not divider.path:  # only the line to the other session was moved
                self._put(self.layout, self.current)
                return
        self._give(area)
        self._put(self.layout, self.current)

    def make_usual(self) -> None:
        """Make the layout of this session that of every session without one of its own."""
        self._kept = KeptLayouts(usual=self.own, own=self.layouts.own)
        self.keep()
        self._commands.say("This is now the usual layout.", topic="key")

    def reset(self) -> None:
        """Forget the layout of this session, and then that of all."""
        own = self._session in self.layouts.own
        if own and self._session is not None:
            self._kept = with_own(self.layouts, self._session, None)
        else:
            self._kept = KeptLayouts(own=self.layouts.own)
        self.keep()
        self._zoomed = False
        self._put(self.layout, self.current)
        said = "usual layout" if own else "layout that fits the width"
        self._commands.say(f"This is the {said}.", topic="key")

    # --- another session beside ---------------------------------------------------------------

    def put_beside(self, session: str | None) -> None:
        """Keep a session's conversation beside whatever is selected; None takes it away."""
        self._store.put_beside(session)
        if session is not None and not fits(self.layout, *self.area.size):
            self._store.put_beside(None)
            self._commands.say(NO_ROOM, topic="key")
            return
        self._zoomed = False
        self._put(self.layout, self.current)
