"""The palette: every action of the table that has a name."""

from collections.abc import Iterator
from functools import partial

from textual.command import Command, CommandList, CommandPalette, DiscoveryHit, Hit, Hits, Provider
from textual.timer import Timer, TimerCallback

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


class ActionPalette(CommandPalette):
    """Textual's palette; its search, which goes on behind its widgets for a moment, ends nothing.

    Textual 8 cancels the search only when the widgets that it fills are gone already.
    """

    def _refresh_command_list(
        self, command_list: CommandList, commands: list[Command], clear_current: bool
    ) -> None:
        if self.query(CommandList):
            super()._refresh_command_list(command_list, commands, clear_current)

    def _watch__list_visible(self) -> None:
        if self.query(CommandList):
            super()._watch__list_visible()

    async def _watch__show_busy(self) -> None:
        if self.query(CommandList):
            await super()._watch__show_busy()

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
