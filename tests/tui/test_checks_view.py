"""The pane of checks: what became of each, what they printed, and its keys."""

import pytest

from parallel_agents.core import events as ev
from parallel_agents.core.check_facts import ChecksFacts
from parallel_agents.core.reduce.checks import fold_checks
from parallel_agents.core.value import replace
from parallel_agents.tui.content.check_lines import HeadKey, Shown
from parallel_agents.tui.model.check_words import check_words
from parallel_agents.tui.widgets.checks_view import ChecksView
from parallel_agents.wire import messages as m
from tests.support.facts import facts_of
from tests.tui.drive import screen
from tests.tui.scenes import SCENES
from tests.tui.views import HOSTILE, Host, assert_harmless, text

LIST = m.CheckList(
    checks=(
        m.CheckRow(name="lint", command="ruff check"),
        m.CheckRow(name="tests", command="pytest", after_turn=True),
        m.CheckRow(name="types", command="mypy"),
    )
)


def folded(*events: ev.CheckEvent) -> ChecksFacts:
    facts = ChecksFacts()
    for at, event in enumerate(events):
        facts = fold_checks(facts, event, at * 1000)
    return facts


def ran(name: str, code: int, tail: str = "", tree: str = "one") -> tuple[ev.CheckEvent, ...]:
    return (
        ev.ChecksAsked(names=(name,)),
        ev.CheckStarted(name=name, command="make", tree=tree),
        ev.CheckEnded(name=name, code=code, ms=3200, tree=tree, tail=tail),
    )


def made(heard: list[str]) -> ChecksView:
    return ChecksView(heard.append, lambda: heard.append("stop"), id="checks")


async def painted(facts: ChecksFacts, checks: m.CheckList = LIST, **outputs: str) -> str:
    view = made([])
    async with Host(view).run_test(size=(90, 40)) as pilot:
        view.show(Shown(checks, facts, outputs), 70_000)
        await pilot.pause()
        assert_harmless(view)
        return text(view)


async def test_each_check_has_its_sign_and_its_words() -> None:
    facts = folded(
        *ran("lint", 0),
        *ran("types", 1, "a.py:1: error"),
        ev.CheckStarted(name="tests", command="pytest", tree="one"),
        ev.ChecksAsked(names=("lint",)),
    )
    assert (await painted(facts, tests="3 passed so far")).splitlines() == [
        "○ lint  waiting",
        "● tests  running · runs after each turn with changes",
        "✗ types  failed: exit 1 · 3.2s · 1m ago",
        "",
        "tests",
        "  3 passed so far",
        "",
        "types",
        "  a.py:1: error",
    ]


async def test_the_newest_failure_comes_first() -> None:
    shown = await painted(folded(*ran("types", 1, "old"), *ran("lint", 2, "new")))
    assert shown.index("new") < shown.index("old")


@pytest.mark.parametrize(
    ("event", "said"),
    [
        (ev.TreeSeen(tree="two"), "files have changed since"),
        (ev.CheckEnded(name="lint", code=0, tree="two"), "files changed while it ran"),
        (ev.CheckEnded(name="lint", code=1, ending="cut", reason="the supervisor ended"), "ended"),
    ],
)
async def test_a_result_of_other_files_is_called_so(event: ev.CheckEvent, said: str) -> None:
    before = () if isinstance(event, ev.CheckEnded) else ran("lint", 0)
    started = ev.CheckStarted(name="lint", command="make", tree="one")
    again = (started,) if isinstance(event, ev.CheckEnded) else ()
    assert said in await painted(folded(*before, *again, event))


async def test_output_is_harmless() -> None:
    shown = await painted(folded(*ran("lint", 1)), lint=HOSTILE)
    assert "[red]markup[/red]" in shown


async def test_without_checks_it_says_how_to_have_some() -> None:
    assert "[checks]" in await painted(ChecksFacts(), m.CheckList(checks=()))
    problem = m.CheckList(checks=(), problem="What would run has changed.")
    assert await painted(ChecksFacts(), problem) == "What would run has changed."


async def test_keys_act_on_the_check_under_the_cursor() -> None:
    heard: list[str] = []
    view = made(heard)
    async with Host(view).run_test(size=(90, 40)) as pilot:
        view.focus()
        view.show(Shown(LIST, folded(*ran("lint", 0, "fine")), {}), 70_000)
        assert view.cursor == HeadKey("lint")
        assert "fine" not in text(view)
        await pilot.press("space")
        assert "fine" in text(view)
        await pilot.press("enter", "down", "enter", "x")
    assert heard == ["lint", "tests", "stop"]


# --- the row of the list ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("events", "said"),
    [
        ((), ""),
        (ran("lint", 0), ""),
        (ran("lint", 1), "✗ lint failed"),
        ((*ran("lint", 1), *ran("tests", 2)), "✗ lint, tests failed"),
        ((*ran("lint", 1), ev.TreeSeen(tree="two")), "✗ lint failed before the last change"),
        ((*ran("lint", 0), ev.TreeSeen(tree="two")), "✓ lint passed before the last change"),
        (
            (
                ev.ChecksAsked(names=("lint",), by="turn"),
                *ran("lint", 0)[1:],
                ev.TreeSeen(tree="two"),
            ),
            "",
        ),
    ],
)
def test_a_row_is_calm(events: tuple[ev.CheckEvent, ...], said: str) -> None:
    state = replace(facts_of(id="a"), checks=folded(*events))
    assert check_words(state) == said


# --- on the main screen -------------------------------------------------------------------


async def test_the_pane_on_the_main_screen() -> None:
    fake = SCENES["busy"]()
    fake.answers["list_checks"] = LIST
    fake.answers["check_output"] = m.CheckOutputPage(
        text="test_it FAILED", start=0, next=14, size=14, ended=True
    )
    async with screen(fake, (120, 40)) as drive:
        assert not fake.of(m.ListChecks)
        await drive.press("C")
        await drive.shows("○ tests  has not run")
        await drive.press("enter")
        await drive.until(lambda: fake.of(m.RunChecks), "the check asked for")
        assert fake.of(m.RunChecks)[-1].names == ("lint",)
        await drive.press("V")
        await drive.until(lambda: len(fake.of(m.RunChecks)) == 2, "all checks asked for")
        assert fake.of(m.RunChecks)[-1].names == ()
        session = fake.of(m.RunChecks)[-1].session
        fake.happen(session, *ran("tests", 1))
        await drive.shows("✗ tests  failed: exit 1")
        await drive.shows("test_it FAILED")
        await drive.press("down", "P")
        await drive.until(lambda: fake.of(m.SendCheck), "the failure sent")
        assert fake.of(m.SendCheck)[-1].name == "tests"
