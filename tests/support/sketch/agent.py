"""What the supervisor needs of it."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from parallel_agents.agents.base import Said, SpawnSpec
from parallel_agents.agents.hosting import ReadFile, Served, WriteFile
from parallel_agents.core import events as ev
from parallel_agents.core.agents import Mode, Traits
from parallel_agents.core.asking import Choice, Question
from parallel_agents.core.ids import digest
from parallel_agents.core.options import Decision, JsonObject
from parallel_agents.core.state import Request

PROGRAM = Path(__file__).with_name("program.py")


class SketchTranslator:
    """Reads its lines."""

    def translate(self, line: bytes) -> Sequence[Said]:
        said: dict[str, Any] = json.loads(line)
        match said["is"]:
            case "hello":
                return (ev.RunReady(run=0, pid=said["pid"], version="1"),)
            case "begin":
                return (
                    ev.MessageProgressed(uuid=said["message"], progress="started"),
                    ev.TurnStarted(conversation="sketch", cwd=said["cwd"], mode=said["mode"]),
                    ev.AgentStateChanged(state="running"),
                )
            case "talk":
                return (ev.AssistantText(text=said["text"]),)
            case "mode":
                answered = ev.ControlAnswered(request=said["id"], ok=True)
                return (ev.ModeChanged(mode=said["mode"]), answered)
            case "end":
                return (
                    ev.MessageProgressed(uuid=said["message"], progress="completed"),
                    ev.TurnEnded(outcome="ok", text="sketched"),
                    ev.AgentStateChanged(state="idle"),
                )
            case "read":
                return (ReadFile(path=said["path"], answering=_served),)
            case "write":
                return (WriteFile(path=said["path"], text=said["text"], answering=_served),)
            case _:
                return (_asked(said),)


def _served(served: Served) -> str:
    return _line("served", text=served.text, error=served.refused)


def _asked(said: dict[str, Any]) -> ev.RequestOpened:
    given = said.get("input", {})
    choices = tuple(Choice(label=label) for label in said.get("options", ()))
    question = said.get("question")
    return ev.RequestOpened(
        request=said["id"],
        kind="permission" if question is None else "question",
        tool_name=said.get("what", "question"),
        input=given,
        digest=digest(given),
        summary=question or f"paint in {given['colour']}",
        questions=() if question is None else (Question(text=question, choices=choices),),
        editable=False,
    )


class SketchAgent:
    """Drives it."""

    traits = Traits(
        name="sketch",
        command=(sys.executable, "-I", str(PROGRAM)),
        modes=(Mode(name="careful", meaning="asks first"), Mode(name="bold", meaning="paints")),
        usual_mode="careful",
        first_modes=("careful", "bold"),
    )

    def argv(self, spec: SpawnSpec) -> list[str]:
        return [*spec.program, spec.options.mode or ""]

    def interactive_argv(self, spec: SpawnSpec) -> list[str]:
        raise NotImplementedError

    def environment(self) -> dict[str, str]:
        return {}

    def translator(self) -> SketchTranslator:
        return SketchTranslator()

    def initialize(self, request: str) -> str:
        return _line("hello", id=request)

    def message(self, uuid: str, text: str) -> str:
        return _line("message", id=uuid, text=text)

    def decide(self, request: Request, decision: Decision) -> str:
        chosen = ", ".join(str(answer) for answer in (decision.answers or {}).values())
        return _line("verdict", verdict=chosen or decision.behavior)

    def answer(self, response: JsonObject) -> str:
        return json.dumps(response)

    def interrupt(self, request: str) -> str:
        raise NotImplementedError

    def set_mode(self, request: str, mode: str) -> str:
        return _line("mode", id=request, mode=mode)

    def set_model(self, request: str, model: str | None) -> str:
        return _line("model", id=request, model=model or "")

    def set_effort(self, request: str, effort: str) -> str:
        raise NotImplementedError

    def mode_left(self, conversation: str, environment: Mapping[str, str]) -> str:
        return ""

    def lost_conversation(self, stderr: str) -> bool:
        return False

    def end(self, request: str) -> str:
        return _line("bye")


def _line(do: str, **more: str) -> str:
    return json.dumps({"do": do, **more})
