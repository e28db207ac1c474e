"""What is to know about one session beside its conversation and its diff.

Keep true: everything shown is what the supervisor's `Info` reply says; a command is shown on lines
of its own and copied exactly.
"""

from collections.abc import Iterator

from parallel_agents.core.options import JsonObject
from parallel_agents.tui.ages import count, duration, size
from parallel_agents.tui.ink import Ink
from parallel_agents.tui.lines import Block, LineView
from parallel_agents.tui.spans import EMPTY, Line, Span, block, span

_LABEL = 12

Rows = list[tuple[str, str]]


class InfoView(LineView):
    """Shows an `Info` reply."""

    _info: JsonObject | None = None
    _disk: JsonObject | None = None

    def begin(self) -> None:
        """Another session: show nothing until its replies are here."""
        self._info = self._disk = None
        self.restart()
        self.set_blocks([])

    def show(self, info: JsonObject) -> None:
        """Show it.

        Args:
            info: the reply; what it lacks or says as null is left out.
        """
        self._info = info
        self.set_blocks(list(info_blocks(info, self._disk)))

    def show_disk(self, disk: JsonObject) -> None:
        """Show what the worktree takes.

        Args:
            disk: a `DiskUse` reply.
        """
        self._disk = disk
        if self._info is not None:
            self.show(self._info)


def info_blocks(info: JsonObject, disk: JsonObject | None = None) -> Iterator[Block]:
    """Make the blocks of an `Info` reply.

    Args:
        info: the reply.
        disk: the `DiskUse` reply; None while it is being counted.

    Yields:
        A block a section and one a command.
    """
    session = _part(info, "session")
    yield _section("why", _texts(info, "why"), "")
    for title, rows in (
        ("Worktree", _worktree(info, disk)),
        ("Agent", _agent(info, session)),
        ("Conversation", _conversation(info)),
        ("Process", _process(info)),
    ):
        if rows:
            yield _table(title, rows)
    yield from _commands(_texts(info, "land"))
    if why := info.get("landNote"):
        yield _section("land", [str(why)], "To land the work")
    for title, key in (
        ("Only here, so deleting keeps it in the trash", "protection"),
        ("Allowed for this session", "rules"),
        ("Notes", "notes"),
    ):
        if texts := _texts(info, key):
            yield _section(key, texts, title)


def _part(info: JsonObject, key: str) -> JsonObject:
    value = info.get(key)
    return value if isinstance(value, dict) else {}


def _texts(info: JsonObject, key: str) -> list[str]:
    value = info.get(key)
    return [str(item) for item in value] if isinstance(value, list | tuple) else []


def _rows(**values: object) -> Rows:
    """Rows of what is known; `_` in a name is a space."""
    return [(k.replace("_", " "), str(v)) for k, v in values.items() if v not in (None, "")]


def _worktree(info: JsonObject, disk: JsonObject | None) -> Rows:
    base, commit = info.get("base"), info.get("baseCommit")
    branch = info.get("branch")
    kept = "" if info.get("ownBranch", True) else "  was there before and stays"
    stranger = "  a stranger's pull request" if info.get("stranger") else ""
    return _rows(
        path=info.get("worktree"),
        branch=f"{branch}{kept}" if branch else None,
        HEAD=info.get("head"),
        base=f"{base}  {str(commit)[:10]}{stranger}" if base and commit else base,
        on_disk=_on_disk(disk) if info.get("worktree") else None,
        linked=", ".join(_texts(info, "linked")),
        checked_out=", ".join(_texts(info, "sparse")),
        ports=_ports(info),
        set_up=_set_up(info),
    )


def _on_disk(disk: JsonObject | None) -> str | None:
    if disk is None:
        return "…"
    if disk.get("bytes") is None:
        return None
    least = "" if disk.get("complete", True) else "at least "
    ignored = int(disk.get("ignoredBytes") or 0)
    of_it = f", {size(ignored)} of it ignored" if ignored else ""
    return f"{least}{size(int(disk['bytes']))}{of_it}"


def _ports(info: JsonObject) -> str:
    given = info.get("portRange")
    if not isinstance(given, list | tuple):
        return ""
    first, number = (int(part) for part in given)
    return str(first) if number == 1 else f"{first} to {first + number - 1}"


def _set_up(info: JsonObject) -> str:
    if step := info.get("step"):
        return f"running: {step}"
    return "not finished; R runs the commands again" if info.get("setupOwed") else ""


def _agent(info: JsonObject, session: JsonObject) -> Rows:
    agent, version = session.get("agent"), info.get("version")
    return _rows(
        agent=f"{agent} {version}" if agent and version not in {None, "", agent} else agent,
        model=info.get("model"),
        mode=info.get("mode"),
        effort=info.get("effort"),
    )


def _conversation(info: JsonObject) -> Rows:
    tokens, context = _part(info, "tokens"), _part(info, "context")
    used, window = int(context.get("used") or 0), int(context.get("window") or 0)
    share = f"  {100 * used / window:.0f} % of {count(window)}" if used and window else ""
    cost = info.get("costUsd")
    read, written = int(tokens.get("input") or 0), int(tokens.get("output") or 0)
    return _rows(
        id=info.get("conversation"),
        turns=info.get("turns"),
        cost=None if cost is None else f"${cost:.2f}",
        tokens=f"{count(read)} read, {count(written)} written" if read or written else None,
        context=f"{count(used)}{share}" if used else None,
    )


def _process(info: JsonObject) -> Rows:
    process = _part(info, "process")
    if not process:
        return _rows(state="no process; a reply starts one")
    several = process.get("processes", 1)
    return _rows(
        pid=process.get("pid"),
        memory=size(int(process.get("memoryBytes", 0)))
        + (f" in {several} processes" if several > 1 else ""),
        cpu_time=duration(1000 * float(process.get("cpuSeconds", 0))),
    )


def _table(title: str, rows: Rows) -> Block:
    def build(width: int, ink: Ink) -> list[Line]:
        lines = [EMPTY, _titled(title, ink)]
        for label, value in rows:
            head = Span(f"  {label:<{_LABEL}}", ink.muted)
            lines += block([span(value, ink.text)], width, first=head)
        return lines

    text = "\n".join(f"{label}: {value}" for label, value in rows)
    return Block(f"table:{title}", tuple(rows), build, len(rows) + 2, text=text)


def _section(key: str, texts: list[str], title: str) -> Block:
    def build(width: int, ink: Ink) -> list[Line]:
        lines = [EMPTY, _titled(title, ink)] if title else []
        head = Span("  " if title else "", ink.muted)
        style = ink.text if title else ink.strong
        for text in texts:
            lines += block([span(text, style)], width, first=head)
        return lines

    return Block(f"section:{key}", tuple(texts), build, len(texts) + 2, text="\n".join(texts))


def _commands(commands: list[str]) -> Iterator[Block]:
    """Each command is a block, so that `Y` copies it alone."""
    for number, command in enumerate(commands):
        yield _command(command, number)


def _command(command: str, number: int) -> Block:
    def build(width: int, ink: Ink) -> list[Line]:
        head = [EMPTY, _titled("To bring the work into your checkout (Y copies)", ink)]
        mark = Span("  $ ", ink.muted)
        lines = block([span(command, ink.code)], width, first=mark)
        return [*(head if number == 0 else []), *lines]

    return Block(f"command:{number}", (command, number), build, 1, text=command)


def _titled(title: str, ink: Ink) -> Line:
    return Line(block([Span(title, ink.muted + ink.strong)], 1 << 10)[0].strip)
