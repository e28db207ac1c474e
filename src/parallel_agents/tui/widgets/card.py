"""The request card, right above the input.

Keep true: what a key decides is what was painted (`deciding.Card` holds that); the whole input
can be read here before it is allowed; nothing of it is parsed as markup.
"""

import json
from collections.abc import Sequence

from textual.geometry import Size
from textual.strip import Strip
from textual.widget import Widget

from parallel_agents.core.options import JsonObject
from parallel_agents.core.state import Request
from parallel_agents.core.summary import questions_of
from parallel_agents.tui.deciding import PLAN_MODES, Card, Identity, labels_of, rules_of
from parallel_agents.tui.ink import Ink, ink_of
from parallel_agents.tui.lines import Block, LineView
from parallel_agents.tui.markdown import markdown
from parallel_agents.tui.spans import Line, Span, block, cells, clip_spans, flat, span, strip_of

LOCAL_SETTINGS = ".claude/settings.local.json"


class CardView(LineView):
    """The request's words; tells the model what stands on the screen.

    Args:
        model: what is shown.
    """

    def __init__(self, model: Card, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.model = model
        self._shows: Identity | None = None

    def update(self, name: str) -> None:
        """Show the model's request.

        Args:
            name: the session's display name, raw.
        """
        request = self.model.request
        if self.model.identity != self._shows:
            self.restart()
        self._shows = self.model.identity
        self.set_blocks(_blocks(self.model, request, name) if request else [])

    def render_line(self, y: int) -> Strip:
        """Paint a line, and note that this request can be read now."""
        self.model.painted(self._shows)
        return super().render_line(y)


def _blocks(model: Card, request: Request, name: str) -> list[Block]:
    body = _body(model, request)
    at = model.picking
    version = (model.identity, at.at, str(at.chosen), model.position, name)

    def head(width: int, ink: Ink) -> list[Line]:
        return block(_title(model, request, name, ink), width)

    made = [Block("head", version, head, stop=False)]
    for number, (words, kind) in enumerate(body):

        def lines(width: int, ink: Ink, words: str = words, kind: str = kind) -> list[Line]:
            if kind == "markdown":
                return markdown(words, width, ink)
            style = {"strong": ink.strong, "muted": ink.muted, "add": ink.good, "del": ink.bad}
            return block(
                [span(words, style.get(kind, ink.text))], width, first=Span("  ", ink.text)
            )

        made.append(Block(f"body{number}", version, lines, stop=False, text=words))
    return made


def _title(model: Card, request: Request, name: str, ink: Ink) -> list[Span]:
    number, total = model.position
    more = [Span(f"  {number}/{total}", ink.muted)] if total > 1 else []
    who = flat(name, ink.strong)
    sub = [Span(" (a subagent)", ink.muted)] if request.subagent else []
    match request.kind:
        case "question":
            says = [Span(" asks", ink.need)]
        case "plan":
            says = [Span(" has a plan", ink.need)]
        case "permission":
            says = [Span(" wants to use ", ink.need), flat(request.tool_name, ink.strong)]
    return [Span("? ", ink.need), who, *sub, *says, *more]


def _body(model: Card, request: Request) -> list[tuple[str, str]]:
    match request.kind:
        case "question":
            return _questions(model, request)
        case "plan":
            return [(str(request.input.get("plan") or "(the plan is empty)"), "markdown")]
        case "permission":
            return _permission(request)


def _permission(request: Request) -> list[tuple[str, str]]:
    lines = list(_input(request.tool_name, request.input))
    known = str(request.input.get("description", ""))
    notes = [note for note in (request.description, request.reason) if note and note not in known]
    lines.extend((note, "muted") for note in notes)
    return lines


def _input(tool: str, given: JsonObject) -> Sequence[tuple[str, str]]:
    """Every field of the input, the telling one first, so that nothing hides."""
    lines: list[tuple[str, str]] = []
    rest = dict(given)
    if isinstance(given.get("command"), str):
        lines.append(("$ " + rest.pop("command"), "strong"))
    if isinstance(given.get("file_path"), str):
        lines.append((rest.pop("file_path"), "strong"))
    for key, sign, kind in (
        ("old_string", "− ", "del"),
        ("new_string", "+ ", "add"),
        ("content", "+ ", "add"),
    ):
        if isinstance(rest.get(key), str):
            text = rest.pop(key)
            lines.append(("\n".join(sign + part for part in text.split("\n")), kind))
    for key, value in rest.items():
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=1)
        lines.append((f"{key}: {text}", "muted"))
    return lines or [("(no input)", "muted")]


def _questions(model: Card, request: Request) -> list[tuple[str, str]]:
    questions = questions_of(request.input)
    lines: list[tuple[str, str]] = []
    for number, question in enumerate(questions):
        text = str(question.get("question"))
        here = number == model.picking.at
        chosen = model.picking.chosen.get(text, [])
        head = f"{'▸ ' if here else '  '}{text}" if len(questions) > 1 else text
        lines.append((head, "strong" if here else "muted"))
        if here:
            lines += _options(question, chosen)
        elif chosen:
            lines.append(("    " + ", ".join(chosen), "muted"))
    return lines or [("The question cannot be shown: it has no known shape.", "muted")]


def _options(question: JsonObject, chosen: list[str]) -> list[tuple[str, str]]:
    many = question.get("multiSelect") is True
    options = question.get("options")
    about = {
        option.get("label"): option.get("description")
        for option in (options if isinstance(options, list) else [])
        if isinstance(option, dict)
    }
    lines = []
    for number, label in enumerate(labels_of(question), 1):
        box = ("[x] " if label in chosen else "[ ] ") if many else ("● " if label in chosen else "")
        told = about.get(label)
        lines.append((f"{number}  {box}{label}" + (f"  {told}" if told else ""), "text"))
    own = [label for label in chosen if label not in labels_of(question)]
    return [*lines, *((f"   ● {label}", "text") for label in own)]


class CardKeys(Widget):
    """What each key does to this request, in as many lines as that takes.

    Args:
        model: the card.
    """

    def __init__(self, model: Card, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.model = model
        self._shown: list[list[Span]] = []

    def update(self) -> None:
        """Show the model's keys."""
        if self._lines(self.size.width) != self._shown:
            self.refresh(layout=True)

    def _lines(self, width: int) -> list[list[Span]]:
        ink, request = ink_of(self.app), self.model.request
        if request is None:
            return []
        if self.model.sent:
            return [[Span("  answer sent …", ink.muted)]]
        pairs = _pairs(request)
        if len(self.model.requests) > 1:
            pairs.append(("]", "next request"))
        return _laid_out(pairs, width, ink)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """One line at least."""
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


def _laid_out(pairs: list[tuple[str, str]], width: int, ink: Ink) -> list[list[Span]]:
    lines: list[list[Span]] = []
    for key, does in pairs:
        spans = [Span(key, ink.need), Span(" ", ink.text), flat(does, ink.text)]
        if not lines or cells(lines[-1]) + cells(spans) + 3 > width:
            lines.append([Span("  ", ink.text), *spans])
        else:
            lines[-1] += [Span("   ", ink.text), *spans]
    return lines


def _pairs(request: Request) -> list[tuple[str, str]]:
    match request.kind:
        case "permission":
            rules = ", ".join(rules_of(request))
            always = [("a", f"always here: {rules}"), ("A", f"always, in {LOCAL_SETTINGS}")]
            ends = [("n", "deny"), ("N", "deny and say why"), ("e", "edit")]
            return [("y", "allow once"), *(always if rules else []), *ends]
        case "plan":
            modes = [(str(n), f"approve, {said}") for n, (_, said) in enumerate(PLAN_MODES, 1)]
            return [
                *modes[:-1],
                ("y", "approve, ask for each edit"),
                ("n", "keep planning"),
                ("N", "say what to change"),
            ]
        case "question":
            return _question_pairs(request)


def _question_pairs(request: Request) -> list[tuple[str, str]]:
    questions = questions_of(request.input)
    many = len(questions) > 1 or any(q.get("multiSelect") is True for q in questions)
    pairs = [("1…9", "choose"), ("f", "own words")]
    if many:
        pairs.append(("y", "send"))
    if len(questions) > 1:
        pairs.append(("[", "next question"))
    return [*pairs, ("n", "decline")]
