"""The info tab, and ages, counts and sizes."""

import pytest
from hypothesis import given, strategies as st

from parallel_agents.core.codec import from_plain, to_plain
from parallel_agents.core.value import replace
from parallel_agents.tui.text.ages import age, count, duration, size
from parallel_agents.tui.widgets.info_view import InfoView
from parallel_agents.wire.messages import (
    ContextUse,
    PortRange,
    ProcessUse,
    SessionInfo,
    Tokens,
    WorktreeSize,
)
from tests.tui.fake import row_of
from tests.tui.views import HOSTILE, Host, assert_harmless, text

ROW = row_of(
    "a1",
    agent="claude",
    worktree="/shop/.claude/worktrees/auth",
    branch="worktree-auth",
    base="origin/main",
    base_commit="0123456789abcdef",
    model="opus",
    mode="acceptEdits",
    cost_usd=1.844,
)
INFO = SessionInfo(
    session=ROW,
    version="2.1.329",
    conversation="cb84",
    turns=3,
    tokens=Tokens(input=120_345, output=4_000),
    context=ContextUse(used=50_000, window=200_000),
    process=ProcessUse(pid=12, memory_bytes=190_000_000, cpu_seconds=12.5, processes=3),
    why=("Done: 1 shell running",),
    notes=("a note",),
    rules=("Bash(npm test *)",),
    land=("git -C /shop merge worktree-auth", "git -C /shop cherry-pick 0123..worktree-auth"),
    protection=("2 uncommitted files",),
    port_range=PortRange(first=20010, count=10),
    setup_owed=True,
    linked=("node_modules", ".cache"),
    sparse=("src",),
    stranger=True,
    own_branch=False,
)


async def test_everything_known_is_shown() -> None:
    view = InfoView()
    async with Host(view).run_test(size=(70, 40)) as pilot:
        view.show(INFO)
        await pilot.pause()
        shown = text(view)
    assert shown.startswith("Done: 1 shell running\n\nWorktree\n")
    for said in (
        "  branch      worktree-auth  was there before and stays",
        "  base        origin/main  0123456789  untrusted pull request",
        "  on disk     …",
        "  linked      node_modules, .cache",
        "  checked out src",
        "  ports       20010 to 20019",
        "  set up      not finished; R runs the commands again",
        "  agent       claude 2.1.329",
        "  cost        $1.84",
        "  tokens      120.3k in, 4,000 out",
        "  context     50.0k  25 % of 200.0k",
        "  memory      190 MB in 3 processes",
        "  $ git -C /shop merge worktree-auth",
        "  2 uncommitted files",
        "  Bash(npm test *)",
    ):
        assert f"\n{said}\n" in shown
    assert "effort" not in shown


async def test_a_command_is_copied_alone_and_exactly_although_it_is_wrapped() -> None:
    view = InfoView()
    app = Host(view)
    async with app.run_test(size=(24, 60)) as pilot:
        view.show(INFO)
        view.focus()
        while view.cursor != "command:1":
            await pilot.press("down")
        await pilot.press("Y")
        assert app.clipboard == INFO.land[1]


async def test_a_session_without_process_or_worktree() -> None:
    view = InfoView()
    async with Host(view).run_test(size=(60, 20)) as pilot:
        view.show(SessionInfo(session=row_of("a1", agent="demo"), why=("Failed: no disk",)))
        await pilot.pause()
        assert text(view).split("\n") == [
            "Failed: no disk",
            "",
            "Agent",
            "  agent       demo",
            "",
            "Process",
            "  state       no process; a reply starts one",
        ]


async def test_a_refresh_keeps_the_place() -> None:
    view = InfoView()
    async with Host(view).run_test(size=(60, 8)) as pilot:
        view.show(INFO)
        view.scroll_to(y=14)
        await pilot.pause()
        before = text(view)
        view.show(replace(INFO, notes=("a note", "and another")))
        await pilot.pause()
        assert text(view) == before


async def test_hostile_values_are_harmless() -> None:
    def poison(value: object) -> object:
        match value:
            case str():
                return HOSTILE
            case list() | tuple():
                return [poison(item) for item in value]
            case dict():
                return {key: item if key == "kind" else poison(item) for key, item in value.items()}
            case _:
                return value

    view = InfoView()
    poisoned = from_plain(poison(to_plain(INFO)), SessionInfo)
    async with Host(view).run_test(size=(50, 150)) as pilot:
        view.show(poisoned)
        await pilot.pause()
        assert_harmless(view)
        assert "␛[31mred" in text(view)


@pytest.mark.parametrize(
    ("milliseconds", "said"),
    [(-5, "now"), (900, "now"), (59_000, "59s"), (60_000, "1m"), (7_200_000, "2h"), (2e8, "2d")],
)
def test_ages(milliseconds: float, said: str) -> None:
    assert age(milliseconds) == said


@pytest.mark.parametrize(
    ("milliseconds", "said"),
    [
        (-1, ""),
        (0, "0.0s"),
        (3_140, "3.1s"),
        (9_960, "10s"),
        (59_700, "1m 0s"),
        (185_000, "3m 5s"),
        (3_725_000, "1h 2m"),
    ],
)
def test_durations(milliseconds: float, said: str) -> None:
    assert duration(milliseconds) == said


@pytest.mark.parametrize(
    ("number", "counted", "sized"),
    [
        (0, "0", "0 B"),
        (999, "999", "999 B"),
        (1_234, "1,234", "1.2 kB"),
        (12_345, "12.3k", "12.3 kB"),
        (999_960, "1.0M", "1.0 MB"),
        (123_456_789, "123.5M", "123 MB"),
    ],
)
def test_counts_and_sizes(number: int, counted: str, sized: str) -> None:
    assert (count(number), size(number)) == (counted, sized)


@given(st.integers(0, 10**18))
def test_they_stay_short(number: int) -> None:
    assert len(age(number)) <= 14
    assert len(size(number)) <= 12


@pytest.mark.parametrize(
    ("disk", "said"),
    [
        (
            WorktreeSize(bytes=1_200_000_000, ignored_bytes=1_100_000_000),
            "1.2 GB, 1.1 GB of it ignored",
        ),
        (WorktreeSize(bytes=4_000, ignored_bytes=0), "4.0 kB"),
        (WorktreeSize(bytes=4_000, ignored_bytes=None), "4.0 kB"),
        (WorktreeSize(bytes=4_000, ignored_bytes=0, complete=False), "at least 4.0 kB"),
    ],
)
async def test_the_disk_use_comes_after_the_rest(disk: WorktreeSize, said: str) -> None:
    view = InfoView()
    async with Host(view).run_test(size=(70, 40)) as pilot:
        view.show(INFO)
        await pilot.pause()
        assert "  on disk     …\n" in text(view)
        view.show_disk(disk)
        await pilot.pause()
        assert f"  on disk     {said}\n" in text(view)
        view.begin()
        view.show(INFO)
        await pilot.pause()
        assert "  on disk     …\n" in text(view), "not that of the session before"
