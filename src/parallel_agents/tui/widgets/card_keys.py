"""What is always visible of a request: what is odd about it, and what each key does.

Keep true: the keys are on the screen at any size; text that was not completely seen, or that is
misleading, is reported here loudly, wherever the request is scrolled to.
"""

from rich.style import Style
from textual.geometry import Size
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from parallel_agents.core.doubt import doubts_of
from parallel_agents.core.state import Request
from parallel_agents.tui.model.key_table import KeyTable, key_table
from parallel_agents.tui.model.request_card import Card, Identity
from parallel_agents.tui.text.spans import Span, cells, clip_spans, flat, strip_of
from parallel_agents.tui.text.styles import Ink, ink_of


class CardNotes(Widget):
    """What the user has to know before pressing a key; none of it is the agent's text.

    Args:
        model: the card.

    Attributes:
        model: the card.
        fits: whether the whole request fits, so that the parts not yet painted will be at once.
    """

    def __init__(self, model: Card, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.model = model
        self._doubts: tuple[Identity | None, tuple[str, ...]] = (None, ())
        self._shown: list[str] = []
        self.fits = False

    @property
    def odd(self) -> int:
        """The number of lines that say what is odd about the request."""
        return sum(line.startswith("!") for line in self.said())

    def update(self) -> None:
        """Show the current notes."""
        said = self.said()
        if said != self._shown:
            grew = len(said) != len(self._shown)
            self._shown = said
            self.display = bool(said)
            self.refresh(layout=grew)

    def said(self) -> list[str]:
        """List the current notes, one per line."""
        model = self.model
        if model.request is None or model.sent:
            return []
        if self._doubts[0] != model.identity:
            self._doubts = (model.identity, doubts_of(model.request.input))
        odd, unseen, key = self._doubts[1], model.unseen, model.asks_again
        lines = [f"! {', '.join(odd)}"] if odd else []
        if model.refusal:
            lines.append(model.refusal)
        if unseen and (key or not self.fits):
            noun = "line" if unseen == 1 else "lines"
            on = key_table(self.app).shown("read_on")
            again = f": {key} again decides without reading on" if key else f": {on} reads on"
            lines.append(f"▼ … {unseen:,} more {noun}{again}")
        return lines

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Use one line for each note."""
        return len(self._shown)

    def render_line(self, y: int) -> Strip:
        """Paint one line, as loudly as possible."""
        width, ink = self.size.width, ink_of(self.app)
        if y >= len(self._shown):
            return Strip.blank(width, self.rich_style)
        spans = [Span(" ", ink.text), flat(f" {self._shown[y]} ", ink.alarm)]
        return strip_of(clip_spans(spans, width)).adjust_cell_length(width, self.rich_style)


class CardKeys(Widget):
    """What each key does to this request, in as many lines as needed or available.

    Args:
        model: the card.

    Attributes:
        model: the card.
        room: how many lines are available; if the descriptions do not fit, only the keys are shown.
    """

    def __init__(self, model: Card, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.model = model
        self.room = 1 << 10
        self._shown: list[list[Span]] = []
        self._laid_at = 0

    class Laid(Message):
        """The keys have a new width, and may need another number of lines."""

    def on_resize(self) -> None:
        """Report a new width."""
        if self.size.width != self._laid_at:
            self._laid_at = self.size.width
            self.post_message(self.Laid())

    def update(self) -> None:
        """Show the model's keys."""
        if self._lines(self.size.width) != self._shown:
            self.refresh(layout=True)

    def height(self, width: int) -> int:
        """Return the number of lines needed at a width."""
        return max(len(self._lines(width)), 1)

    def _lines(self, width: int) -> list[list[Span]]:
        ink, request = ink_of(self.app), self.model.request
        if request is None:
            return []
        if self.model.sent:
            return [[Span("  answer sent …", ink.muted)]]
        keys = key_table(self.app)
        pairs = _pairs(request, keys)
        if len(self.model.requests) > 1:
            pairs.append((keys.shown("skip"), "next request"))
        # Keys that do not count yet are as quiet as text.
        of_keys = ink.muted if self.model.settles_in else ink.need
        lines = _laid_out(pairs, width, ink, of_keys)
        if len(lines) > self.room:
            lines = _laid_out([(" ".join(key for key, _ in pairs), "")], width, ink, of_keys)
        return lines

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Return the number of lines, at least one."""
        return max(len(self._lines(width)), 1)

    def render_line(self, y: int) -> Strip:
        """Paint one line."""
        self._shown = self._lines(self.size.width)
        spans = self._shown[y] if y < len(self._shown) else []
        return (
            strip_of(clip_spans(spans, self.size.width))
            .adjust_cell_length(self.size.width)
            .apply_style(self.rich_style)
        )


def _laid_out(
    pairs: list[tuple[str, str]], width: int, ink: Ink, of_keys: Style
) -> list[list[Span]]:
    lines: list[list[Span]] = []
    for key, does in pairs:
        spans = [Span(key, of_keys), Span(" ", ink.text), flat(does, ink.text)]
        if not lines or cells(lines[-1]) + cells(spans) + 3 > width:
            lines.append([Span("  ", ink.text), *spans])
        else:
            lines[-1] += [Span("   ", ink.text), *spans]
    return lines


def _pairs(request: Request, keys: KeyTable) -> list[tuple[str, str]]:
    return [(_written(keys, ids), does) for ids, does in _meanings(request)]


def _written(keys: KeyTable, ids: str) -> str:
    names = ids.split(" ")
    return (
        ids if ids.isdecimal() else keys.by_id[ids].shown if ids == "choose" else keys.shown(*names)
    )


def _meanings(request: Request) -> list[tuple[str, str]]:
    """Pairs of the ids of actions, or a digit, and what they do to a request."""
    match request.kind:
        case "permission":
            ends = [("deny", "deny"), ("deny_message", "deny and say why")]
            edit = [("edit_input", "edit")] if request.editable else []
            return [("allow", "allow once"), *_always(request), *ends, *edit]
        case "plan":
            modes = [f"approve, {approval.meaning}" for approval in request.approvals]
            return [
                *((str(number), says) for number, says in enumerate(modes[:-1], 1)),
                ("allow", modes[-1] if modes else "approve"),
                ("deny", "keep planning"),
                ("deny_message", "say what to change"),
            ]
        case "question":
            return _of_questions(request)


def _always(request: Request) -> list[tuple[str, str]]:
    if not request.rules:
        return []
    here = [("always", f"always here: {', '.join(request.rules)}")]
    kept_in = request.kept_in
    return [*here, ("always_repository", f"always, in {kept_in}")] if kept_in else here


def _of_questions(request: Request) -> list[tuple[str, str]]:
    questions = request.questions
    many = len(questions) > 1 or any(q.multiple for q in questions)
    pairs = [("choose", "choose"), ("own_words", "own words")]
    if many:
        pairs.append(("allow", "send"))
    if len(questions) > 1:
        pairs.append(("next_question previous_question", "other questions"))
    return [*pairs, ("deny", "decline")]
