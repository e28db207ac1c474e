"""The palette: every action of the table that has a name."""

from collections.abc import Iterator
from functools import partial

from textual.command import DiscoveryHit, Hit, Hits, Provider

from parallel_agents.tui.actions import ACTIONS, Action
from parallel_agents.tui.ink import DARK, LIGHT
from parallel_agents.tui.screens.verbs import Verbs


class Palette(Provider):
    """Finds actions by name."""

    def _entries(self) -> Iterator[tuple[str, str, partial[None]]]:
        screen = self.screen
        if not isinstance(screen, Verbs):
            return
        for action in ACTIONS:
            if action.title:
                yield action.title, _help(action), partial(screen.act, action.id)
        theme = LIGHT if self.app.theme == DARK else DARK
        yield "Light or dark", "change the theme", partial(setattr, self.app, "theme", theme)

    async def discover(self) -> Hits:
        """Everything, before anything is typed."""
        for name, does, callback in self._entries():
            yield DiscoveryHit(name, callback, help=does)

    async def search(self, query: str) -> Hits:
        """What fits."""
        matcher = self.matcher(query)
        for name, does, callback in self._entries():
            score = matcher.match(name)
            if score > 0:
                yield Hit(score, matcher.highlight(name), callback, help=does)


def _help(action: Action) -> str:
    return f"{action.shown}  {action.help}"
