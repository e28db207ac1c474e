"""The protocol state of the demo agent: requests from stdin, turns, and permissions.

Keep true: stdin is read while a turn runs; each message uuid is run once; every incoming request
is answered; after `result` and the last queued message comes exactly one `idle`.
"""

import contextlib
import os
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from parallel_agents.agents.demo import frames, memory
from parallel_agents.agents.demo.frames import Frame, Out, new_id

MODES = ("acceptEdits", "auto", "bypassPermissions", "default", "dontAsk", "plan")


class InterruptedTurnError(Exception):
    """The person interrupted the turn."""


class UnsupportedError(Exception):
    """A control request that cannot be served; arguments: message and error code."""


class Conversation:
    """One conversation with its queue of messages, driven by two threads.

    The reader's thread calls `receive`; the worker's thread calls `work`.

    Args:
        out: where to write frames.
        known: the conversation so far.
        path: the file that stores it, or None.
        bypass: whether `bypassPermissions` may be switched on.
        story: plays a turn, given the conversation and the text of one message.
    """

    def __init__(
        self,
        out: Out,
        known: memory.Memory,
        path: Path | None,
        bypass: bool,
        story: Callable[["Conversation", str], None],
    ) -> None:
        self.out, self.known, self.bypass = out, known, bypass
        self.path = path
        self.rules: list[tuple[str, str]] = []
        self.state = "idle"
        self.ending = False
        self.deaf = False
        self.exit_code = 0
        self.pace = 0.0 if os.environ.get("PARALLEL_AGENTS_DEMO_FAST") else 0.03
        self.tasks: dict[str, Frame] = {}
        self.afterwards: list[Callable[[], None]] = []
        self.results = 0
        self.on_stop_task: Callable[[str], None] = lambda _task: None
        self._story = story
        self._queue: list[Frame] = []
        self._woken: list[Callable[[], None]] = []
        self._turn: list[str] = []
        self._stories: list[Callable[[], None]] = []
        self._pending: dict[str, Frame | None] = {}
        self._asked: dict[str, Frame] = {}
        self._stop_turn = False
        self._changed = threading.Condition()
        self.spent: Frame = {}
        self.denials: list[Frame] = []
        self.last_text = ""
        self.failure: Frame = {}
        self._answers: dict[str, Callable[[Frame], Frame]] = {
            "initialize": lambda _: frames.described(self.known.mode, self.state),
            "set_permission_mode": self._set_mode,
            "set_model": self._set_model,
            "set_max_thinking_tokens": lambda _: {},
            "apply_flag_settings": lambda _: {},
            "rename_session": lambda _: {},
            "stop_task": self._stop_task,
            "cancel_async_message": self._cancel_message,
            "list_models": lambda _: {"models": list(frames.MODELS)},
            "list_permission_rules": lambda _: {"rules": [list(rule) for rule in self.rules]},
            "get_context_usage": self._context_usage,
            "get_session_cost": lambda _: {"total_cost_usd": self.known.cost},
        }

    # Output

    def emit(self, kind: str, **fields: object) -> None:
        """Write one frame of this session."""
        self.out.frame({"type": kind, **fields, "session_id": self.known.session, "uuid": new_id()})

    def system(self, subtype: str, **fields: object) -> None:
        """Write one system frame."""
        self.emit("system", subtype=subtype, **fields)

    def _become(self, state: str) -> None:
        self.state = state
        self.system("session_state_changed", state=state)

    def _lifecycle(self, uuid: str, state: str) -> None:
        if uuid:
            self.emit("command_lifecycle", command_uuid=uuid, state=state)

    def tasks_changed(self) -> None:
        """Write the complete list of background tasks."""
        self.system("background_tasks_changed", tasks=list(self.tasks.values()))

    # Input (the reader's thread)

    def receive(self, frame: Frame) -> None:
        """Handle one line from stdin."""
        match frame.get("type"):
            case "user":
                self._message(frame)
            case "control_request":
                self._request(str(frame.get("request_id")), frame.get("request") or {})
            case "control_response":
                self._answered(frame.get("response") or {})
            case _:
                pass

    def _message(self, frame: Frame) -> None:
        uuid = str(frame.get("uuid") or "")
        with self._changed:
            queued = [message["uuid"] for message in self._queue]
            if uuid and uuid in (*self.known.completed, *self.known.cut) and uuid not in self._turn:
                self._lifecycle(uuid, "completed")
                if self.state == "idle":
                    self._become("idle")
            elif not uuid or uuid not in (*queued, *self._turn):
                if self.state == "idle":
                    self._become("running")
                self._lifecycle(uuid, "queued")
                self._queue.append({"uuid": uuid, "text": _text(frame)})
            self._changed.notify_all()

    def _request(self, name: str, request: Frame) -> None:
        subtype = request.get("subtype")
        if subtype in ("interrupt", "end_session"):
            with self._changed:
                self._interrupt(name, request)
            return
        answer: Frame = {"subtype": "success", "request_id": name}
        try:
            if subtype not in self._answers:
                message = f"Unsupported control request subtype: {subtype}"
                raise UnsupportedError(message, "unsupported_request")
            answer["response"] = self._answers[subtype](request)
        except UnsupportedError as problem:
            answer |= {"subtype": "error", "error": problem.args[0], "error_code": problem.args[1]}
        if subtype == "initialize":
            answer["pending_permission_requests"] = list(self._asked.values())
        self.out.frame({"type": "control_response", "response": answer})
        if subtype == "set_permission_mode" and answer["subtype"] == "success":
            self.system("status", status=None, permissionMode=self.known.mode)

    def _interrupt(self, name: str, request: Frame) -> None:
        ends = request["subtype"] == "end_session"
        for asked in list(self._asked):
            self._pending.pop(asked, None)
            del self._asked[asked]
            self.out.frame({"type": "control_cancel_request", "request_id": asked})
        if request.get("cancel_queued"):
            for message in self._queue:
                self._lifecycle(message["uuid"], "cancelled")
            self._queue.clear()
        left = [message["uuid"] for message in self._queue if message["uuid"]]
        response = {} if ends else {"still_queued": left}
        answer = {"subtype": "success", "request_id": name, "response": response}
        self.out.frame({"type": "control_response", "response": answer})
        self._stop_turn = bool(self._turn) or self.state != "idle"
        self.ending = self.ending or ends
        self._changed.notify_all()

    def _answered(self, response: Frame) -> None:
        with self._changed:
            name = str(response.get("request_id"))
            if name in self._asked:
                del self._asked[name]
                given = response.get("response") or {}
                if response.get("subtype") == "error":
                    given = {"behavior": "deny", "message": str(response.get("error"))}
                self._pending[name] = given
                self._changed.notify_all()

    def hang_up(self) -> None:
        """Handle the end of stdin: deny pending requests, finish the turn, then end."""
        with self._changed:
            for name in list(self._asked):
                del self._asked[name]
                self._pending[name] = {"behavior": "deny", "message": "stream closed"}
            self.ending = True
            self._changed.notify_all()

    def _set_mode(self, request: Frame) -> Frame:
        mode = "default" if request.get("mode") == "manual" else request.get("mode")
        if mode not in MODES:
            message = f"Cannot set permission mode: must be one of {', '.join(MODES)}"
            raise UnsupportedError(message, "invalid_mode")
        if mode == "bypassPermissions" and not self.bypass:
            message = "Cannot set permission mode to bypassPermissions because the session was"
            raise UnsupportedError(f"{message} not launched with it", "bypass_not_launched")
        self.known.mode = mode
        return {"mode": mode}

    def _set_model(self, request: Frame) -> Frame:
        self.known.model = str(request.get("model") or frames.MODELS[0])
        return {"model": self.known.model}

    def _stop_task(self, request: Frame) -> Frame:
        task = str(request.get("task_id"))
        if task not in self.tasks:
            raise UnsupportedError(f"No task {task} is running", "no_such_task")
        self.on_stop_task(task)
        return {}

    def _cancel_message(self, request: Frame) -> Frame:
        with self._changed:
            wanted = request.get("message_uuid")
            kept = [message for message in self._queue if message["uuid"] != wanted]
            cancelled = len(kept) < len(self._queue)
            self._queue[:] = kept
        if cancelled:
            self._lifecycle(str(wanted), "cancelled")
        return {"cancelled": cancelled}

    def _context_usage(self, _request: Frame) -> Frame:
        used = 2000 + 1200 * self.known.turns
        return {"totalTokens": used, "maxTokens": 200_000, "percentage": used * 100 // 200_000}

    # For stories (the worker's thread)

    def check(self) -> None:
        """Raise `InterruptedTurnError` if the turn was interrupted."""
        if self._stop_turn:
            raise InterruptedTurnError

    def pause(self, seconds: float) -> None:
        """Wait, but raise `InterruptedTurnError` as soon as the turn is interrupted."""
        with self._changed:
            self._changed.wait_for(lambda: self._stop_turn, seconds)
        self.check()

    def ask(self, request: Frame) -> Frame:
        """Ask the person and wait for the answer; an interrupt raises `InterruptedTurnError`."""
        name = new_id()
        frame = {"type": "control_request", "request_id": name, "request": request}
        self.touch()
        with self._changed:
            if self.ending:
                return {"behavior": "deny", "message": "stream closed"}
            self._asked[name] = frame
            self._become("requires_action")
            self.out.frame(frame)
            self._changed.wait_for(lambda: name in self._pending or self._stop_turn)
            self._become("running")
            answer = self._pending.pop(name, None)
        if answer is None:
            raise InterruptedTurnError
        self._grant(answer.get("updatedPermissions") or [])
        return answer

    def _grant(self, updates: list[Frame]) -> None:
        for update in updates:
            if update.get("type") == "addRules" and update.get("behavior") == "allow":
                self.rules += [
                    (rule["toolName"], rule.get("ruleContent") or "") for rule in update["rules"]
                ]
            elif update.get("type") == "setMode":
                self.change_mode(update["mode"])

    def change_mode(self, mode: str) -> None:
        """Change the permission mode and report it."""
        self.known.mode = mode
        self.system("status", status=None, permissionMode=mode)

    def touch(self) -> None:
        """Remember that this turn had an effect and so must not be repeated."""
        new = [uuid for uuid in self._turn if uuid and uuid not in self.known.cut]
        if new:
            self.known.cut += new
            self._remember()

    def _remember(self) -> None:
        with contextlib.suppress(OSError):
            memory.save(self.path, self.known)

    def take_in(self) -> None:
        """Add messages that arrived while a tool ran to the running turn."""
        with self._changed:
            for message in self._queue:
                self._turn.append(message["uuid"])
                self._lifecycle(message["uuid"], "started")
                self._stories.append(partial(self._story, self, message["text"]))
            self._queue.clear()

    def wake(self, story: Callable[[], None]) -> None:
        """Start a turn without a message; may be called from any thread."""
        with self._changed:
            self._woken.append(story)
            self._changed.notify_all()

    # Turns

    def work(self) -> None:
        """Play turns until stdin or the session ends."""
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._queue or self._woken or self.ending)
                batch, self._queue = self._queue, []
                woken, self._woken = self._woken, []
                self._turn = [message["uuid"] for message in batch]
            if not batch and not woken:
                return
            if self.state == "idle":
                self._become("running")
            told = [partial(self._story, self, message["text"]) for message in batch]
            self._play([*told, *woken])
            while self.afterwards:
                with contextlib.suppress(InterruptedTurnError):
                    self.afterwards.pop(0)()
            with self._changed:
                self._stop_turn = False
                if not self._queue and not self._woken:
                    self._become("idle")

    def _play(self, stories: list[Callable[[], None]]) -> None:
        for uuid in self._turn:
            self._lifecycle(uuid, "started")
        self.system("init", **frames.init(str(Path.cwd()), self.known.model, self.known.mode))
        self.spent = {"began": time.monotonic(), "sent": 0, "received": 0, "cost": 0.0}
        self.denials, self.last_text, self.failure = [], "", {}
        self._stories = stories
        outcome: Frame = {"subtype": "success", "is_error": False, "terminal_reason": "completed"}
        try:
            self.check()
            while self._stories:
                self._stories.pop(0)()
            outcome |= {"result": self.last_text, "stop_reason": "end_turn"}
            outcome |= {"api_error_status": None} | self.failure
        except InterruptedTurnError:
            outcome = self._interrupted()
        except OSError as problem:  # for example, the worktree is gone or read-only
            outcome |= {"subtype": "error_during_execution", "is_error": True, "stop_reason": None}
            outcome |= {"errors": [str(problem)]}
        self._finish(outcome)

    def _interrupted(self) -> Frame:
        self._stop_turn = False
        in_tool = bool(self.known.cut and set(self.known.cut) & set(self._turn))
        text = "[Request interrupted by user for tool use]" if in_tool else ""
        content = [{"type": "text", "text": text or "[Request interrupted by user]"}]
        message = {"role": "user", "content": content}
        self.emit("user", message=message, parent_tool_use_id=None, timestamp=frames.timestamp())
        reason = "aborted_tools" if in_tool else "aborted_streaming"
        self.exit_code = 1
        return {
            "subtype": "error_during_execution",
            "is_error": True,
            "terminal_reason": reason,
            "errors": ["interrupted"],
            "stop_reason": "tool_use" if in_tool else None,
        }

    def _finish(self, outcome: Frame) -> None:
        self.exit_code = int(outcome["is_error"])
        self.known.cost += self.spent["cost"]
        self.known.turns += 1
        spent = {**self.spent, "model": self.known.model, "total": self.known.cost}
        more = {"num_turns": 1, "permission_denials": self.denials, "result_index": self.results}
        self.results += 1
        ended = [uuid for uuid in self._turn if uuid]
        self.known.completed += ended
        self.known.cut = [uuid for uuid in self.known.cut if uuid not in ended]
        with contextlib.suppress(OSError):
            memory.save(self.path, self.known)
        self.out.frame(frames.result(spent, {**more, **outcome, "session_id": self.known.session}))
        with self._changed:
            self._turn = []
        for uuid in ended:
            self._lifecycle(uuid, "completed")


def _text(frame: Frame) -> str:
    content = (frame.get("message") or {}).get("content", "")
    if isinstance(content, str):
        return content
    return "\n".join(str(block.get("text", "")) for block in content)


def complain(text: str) -> None:
    """Write to stderr."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()
