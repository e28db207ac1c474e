"""The keys that change how the panes share the screen."""

from parallel_agents.tui.screens.verbs import Verbs


class LayoutKeys:
    """Carries out the keys of the layout.

    Args:
        screen: the screen that has the panes.
    """

    def __init__(self, screen: Verbs) -> None:
        self._screen = screen
        self._panes = screen.panes

    def _done(self) -> None:
        """Show the change, with the focus where the person works."""
        if self._screen.zone == "view" and self._screen.focused is not self._screen.request:
            self._screen.pane.focus()
        self._screen.wake()

    def _in_session(self) -> bool:
        return self._screen.current() is not None

    def do_split_right(self) -> None:
        """Show one more pane at the right."""
        if self._in_session():
            self._panes.split(across=True)
            self._done()

    def do_split_below(self) -> None:
        """Show one more pane below."""
        if self._in_session():
            self._panes.split(across=False)
            self._done()

    def do_next_pane(self) -> None:
        """Go to the next pane; from elsewhere to the current one."""
        if not self._in_session():
            return
        focused = self._screen.focused
        inside = focused is not None and focused.id in self._panes.all
        self._screen.go_to_pane(self._panes.next() if inside else self._panes.current)

    def do_larger(self) -> None:
        """Make the pane larger."""
        self._panes.resize(1)
        self._done()

    def do_smaller(self) -> None:
        """Make the pane smaller."""
        self._panes.resize(-1)
        self._done()

    def do_swap_panes(self) -> None:
        """Exchange the pane with the next one."""
        self._panes.swap()
        self._done()

    def do_zoom(self) -> None:
        """Show only the current pane, or all again."""
        self._panes.zoom()
        self._done()

    def do_close_pane(self) -> None:
        """Close the pane."""
        self._panes.close()
        self._done()

    def do_beside(self) -> None:
        """Keep the selected session beside whatever is selected; again: no longer."""
        state = self._screen.current()
        beside = self._screen.store.beside
        if beside is not None:
            self._panes.put_beside(None)
        elif state is not None:
            self._panes.put_beside(state.id)
        self._done()

    def do_keep_layout(self) -> None:
        """Use this layout for all sessions without one of their own."""
        self._panes.make_usual()
        self._done()

    def do_usual_layout(self) -> None:
        """Go back to the usual layout."""
        self._panes.reset()
        self._done()
