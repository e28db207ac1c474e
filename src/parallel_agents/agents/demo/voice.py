"""Messages and tool uses of one speaker: the demo agent itself, or its subagent.

Keep true: nothing outside the worktree is changed; a tool that needs permission does nothing before
it has it; the files on disk match the tool's result.
"""

import contextlib
import json
import os
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from parallel_agents.agents.demo import files, frames
from parallel_agents.agents.demo.conversation import Conversation, InterruptedTurnError
from parallel_agents.agents.demo.frames import Frame, short_id

RUNNING: set[int] = set()
"""Process groups of the running commands; they end with the program."""

REJECTED = "The user doesn't want to proceed with this tool use. The tool use was rejected."


@dataclass(frozen=True)
class Leave:
    """Whether a tool may run.

    Attributes:
        allowed: whether it may.
        given: the input to use, which the person may have edited.
        message: why it may not.
        meta: the decision in the form that a tool's result contains.
    """

    allowed: bool
    given: Frame
    message: str
    meta: Frame


@dataclass(frozen=True)
class Ran:
    """What came of a command: whether it might run, its exit status, and what it printed."""

    allowed: bool
    status: int = 0
    output: str = ""


def end_commands() -> None:
    """Kill all commands that are still running."""
    for group in list(RUNNING):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(group, signal.SIGKILL)


class Voice:
    """Speaks and uses tools in one conversation.

    Args:
        talk: the conversation.
        nested: the fields that mark a subagent's frames; empty for the agent itself.
    """

    def __init__(self, talk: Conversation, nested: Frame | None = None) -> None:
        self.talk = talk
        self.nested = nested or {}
        self.changes = files.Changes()
        self._fields = {"parent_tool_use_id": None} | self.nested
        self._message = ""

    # Messages

    def say(self, text: str, tool: tuple[str, Frame] | None = None, step: int = 12) -> str:
        """Stream one message; return the id of its tool use, if it has one."""
        self._begin()
        blocks = 0
        if text:
            self._text(text, step)
            blocks = 1
        used = ""
        if tool:
            used = short_id("toolu_")
            self._tool(blocks, used, *tool)
        self._end("tool_use" if tool else "end_turn")
        return used

    def _begin(self) -> None:
        self._message = short_id("msg_")
        spent = self.talk.spent
        spent["sent"] += 1200
        spent["cost"] += 0.0048
        self.talk.system("status", status="requesting")
        message: Frame = {"type": "message", "role": "assistant", "model": self.talk.known.model}
        message |= {"id": self._message, "content": [], "stop_reason": None}
        message |= {"stop_sequence": None, "usage": frames.message_usage(1)}
        start = {"type": "message_start", "message": message}
        self.event(start, ttft_ms=30, thinking_display="updates")

    def _end(self, reason: str | None) -> None:
        delta = {"stop_reason": reason, "stop_sequence": None}
        self.event({"type": "message_delta", "delta": delta, "usage": {"output_tokens": 20}})
        self.event({"type": "message_stop"})

    def _text(self, text: str, step: int) -> None:
        self.event(_start(0, {"type": "text", "text": ""}))
        told = 0
        try:
            while told < len(text):
                piece = text[told : told + step]
                self.event(_delta(0, {"type": "text_delta", "text": piece}))
                told += len(piece)
                self.talk.pause(self.talk.pace)
        except InterruptedTurnError:
            self.block({"type": "text", "text": text[:told]}, aborted=True)
            self.event({"type": "content_block_stop", "index": 0})
            self._end(None)
            raise
        self.block({"type": "text", "text": text})
        self.event({"type": "content_block_stop", "index": 0})
        if not self.nested:
            self.talk.last_text = text

    def stream(self, lines: list[str], due: float, gap: float) -> None:
        """Stream one message line by line, the first one at `due` (monotonic seconds)."""
        self._begin()
        self.event(_start(0, {"type": "text", "text": ""}))
        for line in lines:
            self.event(_delta(0, {"type": "text_delta", "text": line}))
            due += gap
            self.talk.pause(max(0.0, due - time.monotonic()) if gap else 0.0)
        self.block({"type": "text", "text": "".join(lines)})
        self.event({"type": "content_block_stop", "index": 0})
        self._end("end_turn")
        self.talk.last_text = lines[-1]

    def _tool(self, index: int, used: str, name: str, given: Frame) -> None:
        block = {"type": "tool_use", "id": used, "name": name}
        self.event(_start(index, block | {"input": {}}))
        text = json.dumps(given)
        for at in range(0, len(text), 200):
            part = {"type": "input_json_delta", "partial_json": text[at : at + 200]}
            self.event(_delta(index, part))
        self.block(block | {"input": given})
        self.event({"type": "content_block_stop", "index": index})

    def event(self, event: Frame, **more: object) -> None:
        """Write a stream event; a subagent's messages are not streamed."""
        if not self.nested:
            fields = {"event": event, "api_message_id": self._message, **more}
            self.talk.emit("stream_event", **fields, **self._fields)

    def block(self, block: Frame, **more: object) -> None:
        """Write one finished content block."""
        received = len(json.dumps(block)) // 4 + 1
        self.talk.spent["received"] += received
        self.talk.spent["cost"] += received * 0.00002
        message: Frame = {"id": self._message, "type": "message", "role": "assistant"}
        message |= {"model": self.talk.known.model, "content": [block], "stop_reason": None}
        message |= {"stop_sequence": None, "usage": frames.message_usage(1)}
        message["context_management"] = None
        stamped = {"timestamp": frames.timestamp(), "request_id": short_id("req_")}
        self.talk.emit("assistant", message=message, **stamped, **self._fields, **more)

    def user(self, content: list[Frame], **more: object) -> None:
        """Write a user message: tool results, or a subagent's prompt."""
        message = {"role": "user", "content": content}
        self.talk.emit(
            "user", message=message, timestamp=frames.timestamp(), **self._fields, **more
        )

    def result(self, used: str, content: str, result: object, meta: Frame, failed: bool) -> None:
        """Write a tool's result."""
        block: Frame = {"tool_use_id": used, "type": "tool_result", "content": content}
        if failed:
            block["is_error"] = True
        self.user([block], tool_use_result=result, tool_result_meta=[{"id": used, **meta}])
        if not self.nested:
            self.talk.take_in()

    # Permission to use a tool

    def leave(self, used: str, name: str, given: Frame, more: Frame) -> Leave:
        """Decide by mode and rules, or ask the person."""
        reason = self._standing(name, given)
        if reason:
            decision = {"decision": "accept", "source": "config", "reason_type": reason}
            return Leave(True, given, "", {"permission_decision": decision})
        if self.talk.known.mode == "dontAsk":
            why = {"message": "Denied: this session does not ask", "decision_reason_type": "mode"}
            self.talk.system("permission_denied", tool_name=name, tool_use_id=used, **why)
            return self._denied(used, name, given, why)
        request: Frame = {"subtype": "can_use_tool", "tool_name": name, "display_name": name}
        request |= {"input": given, "tool_use_id": used, **more}
        if "agent_id" in self.nested:
            request["agent_id"] = self.nested["agent_id"]
        try:
            answer = self.talk.ask(request)
        except InterruptedTurnError:
            self._reject(used, name, given)
            raise
        if answer.get("behavior") == "allow":
            decision = {"decision": "accept", "source": "user_temporary"}
            given = answer.get("updatedInput") or given
            return Leave(True, given, "", {"permission_decision": decision})
        return self._denied(used, name, given, answer)

    def _standing(self, name: str, given: Frame) -> str:
        mode = self.talk.known.mode
        if name in ("AskUserQuestion", "ExitPlanMode"):
            return ""
        edits = name in ("Write", "Edit")
        if mode in ("bypassPermissions", "auto") or (mode == "acceptEdits" and edits):
            return "mode"
        for tool, content in self.talk.rules:
            if tool == name and _matches(content, str(given.get("command", ""))):
                return "rule"
        return ""

    def _denied(self, used: str, name: str, given: Frame, answer: Frame) -> Leave:
        message = str(answer.get("message") or "Denied")
        self.talk.denials.append({"tool_name": name, "tool_use_id": used, "tool_input": given})
        decision = {"decision": "reject", "source": "user_reject"}
        meta = {"non_execution_kind": "permission-rule", "permission_decision": decision}
        self.result(used, message, f"Error: {message}", meta, failed=True)
        if answer.get("interrupt"):
            raise InterruptedTurnError
        return Leave(False, given, message, meta)

    def _reject(self, used: str, name: str, given: Frame) -> None:
        self.talk.denials.append({"tool_name": name, "tool_use_id": used, "tool_input": given})
        meta = {"non_execution_kind": "user-rejected"}
        self.result(used, REJECTED, "User rejected tool use", meta, failed=True)

    # Tools

    def read(self, text: str, path: Path) -> str:
        """Read a file; this needs no permission."""
        used = self.say(text, ("Read", {"file_path": str(path)}))
        content = files.read(path)
        lines = content.splitlines()
        numbered = "\n".join(f"{n}\t{line}" for n, line in enumerate(lines, 1))
        file = {"filePath": str(path), "content": content, "numLines": len(lines)}
        file |= {"startLine": 1, "totalLines": len(lines)}
        decision = {"decision": "accept", "source": "config"}
        meta = {"permission_decision": decision}
        self.result(used, numbered, {"type": "text", "file": file}, meta, failed=False)
        return content

    def write(self, text: str, path: Path, content: str) -> bool:
        """Create or replace a file; return whether it was allowed and done."""
        given: Frame = {"file_path": str(path), "content": content}
        used = self.say(text, ("Write", given))
        leave = self.leave(used, "Write", given, _edit_request(path))
        if not leave.allowed:
            return False
        target, content = Path(leave.given["file_path"]), str(leave.given["content"])
        try:
            before = files.read(target) if target.exists() else None
            self._replace(target, before, content)
        except files.OutsideError as problem:
            return self._refused(used, str(problem), leave)
        kind = "create" if before is None else "update"
        result = {"type": kind, "filePath": str(target), "content": content, "userModified": False}
        result["structuredPatch"] = [] if before is None else frames.patch(before, content)
        result["originalFile"] = before
        told = f"File {kind}d successfully at: {target}"
        self.result(used, told, result, leave.meta, failed=False)
        return True

    def edit(self, text: str, path: Path, old: str, new: str) -> bool:
        """Replace a text that occurs once in a file; return whether it was allowed and done."""
        given: Frame = {"file_path": str(path), "old_string": old, "new_string": new}
        given["replace_all"] = False
        used = self.say(text, ("Edit", given))
        leave = self.leave(used, "Edit", given, _edit_request(path))
        if not leave.allowed:
            return False
        target = Path(leave.given["file_path"])
        old, new = str(leave.given["old_string"]), str(leave.given["new_string"])
        try:
            before = files.read(target)
            if before.count(old) != 1:
                count = before.count(old)
                return self._refused(used, f"Found {count} matches of the string in {path}", leave)
            after = before.replace(old, new)
            self._replace(target, before, after)
        except files.OutsideError as problem:
            return self._refused(used, str(problem), leave)
        result = {"filePath": str(target), "oldString": old, "newString": new, "replaceAll": False}
        result |= {"originalFile": before, "structuredPatch": frames.patch(before, after)}
        told = f"The file {target} has been updated successfully."
        self.result(used, told, result | {"userModified": False}, leave.meta, failed=False)
        return True

    def _replace(self, path: Path, before: str | None, after: str) -> None:
        self.changes.note(path, before)
        self.talk.touch()
        files.write(path, after)

    def _refused(self, used: str, why: str, leave: Leave) -> bool:
        self.result(used, why, f"Error: {why}", leave.meta, failed=True)
        return False

    def bash(self, text: str, command: str, description: str) -> Ran:
        """Run a command in the worktree, if it is allowed."""
        given: Frame = {"command": command, "description": description}
        used = self.say(text, ("Bash", given))
        leave = self.leave(used, "Bash", given, bash_request(command, description))
        if not leave.allowed:
            return Ran(allowed=False)
        self.talk.touch()
        try:
            status, output = self._run(str(leave.given["command"]))
        except InterruptedTurnError:
            self.result(used, REJECTED, "User rejected tool use", {}, failed=True)
            raise
        if status:
            told = f"Exit code {status}\n{output}"
            self.result(used, told, f"Error: {told}", leave.meta, failed=True)
        else:
            result = {"stdout": output, "stderr": "", "interrupted": False, "isImage": False}
            result["noOutputExpected"] = not output
            shown = output or "(Bash completed with no output)"
            self.result(used, shown, result, leave.meta, failed=False)
        return Ran(allowed=True, status=status, output=output)

    def _run(self, command: str) -> tuple[int, str]:
        output = os.memfd_create("output")
        process = start(command, output)
        try:
            while process.poll() is None:
                self.talk.pause(0.02)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
            RUNNING.discard(process.pid)
            size = os.lseek(output, 0, os.SEEK_END)
            text = os.pread(output, min(size, 30_000), 0).decode(errors="replace").strip()
            os.close(output)
        return process.returncode, text


def start(command: str, output: int) -> subprocess.Popen[bytes]:
    """Start a shell command in a session of its own, as the real program does."""
    process = subprocess.Popen(
        ["/bin/sh", "-c", command],
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        start_new_session=True,
        env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"},
    )
    RUNNING.add(process.pid)
    return process


def _start(index: int, block: Frame) -> Frame:
    return {"type": "content_block_start", "index": index, "content_block": block}


def _delta(index: int, delta: Frame) -> Frame:
    return {"type": "content_block_delta", "index": index, "delta": delta}


def _matches(rule: str, command: str) -> bool:
    """Tell whether a rule covers a command: exactly, or as a prefix before ` *` or `:*`."""
    if not rule or rule == command:
        return True
    if set(command) & set(";&|`$<>()\n"):
        return False
    for ending in (" *", ":*"):
        if rule.endswith(ending):
            prefix = rule[: -len(ending)]
            return command == prefix or command.startswith(prefix + " ")
    return False


def _edit_request(path: Path) -> Frame:
    mode = {"type": "setMode", "mode": "acceptEdits", "destination": "session"}
    return {"description": path.name, "permission_suggestions": [mode]}


def bash_request(command: str, description: str) -> Frame:
    """Make the fields of a Bash permission that depend on the command."""
    rule = {"toolName": "Bash", "ruleContent": " ".join(command.split()[:3]) + " *"}
    rules = {"type": "addRules", "rules": [rule], "behavior": "allow"}
    return {
        "description": description,
        "permission_suggestions": [rules | {"destination": "localSettings"}],
        "decision_reason": "This command requires approval",
        "decision_reason_type": "other",
    }
