"""The palette: every action of the table that has a name."""

import inspect
from collections.abc import Iterator
from contextlib import suppress
from functools import partial

from textual import work
from textual.await_complete import AwaitComplete
from textual.command import CommandList, CommandPalette, DiscoveryHit, Hit, Hits, Provider
from textual.css.query import NoMatches
from textual.timer import Timer, TimerCallback

from parallel_agents.tui.model.actions import Action
from parallel_agents.tui.screens.confirm import brought_up
from parallel_agents.tui.screens.verbs import Verbs
from parallel_agents.tui.text.styles import DARK, LIGHT


class Palette(Provider):
    """Finds actions by name."""

    def _entries(self) -> Iterator[tuple[str, str, partial[None]]]:
        screen = self.screen
        if not isinstance(screen, Verbs):
            return
        for action in screen.keys.actions:
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


class ActionPalette(CommandPalette):
    """Textual's palette, which closes once; its search, which goes on for a moment, ends nothing.

    Textual 8 cancels the search and its timers only when the widgets that they fill are gone.
    """

    @work(exclusive=True, group=CommandPalette._GATHER_COMMANDS_GROUP)  # noqa: SLF001 - it cancels it
    async def _gather_commands(self, search_value: str) -> None:
        with suppress(NoMatches):
            await inspect.unwrap(CommandPalette._gather_commands)(self, search_value)  # noqa: SLF001

    async def _watch__show_busy(self) -> None:
        if self.query(CommandList):
            await super()._watch__show_busy()

    def dismiss(self, result: None = None) -> AwaitComplete:
        """Close the palette, once, and nothing below it."""
        return super().dismiss(result) if brought_up(self) else AwaitComplete()

    def set_timer(
        self,
        delay: float,
        callback: TimerCallback | None = None,
        *,
        name: str | None = None,
        pause: bool = False,
    ) -> Timer:
        """Call a function after a delay, while there are widgets that it may fill."""

        def still_there() -> object:
            return callback() if callback is not None and self.query(CommandList) else None

        return super().set_timer(delay, still_there, name=name, pause=pause)
