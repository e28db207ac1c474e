"""The stories of the demo agent; the first word of the prompt chooses one.

The tasks of the demo's own repository have stories in `shop.py`.

Keep true: every story edits only files below the working directory, and runs only harmless
commands, unless the person edits them.
"""

import os
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path

from parallel_agents.agents.demo import frames, shop
from parallel_agents.agents.demo.conversation import Conversation
from parallel_agents.agents.demo.frames import Frame, short_id
from parallel_agents.agents.demo.requests import answers, approved, listed
from parallel_agents.agents.demo.voice import RUNNING, Voice, end_commands, start

MODULE = '''"""Says hello."""


def greeting(name: str) -> str:
    """Return a greeting for a name."""
    return f"Hello, {name.strip() or 'world'}!"
'''

TESTS = """import unittest

from greeting import greeting


class GreetingTest(unittest.TestCase):
    def test_name(self) -> None:
        self.assertEqual(greeting("Ada"), "Hello, Ada!")

    def test_empty(self) -> None:
        self.assertEqual(greeting("  "), "Hello, world!")
"""

PLAN = """# Plan: a greeting with tests

1. Note the new module in `README.md`
2. Add `greeting.py` with one function
3. Add `test_greeting.py` and run it

| File | Change |
|---|---|
| `README.md` | one line |
| `greeting.py` | new |
"""

QUESTIONS: list[Frame] = [
    {
        "question": "Which database should the service use?",
        "header": "Database",
        "options": [
            {"label": "SQLite", "description": "One file, nothing to run"},
            {"label": "Postgres", "description": "A server, concurrent writers"},
        ],
        "multiSelect": False,
    },
    {
        "question": "Which checks should run before each commit?",
        "header": "Checks",
        "options": [
            {"label": "Format", "description": "Rewrite the layout"},
            {"label": "Types", "description": "Static types"},
            {"label": "Tests", "description": "The whole suite"},
        ],
        "multiSelect": True,
    },
]

TEST_COMMAND = "python3 -m unittest -v"

NOTE_END = "[End of the note.]\n\n"
"""The end of a note that precedes a prompt, as in `core.review_note`, which cannot be imported."""

REVIEW = "I have read your changes and have "
"""How comments on a diff begin, as in `core.review`, which cannot be imported."""


def play(talk: Conversation, text: str) -> None:
    """Play the story that a prompt asks for.

    Args:
        talk: the conversation to speak in.
        text: the prompt; its first word names a story, or any of a few harmless keywords in it.
    """
    text = text.rpartition(NOTE_END)[2]
    if (task := shop.task(text)) is not None:
        task(talk)
        return
    if text.startswith(REVIEW):
        _reviewed(talk)
        return
    word, _, rest = text.strip().partition(" ")
    name = word.lower().strip(".,:;!?")
    story = STORIES.get(name)
    if story is None:
        rest = text
        words = {part.strip(".,:;!?") for part in text.lower().split()}
        story = next((STORIES[key] for key in KEYWORDS if key in words), _default)
    story(talk, rest)


def _default(talk: Conversation, text: str) -> None:
    if talk.known.mode == "plan":
        _plan(talk, text)
        return
    voice = Voice(talk)
    if _change(voice, "I will look at the project first, then make the change."):
        _check(voice)


def _reviewed(talk: Conversation) -> None:
    """Take comments on the diff; stories are written beforehand, so that none can follow them."""
    Voice(talk).say(
        "I got your comments, with the lines that they are about. I am the demo agent and play "
        "only what was written for me: a real agent would answer the questions and rework the "
        "change now."
    )


def _edit(talk: Conversation, _rest: str) -> None:
    voice = Voice(talk)
    if _change(voice, "I will add a greeting module and mention it in the README."):
        voice.say("Done: the README names the new module, and it has tests.")


def _change(voice: Voice, opening: str) -> bool:
    """Read, edit and write files; return whether everything was allowed."""
    readme = Path.cwd() / "README.md"
    turn = voice.talk.known.turns + 1
    module = f"{MODULE}\n\nREVISION = {turn}\n"
    if readme.exists():
        before = voice.read(opening, readme)
        last = _unique_end(before)
        line = f"{last}\n\nChange {turn}: see `greeting.py`." if last else "See `greeting.py`."
        done = voice.edit("Now the README.", readme, last, line)
    else:
        done = voice.write(opening, readme, "# Demo\n\nSee `greeting.py`.\n")
    done = done and voice.write("", Path.cwd() / "greeting.py", module)
    done = done and voice.write("And its tests.", Path.cwd() / "test_greeting.py", TESTS)
    if not done:
        voice.say("Understood, I leave the files as they are. Tell me what to do instead.")
    return done


def _unique_end(text: str) -> str:
    """Return the shortest run of lines at the end of the text that occurs only once."""
    lines = text.rstrip("\n").split("\n")
    for count in range(1, len(lines)):
        end = "\n".join(lines[-count:])
        if text.count(end) == 1:
            return end
    return "\n".join(lines)


def _check(voice: Voice) -> None:
    ran = voice.bash("Let me run the tests.", TEST_COMMAND, "Run the unit tests")
    changed = voice.changes.summary()
    if not ran.allowed:
        voice.say(f"I have not run the tests. {changed}")
    elif ran.status:
        voice.say(f"The tests fail; the output above says why. {changed}")
    else:
        voice.say(f"The tests pass. {changed}")


def _permission(talk: Conversation, _rest: str) -> None:
    _check(Voice(talk))


def _question(talk: Conversation, _rest: str) -> None:
    voice = Voice(talk)
    found = answers(voice, "Two things are open.", QUESTIONS)
    if found is not None:
        voice.say(f"Thank you. I will go on with {listed(found)}.")


def _plan(talk: Conversation, _rest: str) -> None:
    voice = Voice(talk)
    if approved(voice, "Here is how I would do it.", PLAN) and _change(
        voice, "Starting with the README."
    ):
        voice.say("The plan is carried out.")


def _fail(talk: Conversation, rest: str) -> None:
    auth = rest.strip() == "auth"
    status, kind, error = (
        (401, "authentication_error", "authentication_failed")
        if auth
        else (529, "overloaded_error", "server_error")
    )
    text = f"API Error: {status} {kind}"
    if auth:
        _api_retry(talk, 1, status, error)
    block = {"type": "text", "text": text}
    voice = Voice(talk)
    voice.block(
        block, error=error, is_api_error_message=True, api_error_status=status, api_error_type=kind
    )
    talk.failure = {
        "is_error": True,
        "terminal_reason": "api_error",
        "api_error_status": status,
        "api_error_type": kind,
        "result": text,
        "stop_reason": "stop_sequence",
    }


def _retry(talk: Conversation, _rest: str) -> None:
    for attempt in (1, 2, 3):
        _api_retry(talk, attempt, 529, "overloaded")
    Voice(talk).say("The API answered at the fourth attempt.")


def _api_retry(talk: Conversation, attempt: int, status: int, error: str) -> None:
    delay = 500 * 2 ** (attempt - 1)
    counts = {"attempt": attempt, "max_retries": 10, "retry_delay_ms": delay}
    talk.system("api_retry", **counts, error_status=status, error=error)
    talk.pause(delay / 1000 if talk.pace else 0)


def _subagent(talk: Conversation, _rest: str) -> None:
    voice = Voice(talk)
    given: Frame = {"description": "look at the project", "prompt": "List what is there."}
    given |= {"subagent_type": "general-purpose", "run_in_background": True}
    used = voice.say("I will send a subagent to look around.", ("Agent", given))
    task = short_id("a")
    about: Frame = {"task_id": task, "run_id": short_id("r")}
    shared = {"description": given["description"], "subagent_type": given["subagent_type"]}
    started = {"is_backgrounded": True, "spawn_depth": 1, "prompt": given["prompt"]}
    told = {"tool_use_id": used, "task_type": "local_agent", **shared, **started}
    talk.system("task_started", **about, **told)
    talk.tasks[task] = {**about, "task_type": "local_agent", **shared}
    talk.tasks_changed()
    result = {"status": "async_launched", "agentId": task, "prompt": given["prompt"]}
    meta = {"permission_decision": {"decision": "accept", "source": "config"}}
    voice.result(used, f"Async agent launched successfully: {task}", result, meta, failed=False)
    voice.say("It works in the background; I will report when it is back.")
    talk.afterwards.append(lambda: _nested(talk, used, about, shared))


def _nested(talk: Conversation, used: str, about: Frame, shared: Frame) -> None:
    """Play the subagent's work, then a turn that reports it: a second result before `idle`."""
    marks = {"parent_tool_use_id": used, "agent_id": about["task_id"]}
    marks |= {"subagent_type": shared["subagent_type"], "task_description": shared["description"]}
    nested = Voice(talk, marks)
    status = "stopped"
    try:
        nested.user([{"type": "text", "text": "List what is there."}])
        nested.bash("", "ls -a", "List the files")
        counts = {"total_tokens": 2400, "tool_uses": 1, "duration_ms": 300}
        progress = {"tool_use_id": used, "usage": counts, "last_tool_name": "Bash"}
        talk.system("task_progress", **about, **shared, **progress)
        nested.say("A small project.")
        status = "completed"
    finally:
        _task_ended(talk, about, used, status, "A small project.")
    talk.wake(lambda: _say(talk, "The subagent is back: it is a small project."))


def _say(talk: Conversation, text: str) -> None:
    Voice(talk).say(text)


def _task_ended(talk: Conversation, about: Frame, used: str, status: str, summary: str) -> None:
    now = int(time.time() * 1000)
    talk.tasks.pop(about["task_id"], None)
    talk.system("task_updated", **about, patch={"status": status, "end_time": now})
    ended = {"tool_use_id": used, "status": status, "summary": summary, "output_file": ""}
    talk.system("task_notification", **about, **ended)
    talk.tasks_changed()


def _shell(talk: Conversation, rest: str) -> None:
    """Run a background command: `idle` comes first, and a turn without a message when it ends."""
    voice = Voice(talk)
    seconds = 3 if talk.pace else 0.2
    given: Frame = {"command": f"sleep {seconds}; echo ready", "description": "Start the server"}
    given["run_in_background"] = True
    used = voice.say("I start it in the background.", ("Bash", given))
    more = {"description": given["description"], "permission_suggestions": []}
    leave = voice.leave(used, "Bash", given, more)
    if not leave.allowed:
        voice.say("Then I leave it.")
        return
    talk.touch()
    about: Frame = {"task_id": short_id("b"), "run_id": short_id("r")}
    shared = {"description": given["description"], "task_type": "local_bash"}
    talk.system("task_started", **about, **shared, tool_use_id=used, is_backgrounded=True)
    talk.tasks[about["task_id"]] = {**about, **shared}
    talk.tasks_changed()
    null = os.open(os.devnull, os.O_WRONLY)
    process = start(str(leave.given["command"]), null)
    os.close(null)
    talk.on_stop_task = lambda _task: end_commands()
    threading.Thread(target=_wait, args=(talk, process, about, used), daemon=True).start()
    told = f"Command running in background with ID: {about['task_id']}."
    result = {"stdout": "", "stderr": "", "interrupted": False, "isImage": False}
    voice.result(
        used, told, result | {"backgroundTaskId": about["task_id"]}, leave.meta, failed=False
    )
    voice.say("It runs. I will tell you when it ends.")


def _wait(talk: Conversation, process: subprocess.Popen[bytes], about: Frame, used: str) -> None:
    status = process.wait()
    RUNNING.discard(process.pid)

    def report() -> None:
        word = "stopped" if status < 0 else "failed" if status else "completed"
        _task_ended(talk, about, used, word, f"The command ended with status {status}")
        Voice(talk).say("The background command has ended.")

    talk.wake(report)


def _stream(talk: Conversation, rest: str) -> None:
    """`stream N RATE`: write N numbered lines at RATE per second; 0 is as fast as possible."""
    parts = rest.split()
    count = int(parts[0]) if parts and parts[0].isdecimal() else 100
    rate = int(parts[1]) if len(parts) > 1 and parts[1].isdecimal() else 50
    voice = Voice(talk)
    began = time.monotonic()
    for first in range(0, count, 500):
        lines = [f"line {number}\n" for number in range(first, min(count, first + 500))]
        voice.stream(lines, began + first / rate if rate else 0.0, 1 / rate if rate else 0.0)


def _echo(talk: Conversation, rest: str) -> None:
    voice = Voice(talk)
    voice.block({"type": "text", "text": rest})
    talk.last_text = rest


def _crash(talk: Conversation, rest: str) -> None:
    Voice(talk).say("This will not end well.")
    end_commands()
    os._exit(int(rest) if rest.strip().isdecimal() else 1)


def _hang(talk: Conversation, _rest: str) -> None:
    talk.deaf = True
    Voice(talk).say("I have stopped listening.")
    threading.Event().wait()


def _big(talk: Conversation, rest: str) -> None:
    size = int(rest) if rest.strip().isdecimal() else 1 << 20
    Voice(talk).block({"type": "text", "text": "x" * size})
    talk.last_text = f"{size} bytes"


def _garbage(talk: Conversation, _rest: str) -> None:
    talk.out.raw(b'this is not JSON\n\n\xff\xfe not UTF-8 \x00 NUL\n[1, 2]\n{"type": 5}\n{\n')
    talk.emit("unheard_of", subtype="never", nested={"deep": [None]})
    talk.system("unheard_of", tricks="\ud800")
    for text in (
        "title \x1b]0;owned\x07 colour \x1b[31mred\x1b[0m clipboard \x1b]52;c;eA==\x07",
        "markup [red]no[/red] [/] [@click=app.quit()]click[/]",
        "bidi \u202egnp.exe\u202c zero\u200bwidth c1 \x9b31m nul \x00 cr\rover",
    ):
        Voice(talk).say(text)


def _clear(talk: Conversation, _rest: str) -> None:
    talk.emit("conversation_reset", new_conversation_id=frames.new_id())
    talk.known.session = frames.new_id()
    talk.known.turns = 0


Story = Callable[[Conversation, str], None]

STORIES: dict[str, Story] = {
    "edit": _edit,
    "permission": _permission,
    "question": _question,
    "plan": _plan,
    "fail": _fail,
    "subagent": _subagent,
    "retry": _retry,
    "stream": _stream,
    "echo": _echo,
    "crash": _crash,
    "hang": _hang,
    "shell": _shell,
    "big": _big,
    "garbage": _garbage,
    "/clear": _clear,
}

KEYWORDS = ("permission", "question", "plan", "subagent", "shell", "retry")
