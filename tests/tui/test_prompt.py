"""The input: sending, history, folded pastes, completion."""

from hypothesis import given, strategies as st
from textual import events
from textual.pilot import Pilot

from parallel_agents.core.text import safe
from parallel_agents.tui.widgets.completion import Wanted, offered, wanted
from parallel_agents.tui.widgets.prompt import Prompt
from tests.tui.views import HOSTILE, Host, assert_harmless, screen_text


class Sending(Host):
    def on_prompt_sent(self, message: Prompt.Sent) -> None:
        self.heard.append(message.text)

    def on_prompt_left(self, message: Prompt.Left) -> None:
        self.heard.append(message)


async def paste(pilot: Pilot[None], prompt: Prompt, text: str) -> None:
    prompt.editor.post_message(events.Paste(text))
    await pilot.pause()


async def test_enter_sends_and_ctrl_j_makes_a_line() -> None:
    prompt = Prompt("reply")
    app = Sending(prompt)
    async with app.run_test(size=(40, 12)) as pilot:
        assert "reply" in screen_text(app)
        prompt.focus()
        await pilot.press("enter", "space", "enter")
        assert app.heard == [], "nothing to send"
        await pilot.press("backspace", *"one", "ctrl+j", *"two")
        assert prompt.size.height == 2
        assert not prompt.is_empty
        await pilot.press("enter")
        assert app.heard == ["one\ntwo"]
        assert prompt.is_empty


async def test_what_was_sent_comes_back_and_the_draft_is_kept() -> None:
    prompt = Prompt()
    app = Sending(prompt)
    async with app.run_test(size=(40, 12)) as pilot:
        prompt.history = ["first", "a\nb"]
        prompt.focus()
        await pilot.press(*"draft", "up")
        assert prompt.text == "a\nb"
        await pilot.press("up")
        assert prompt.editor.cursor_location == (0, 1), "within the text first"
        await pilot.press("up")
        assert prompt.text == "first"
        await pilot.press("up")
        assert prompt.text == "first"
        await pilot.press("down", "down")
        assert prompt.text == "draft"
        await pilot.press("enter")
        assert prompt.history == ["first", "a\nb", "draft"]


async def test_leaving_only_when_empty() -> None:
    prompt = Prompt()
    app = Sending(prompt)
    async with app.run_test(size=(40, 12)) as pilot:
        prompt.focus()
        await pilot.press("x", "left", "escape")
        assert app.heard == []
        await pilot.press("right", "backspace", "left", "escape")
        assert len(app.heard) == 2


async def test_a_long_paste_is_folded_and_sent_whole() -> None:
    prompt = Prompt()
    app = Sending(prompt)
    long = "line\n" * 40 + "[pasted 801 characters]"
    async with app.run_test(size=(40, 12)) as pilot:
        prompt.focus()
        await pilot.press("a")
        await paste(pilot, prompt, long)
        await paste(pilot, prompt, "short\r\ntwo")
        await paste(pilot, prompt, "y" * 801)
        shown = prompt.editor.text
        assert shown == "a[pasted 41 lines]short\ntwo[pasted 801 characters]"
        await pilot.press("enter")
        assert app.heard == [f"a{long}short\ntwo{'y' * 801}"]
        await pilot.press("up")
        assert prompt.text == app.heard[0]


async def test_a_folded_paste_unfolds_folds_and_goes_as_a_whole() -> None:
    prompt = Prompt()
    app = Sending(prompt)
    long, wide = "line\n" * 12, "y" * 801
    async with app.run_test(size=(60, 12)) as pilot:
        prompt.focus()
        await paste(pilot, prompt, long)
        await pilot.press("b")
        await paste(pilot, prompt, wide)
        await pilot.press("alt+u")
        assert prompt.editor.text == f"[pasted 12 lines]b{wide}", "the one at the cursor"
        await pilot.press("alt+u")
        assert prompt.editor.text == f"{long}b{wide}", "all of them"
        await pilot.press("alt+u")
        assert prompt.editor.text == "[pasted 12 lines]b[pasted 801 characters]"
        assert prompt.text == f"{long}b{wide}"
        await pilot.press("backspace")
        assert prompt.editor.text == "[pasted 12 lines]b"
        await pilot.press("home", "delete")
        assert prompt.editor.text == "b"
        await pilot.press("backspace", "delete")
        assert prompt.text == ""


async def test_what_comes_back_is_folded_as_it_was_pasted() -> None:
    prompt = Prompt()
    app = Sending(prompt)
    long = "line\n" * 12
    async with app.run_test(size=(60, 12)) as pilot:
        prompt.focus()
        await pilot.press("a")
        await paste(pilot, prompt, long)
        await pilot.press("enter", "up")
        assert prompt.editor.text == "a[pasted 12 lines]"
        assert prompt.text == f"a{long}"
        await pilot.press("escape")
        prompt.text = f"x{long}y{long}"
        assert prompt.editor.text == "x[pasted 12 lines]y[pasted 12 lines]"
        await pilot.press("enter")
        assert app.heard == [f"a{long}", f"x{long}y{long}"]


async def test_a_paste_that_cannot_be_shown_stays_folded() -> None:
    prompt = Prompt()
    app = Sending(prompt)
    async with app.run_test(size=(60, 12)) as pilot:
        prompt.focus()
        await paste(pilot, prompt, HOSTILE)
        shown = prompt.editor.text
        await pilot.press("alt+u")
        assert prompt.editor.text == shown
        assert_harmless(prompt.editor)


async def test_a_paste_with_control_characters_is_never_shown() -> None:
    prompt = Prompt()
    app = Sending(prompt)
    async with app.run_test(size=(60, 12)) as pilot:
        prompt.focus()
        await paste(pilot, prompt, "x\x1b[31m\u202ey")
        assert_harmless(prompt.editor)
        assert prompt.editor.text == "[pasted 8 characters]"
        prompt.text = HOSTILE
        await pilot.pause()
        assert_harmless(prompt.editor)
        await pilot.press("enter")
        assert app.heard == [HOSTILE.replace("\r\n", "\n")]


async def test_commands_are_completed() -> None:
    prompt = Prompt()
    app = Sending(prompt)
    async with app.run_test(size=(40, 12)) as pilot:
        prompt.commands = ("compact", "clear", "context", "x\x1b")
        prompt.focus()
        await pilot.press("slash", "c")
        assert [name in screen_text(app) for name in ("/compact", "/clear", "/context")] == [
            True
        ] * 3
        await pilot.press("down", "enter")
        assert prompt.text == "/clear "
        assert app.heard == []
        await pilot.press("enter")
        assert app.heard == ["/clear "]
        await pilot.press(*"/co", "escape", "enter")
        assert len(app.heard) == 2
        await pilot.press(*"/clear", "enter")
        assert len(app.heard) == 3, "typed in full it is sent at once"
        await pilot.press(*"say /c", "enter")
        assert app.heard == ["/clear ", "/co", "/clear", "say /c"]


async def test_files_are_completed_by_what_the_owner_finds() -> None:
    prompt = Prompt()
    app = Sending(prompt)
    asked: list[str] = []

    async def find(prefix: str) -> list[str]:
        asked.append(prefix)
        names = ["src/", "src/a.py", "src/\u202eevil", "src/two words"]
        return [name for name in names if name.startswith(prefix)]

    prompt.complete_files = find
    async with app.run_test(size=(40, 12)) as pilot:
        prompt.focus()
        await pilot.press(*"see @s")
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert asked[-1] == "s"
        assert "evil" not in screen_text(app)
        await pilot.press("tab")
        assert prompt.text == "see @src/"
        await app.workers.wait_for_complete()
        await pilot.pause()
        await pilot.press("down", "tab", *"now")
        assert prompt.text == "see @src/a.py now"
        assert "@src/" not in screen_text(app).replace("@src/a.py now", "")


async def test_an_answer_that_comes_too_late_is_not_offered() -> None:
    prompt = Prompt()
    app = Sending(prompt)

    async def find(prefix: str) -> list[str]:
        prompt.text = ""
        return ["late.py"]

    prompt.complete_files = find
    async with app.run_test(size=(40, 12)) as pilot:
        prompt.focus()
        await pilot.press("@")
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert "late.py" not in screen_text(app)


def test_what_is_being_typed() -> None:
    assert wanted("/co", first_line=True) == Wanted("/", "co")
    assert wanted("/co", first_line=False) is None
    assert wanted("say /co", first_line=True) is None
    assert wanted("see @src/a", first_line=False) == Wanted("@", "src/a")
    assert wanted("me@host", first_line=True) is None
    assert wanted("see @a b", first_line=True) is None


@given(st.lists(st.text(max_size=6)))
def test_what_is_offered_is_shown_as_it_is(names: list[str]) -> None:
    assert all(safe(name) == name and "\n" not in name for name in offered(names))
