"""Everything about one session besides its conversation and its diff.

Keep true: everything shown comes from the supervisor's `Info` reply; a command has lines of its own
and is copied exactly.
"""

from collections.abc import Iterator

from parallel_agents.tui.text.ages import count, duration, size
from parallel_agents.tui.text.lines import Block, LineView
from parallel_agents.tui.text.spans import EMPTY, Line, Span, block, span
from parallel_agents.tui.text.styles import Ink
from parallel_agents.tui.widgets.keyed import Keyed
from parallel_agents.wire.messages import PortRange, ProcessUse, SessionInfo, WorktreeSize

_LABEL = 12

Rows = list[tuple[str, str]]


class InfoView(LineView, Keyed):
    """Shows an `Info` reply."""

    PLACES = ("lines",)
    _info: SessionInfo | None = None
    _disk: WorktreeSize | None = None

    def begin(self) -> None:
        """Clear the view for another session until its replies arrive."""
        self._info = self._disk = None
        self.restart()
        self.set_blocks([])

    def show(self, info: SessionInfo) -> None:
        """Show the reply; leave out what is unknown."""
        self._info = info
        self.set_blocks(list(info_blocks(info, self._disk)))

    def show_disk(self, disk: WorktreeSize) -> None:
        """Show the size of the worktree."""
        self._disk = disk
        if self._info is not None:
            self.show(self._info)


def info_blocks(info: SessionInfo, disk: WorktreeSize | None = None) -> Iterator[Block]:
    """Make the blocks of an `Info` reply.

    Args:
        info: the reply to `Info`.
        disk: the reply to `DiskUse`; None while it is being counted.

    Yields:
        One block for each section and one for each command.
    """
    yield _section("why", info.why, "")
    for title, rows in (
        ("Worktree", _worktree(info, disk)),
        ("Agent", _agent(info)),
        ("Conversation", _conversation(info)),
        ("Process", _process(info.process)),
    ):
        if rows:
            yield _table(title, rows)
    yield from _commands(info.land)
    if info.land_note:
        yield _section("land", (info.land_note,), "To land the work")
    for title, key, texts in (
        ("Only here, so the trash keeps it when you delete", "protection", info.protection),
        ("Allowed for this session", "rules", info.rules),
        ("Notes", "notes", info.notes),
    ):
        if texts:
            yield _section(key, texts, title)


def _rows(**values: object) -> Rows:
    """Make rows for known values; `_` in a name becomes a space."""
    return [(k.replace("_", " "), str(v)) for k, v in values.items() if v not in (None, "")]


def _worktree(info: SessionInfo, disk: WorktreeSize | None) -> Rows:
    row = info.session
    kept = "" if info.own_branch else "  was there before and stays"
    stranger = "  untrusted pull request" if info.stranger else ""
    commit = f"  {row.base_commit[:10]}{stranger}" if row.base_commit else ""
    return _rows(
        path=row.worktree,
        branch=f"{row.branch}{kept}" if row.branch and row.worktree else None,
        HEAD=row.head,
        base=f"{row.base}{commit}",
        on_disk=_on_disk(disk) if row.worktree else None,
        linked=", ".join(info.linked),
        checked_out=", ".join(info.sparse),
        ports=_ports(info.port_range),
        set_up=_set_up(info),
    )


def _on_disk(disk: WorktreeSize | None) -> str | None:
    if disk is None:
        return "…"
    if disk.bytes is None:
        return None
    least = "" if disk.complete else "at least "
    of_it = f", {size(disk.ignored_bytes)} of it ignored" if disk.ignored_bytes else ""
    return f"{least}{size(disk.bytes)}{of_it}"


def _ports(ports: PortRange | None) -> str:
    if ports is None:
        return ""
    last = ports.first + ports.count - 1
    return str(ports.first) if ports.count == 1 else f"{ports.first} to {last}"


def _set_up(info: SessionInfo) -> str:
    if info.step:
        return f"running: {info.step}"
    return "not finished; R runs the commands again" if info.setup_owed else ""


def _agent(info: SessionInfo) -> Rows:
    agent, version = info.session.agent, info.version
    return _rows(
        agent=f"{agent} {version}" if version not in {"", agent} else agent,
        model=info.session.model,
        mode=info.session.mode,
        effort=info.effort,
    )


def _conversation(info: SessionInfo) -> Rows:
    tokens, context = info.tokens, info.context
    used, window = context.used, context.window
    share = f"  {100 * used / window:.0f} % of {count(window)}" if used and window else ""
    said = tokens.input or tokens.output
    return _rows(
        id=info.conversation,
        turns=info.turns or None,
        cost=f"${info.session.cost_usd:.2f}" if info.turns else None,
        tokens=f"{count(tokens.input)} in, {count(tokens.output)} out" if said else None,
        context=f"{count(used)}{share}" if used else None,
    )


def _process(process: ProcessUse | None) -> Rows:
    if process is None:
        return _rows(state="no process; a reply starts one")
    several = f" in {process.processes} processes" if process.processes > 1 else ""
    return _rows(
        pid=process.pid,
        memory=size(process.memory_bytes) + several,
        cpu_time=duration(1000 * process.cpu_seconds),
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


def _section(key: str, texts: tuple[str, ...], title: str) -> Block:
    def build(width: int, ink: Ink) -> list[Line]:
        lines = [EMPTY, _titled(title, ink)] if title else []
        head = Span("  " if title else "", ink.muted)
        style = ink.text if title else ink.strong
        for text in texts:
            lines += block([span(text, style)], width, first=head)
        return lines

    return Block(f"section:{key}", tuple(texts), build, len(texts) + 2, text="\n".join(texts))


def _commands(commands: tuple[str, ...]) -> Iterator[Block]:
    """Make one block for each command, so that `Y` copies it alone."""
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
