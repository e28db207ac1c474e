"""The real claude on plain pipes, started by our recipe, its lines folded as they come.

Keep true: a wait ends when its condition holds, or fails with what was seen; the process is gone
when the context ends. With `PARALLEL_AGENTS_RECORD=DIR` each run leaves a recording there.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from parallel_agents.agents.base import SpawnSpec
from parallel_agents.agents.claude.agent import ClaudeAgent
from parallel_agents.core import events as ev
from parallel_agents.core.ids import new_uuid
from parallel_agents.core.options import Decision, Options
from tests.support import recordings
from tests.support.claude import claude_env, claude_program
from tests.support.folding import Fold

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from parallel_agents.core.state import Request
    from tests.support.messages_api import MessagesApi

T = TypeVar("T")
DEADLINE = 30.0
AGENT = ClaudeAgent()


@dataclass
class Place:
    """A repository with one worktree, made as the supervisor does.

    Attributes:
        root: the main worktree; processes start here.
        tree: the linked worktree `feat`.
        env: the hermetic environment.
    """

    root: Path
    tree: Path
    env: dict[str, str]


def make_place(tmp: Path, api: MessagesApi) -> Place:
    """Make a repository with one commit and a worktree under `.claude/worktrees`."""
    env = claude_env(tmp, api.url, CLAUDE_CODE_MAX_RETRIES="1", **AGENT.environment())
    root = (tmp / "shop").resolve()
    root.mkdir()
    tree = root / ".claude" / "worktrees" / "feat"
    (root / "a.txt").write_text("one\ntwo\n")
    for args in (
        ["init", "-q"],
        ["add", "a.txt"],
        ["commit", "-qm", "first"],
        ["worktree", "add", "-q", "-b", "worktree-feat", str(tree)],
    ):
        subprocess.run(["git", *args], cwd=root, env=env, check=True)
    return Place(root, tree, env)


@dataclass
class Claude:
    """One running process.

    Attributes:
        fold: everything it said, folded.
    """

    process: asyncio.subprocess.Process
    fold: Fold = field(default_factory=Fold)
    log: list[dict[str, Any]] = field(default_factory=list)
    started: float = field(default_factory=time.monotonic)
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    def say(self, line: str) -> None:
        """Write one line to its stdin."""
        assert self.process.stdin is not None
        self._note("in", json.loads(line))
        self.process.stdin.write(line.encode() + b"\n")

    def send(self, text: str, uuid: str | None = None) -> str:
        """Send a message, anew unless a uuid is given; returns its uuid."""
        uuid = uuid or new_uuid()
        self.fold.do(ev.MessageQueued(uuid=uuid, text=text))
        self.say(AGENT.message(uuid, text))
        return uuid

    def decide(self, request: Request, decision: Decision) -> None:
        """Answer a request."""
        self.fold.do(ev.RequestDecided(request=request.id, decision=decision))
        self.say(AGENT.decide(request, decision))

    async def wait(self, condition: Callable[[Fold], T | bool | None]) -> T:
        """Wait until a condition on the fold gives something; returns what it gives."""
        async with self.changed:
            try:
                async with asyncio.timeout(DEADLINE):
                    await self.changed.wait_for(lambda: condition(self.fold))
            except TimeoutError:
                seen = "\n".join(map(repr, self.fold.events[-12:]))
                message = f"never came; state {self.fold.shown}, last events:\n{seen}"
                raise AssertionError(message) from None
        found = condition(self.fold)
        assert found
        return found  # type: ignore[return-value]

    async def at_rest(self) -> ev.TurnEnded:
        """Wait until every message is dealt with and claude is idle; returns the last ending."""
        await self.wait(lambda f: f.claude == "idle" and not f.state.dialogue.messages)
        return self.events(ev.TurnEnded)[-1]

    async def ask(self, text: str) -> ev.TurnEnded:
        """Send a message and wait for the end of its turn."""
        before = len(self.events(ev.TurnEnded))
        self.send(text)
        await self.wait(lambda _: len(self.events(ev.TurnEnded)) > before)
        return await self.at_rest()

    async def request(self, tool: str = "") -> Request:
        """Wait for an open request, of that tool when one is named."""

        def opened(fold: Fold) -> Request | None:
            fitting = (r for r in fold.state.dialogue.requests if tool in ("", r.tool_name))
            return next(fitting, None)

        return await self.wait(opened)

    async def control(self, line: str) -> ev.ControlAnswered:
        """Send a control request and wait for its answer."""
        identity = json.loads(line)["request_id"]
        self.say(line)

        def answer(_: Fold) -> ev.ControlAnswered | None:
            answers = self.events(ev.ControlAnswered)
            return next((a for a in answers if a.request == identity), None)

        return await self.wait(answer)

    def events(self, kind: type[T]) -> list[T]:
        """The events of one type, oldest first."""
        return [event for event in self.fold.events if isinstance(event, kind)]

    def _note(self, direction: str, line: Any) -> None:
        at = round(time.monotonic() - self.started, 3)
        self.log.append({"t": at, "dir": direction, "line": line})

    async def read(self) -> None:
        """Fold lines until the process closes its stdout."""
        assert self.process.stdout is not None
        async for line in self.process.stdout:
            self._note("out", json.loads(line))
            async with self.changed:
                self.fold.line(line.rstrip(b"\n"))
                self.changed.notify_all()


@asynccontextmanager
async def run_claude(
    place: Place, *, conversation: str, resume: bool = False, options: Options | None = None
) -> AsyncIterator[Claude]:
    """Run the real claude in a place; it is asked to end when the context is left."""
    spec = SpawnSpec(
        program=(str(claude_program()),),
        conversation=conversation,
        resume=resume,
        worktree="feat",
        name="test",
        options=options or Options(mode="default"),
    )
    argv = AGENT.argv(spec)
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        *argv, cwd=place.root, env=place.env, stdin=pipe, stdout=pipe, limit=1 << 26
    )
    claude = Claude(process)
    claude.fold.begin()
    reader = asyncio.create_task(claude.read())
    try:
        claude._note("meta", {"argv": ["claude", *argv[1:]], "cwd": str(place.root)})
        yield claude
        if process.returncode is None:
            claude.say(AGENT.end(new_uuid()))
        async with asyncio.timeout(DEADLINE):
            await process.wait()
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
        await reader
        claude._note("exit", process.returncode)
        _record(claude, place)


def _record(claude: Claude, place: Place) -> None:
    directory = os.environ.get("PARALLEL_AGENTS_RECORD")
    if directory is None:
        return
    test = re.sub(r"\W+", "-", os.environ["PYTEST_CURRENT_TEST"].split("::")[-1].split(" ")[0])
    root, text = str(place.root), json.dumps(claude.log)
    for path, shown in (
        (root, "/home/dev/shop"),
        (place.env["HOME"], "/home/dev"),
        (place.env["TMPDIR"], "/run"),
        (str(place.root.parent), "/home/dev"),
        (re.sub(r"[^A-Za-z0-9]", "-", root), "-home-dev-shop"),
    ):
        text = text.replace(path, shown)
    entries = json.loads(text)
    number = len(list(Path(directory).glob(f"{test}*.jsonl")))
    name = f"{test}-{number}" if number else test
    recordings.save(name, entries, Path(directory))
