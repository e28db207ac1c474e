"""Starts the demo agent by pipes and speaks its protocol."""

import contextlib
import json
import os
import select
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import parallel_agents

Frame = dict[str, Any]
SRC = Path(parallel_agents.__file__).parent.parent
DEADLINE_S = 20.0


def allow(request: Frame) -> Frame:
    """The answer of a person who agrees to everything and takes the first option."""
    given = dict(request["input"])
    if request["tool_name"] == "AskUserQuestion":
        given["answers"] = {
            question["question"]: question["options"][0]["label"] for question in given["questions"]
        }
    return {"behavior": "allow", "updatedInput": given}


class Demo:
    """One process of the demo agent."""

    def __init__(self, cwd: Path, *flags: str, fast: bool = True) -> None:
        code = f"import sys; sys.path.insert(0, {str(SRC)!r}); import runpy;"
        code += " runpy.run_module('parallel_agents.agents.demo', run_name='__main__')"
        env = {"PATH": os.environ["PATH"]} | ({"PARALLEL_AGENTS_DEMO_FAST": "1"} if fast else {})
        self.process = subprocess.Popen(
            [sys.executable, "-I", "-c", code, "-p", *flags],
            cwd=cwd,
            env=env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self.seen: list[Frame] = []
        self.lines: list[bytes] = []
        self._got = b""

    def __enter__(self) -> "Demo":
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            if pipe:
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()

    def raw(self, line: bytes) -> None:
        """Send one line."""
        assert self.process.stdin
        self.process.stdin.write(line + b"\n")
        self.process.stdin.flush()

    def send(self, **frame: Any) -> None:
        """Send one frame."""
        self.raw(json.dumps(frame).encode())

    def say(self, text: str, name: str | None = None) -> str:
        """Send a message; return its uuid."""
        name = name or str(uuid.uuid4())
        self.send(type="user", uuid=name, message={"role": "user", "content": text})
        return name

    def request(self, subtype: str, **fields: Any) -> Frame:
        """Send a control request and return the response."""
        name = str(uuid.uuid4())
        self.send(type="control_request", request_id=name, request={"subtype": subtype, **fields})
        answer = self.until(
            lambda f: f["type"] == "control_response" and f["response"]["request_id"] == name
        )
        return dict(answer["response"])

    def answer(self, request: Frame, response: Frame) -> None:
        """Answer a control request of the agent."""
        told = {"subtype": "success", "request_id": request["request_id"], "response": response}
        self.send(type="control_response", response=told)

    def frame(self) -> Frame | None:
        """The next frame, or None at the end; what is no object is only kept in `lines`."""
        assert self.process.stdout
        limit = time.monotonic() + DEADLINE_S
        while True:
            while b"\n" not in self._got:
                ready, _, _ = select.select([self.process.stdout], [], [], limit - time.monotonic())
                assert ready, "the demo agent says nothing"
                data = os.read(self.process.stdout.fileno(), 1 << 16)
                if not data:
                    return None
                self._got += data
            line, self._got = self._got.split(b"\n", 1)
            self.lines.append(line)
            try:
                frame = json.loads(line)
            except ValueError:
                continue
            if isinstance(frame, dict) and isinstance(frame.get("type"), str):
                self.seen.append(frame)
                return frame

    def until(self, wanted: Callable[[Frame], bool]) -> Frame:
        """Read until a frame is wanted."""
        while (frame := self.frame()) is not None:
            if wanted(frame):
                return frame
        raise AssertionError("the demo agent ended")

    def asked(self, tool: str = "") -> Frame:
        """Read until the agent asks."""
        return self.until(
            lambda f: f["type"] == "control_request" and tool in f["request"]["tool_name"]
        )

    def idle(self, decide: Callable[[Frame], Frame] = allow) -> list[Frame]:
        """Answer every question until the agent is idle; return the frames of that time."""
        first = len(self.seen)
        while True:
            frame = self.frame()
            assert frame is not None, "the demo agent ended"
            if frame["type"] == "control_request":
                self.answer(frame, decide(frame["request"]))
            if frame.get("state") == "idle":
                return self.seen[first:]

    def turn(self, text: str, decide: Callable[[Frame], Frame] = allow) -> list[Frame]:
        """Say something and go through the whole turn."""
        self.say(text)
        return self.idle(decide)

    def complaint(self) -> bytes:
        """What was written to stderr; waits for the end."""
        assert self.process.stderr
        return self.process.stderr.read()

    def close(self) -> int:
        """End stdin and wait."""
        assert self.process.stdin
        self.process.stdin.close()
        return self.process.wait(DEADLINE_S)


def key(frame: Frame) -> str:
    """What kind of frame this is, with the subtype after a slash."""
    subtype = frame.get("subtype") or frame.get("event", {}).get("type")
    return f"{frame['type']}/{subtype}" if subtype else str(frame["type"])


def parts(frame: Frame) -> list[tuple[str, Frame]]:
    """A frame and the objects inside it, each with the name of its kind."""
    found = [(key(frame), frame)]
    if frame["type"] == "stream_event":
        found.append((key(frame) + ".event", frame["event"]))
    if frame["type"] == "control_request":
        found.append((f"can_use_tool/{frame['request']['tool_name']}", frame["request"]))
    if frame["type"] == "control_response":
        found.append((f"control_response/{frame['response']['subtype']}", frame["response"]))
    if frame["type"] in ("assistant", "user"):
        message = frame["message"]
        if frame["type"] == "assistant":
            found.append(("assistant.message", message))
        found += [(f"{frame['type']}.message/{b['type']}", b) for b in message["content"]]
    return found


def of(frames: list[Frame], kind: str) -> list[Frame]:
    """The frames of one kind."""
    return [frame for frame in frames if key(frame) == kind]


def states(frames: list[Frame]) -> list[str]:
    """The session states in order."""
    return [frame["state"] for frame in of(frames, "system/session_state_changed")]


def texts(frames: list[Frame]) -> list[str]:
    """The finished text blocks of the agent."""
    blocks = [block for f in of(frames, "assistant") for block in f["message"]["content"]]
    return [block["text"] for block in blocks if block["type"] == "text"]
