"""Shows what a repository would run automatically, before any of it is loaded.

Keep true: trust applies to the digest that was shown; only `y` trusts; the view leaves out only
what was accepted before, unchanged to the letter.
"""

from collections.abc import Iterator, Sequence
from difflib import unified_diff

from parallel_agents.core.worktree import ConfigFile
from parallel_agents.tui.screens.confirm import ReadDialog
from parallel_agents.tui.text.spans import Span, flat, span
from parallel_agents.tui.text.styles import Ink
from parallel_agents.wire.messages import ResolvedRepository

_HINT = "y trust this   n start without it   ↑↓ scroll   Esc cancel"
_HINT_SESSION = "y trust this and continue   ↑↓ scroll   Esc cancel"
_LOADS = (
    "An agent started here would load these files. They can run programs on your machine "
    "without asking."
)
_STRANGER = (
    "This is a pull request, so untrusted. What you accept counts at this commit only: the same "
    "settings may call scripts that a later one has changed."
)
_File = tuple[str, str]
_Content = tuple[str, str]
_Lines = Iterator[list[Span]]


class TrustScreen(ReadDialog):
    """Asks whether to trust the repository.

    Args:
        resolved: the reply to `ResolveRepository`.
        ink: the styles.
        going_on: whether a session is to be resumed; it was started with these settings, so it
            cannot continue without them.
    """

    def __init__(self, resolved: ResolvedRepository, ink: Ink, *, going_on: bool = False) -> None:
        keys = {"y": "trust"} if going_on else {"y": "trust", "n": "without"}
        hint = _HINT_SESSION if going_on else _HINT
        super().__init__(f"Trust {resolved.root}?", list(_lines(resolved, ink)), keys, hint)


def _lines(resolved: ResolvedRepository, ink: Ink) -> _Lines:
    now, before = _texts(resolved.files), _texts(resolved.accepted)
    about = _LOADS if now else "This repository brings no settings, hooks or servers of its own."
    stranger = resolved.base.stranger
    known = resolved.known and not stranger
    yield [Span(f"{about} They changed since you last trusted them." if known else about, ink.text)]
    if stranger:
        yield [Span(_STRANGER, ink.need)]
    yield [Span("", ink.text)]
    for note in resolved.notes:
        yield [flat(note, ink.muted)]
    for file in sorted(now.keys() | before.keys()):
        yield [Span("", ink.text)]
        yield from _file(file, before.get(file), now.get(file), ink)


def _texts(files: Sequence[ConfigFile]) -> dict[_File, _Content]:
    """Map path and origin to text and hash; a long text is cut, but its hash covers all of it."""
    return {(f.path, f.origin): (f.text, f.digest) for f in files}


def _file(file: _File, before: _Content | None, now: _Content | None, ink: Ink) -> _Lines:
    """Show one file: all of it if it is new, otherwise its changes."""
    path, origin = file
    head = [flat(path, ink.strong), flat(f"  {origin}", ink.muted)]
    if before is None:
        yield head
        yield [span(now[0] if now else "", ink.code)]
    elif now is None:
        yield [*head, Span("  is gone", ink.bad)]
    elif now == before:
        yield [*head, Span("  as you accepted it", ink.muted)]
    else:
        yield [*head, Span("  changed", ink.need)]
        old, new = before[0].split("\n"), now[0].split("\n")
        changes = list(unified_diff(old, new, lineterm="", n=2))[2:]
        for line in changes or ["beyond the part of this long file that can be shown here"]:
            style = {"+": ink.good, "-": ink.bad, "@": ink.muted}.get(line[:1], ink.code)
            yield [flat(line, style)]
