"""The stories of the demo's own repository: each does for real what it says.

Keep true: a number that a story tells was counted, and a result that it tells was read from a
command that ran; outside the demo's repository no prompt leads here.
"""

import re
import time
from collections.abc import Callable
from pathlib import Path

from parallel_agents import demo_tasks
from parallel_agents.agents.demo import shop_texts as texts
from parallel_agents.agents.demo.conversation import Conversation
from parallel_agents.agents.demo.requests import answers, approved
from parallel_agents.agents.demo.voice import Ran, Voice

LINES_PER_SECOND = 5
"""How fast an explanation is streamed, so that a person can watch it grow."""

_DEFINED = re.compile(r'^( *)(?:def|class) (\w+).*\n(?: +"""(.*?)""")?', re.MULTILINE)

_KNOWN = ("shop/catalogue.py", "shop/cart.py", "shop/checkout.py", "tests/test_cart.py")


def task(text: str) -> Callable[[Conversation], None] | None:
    """Find the story for a task of the demo.

    Args:
        text: the whole prompt.

    Returns:
        The story; None for any other prompt, and in any other repository.
    """
    story = _STORIES.get(text.strip())
    return story if story and all(Path(name).is_file() for name in _KNOWN) else None


def _fix(talk: Conversation) -> None:
    voice = Voice(talk)
    ran = _tests(voice, "I will run the tests first.")
    if not ran.allowed:
        voice.say("I have not run the tests, so I cannot tell what fails. No file changed.")
        return
    if not ran.status:
        voice.say(f"Nothing fails: {_told(ran)}.")
        return
    failing = re.search(r"^FAIL: (\w+)", ran.output, re.MULTILINE)
    name = failing[1] if failing else "a test"
    voice.read(f"`{name}` fails. The discount is worked out here:", Path.cwd() / "shop/cart.py")
    if not _edit(voice, "Ten already are many, so `>` has to be `>=`.", texts.FIX):
        return
    ran = _tests(voice, "Now the tests again.")
    changed = voice.changes.summary()
    voice.say(f"{_told(ran)}. {changed}" if ran.allowed else f"{changed} The tests did not run.")


def _orders(talk: Conversation) -> None:
    voice = Voice(talk)
    found = answers(voice, "Two things are open before I start.", texts.QUESTIONS)
    if found is None:
        return
    kind, extras = (str(found.get(question["question"], "")) for question in texts.QUESTIONS)
    module = texts.SQLITE if "sqlite" in kind.lower() else texts.JSON_LINES
    store = "SQLite" if module is texts.SQLITE else "JSON lines"
    if not _write(voice, f"{store}, then.", "shop/orders.py", module):
        return
    if "README" in extras and not _edit(voice, "The README mentions it.", texts.README_ORDERS):
        return
    if "Tests" not in extras:
        voice.say(f"The orders are kept as {store}. {voice.changes.summary()}")
    elif _write(voice, "And its tests.", "tests/test_orders.py", texts.TEST_ORDERS):
        _conclude(voice, "tests.test_orders")


def _plan(talk: Conversation) -> None:
    voice = Voice(talk)
    voice.read("Let me look at the receipt first.", Path.cwd() / "shop/checkout.py")
    if not approved(voice, "Here is how I would split it.", texts.PLAN):
        return
    if _edit(voice, "First the module.", *texts.SPLIT) and _edit(
        voice, "Then a test for each function.", *texts.SPLIT_TESTS
    ):
        _conclude(voice, "tests.test_checkout")


def _rename(talk: Conversation) -> None:
    voice = Voice(talk)
    voice.read("I will look at where it is defined.", Path.cwd() / "shop/catalogue.py")
    if _edit(voice, "It is used in three more files.", *texts.RENAME):
        _conclude(voice, "tests.test_catalogue")


def _explain(talk: Conversation) -> None:
    """Read every module, then stream what was read in it, line by line."""
    voice = Voice(talk)
    lines: list[str] = []
    for path in sorted(Path.cwd().glob("*/*.py")):
        source = voice.read("" if lines else "I will read every module.", path)
        if source:
            lines += _outline(str(path.relative_to(Path.cwd())), source)
    gap = 1 / LINES_PER_SECOND if talk.pace else 0.0
    voice.stream([f"{line}\n" for line in lines], time.monotonic(), gap)


def _outline(name: str, source: str) -> list[str]:
    """Describe one module: its size, its docstring, and every class and function."""
    doc = re.match(r'"""(.*?)"""', source)
    described = [f"**`{name}`**, {len(source.splitlines())} lines", ""]
    described += [doc[1], ""] if doc else []
    for found in re.finditer(
        r'^( *)(?:def|class) (\w+).*\n(?: +"""(.*?)""")?', source, re.MULTILINE
    ):
        indent, thing, about = found.groups()
        described.append(f"{indent}- `{thing}`" + (f": {about}" if about else ""))
    return [*described, ""]


def _edit(voice: Voice, text: str, *edits: tuple[str, str, str]) -> bool:
    """Make several edits, each a file, its text and the new one; say it if one is not made."""
    for number, (name, old, new) in enumerate(edits):
        if not voice.edit("" if number else text, Path.cwd() / name, old, new):
            voice.say(f"Then I stop here. {voice.changes.summary()}")
            return False
    return True


def _write(voice: Voice, text: str, name: str, content: str) -> bool:
    if voice.write(text, Path.cwd() / name, content):
        return True
    voice.say(f"Then I stop here. {voice.changes.summary()}")
    return False


def _tests(voice: Voice, text: str, module: str = "") -> Ran:
    command = f"python3 -m unittest -v {module}".strip()
    return voice.bash(text, command, "Run the unit tests")


def _conclude(voice: Voice, module: str) -> None:
    ran = _tests(voice, "Do they pass?", module)
    told = _told(ran) if ran.allowed else "I have not run the tests"
    voice.say(f"{told}. {voice.changes.summary()}")


def _told(ran: Ran) -> str:
    """Return the result of the tests, from what they printed."""
    count = re.search(r"^Ran (\d+) tests?", ran.output, re.MULTILINE)
    if count is None:
        return f"The tests did not run: exit status {ran.status}"
    many = "1 test" if count[1] == "1" else f"{count[1]} tests"
    return f"I ran {many}; " + ("something fails" if ran.status else "all pass")


_STORIES: dict[str, Callable[[Conversation], None]] = {
    demo_tasks.FIX: _fix,
    demo_tasks.ORDERS: _orders,
    demo_tasks.PLAN: _plan,
    demo_tasks.RENAME: _rename,
    demo_tasks.EXPLAIN: _explain,
}
