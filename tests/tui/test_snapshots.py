"""What the screen looks like, as text, at three sizes and in its main situations."""

import pytest
from syrupy.assertion import SnapshotAssertion

from parallel_agents.core import events as ev
from parallel_agents.tui.screens.board import WIDE
from tests.tui.drive import screen
from tests.tui.fake import ROOT, Fake

SIZES = [(80, 24), (120, 40), (240, 70)]


def busy() -> Fake:
    """One session in each group."""
    fake = Fake()
    rule = {
        "type": "addRules",
        "behavior": "allow",
        "rules": [{"toolName": "Bash", "ruleContent": "npm test *"}],
    }
    fake.session("a1", "auth-refactor", "Split the token check out of the handler")
    path = f"{ROOT}/.claude/worktrees/auth-refactor/src/auth/token.ts"
    fake.happen(
        "a1",
        ev.AssistantText(text="I have split the **token check** out of the handler."),
        ev.ToolUsed(id="t1", name="Edit", input={"file_path": path}),
        ev.ToolReturned(tool_use="t1", text="ok", patch="@@ -1 +1 @@\n-a\n+b\n"),
        ev.ChangesCounted(files=7, insertions=128, deletions=34),
    )
    fake.ask("a1", suggestions=(rule,))
    fake.session("b2", "flaky-test")
    fake.happen("b2", ev.ToolUsed(id="t2", name="Read", input={"file_path": "tests/retry.py"}))
    fake.session("c3", "rate-limit")
    fake.finish("c3", (3, 80, 12))
    fake.session("d4", "fix-typo")
    fake.finish("d4")
    fake.happen("d4", ev.Seen())
    fake.session("e5", "no-login")
    fake.happen(
        "e5",
        ev.TurnEnded(outcome="error", error="API Error: 401", hint="Run `claude /login`."),
        ev.AgentStateChanged(state="idle"),
    )
    return fake


@pytest.mark.parametrize("size", SIZES)
async def test_list(size: tuple[int, int], snapshot: SnapshotAssertion) -> None:
    async with screen(busy(), size) as drive:
        await drive.shows("no-login")
        if size[0] >= WIDE:
            await drive.shows("waiting for you")
        assert drive.text() == snapshot


@pytest.mark.parametrize("size", SIZES)
async def test_card(size: tuple[int, int], snapshot: SnapshotAssertion) -> None:
    async with screen(busy(), size) as drive:
        await drive.press("enter")
        await drive.shows("waiting for you")
        await drive.shows("allow once")
        assert drive.text() == snapshot


@pytest.mark.parametrize("size", SIZES)
async def test_help(size: tuple[int, int], snapshot: SnapshotAssertion) -> None:
    async with screen(busy(), size) as drive:
        await drive.press("question_mark")
        await drive.shows("Everywhere")
        assert drive.text() == snapshot


@pytest.mark.parametrize("size", SIZES)
async def test_nothing_yet(size: tuple[int, int], snapshot: SnapshotAssertion) -> None:
    async with screen(Fake(), size) as drive:
        await drive.shows("No sessions yet.")
        assert drive.text() == snapshot


async def crashed(monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*_: object) -> None:
        raise ZeroDivisionError

    async with screen(busy()) as drive:
        monkeypatch.setattr(drive.main, "paint_list", crash)
        drive.main.wake()
        await drive.until(lambda: drive.app.return_code)


async def test_a_crash_fails_the_test(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ZeroDivisionError):
        await crashed(monkeypatch)
