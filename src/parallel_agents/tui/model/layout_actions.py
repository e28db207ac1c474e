"""The rows of the table for how the panes share the screen."""

from parallel_agents.tui.model.actions import COMMAND, Action


def _row(name: str, key: str, shown: str, title: str, does: str, *, alone: bool = False) -> Action:
    return Action(name, (key,), COMMAND, shown, does, title, alone=alone)


LAYOUT_ACTIONS: tuple[Action, ...] = (
    _row("split_right", "vertical_line", "|", "Pane at the right", "one more pane at the right"),
    _row("split_below", "underscore", "_", "Pane below", "one more pane below"),
    _row("next_pane", "semicolon", ";", "Next pane", "go to the next pane"),
    _row("larger", "plus", "+", "Larger pane", "make the pane larger; the mouse moves the lines"),
    _row("smaller", "minus", "-", "Smaller pane", "make the pane smaller"),
    _row("zoom", "O", "O", "Zoom the pane", "show only this pane, or all again", alone=True),
    _row("swap_panes", "M", "M", "Exchange panes", "exchange it with the next one", alone=True),
    _row("close_pane", "W", "W", "Close the pane", "close the pane", alone=True),
    _row(
        "beside",
        "B",
        "B",
        "Keep this session beside others",
        "keep this session on the screen while you select others; again: no longer",
        alone=True,
    ),
    _row(
        "keep_layout", "L", "L", "Make this the usual layout", "use this layout for all sessions",
        alone=True,
    ),
    _row("usual_layout", "equals_sign", "=", "Usual layout", "back to the usual layout"),
)  # fmt: skip
