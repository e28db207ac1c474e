"""What the lines around the panes say."""

import pytest

from parallel_agents.core import events as ev
from parallel_agents.tui.model.key_table import USUAL
from parallel_agents.tui.model.row_words import QUIET_MS
from parallel_agents.tui.screens.header import hints
from parallel_agents.tui.text.styles import ink
from parallel_agents.wire import messages as m
from parallel_agents.wire.pushes import ReadyPush, StatePush
from tests.support.variations import varied
from tests.tui.drive import screen
from tests.tui.fake import Fake, FakeLink
from tests.tui.scenes import SCENES, busy


async def test_sessions_being_taken_up_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """A supervisor that was started again sends them one by one."""
    fake = Fake()
    fake.session("a1", "auth-refactor")
    async with screen(fake) as drive:
        assert "loading sessions" not in drive.text()

        def slow(link: FakeLink) -> None:
            link.subscribed = True
            link.queue.put_nowait(StatePush(state=fake.states["a1"]))

        monkeypatch.setattr(FakeLink, "_subscribe", slow)
        fake.drop()
        await drive.shows("loading sessions …")
        assert "auth-refactor" in drive.text()
        fake.push(ReadyPush(sessions=("a1",)))
        await drive.until(lambda: "loading sessions" not in drive.text())


async def test_the_disk_is_counted_when_info_is_looked_at_and_work_was_done() -> None:
    fake = Fake()
    fake.session("a1", "auth-refactor")
    async with screen(fake) as drive:
        await drive.press("i")
        await drive.until(lambda: len(fake.of(m.DiskUse)) == 1)
        await drive.until(lambda: fake.of(m.Info))
        fake.happen("a1", ev.AssistantText(text="a word"))
        await drive.until(lambda: len(fake.of(m.Info)) == 2)
        assert len(fake.of(m.DiskUse)) == 1
        fake.happen("a1", ev.ChangesCounted(files=1, insertions=1, deletions=0))
        await drive.until(lambda: len(fake.of(m.DiskUse)) == 2)


async def test_the_total_cost_does_not_fall_when_a_session_is_deleted() -> None:
    fake = Fake()
    for session in ("a1", "b2"):
        fake.session(session, f"name-{session}")
        fake.finish(session)
    async with screen(fake) as drive:
        await drive.shows("total $1.00")
        fake.happen("a1", ev.DeleteRequested(), ev.Deleted())
        await drive.until(lambda: drive.main.store.order() == ["b2"])
        assert "total $1.00" in drive.text()
        fake.push(ReadyPush(sessions=("b2",), trash_cost_usd=0.5))
        await drive.until(lambda: set(drive.main.store.mirror.sessions) == {"b2"})
        assert "total $1.00" in drive.text()


async def test_a_row_says_how_long_a_running_turn_has_said_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fake = Fake()
    fake.session("a1", "busy-one")
    fake.happen("a1", ev.AssistantText(text="I run the tests."))
    begun = fake.states["a1"].turn.started_at
    now = [begun + QUIET_MS - 1]
    monkeypatch.setattr("parallel_agents.tui.screens.board.now_ms", lambda: now[0])
    async with screen(fake) as drive:
        await drive.shows("I run the tests.")
        assert "quiet" not in drive.text()
        now[0] += 60_001
        drive.main.paint_list()
        await drive.shows("quiet 4m · I run the te")
        fake.finish("a1")
        await drive.until(lambda: "quiet" not in drive.text(), "its turn is over")


@pytest.mark.parametrize("width", varied([60, 80, 120]))
async def test_no_count_is_cut(width: int) -> None:
    """The name of the program gives way first, then the repository and the cost."""
    async with screen(busy(), (width, 24)) as drive:
        top = drive.text().split("\n")[0]
        assert "1 needs you · 1 failed · 1 working · 1 to review" in top
        assert ("parallel-agents" in top, "$1.00" in top) == (width > 80, width > 60)
        await drive.pilot.resize_terminal(120, 24)
        await drive.shows("parallel-agents")


@pytest.mark.parametrize("width", varied([60, 20, 40, 80, 120]))
@pytest.mark.parametrize("place", ["list", "request", "diff", "transcript", "info", "input"])
def test_keys_that_do_not_fit_are_left_out_whole(width: int, place: str) -> None:
    everything, shown = (bottom(place, cells) for cells in (400, width))
    assert set(shown) <= set(everything)
    fitting = sum(len(pair) + 3 for pair in shown) <= width - len("by state ")
    assert fitting or shown == [place]
    assert place == "input" or shown[-1] == "? help" or shown == [place]


def bottom(place: str, width: int) -> list[str]:
    """The keys of the bottom line with what they do."""
    left, _ = hints(USUAL, place, ink(dark=True), width, "by state ")
    line = "".join(span.text for span in left)
    return [pair for pair in line.strip().split("   ") if pair]


async def test_a_large_change_has_the_same_figures_in_list_header_and_diff() -> None:
    async with screen(SCENES["diff"](), (160, 40)) as drive:
        await drive.press("d")
        await drive.until(
            lambda: drive.text().count("+1,000 −500") == len(("list", "header", "diff"))
        )
