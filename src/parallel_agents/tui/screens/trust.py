"""Shows what a repository would run on its own, before anything of it is loaded.

Keep true: what is trusted is the digest that was shown; no key but `y` trusts.
"""

from typing import Any

from parallel_agents.tui.ink import Ink
from parallel_agents.tui.screens.confirm import ReadDialog
from parallel_agents.tui.spans import Span, flat, span

_HINT = "y trust this   n start without it   ↑↓ scroll   Esc leave"


class TrustScreen(ReadDialog):
    """The question.

    Args:
        resolved: a `ResolveRepository` reply.
        ink: styles.
    """

    def __init__(self, resolved: dict[str, Any], ink: Ink) -> None:
        keys = {"y": "trust", "n": "without"}
        super().__init__(f"Trust {resolved['root']}?", _lines(resolved, ink), keys, _HINT)


def _lines(resolved: dict[str, Any], ink: Ink) -> list[list[Span]]:
    files = resolved["files"]
    empty = [Span("", ink.text)]
    about = (
        "An agent started here would load these files. They can run programs on your machine "
        "without asking. They changed since you last trusted them."
        if resolved.get("known")
        else "An agent started here would load these files. They can run programs on your machine "
        "without asking."
    )
    if not files:
        about = "This repository brings no settings, hooks or servers of its own."
    lines = [[Span(about, ink.text)], empty]
    for note in resolved["notes"]:
        lines += [[flat(str(note), ink.muted)]]
    for file in files:
        origin = str(file.get("origin", ""))
        lines += [empty, [flat(str(file["path"]), ink.strong), flat(f"  {origin}", ink.muted)]]
        lines += [[span(str(file["text"]), ink.code)]]
    return lines
