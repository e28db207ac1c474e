"""How panes share the room: every cell is somebody's, and no change loses or doubles a pane."""

import pytest
from hypothesis import example, given, strategies as st

from parallel_agents.core.codec import dump, load
from parallel_agents.tui.model.kept_layouts import (
    LIMIT,
    KeptLayouts,
    keep_layouts,
    kept_layouts,
    with_own,
)
from parallel_agents.tui.model.layout import (
    HEIGHT,
    WIDTH,
    Area,
    Box,
    arranged,
    exchanged,
    fits,
    is_sound,
    line_beside,
    moved,
    panes_of,
    split,
    usual_layout,
    without,
)
from parallel_agents.wire.endpoint import state_dir

KNOWN = frozenset({"transcript", "diff", "info", "beside"})
SIZES = st.tuples(st.integers(0, 300), st.integers(0, 90))


@st.composite
def layouts(draw: st.DrawFn) -> Area:
    """Layouts that a person can make."""
    names = draw(st.permutations(sorted(KNOWN)))
    area = Area(pane=names[0])
    for name in names[1 : draw(st.integers(1, len(names)))]:
        at = draw(st.sampled_from(panes_of(area)))
        area = split(area, at, name, across=draw(st.booleans()))
    return area


def cells(box: Box) -> set[tuple[int, int]]:
    """The cells of a box."""
    return {
        (x, y) for x in range(box.x, box.x + box.width) for y in range(box.y, box.y + box.height)
    }


@given(layouts(), st.tuples(st.integers(8, 60), st.integers(8, 30)))
def test_panes_and_lines_cover_the_room_and_do_not_overlap(
    area: Area, size: tuple[int, int]
) -> None:
    made = arranged(area, *size)
    boxes = [*made.panes.values(), *(divider.box for divider in made.dividers)]
    assert sum(box.width * box.height for box in boxes) == size[0] * size[1]
    assert set().union(*map(cells, boxes)) == cells(Box(0, 0, *size))
    assert tuple(made.panes) == panes_of(area)


@given(layouts(), SIZES)
def test_any_size_can_be_arranged(area: Area, size: tuple[int, int]) -> None:
    made = arranged(area, *size)
    assert all(box.width >= 0 and box.height >= 0 for box in made.panes.values())


@given(layouts(), st.sampled_from(sorted(KNOWN)), st.sampled_from(sorted(KNOWN)))
def test_no_change_loses_or_doubles_a_pane(area: Area, one: str, other: str) -> None:
    names = set(panes_of(area))
    assert is_sound(area, KNOWN)
    left = without(area, one)
    assert set(panes_of(left)) == (names - {one} or names)
    assert is_sound(left, KNOWN)
    swapped = exchanged(area, one, other)
    assert is_sound(swapped, KNOWN)
    assert exchanged(swapped, one, other) == area


@example(
    area=Area(
        parts=(
            Area(pane="diff"),
            Area(parts=(Area(pane="info", weight=300), Area(pane="beside", weight=100))),
        )
    ),
    step=400,
    size=(244, 12),
)
@given(layouts(), st.integers(-400, 400), st.tuples(st.integers(60, 300), st.integers(12, 90)))
def test_moving_a_line_keeps_every_pane_large_enough(
    area: Area, step: int, size: tuple[int, int]
) -> None:
    if not fits(area, *size):
        return
    for divider in arranged(area, *size).dividers:
        after = moved(area, divider, step, *size)
        assert panes_of(after) == panes_of(area)
        assert fits(after, *size)
    assert is_sound(area, KNOWN)


@given(layouts(), st.tuples(st.integers(130, 300), st.integers(30, 90)))
def test_larger_makes_larger_or_there_is_no_more_room(area: Area, size: tuple[int, int]) -> None:
    for pane in panes_of(area):
        found = line_beside(area, pane, *size)
        assert (found is None) == (len(panes_of(area)) == 1)
        if found is None or not fits(area, *size):
            continue
        divider, way = found
        before = arranged(area, *size).panes[pane]
        after = arranged(moved(area, divider, way * 4, *size), *size).panes[pane]
        side = 2 if divider.across else 3
        assert after[side] >= before[side]


def test_a_wide_room_shows_transcript_and_diff_and_a_narrow_one_what_was_asked_for() -> None:
    assert panes_of(usual_layout(161, "diff")) == ("transcript", "diff")
    assert panes_of(usual_layout(160, "diff")) == ("diff",)
    assert panes_of(usual_layout(300, "info")) == ("info",)


@pytest.mark.parametrize(
    "area",
    [
        Area(pane="fly"),
        Area(parts=(Area(pane="diff"), Area(pane="diff"))),
        Area(parts=(Area(pane="diff"),)),
        Area(parts=(Area(pane="diff"), Area(pane="info", weight=0))),
        Area(pane="diff", parts=(Area(pane="info"), Area(pane="transcript"))),
        Area(),
    ],
)
def test_what_nobody_could_have_made_is_not_shown(area: Area) -> None:
    assert not is_sound(area, KNOWN)


@given(layouts())
def test_a_layout_is_read_as_it_was_written(area: Area) -> None:
    assert load(dump(area), Area) == area


def test_layouts_are_kept_and_what_is_damaged_is_left_out() -> None:
    two = split(Area(pane="transcript"), "transcript", "diff", across=True)
    keep_layouts(KeptLayouts(usual=Area(pane="fly"), own={"a": two, "b": Area()}))
    assert kept_layouts(KNOWN) == KeptLayouts(own={"a": two})
    (state_dir() / "layouts.json").write_text("{")
    assert kept_layouts(KNOWN) == KeptLayouts()


def test_the_newest_choices_are_kept() -> None:
    kept = KeptLayouts()
    for number in range(LIMIT + 3):
        kept = with_own(kept, f"s{number}", Area(pane="diff"))
    kept = with_own(kept, "s5", Area(pane="info"))
    assert len(kept.own) == LIMIT
    assert "s0" not in kept.own
    assert list(kept.own)[-1] == "s5"
    assert "s5" not in with_own(kept, "s5", None).own


def test_the_least_pane_shows_a_sentence() -> None:
    assert (WIDTH, HEIGHT) == (30, 5)
