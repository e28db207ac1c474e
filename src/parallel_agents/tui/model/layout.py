"""How the panes of a session share the screen: areas split side by side or one below the other.

Keep true: each pane stands in a layout at most once; the boxes of the panes and the lines between
them cover the whole room and do not overlap; a layout that does not fit is shown as a single pane.
"""

from typing import NamedTuple

from parallel_agents.core.value import Value, replace

WIDTH, HEIGHT = 30, 5
"""The least columns and rows of a pane; less shows no sentence of an agent."""

READABLE = 80
"""Columns in which a pane reads well; with room for two, transcript and diff stand side by side."""


class Area(Value):
    """A pane, or a room that several share.

    Attributes:
        pane: its name; empty for a room that is split.
        across: whether the parts stand side by side.
        parts: what shares the room, at least two.
        weight: its share of the room that it is a part of.
    """

    pane: str = ""
    across: bool = True
    parts: tuple["Area", ...] = ()
    weight: int = 100


class Box(NamedTuple):
    """Where something stands, in cells."""

    x: int
    y: int
    width: int
    height: int


class Divider(NamedTuple):
    """The line between two parts.

    Attributes:
        box: where it stands.
        path: the way from the whole to the room that is split, by numbers of parts.
        part: the number of the part before it.
        across: whether the parts stand side by side.
    """

    box: Box
    path: tuple[int, ...]
    part: int
    across: bool


class Arrangement(NamedTuple):
    """Where everything stands."""

    panes: dict[str, Box]
    dividers: tuple[Divider, ...]


def usual_layout(width: int, pane: str) -> Area:
    """Return the layout of somebody who chose none.

    Args:
        width: columns of the whole room.
        pane: what to show if there is room for one.
    """
    if width > 2 * READABLE and pane in {"transcript", "diff"}:
        return Area(parts=(Area(pane="transcript"), Area(pane="diff")))
    return Area(pane=pane)


def panes_of(area: Area) -> tuple[str, ...]:
    """List the panes from left to right and from top to bottom."""
    if not area.parts:
        return (area.pane,)
    return tuple(pane for part in area.parts for pane in panes_of(part))


def is_sound(area: Area, known: frozenset[str]) -> bool:
    """Whether a layout that was read from a file can be shown."""
    shown = panes_of(area)
    return len(set(shown)) == len(shown) and set(shown) <= known and _is_formed(area)


def _is_formed(area: Area) -> bool:
    if not area.parts:
        return area.weight > 0
    return (
        not area.pane
        and len(area.parts) > 1
        and area.weight > 0
        and all(map(_is_formed, area.parts))
    )


# --- changing a layout ------------------------------------------------------------------------


def split(area: Area, at: str, new: str, *, across: bool) -> Area:
    """Give half of a pane's room to another pane, which stands nowhere yet."""
    if area.pane == at:
        parts = (Area(pane=at), Area(pane=new))
        return Area(across=across, parts=parts, weight=area.weight)
    return replace(area, parts=tuple(split(part, at, new, across=across) for part in area.parts))


def without(area: Area, pane: str) -> Area:
    """Take a pane away; the last one stays."""
    kept = tuple(without(part, pane) for part in area.parts if part.pane != pane)
    if not area.parts or not kept:
        return area
    return replace(kept[0], weight=area.weight) if len(kept) == 1 else replace(area, parts=kept)


def exchanged(area: Area, one: str, other: str) -> Area:
    """Let two panes take each other's place; one that stands nowhere takes the other's."""
    if area.parts:
        return replace(area, parts=tuple(exchanged(part, one, other) for part in area.parts))
    return replace(area, pane={one: other, other: one}.get(area.pane, area.pane))


def moved(area: Area, divider: Divider, cells: int, width: int, height: int) -> Area:
    """Move the line between two parts.

    Args:
        area: the whole layout.
        divider: which line.
        cells: how far, to the right or down; no part becomes smaller than a pane may be.
        width: columns of the whole room.
        height: its rows.
    """
    way = 1 if cells > 0 else -1
    farthest = min(abs(cells), width + height)
    for step in range(farthest * way, 0, -way):
        after = _moved(area, divider.path, divider.part, step, Box(0, 0, width, height))
        if fits(after, width, height):  # a part that is split itself shares what it gets unequally
            return after
    return area


def _moved(area: Area, path: tuple[int, ...], index: int, cells: int, box: Box) -> Area:
    rooms = _rooms(area, box)
    if path:
        inner = _moved(area.parts[path[0]], path[1:], index, cells, rooms[path[0]])
        parts = (*area.parts[: path[0]], inner, *area.parts[path[0] + 1 :])
        return replace(area, parts=parts)
    sizes = [room.width if area.across else room.height for room in rooms]
    step = max(1 - sizes[index], min(cells, sizes[index + 1] - 1))
    sizes[index] += step
    sizes[index + 1] -= step
    weighed = zip(area.parts, sizes, strict=True)
    return replace(area, parts=tuple(replace(p, weight=max(size, 1)) for p, size in weighed))


def line_beside(area: Area, pane: str, width: int, height: int) -> tuple[Divider, int] | None:
    """Find the line that makes a pane larger when it moves.

    Returns:
        The line and the direction that makes the pane larger, 1 or -1; None for a single pane.
    """
    found: tuple[Divider, int] | None = None
    for divider in arranged(area, width, height).dividers:
        room = area
        for number in divider.path:
            room = room.parts[number]
        before, after = room.parts[divider.part], room.parts[divider.part + 1]
        if found is None or len(divider.path) > len(found[0].path):
            if pane in panes_of(before):
                found = (divider, 1)
            elif pane in panes_of(after):
                found = (divider, -1)
    return found


# --- where everything stands ------------------------------------------------------------------


def fits(area: Area, width: int, height: int) -> bool:
    """Whether every pane gets room enough."""
    boxes = arranged(area, width, height).panes.values()
    return all(box.width >= WIDTH and box.height >= HEIGHT for box in boxes)


def arranged(area: Area, width: int, height: int) -> Arrangement:
    """Work out where the panes and the lines between them stand."""
    panes: dict[str, Box] = {}
    dividers: list[Divider] = []
    _arrange(area, Box(0, 0, width, height), (), panes, dividers)
    return Arrangement(panes, tuple(dividers))


def _arrange(
    area: Area,
    box: Box,
    path: tuple[int, ...],
    panes: dict[str, Box],
    dividers: list[Divider],
) -> None:
    if not area.parts:
        panes[area.pane] = box
        return
    rooms = _rooms(area, box)
    for number, (part, room) in enumerate(zip(area.parts, rooms, strict=True)):
        _arrange(part, room, (*path, number), panes, dividers)
        if number + 1 < len(rooms):
            line = (
                Box(room.x + room.width, box.y, 1, box.height)
                if area.across
                else Box(box.x, room.y + room.height, box.width, 1)
            )
            dividers.append(Divider(line, path, number, area.across))


def _rooms(area: Area, box: Box) -> list[Box]:
    """Share a room among the parts of an area by their weights, with a cell between two."""
    whole = box.width if area.across else box.height
    free = max(whole - len(area.parts) + 1, 0)
    total = sum(part.weight for part in area.parts)
    rooms: list[Box] = []
    start = taken = 0
    for part in area.parts:
        taken += part.weight
        end = free * taken // total
        size, offset = end - start, start + len(rooms)
        rooms.append(
            Box(box.x + offset, box.y, size, box.height)
            if area.across
            else Box(box.x, box.y + offset, box.width, size)
        )
        start = end
    return rooms
