"""Situations to look at: sessions, and what they answer, without a supervisor."""

from __future__ import annotations

from collections.abc import Callable

from parallel_agents.core import events as ev
from parallel_agents.core.review import Comment, CommentKind, Passage
from parallel_agents.core.value import replace
from parallel_agents.core.worktree import DiffPart, DiffStat as ChangedFiles, FileStat
from parallel_agents.tui.model.remembered import Remembered, remember
from parallel_agents.wire import messages as m
from tests.support.told import used
from tests.tui.fake import ROOT, Fake
from tests.tui.views import HOSTILE

_RULE = {"toolName": "Bash", "ruleContent": "npm test *"}
_ALWAYS = {
    "type": "addRules",
    "rules": [_RULE],
    "behavior": "allow",
    "destination": "localSettings",
}
_PATCH = """--- a/src/auth/token.ts
+++ b/src/auth/token.ts
@@ -1 +1,2 @@
-check()
+parse()
+verify()
"""


def picture() -> Fake:
    """One session that asks, one that works, one to review, one that is done."""
    fake = Fake()
    fake.session("3f2a91c0", "auth-refactor", "Split the token check out of the handler.")
    fake.happen(
        "3f2a91c0",
        ev.AssistantText(text="I have split the token check into `parse` and `verify`."),
        used(id="t1", name="Edit", input={"file_path": "src/auth/token.ts"}),
        ev.ToolReturned(tool_use="t1", text="ok", patch=_PATCH),
        ev.ChangesCounted(files=7, insertions=128, deletions=34),
        ev.AssistantText(text="Now I run the tests."),
    )
    fake.ask("3f2a91c0", suggestions=(_ALWAYS,))
    fake.session("77b0e4d2", "flaky-test")
    fake.happen("77b0e4d2", used(id="t", name="Read", input={"file_path": "tests/retry.py"}))
    fake.session("c41d8f6e", "rate-limit")
    fake.finish("c41d8f6e", (4, 80, 12))
    fake.session("09ab52e7", "fix-typo")
    fake.finish("09ab52e7", (1, 1, 1))
    fake.happen("09ab52e7", ev.Seen())
    return fake


def busy() -> Fake:
    """One session in each group."""
    fake = Fake()
    fake.session("a1", "auth-refactor", "Split the token check out of the handler")
    path = f"{ROOT}/.claude/worktrees/auth-refactor/src/auth/token.ts"
    fake.happen(
        "a1",
        ev.AssistantText(text="I have split the **token check** out of the handler."),
        used(id="t1", name="Edit", input={"file_path": path}),
        ev.ToolReturned(tool_use="t1", text="ok", patch="@@ -1 +1 @@\n-a\n+b\n"),
        ev.ChangesCounted(files=7, insertions=128, deletions=34),
    )
    fake.ask("a1", suggestions=(_ALWAYS,))
    fake.session("b2", "flaky-test")
    fake.happen("b2", used(id="t2", name="Read", input={"file_path": "tests/retry.py"}))
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


def changed(
    path: str,
    insertions: int = 2,
    deletions: int = 1,
    *,
    status: str = "M",
    binary: bool = False,
    old_path: str | None = None,
    note: str = "",
) -> FileStat:
    return FileStat(
        path=path,
        old_path=old_path,
        status=status,
        insertions=insertions,
        deletions=deletions,
        binary=binary,
        note=note,
    )


def stat(*files: FileStat) -> ChangedFiles:
    return ChangedFiles(against="origin/main", commit="0123456789abcdef", files=files)


def patch(path: str, *starts: int, line: str = "new") -> str:
    hunks = "".join(
        f"@@ -{n},3 +{n},4 @@ def f{n}():\n a{n}\n-old\n+{line}\n+more\n b{n}\n" for n in starts
    )
    return f"diff --git a/{path} b/{path}\n--- a/{path}\n+++ b/{path}\n{hunks}"


def hostile() -> Fake:
    """Texts that want to be more than text, wherever an agent or a repository can put them."""
    fake = Fake()
    fake.session("a1", HOSTILE, HOSTILE)
    fake.happen("a1", ev.AssistantText(text=HOSTILE), used(id="t", name=HOSTILE, input={}))
    fake.happen("a1", ev.ToolReturned(tool_use="t", text=HOSTILE, patch=HOSTILE))
    fake.ask("a1", tool=HOSTILE, given={"command": HOSTILE, HOSTILE: HOSTILE})
    fake.session("b2", "a long word " + "x" * 300, "y" * 3000)
    fake.happen("b2", ev.AssistantText(text=f"# {'z' * 400}\n```\n{'w ' * 500}\n```"))
    return fake


def requests() -> Fake:
    """An agent that asks two things at once."""
    fake = Fake()
    fake.session("a1", "auth-refactor")
    fake.ask("a1", "r1", given={"command": "make first"})
    fake.ask("a1", "r2", given={"command": "make second"})
    return fake


def many() -> Fake:
    """A hundred sessions, in every state of the busy scene."""
    fake = Fake()
    for number in range(100):
        session, name = f"{number:08x}", f"session-{number}"
        fake.session(session, name, root=f"{ROOT}-{number % 4}")
        match number % 5:
            case 0:
                fake.ask(session)
            case 1:
                fake.finish(session, (number, number * 3, number))
            case 2:
                fake.finish(session)
                fake.happen(session, ev.Seen())
            case _:
                fake.happen(session, ev.AssistantText(text=f"I am at step {number}."))
    return fake


_LIMITER = """@@ -12,8 +12,10 @@ class Limiter:
     def allow(self, caller: str) -> bool:
-        count = self._counts.get(caller, 0)
-        if count >= self._limit:
+        window = int(self._clock() // self._seconds)
+        count = self._counts.get((caller, window), 0)
+        if count > self._limit:
             return False
-        self._counts[caller] = count + 1
+        self._counts[caller, window] = count + 1
         return True
     def reset(self) -> None:
+        # every caller begins anew
         self._counts.clear()
"""
_LIMITER_TEST = """@@ -0,0 +1,4 @@
+def test_a_new_window_begins_at_zero(limiter: Limiter, clock: Clock) -> None:
+    assert [limiter.allow("ada") for _ in range(3)] == [True, True, False]
+    clock.now += 60
+    assert limiter.allow("ada")
"""


def reviewed() -> Fake:
    """A session under review: two comments, a file viewed, one folded as it is a lock file."""
    fake = Fake()
    fake.session("c41d8f6e", "rate-limit", "Count the requests of each caller per minute.")
    fake.finish("c41d8f6e", (4, 14, 8))
    patches = {"src/limiter.py": _LIMITER, "tests/test_limiter.py": _LIMITER_TEST}
    files = stat(
        replace(changed("docs/limits.md", 3, 1), blob="d" * 40),
        changed("src/limiter.py", 5, 3),
        changed("tests/test_limiter.py", 4, 0, status="A"),
        changed("uv.lock", 2, 4),
    )
    part = DiffPart(base="0" * 40, tree="1" * 40)
    fake.answers["diff_stat"] = replace(files, parts=(part,))
    fake.answers["diff_text"] = lambda message: m.PatchPage(
        text=patches.get(message.path or "", ""), next=None
    )
    _say(fake, "one", 15, "Off by one: the limit itself is still allowed.", sent=True)
    _say(fake, "two", 17, "who clears old windows?", kind="question")
    fake.happen("c41d8f6e", ev.FileViewed(path="docs/limits.md", blob="d" * 40), ev.Seen())
    return fake


def _say(
    fake: Fake, name: str, line: int, text: str, *, kind: CommentKind = "change", sent: bool = False
) -> None:
    passage = Passage(path="src/limiter.py", first=line, last=line, lines=("x",))
    comment = Comment(id=name, passage=passage, kind=kind, text=text)
    fake.happen("c41d8f6e", ev.CommentWritten(comment=comment))
    if sent:
        fake.happen("c41d8f6e", ev.CommentsSent(ids=(name,), message="m"))


def big_diff() -> Fake:
    """A session to review that changed 500 files."""
    fake = Fake()
    fake.session("a1", "big-change", "Rename the module everywhere")
    fake.finish("a1", (500, 1000, 500))
    paths = [f"src/part{number // 25}/module{number}.py" for number in range(500)]
    fake.answers["diff_stat"] = stat(*(changed(path) for path in paths))

    def text(message: m.DiffText) -> m.PatchPage:
        return m.PatchPage(text=patch(message.path or paths[0], 10, 40), next=None)

    fake.answers["diff_text"] = text
    return fake


def composer() -> Fake:
    """The busy scene, in which a new session is being written."""
    remember(Remembered(mode="acceptEdits"))
    return busy()


SCENES: dict[str, Callable[[], Fake]] = {
    "busy": busy,
    "composer": composer,
    "picture": picture,
    "hostile": hostile,
    "requests": requests,
    "many": many,
    "diff": big_diff,
    "review": reviewed,
    "nothing": Fake,
}
"""By the name that `python -m tests.tui.look` takes."""

OPENING: dict[str, list[str]] = {"composer": ["c", *"fix it"]}
"""Keys that lead to a scene."""
