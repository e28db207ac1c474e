"""The transcript: what each kind of item looks like, keeping up, folding, hostile text."""

from typing import get_args

from hypothesis import given, strategies as st

from parallel_agents.core import events as ev
from parallel_agents.core.asking import Question, ToolKind
from parallel_agents.core.items import (
    Item,
    NoticeItem,
    RequestItem,
    RequestStatus,
    TaskItem,
    ThinkingItem,
    ToolItem,
    TurnItem,
    UserItem,
    WordsItem,
)
from parallel_agents.core.options import Decision
from parallel_agents.tui.content.items import Painter
from parallel_agents.tui.content.transcript_lines import Conversation, paragraphs, pieces
from parallel_agents.tui.text.markdown import markdown
from parallel_agents.tui.text.styles import ink
from parallel_agents.tui.widgets.transcript_view import TranscriptView
from tests.support.facts import any_of
from tests.support.told import opened, used
from tests.tui.views import HOSTILE, Host, Talk, assert_harmless, built, text

PATCH = (
    "--- a/src/a.py\n+++ b/src/a.py\n@@ -1,2 +1,3 @@\n one = 1\n-two = 2\n+two = 3\n+three = 4\n"
)
DARK = ink(dark=True)


def said(source: str, width: int = 40) -> list[str]:
    return [line.strip.text.rstrip() for line in markdown(source, width, DARK)]


class Asked(Host):
    def on_transcript_view_need_older(self, message: TranscriptView.NeedOlder) -> None:
        self.heard.append(message)


async def test_a_conversation_as_the_pane_shows_it() -> None:
    talk, view = Talk(), TranscriptView()
    talk.add(ev.MessageQueued(uuid="u", text="split it"))
    talk.add(ev.MessageProgressed(uuid="u", progress="started"))
    talk.add(ev.AssistantThinking(text="hm\nwell"), ev.AssistantText(text="I **did** it."))
    talk.add(used(id="e", name="Edit", input={"file_path": "/w/src/a.py"}))
    talk.add(ev.ToolReturned(tool_use="e", text="ok", patch=PATCH))
    talk.tool("Bash", "fine", command="npm run lint")
    talk.add(
        ev.RequestOpened(
            request="r", kind="permission", tool_name="Bash", input={"command": "rm x"}, digest="d"
        )
    )
    talk.add(ev.RequestDecided(request="r", decision=Decision(behavior="deny", message="no")))
    talk.add(ev.TurnEnded(outcome="error", error="overloaded", hint="Try later."))
    async with Host(view).run_test(size=(60, 24)) as pilot:
        view.load(talk.transcript, root="/w")
        await pilot.pause()
        assert text(view).split("\n") == [
            "❯ split it",
            "",
            "∴ hm well",
            "",
            "● I did it.",
            "",
            "  ✎ Edit  src/a.py".ljust(54) + "+2 −1",
            "  $ npm run lint".ljust(50) + "ok · 0.5s",
            "  ▷ asked: Bash: rm x".ljust(53) + "denied",
            "    ▏ no",
            "",
            "✗ overloaded Try later.",
        ]


async def test_a_tool_unfolds_to_its_input_output_and_diff() -> None:
    talk, view = Talk(), TranscriptView()
    talk.add(used(id="e", name="Edit", input={"file_path": "src/a.py"}))
    talk.add(ev.ToolReturned(tool_use="e", text="ok", patch=PATCH))
    talk.tool("Grep", "a.py:1: found", pattern="x+")
    async with Host(view).run_test(size=(60, 30)) as pilot:
        view.load(talk.transcript)
        view.focus()
        await pilot.press("up", "enter")
        assert '"pattern": "x+"' in text(view)
        assert "▏ a.py:1: found" in text(view)
        await pilot.press("up", "enter")
        assert "2 − two = 2" in text(view)
        assert "3 + three = 4" in text(view)
        await pilot.press("z")
        assert text(view).count("\n") == 1
        await pilot.click(view, offset=(10, 1))
        assert '"pattern": "x+"' in text(view)


async def test_a_tools_colours_and_progress_are_no_symbols() -> None:
    """In what tools print, and nowhere else: what an agent says is no terminal's."""
    talk, view = Talk(), TranscriptView()
    talk.tool("Bash", "\x1b[31mFAILED\x1b[0m\n10%\r50%\r100%\n", command="pytest")
    talk.add(ev.AssistantText(text="\x1b[31mred"))
    async with Host(view).run_test(size=(60, 30)) as pilot:
        view.load(talk.transcript)
        view.focus()
        await pilot.press("z")
        shown = text(view)
        assert "▏ FAILED" in shown
        assert "▏ 100%" in shown
        assert "␛[31mred" in shown
        assert "50%" not in shown


async def test_the_steps_of_a_subagent_stand_below_its_tool() -> None:
    talk, view = Talk(), TranscriptView()
    talk.add(used(id="t", name="Task", input={"description": "look around", "prompt": "find it"}))
    async with Host(view).run_test(size=(60, 30)) as pilot:
        view.load(talk.transcript)
        view.changed(talk.add(ev.AssistantText(text="meanwhile")))
        view.changed(talk.add(used(id="r", name="Read", input={"file_path": "b.py"}, parent="t")))
        await pilot.pause()
        assert text(view).split("\n")[1] == "    └ 1 step · Read: b.py"
        view.focus()
        await pilot.press("up", "up", "enter")
        view.changed(talk.add(ev.AssistantText(text="seen", parent="t")))
        await pilot.pause()
        assert text(view).split("\n") == [
            "  ◇ Task  look around".ljust(58) + "…",
            "    ▏ find it",
            "  ┆   ≡ Read  b.py".ljust(58) + "…",
            "  ┆",
            "  ┆ ● seen",
            "",
            "● meanwhile",
        ]


async def test_words_of_a_subagent_that_are_arriving_are_not_shown_as_the_agents() -> None:
    """Not even when the tool that started it is the first item of all."""
    talk, view = Talk(), TranscriptView()
    talk.add(used(id="task", name="Task", input={}))
    async with Host(view).run_test(size=(60, 30)) as pilot:
        view.load(talk.transcript)
        arriving = ev.Delta(message="m", block=0, offset=0, text="inner words", parent="task")
        talk.transcript.stream(arriving)
        view.streaming()
        await pilot.pause()
        assert "inner words" not in text(view)


async def test_arriving_text_renders_its_last_paragraph_only() -> None:
    talk, view = Talk(), TranscriptView()
    talk.add(ev.AssistantText(text="before"))
    async with Host(view).run_test(size=(60, 30)) as pilot:
        view.load(talk.transcript)
        source = "One **two**.\n\n```\na\n\nb\n```\n\nlast wor"
        for offset in range(0, len(source), 5):
            part = source[offset : offset + 5]
            talk.transcript.stream(ev.Delta(message="m", block=0, offset=offset, text=part))
            view.streaming()
        await pilot.pause()
        early = view.blocks[1]
        talk.transcript.stream(ev.Delta(message="m", block=0, offset=len(source), text="d"))
        view.streaming()
        await pilot.pause()
        assert view.blocks[1] is early
        assert [b.text for b in view.blocks[1:]] == [
            "One **two**.",
            "```\na\n\nb\n```",
            "last word",
        ]
        live = text(view)
        assert live.endswith("● One two.\n\n  ▏ a\n  ▏\n  ▏ b\n\n  last word")
        view.changed(talk.add(ev.AssistantText(text=source + "d", message="m")))
        await pilot.pause()
        assert text(view) == live, "nothing jumps when the text is finished"


async def test_thinking_that_arrives_is_one_folded_line() -> None:
    talk, view = Talk(), TranscriptView()
    async with Host(view).run_test(size=(60, 30)) as pilot:
        view.load(talk.transcript)
        talk.transcript.stream(ev.Delta(message="m", block=0, offset=0, text="a\nb", thinking=True))
        view.streaming()
        await pilot.pause()
        assert text(view) == "∴ a b"


async def test_ten_thousand_items_build_only_the_first_screen() -> None:
    talk, view = Talk(), TranscriptView()
    for number in range(5_000):
        talk.add(ev.AssistantText(text=f"**{number}**\n\n- a\n- b"))
        talk.tool("Bash", command=f"echo {number}")
    async with Host(view).run_test(size=(80, 24)) as pilot:
        view.load(talk.transcript)
        await pilot.pause()
        assert text(view).endswith("ok · 0.5s")
        assert built(view) < 60
        before = list(view.blocks)
        view.changed(talk.add(ev.AssistantText(text="one more")))
        await pilot.pause()
        assert all(a is b for a, b in zip(before, view.blocks, strict=False))
        assert built(view) < 70


async def test_the_top_asks_for_more_and_older_items_keep_the_place() -> None:
    talk = Talk()
    for number in range(60):
        talk.add(ev.AssistantText(text=f"number {number}"))
    view = TranscriptView()
    app = Asked(view)
    page = Talk()
    page._seq = 30
    for number in range(30, 60):
        page.add(ev.AssistantText(text=f"number {number}"))
    async with app.run_test(size=(40, 10)) as pilot:
        view.load(page.transcript)
        await pilot.pause()
        view.scroll_to(y=5)
        view.focus()
        await pilot.press("home")
        assert len(app.heard) >= 1
        before = text(view)
        view.load(talk.transcript, older=True)
        await pilot.pause()
        after = text(view).split("\n")
        assert [line for line in after if line] == [line for line in before.split("\n") if line]
        assert view.scroll_offset.y > 0


async def test_another_session_starts_at_its_end() -> None:
    first, second, view = Talk(), Talk(), TranscriptView()
    for number in range(60):
        first.add(ev.AssistantText(text=f"first {number}"))
        second.add(ev.AssistantText(text=f"second {number}"))
    async with Host(view).run_test(size=(40, 10)) as pilot:
        view.load(first.transcript)
        await pilot.pause()
        view.scroll_to(y=3)
        await pilot.pause()
        view.load(second.transcript)
        await pilot.pause()
        assert text(view).endswith("second 59")


def hostile_talk() -> Talk:
    talk = Talk()
    bad = HOSTILE
    talk.add(ev.MessageQueued(uuid="u", text=bad), ev.UserText(text=bad, uuid="v"))
    talk.add(ev.AssistantText(text=bad), ev.AssistantThinking(text=bad))
    talk.add(ev.AssistantText(text=f"```{bad}\n{bad}\n```\n\n|{bad}|\n|---|\n|{bad}|\n\n# {bad}"))
    talk.add(used(id="e", name=bad, input={bad: [bad, {"x": bad}]}))
    talk.add(ev.ToolReturned(tool_use="e", text=bad, patch=PATCH + f" {bad}"))
    talk.tool("Bash", bad, command=bad)
    talk.add(used(id="t", name="Task", input={"description": bad}))
    talk.add(ev.AssistantText(text=bad, parent="t"))
    for kind, name, wanted in (
        ("permission", bad, {"command": bad}),
        ("question", "AskUserQuestion", {"questions": [{"question": bad}]}),
        ("plan", "ExitPlanMode", {"plan": bad}),
    ):
        talk.add(
            opened(
                request=kind,
                kind=kind,
                tool_name=name,
                input=wanted,
                digest="d",
            )
        )
    decision = Decision(behavior="allow", message=bad, answers={bad: [bad]})
    talk.add(ev.RequestDecided(request="question", decision=decision))
    talk.add(ev.TaskProgressed(task="x", status=bad, description=bad))
    talk.add(ev.Notice(text=bad, level="warning"), ev.TurnEnded(outcome="error", error=bad))
    talk.transcript.stream(ev.Delta(message="m", block=0, offset=0, text=bad))
    return talk


async def test_no_text_of_an_agent_reaches_the_terminal_raw() -> None:
    talk, view = hostile_talk(), TranscriptView()
    async with Host(view).run_test(size=(100, 400)) as pilot:
        view.load(talk.transcript)
        await pilot.pause()
        assert_harmless(view)
        view.action_fold_all()
        await pilot.pause()
        assert_harmless(view)
        assert "[@click=app.quit]click[/]" in text(view)
        await pilot.resize_terminal(20, 400)
        await pilot.pause()
        assert_harmless(view)


marks = st.sampled_from(
    [
        *"#>-*`_[]()!|~<&;:\\\n \t1.=",
        "```",
        "**",
        "\n\n",
        "\n- ",
        "\n1. ",
        "|a|b|\n|-|-|\n|c|",
        "漢",
    ]
)


@given(
    st.lists(st.one_of(marks, st.text(max_size=3)), max_size=40).map("".join), st.integers(2, 50)
)
def test_any_markdown_is_painted(source: str, width: int) -> None:
    for line in markdown(source, width, DARK):
        assert not any(ord(char) < 32 or 0x7F <= ord(char) < 0xA0 for char in line.strip.text)
        assert line.skip <= len(line.strip.text)


@given(st.lists(st.one_of(marks, st.text(max_size=3)), max_size=40).map("".join))
def test_paragraphs_hold_every_word(source: str) -> None:
    assert "".join("".join(paragraphs(source)).split()) == "".join(source.split())


grown = st.lists(
    st.sampled_from(["line", "two words.", "snow man", "x_y", "**b", "b**", "- i", "> q", "a|b"]),
    min_size=1,
    max_size=40,
).map("\n".join)


@given(grown)
def test_a_paragraph_in_pieces_is_painted_as_in_one(source: str) -> None:
    """While it grows it looks as it will look when it has arrived."""
    for paragraph in paragraphs(source):
        parts = list(pieces(paragraph))
        assert "\n".join(parts) == paragraph
        assert [line for part in parts for line in said(part)] == said(paragraph)


def test_only_the_end_of_a_growing_paragraph_is_rendered_again() -> None:
    assert [len(part.split("\n")) for part in pieces("\n".join(["plain"] * 20))] == [8, 8, 4]


def test_markdown_is_painted_plainly() -> None:
    assert said("# Title\ntext *it* `code`\n\n- a\n  - b\n- c\n\n3. x\n4. y") == [
        "Title",
        "",
        "text it code",
        "",
        "• a",
        "  • b",
        "• c",
        "",
        "3. x",
        "4. y",
    ]
    assert said("> quote\n> more\n\n```py\nx = 1\n\ny\n```") == [
        "▎ quote",
        "▎ more",
        "",
        "▏ x = 1",
        "▏",
        "▏ y",
    ]
    assert said("[here](https://e.vil/) <https://a.b>") == ["here (https://e.vil/) https://a.b"]
    assert said("| a | bb |\n|---|---|\n| c | d |") == ["a    bb", "────────", "c    d"]


item_text = st.text(max_size=60)
words = {"seq": st.integers(1, 99), "at": st.integers(0, 2**42), "text": item_text}
given_input = st.dictionaries(
    st.sampled_from(["command", "file_path", "plan", "questions", "x"]),
    st.one_of(item_text, st.integers(), st.none(), st.lists(item_text)),
)
names = st.sampled_from(["Bash", "Edit", "Task", "AskUserQuestion", "ExitPlanMode", "\x1b[x"])
items: st.SearchStrategy[Item] = st.one_of(
    st.builds(UserItem, **words, status=item_text),
    st.builds(WordsItem, **words),
    st.builds(ThinkingItem, **words),
    st.builds(
        ToolItem,
        **words,
        id=item_text,
        name=names,
        does=st.sampled_from(get_args(ToolKind)),
        summary=item_text,
        input=given_input,
        result=st.one_of(st.none(), item_text),
        patch=st.one_of(st.just(""), st.just(PATCH), item_text),
        failed=st.booleans(),
        ended_at=st.integers(0, 2**42),
    ),
    st.builds(
        RequestItem,
        **words,
        id=item_text,
        tool_name=names,
        summary=item_text,
        plan=item_text,
        input=given_input,
        questions=st.lists(any_of(Question), max_size=2).map(tuple),
        status=st.sampled_from(get_args(RequestStatus)),
    ),
    st.builds(TurnItem, **words, outcome=st.sampled_from(["ok", "error", "interrupted"])),
    st.builds(TaskItem, **words, id=item_text, status=item_text),
    st.builds(NoticeItem, **words, failed=st.booleans()),
)


@given(items, st.integers(4, 120), st.booleans(), st.integers(0, 4))
def test_any_item_is_painted(item: Item, width: int, unfolded: bool, depth: int) -> None:
    painter = Painter(width=width, ink=DARK, unfolded=unfolded, depth=depth)
    for line in painter.paint(item):
        assert "\x1b" not in line.strip.text
        assert "\n" not in line.strip.text


@given(
    st.lists(
        st.tuples(st.sampled_from(["", "t0", "t1", "t2"]), st.sampled_from(["say", "tool"])),
        max_size=25,
    ),
    st.sets(st.integers(0, 24)),
)
def test_item_by_item_shows_the_same_as_all_at_once(
    steps: list[tuple[str, str]], folds: set[int]
) -> None:
    talk, live, tools = Talk(), Conversation(), 0
    live.load(talk.transcript)
    events: list[ev.Event] = []
    for number, (parent, what) in enumerate(steps):
        if what == "tool":
            events.append(used(id=f"t{tools}", name="Task", input={}, parent=parent))
            tools += 1
        else:
            events.append(ev.AssistantText(text=f"words {number}", parent=parent))
    for number, event in enumerate(events):
        live.change(talk.add(event))
        if number in folds:
            live.toggle(f"tool:{number}")
    once = Conversation()
    once._unfolded = set(live._unfolded)
    once.load(talk.transcript, older=True)
    assert [b.key for b in live.blocks()] == [b.key for b in once.blocks()]
    for shown, again in zip(live.blocks(), once.blocks(), strict=True):
        lines = [line.strip.text for line in shown.build(60, DARK)]
        assert lines == [line.strip.text for line in again.build(60, DARK)]
