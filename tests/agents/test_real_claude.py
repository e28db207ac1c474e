"""The real claude, started by our recipe on pipes, against a scripted API on loopback."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from parallel_agents.core import events as ev
from parallel_agents.core.ids import new_uuid
from parallel_agents.core.options import Decision, Options
from tests.support.claude import VERSION
from tests.support.claude_process import AGENT, Claude, Place, make_place, run_claude
from tests.support.messages_api import MessagesApi
from tests.support.world import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.claude
ALLOW = Decision(behavior="allow")


@pytest.fixture(name="api")
def _api() -> Iterator[MessagesApi]:
    with MessagesApi() as server:
        yield server


@pytest.fixture(name="place")
def _place(tmp_path: Path, api: MessagesApi) -> Place:
    return make_place(tmp_path, api)


def write(name: str, content: str) -> str:
    given = {"file_path": f"$CWD/{name}", "content": content}
    return f"WRITE {json.dumps(given)}"


def returned(claude: Claude) -> ev.ToolReturned:
    return claude.events(ev.ToolReturned)[-1]


async def saved(place: Place, conversation: str, message: str) -> None:
    """Wait until claude has a message in its own record, which it writes a little later."""
    projects = Path(place.env["HOME"], ".claude/projects")

    def holds() -> bool:
        files = projects.glob(f"*/{conversation}.jsonl")
        return any(message in file.read_text() for file in files)

    await asyncio.to_thread(wait_until, holds, what="claude saves the message")


async def test_the_process_introduces_itself_and_works_in_the_worktree(place: Place) -> None:
    conversation = new_uuid()
    async with run_claude(place, conversation=conversation) as claude:
        answer = await claude.control(AGENT.initialize("init"))
        ready = claude.events(ev.RunReady)[-1]
        ended = await claude.ask("SAY hello there")
    assert answer.ok
    assert ready.pid == claude.process.pid
    assert ready.version == VERSION
    assert {"clear", "compact"} <= set(ready.commands)
    assert "opus" in ready.models
    (turn,) = claude.events(ev.TurnStarted)
    assert turn.conversation == conversation
    assert turn.cwd == str(place.tree)
    assert (ended.outcome, ended.text, ended.context_tokens) == ("ok", "hello there", 1200)
    assert claude.fold.states == ["idle", "working", "done"]


async def test_permissions(place: Place) -> None:
    """Allow, deny with a reason, and run something else than asked."""
    async with run_claude(place, conversation=new_uuid()) as claude:
        claude.send(f"{write('b.txt', 'B' + chr(10))} THEN {write('c.txt', 'C')}")
        claude.decide(await claude.request("Write"), ALLOW)
        await claude.wait(lambda _: claude.events(ev.ToolReturned))
        assert returned(claude).patch == "--- /dev/null\n+++ b/b.txt\n@@ -0,0 +1 @@\n+B\n"
        claude.decide(await claude.request("Write"), Decision(behavior="deny", message="no c"))
        await claude.at_rest()
        assert returned(claude).is_error
        assert "no c" in returned(claude).text
        claude.send("BASH touch wrong")
        request = await claude.request("Bash")
        edited = {**request.input, "command": "touch right"}
        claude.decide(request, Decision(behavior="allow", updated_input=edited))
        await claude.at_rest()
    names = {path.name for path in place.tree.iterdir()}
    assert {"b.txt", "right"} <= names
    assert not {"c.txt", "wrong"} & names
    asked = ["working", "blocked", "working"]
    assert claude.fold.states == [*asked, *asked[1:], "done", *asked, "done"]


async def test_always_holds_for_this_session_and_its_next_start(place: Place) -> None:
    conversation = new_uuid()
    async with run_claude(place, conversation=conversation) as claude:
        claude.send("BASH touch zz one THEN BASH touch zz two THEN BASH mkdir d")
        request = await claude.request("Bash")
        rules = request.rules
        claude.decide(request, Decision(behavior="allow", scope="session"))
        other = await claude.request("Bash")
        assert other.input["command"] == "mkdir d"
        claude.decide(other, ALLOW)
        await claude.at_rest()
        claude.send(write("asked.txt", "x"))
        claude.decide(await claude.request("Write"), ALLOW)
        await claude.at_rest()
    assert rules == ("Bash(touch zz *)",)
    assert not (place.root / ".claude" / "settings.local.json").exists()
    options = Options(mode="default", rules=rules, trusted=False)
    async with run_claude(place, conversation=conversation, resume=True, options=options) as again:
        ended = await again.ask("BASH touch zz three")
        assert ended.outcome == "ok"
    assert again.events(ev.RequestOpened) == []
    assert (place.tree / "three").exists()


async def test_an_edit_gives_a_patch(place: Place) -> None:
    edit = {"file_path": "$CWD/a.txt", "old_string": "two", "new_string": "2"}
    async with run_claude(place, conversation=new_uuid()) as claude:
        claude.send(f"EDIT {json.dumps(edit)}")
        claude.decide(await claude.request("Edit"), ALLOW)
        await claude.at_rest()
    patch = "--- a/a.txt\n+++ b/a.txt\n@@ -1,2 +1,2 @@\n one\n-two\n+2\n"
    assert returned(claude).patch == patch


async def test_questions(place: Place) -> None:
    options = [{"label": "A", "description": "a"}, {"label": "B", "description": "b"}]
    several = {
        "questions": [
            {"question": "Pick?", "header": "P", "multiSelect": True, "options": options},
            {"question": "Why?", "header": "W", "multiSelect": False, "options": options},
        ]
    }
    async with run_claude(place, conversation=new_uuid()) as claude:
        claude.send("ASK")
        request = await claude.request("AskUserQuestion")
        assert request.kind == "question"
        chosen = Decision(behavior="allow", answers={"Which database?": "Postgres"})
        claude.decide(request, chosen)
        await claude.at_rest()
        assert '"Which database?"="Postgres"' in returned(claude).text
        claude.send(f"ASK {json.dumps(several)}")
        answers: dict[str, str | list[str]] = {"Pick?": ["A", "B"], "Why?": "my own words"}
        request = await claude.request("AskUserQuestion")
        claude.decide(request, Decision(behavior="allow", answers=answers))
        await claude.at_rest()
    assert '"Pick?"="A, B"' in returned(claude).text
    assert '"Why?"="my own words"' in returned(claude).text


async def test_plans(place: Place) -> None:
    """Say what to change, then approve into a mode that no longer asks for edits."""
    plan = Options(mode="plan")
    async with run_claude(place, conversation=new_uuid(), options=plan) as claude:
        claude.send("PLAN # First\\n1. x")
        request = await claude.request("ExitPlanMode")
        assert (request.kind, request.input["plan"]) == ("plan", "# First\n1. x\n")
        claude.decide(request, Decision(behavior="deny", message="add tests"))
        await claude.at_rest()
        assert "add tests" in returned(claude).text
        assert claude.fold.state.conversation.mode == "plan"
        claude.send(f"PLAN # Second THEN {write('planned.txt', 'p')}")
        request = await claude.request("ExitPlanMode")
        claude.decide(request, Decision(behavior="allow", mode="acceptEdits"))
        await claude.at_rest()
    assert claude.fold.state.conversation.mode == "acceptEdits"
    assert (place.tree / "planned.txt").read_text() == "p"
    assert {r.tool_name for r in claude.events(ev.RequestOpened)} == {"ExitPlanMode"}


async def test_interrupts(place: Place, api: MessagesApi) -> None:
    """While it speaks, and while it asks; the process goes on both times."""
    async with run_claude(place, conversation=new_uuid()) as claude:
        claude.send("HOLD first")
        await claude.wait(lambda f: any(d.text == "holding " for d in f.deltas))
        assert (await claude.control(AGENT.interrupt("i1"))).ok
        ended = await claude.at_rest()
        assert (ended.outcome, ended.reason) == ("interrupted", "aborted_streaming")
        assert claude.fold.shown == "idle"
        claude.send("BASH touch never")
        await claude.request("Bash")
        assert (await claude.control(AGENT.interrupt("i2"))).ok
        ended = await claude.at_rest()
        assert (ended.outcome, ended.reason) == ("interrupted", "aborted_tools")
        assert len(claude.events(ev.RequestWithdrawn)) == 1
        assert (await claude.ask("SAY on we go")).text == "on we go"
    assert not (place.tree / "never").exists()


async def test_messages_sent_while_it_works(place: Place, api: MessagesApi) -> None:
    """Two wait and are merged into the next turn; none is lost."""
    async with run_claude(place, conversation=new_uuid()) as claude:
        claude.send("HOLD queue")
        await claude.wait(lambda _: api.is_holding("queue"))
        waiting = {claude.send("SAY one"), claude.send("SAY two")}

        def accepted(_: object) -> bool:
            progressed = claude.events(ev.MessageProgressed)
            return waiting <= {e.uuid for e in progressed if e.progress == "accepted"}

        await claude.wait(accepted)
        api.release("queue")
        ended = await claude.at_rest()
    assert ended.text == "two"
    assert len(claude.events(ev.TurnEnded)) == 2
    assert claude.fold.states == ["working", "done"]
    assert "SAY one\nSAY two" in [call.text for call in api.calls()]


async def test_model_mode_and_effort_hold_from_the_next_call(
    place: Place, api: MessagesApi
) -> None:
    async with run_claude(place, conversation=new_uuid()) as claude:
        assert (await claude.control(AGENT.set_model("m", "sonnet"))).ok
        assert (await claude.control(AGENT.set_effort("e", "high"))).ok
        assert (await claude.control(AGENT.set_mode("p", "acceptEdits"))).ok
        refused = await claude.control(AGENT.set_mode("b", "bypassPermissions"))
        assert not refused.ok
        assert "bypassPermissions" in refused.error
        await claude.ask(write("free.txt", "x"))
        assert (await claude.control(AGENT.set_model("d", None))).ok
        await claude.ask("SAY default")
    body = api.calls("free.txt")[0].body
    assert "sonnet" in body["model"]
    assert body["output_config"]["effort"] == "high"
    assert "sonnet" not in api.calls("SAY default")[0].body["model"]
    assert claude.events(ev.RequestOpened) == []
    assert [e.mode for e in claude.events(ev.ModeChanged)][:1] == ["acceptEdits"]


async def test_a_resumed_conversation_goes_on(place: Place, api: MessagesApi) -> None:
    conversation = new_uuid()
    async with run_claude(place, conversation=conversation) as claude:
        first = await claude.ask("SAY first")
    async with run_claude(place, conversation=conversation, resume=True) as again:
        second = await again.ask("SAY second")
    (turn,) = again.events(ev.TurnStarted)
    assert (turn.conversation, turn.cwd) == (conversation, str(place.tree))
    assert second.cost_usd > first.cost_usd > 0
    assert "SAY first" in json.dumps(api.calls("SAY second")[-1].body["messages"])


async def test_a_turn_cut_by_a_kill_is_not_shown_as_done(place: Place) -> None:
    """A message sent again to a new process is called completed without being done."""
    conversation, text = new_uuid(), "BASH touch one THEN BASH touch two"
    async with run_claude(place, conversation=conversation) as claude:
        uuid = claude.send(text)
        claude.decide(await claude.request("Bash"), ALLOW)
        await claude.wait(lambda _: claude.events(ev.ToolReturned))
        await claude.request("Bash")
        await saved(place, conversation, uuid)
        claude.process.kill()
        await claude.process.wait()
    async with run_claude(place, conversation=conversation, resume=True) as again:
        again.send(text, uuid)
        await again.wait(lambda f: f.state.turn.outcome == "cut")
        await again.wait(lambda f: f.claude == "idle")
        assert again.fold.shown == "failed"
    assert again.events(ev.TurnEnded) == []
    assert (place.tree / "one").exists()
    assert not (place.tree / "two").exists()


async def test_a_conversation_that_is_gone_is_an_error(place: Place) -> None:
    async with run_claude(place, conversation=new_uuid(), resume=True) as claude:
        await claude.wait(lambda _: claude.events(ev.TurnEnded))
        await claude.process.wait()
    (ended,) = claude.events(ev.TurnEnded)
    assert ended.outcome == "error"
    assert "No conversation found" in ended.error


@pytest.mark.parametrize(
    ("status", "words", "advice", "fatal"),
    [
        (400, "400", "", None),
        (401, "authenticate", "/login", True),
        (402, "402", "payment", None),
        (404, "model", "/model", None),
        (429, "429", "limit", False),
        (529, "529", "overloaded", False),
    ],
)
async def test_errors_of_the_api_say_what_to_do(
    place: Place, status: int, words: str, advice: str, fatal: bool | None
) -> None:
    async with run_claude(place, conversation=new_uuid()) as claude:
        ended = await claude.ask(f"ERR {status}")
        assert claude.fold.shown == "failed"
        assert ended.outcome == "error"
        assert words in ended.error
        assert advice in ended.hint
        assert bool(advice) == bool(ended.hint)
        assert claude.events(ev.AssistantText) == []
        retries = {retry.fatal for retry in claude.events(ev.Retrying)}
        assert retries == (set() if fatal is None else {fatal})
        assert (await claude.ask("SAY better")).outcome == "ok"
    assert claude.fold.states == ["working", "failed", "working", "done"]


async def test_a_missing_login_says_what_to_run(place: Place) -> None:
    del place.env["ANTHROPIC_API_KEY"]
    async with run_claude(place, conversation=new_uuid()) as claude:
        ended = await claude.ask("SAY hi")
    assert "Not logged in" in ended.error
    assert "/login" in ended.hint


async def test_clear_begins_a_new_conversation(place: Place) -> None:
    conversation = new_uuid()
    async with run_claude(place, conversation=conversation) as claude:
        await claude.ask("SAY before")
        await claude.ask("/clear")
        await claude.ask("SAY after")
    assert claude.fold.state.conversation.id != conversation
    assert any("cleared" in notice.text for notice in claude.events(ev.Notice))
    fresh = claude.fold.state.conversation.id
    async with run_claude(place, conversation=fresh, resume=True) as again:
        await again.ask("SAY resumed")
    assert again.events(ev.TurnStarted)[0].conversation == fresh


async def test_compacting_shows_nothing_twice(place: Place) -> None:
    async with run_claude(place, conversation=new_uuid()) as claude:
        claude.send("BASH touch one THEN SAY ok")
        claude.decide(await claude.request("Bash"), ALLOW)
        await claude.at_rest()
        await claude.ask("/cost")
        await claude.ask("/context")
        said = len(claude.events(ev.AssistantText))
        await claude.ask("/compact")
    assert len(claude.events(ev.AssistantText)) == said
    assert any("was compacted" in notice.text for notice in claude.events(ev.Notice))
    assert claude.events(ev.UserText) == []


async def test_a_subagent_is_nested_and_asks_on_the_same_stream(place: Place) -> None:
    async with run_claude(place, conversation=new_uuid()) as claude:
        claude.send("AGENT BASH touch sub")
        request = await claude.request("Bash")
        assert request.subagent
        claude.decide(request, ALLOW)
        await claude.at_rest()
    outer = next(e for e in claude.events(ev.ToolUsed) if not e.parent)
    inner = next(e for e in claude.events(ev.ToolUsed) if e.parent)
    assert (inner.name, inner.parent) == ("Bash", outer.id)
    assert {e.tool_use for e in claude.events(ev.TaskProgressed) if e.tool_use} == {outer.id}


async def test_a_background_subagent_keeps_the_session_working(place: Place) -> None:
    async with run_claude(place, conversation=new_uuid()) as claude:
        claude.send("AGENT+ BASH touch bg")
        request = await claude.request("Bash")
        assert claude.events(ev.BackgroundTasks)[-1].tasks[0].kind == "agent"
        await claude.wait(lambda _: claude.events(ev.TurnEnded))
        assert claude.fold.shown == "blocked"
        claude.decide(request, ALLOW)
        await claude.at_rest()
    assert claude.events(ev.BackgroundTasks)[-1].tasks == ()
    assert claude.fold.states == ["working", "blocked", "working", "done"]


async def test_a_background_shell_outlives_its_turn(place: Place) -> None:
    command = "sh -c 'while [ ! -e stop ]; do :; done'"
    tool = {"command": command, "description": "loop", "run_in_background": True}
    async with run_claude(place, conversation=new_uuid()) as claude:
        claude.send(f"TOOL Bash {json.dumps(tool)}")
        claude.decide(await claude.request("Bash"), ALLOW)
        await claude.at_rest()
        (task,) = claude.fold.state.turn.tasks
        assert task.kind == "shell"
        (place.tree / "stop").touch()
        await claude.wait(lambda _: len(claude.events(ev.TurnEnded)) == 2)
        await claude.wait(lambda f: f.claude == "idle")
    assert claude.fold.state.turn.tasks == ()
    assert claude.fold.states[-3:] == ["done", "working", "done"]


async def test_the_fence_stops_an_edit_of_the_main_checkout(place: Place) -> None:
    outside = {"file_path": "$CWD/../../../a.txt", "content": "changed"}
    async with run_claude(place, conversation=new_uuid()) as claude:
        await claude.ask(f"WRITE {json.dumps(outside)}")
    assert returned(claude).is_error
    assert "isolated in the worktree" in returned(claude).text
    assert (place.root / "a.txt").read_text() == "one\ntwo\n"


async def test_a_dropped_connection_repeats_its_text_from_the_start(
    place: Place, api: MessagesApi
) -> None:
    async with run_claude(place, conversation=new_uuid()) as claude:
        claude.send("BREAK k 1")
        await claude.wait(lambda f: any(d.text == "holding " for d in f.deltas))
        api.release("k")
        ended = await claude.at_rest()
    assert (ended.outcome, ended.text) == ("ok", "holding released")
    first, *_, last = (d for d in claude.fold.deltas if d.text == "holding ")
    assert first.message != last.message
    assert (first.offset, last.offset) == (0, 0)
    assert claude.fold.transcript.partial == {}


async def test_a_dropped_connection_after_a_whole_block_is_resumed(
    place: Place, api: MessagesApi
) -> None:
    """What was said in full stays; the CLI asks the model to go on after it."""
    async with run_claude(place, conversation=new_uuid()) as claude:
        claude.send("SAY whole THEN BREAK k 1")
        await claude.wait(lambda f: any(d.text == "holding " for d in f.deltas))
        api.release("k")
        ended = await claude.at_rest()
    assert ended.outcome == "ok"
    assert "whole" in [e.text for e in claude.events(ev.AssistantText)]
    assert claude.fold.transcript.partial == {}
