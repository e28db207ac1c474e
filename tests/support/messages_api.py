"""A Messages API on loopback, scripted by the prompt, for the real `claude` to talk to.

Keep true: an answer depends on nothing but the request (and on how often this very request was
made), so that sessions running at once cannot disturb each other; every request is recorded;
no wait is timed, except the gaps that a script asks for.

The grammar of the scripts is in `tests.support.script`.
"""

from __future__ import annotations

import itertools
import json
import re
import threading
from collections import Counter
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from tests.support.script import Json, Round, Step, find_script, is_due, rounds_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import TracebackType

ERROR_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    429: "rate_limit_error",
    500: "api_error",
    529: "overloaded_error",
}
_PLANFILE = re.compile(r"(/[^\s\"'`\\]+/plans/[\w.-]+\.md)")
_CWD = re.compile(r"[Ww]orking directory: ([^\n\\\"]+)")


@dataclass(frozen=True)
class Call:
    """One request as it was received.

    Attributes:
        method: HTTP method.
        path: path with query.
        headers: header names in lower case.
        body: the parsed JSON body; empty when there was none.
        text: the script found in it; empty for a request without one.
    """

    method: str
    path: str
    headers: dict[str, str]
    body: Json
    text: str

    @property
    def session_id(self) -> str:
        """The CLI's session, as its own header says; empty when absent."""
        return self.headers.get("x-claude-code-session-id", "")


def _sse(kind: str, **rest: Any) -> bytes:
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **rest})}\n\n".encode()


class _Answer:
    """The events of one scripted assistant message, as they are streamed."""

    def __init__(self, server: MessagesApi, call: Call, play: Round, before: int) -> None:
        self.server = server
        self.call = call
        self.play = play
        self.before = before
        self.index = 0
        self.names = [str(t.get("name")) for t in call.body.get("tools") or []]

    def chunks(self) -> Iterator[bytes]:
        usage = {"input_tokens": 1200, "output_tokens": 1}
        usage |= {"cache_creation_input_tokens": 0, "cache_read_input_tokens": 0}
        message: Json = {"id": f"msg_{self.server.number():020d}", "type": "message"}
        message |= {"role": "assistant", "model": self.call.body.get("model", "stub")}
        message |= {"content": [], "stop_reason": None, "stop_sequence": None, "usage": usage}
        yield _sse("message_start", message=message)
        for part in self.play.parts:
            yield from self._part(part)
        for name, given in self.play.tools:
            yield from self._tool(name, given)
        reason = "tool_use" if self.play.tools else "end_turn"
        delta = {"stop_reason": reason, "stop_sequence": None}
        yield _sse("message_delta", delta=delta, usage={"output_tokens": 6})
        yield _sse("message_stop")

    def _block(self, block: Json, deltas: Iterator[Json]) -> Iterator[bytes]:
        yield _sse("content_block_start", index=self.index, content_block=block)
        for delta in deltas:
            yield _sse("content_block_delta", index=self.index, delta=delta)
        yield _sse("content_block_stop", index=self.index)
        self.index += 1

    def _part(self, part: Step) -> Iterator[bytes]:
        if part.verb == "THINK":
            block: Json = {"type": "thinking", "thinking": "", "signature": ""}
            deltas = [
                {"type": "thinking_delta", "thinking": part.rest},
                {"type": "signature_delta", "signature": "c2lnbmVk"},
            ]
            yield from self._block(block, iter(deltas))
        elif part.verb != "ERR":
            texts = ({"type": "text_delta", "text": text} for text in self._words(part))
            yield from self._block({"type": "text", "text": ""}, texts)

    def _words(self, part: Step) -> Iterator[str]:
        if part.verb == "SLOW":
            count, _, gap = part.rest.partition(" ")
            for number in range(int(count)):
                self.server.closing.wait(float(gap or 0.01))
                yield f"slow{number} "
        elif part.verb == "HOLD":
            yield "holding "
            self.server.hold(part.rest)
            yield "released"
        elif part.verb == "BREAK":
            key, times = part.rest.split()
            yield "holding "
            self.server.hold(key)
            # Inside the block: a break after its end meets a client that read the end or not.
            if is_due(times, self.before):
                raise ConnectionAbortedError
            yield "released"
        elif part.verb == "LONG":
            for number in range(int(part.rest)):
                yield f"{number:06d} " + "lorem ipsum " * 84 + "\n"
        else:
            half = len(part.rest) // 2
            yield from (piece for piece in (part.rest[:half], part.rest[half:]) if piece)

    def _tool(self, name: str, given: Json) -> Iterator[bytes]:
        if given.pop("$agent", False):
            name = next((n for n in ("Agent", "Task") if n in self.names), name)
        text = self._filled(json.dumps(given))
        block: Json = {"type": "tool_use", "id": f"toolu_{self.server.number():020d}"}
        block |= {"name": name, "input": {}}
        halves = (text[: len(text) // 2], text[len(text) // 2 :])
        deltas = ({"type": "input_json_delta", "partial_json": half} for half in halves)
        yield from self._block(block, deltas)

    def _filled(self, text: str) -> str:
        for mark, pattern in (("$PLANFILE", _PLANFILE), ("$CWD", _CWD)):
            if mark in text:
                found = pattern.findall(json.dumps(self.call.body))
                text = text.replace(mark, found[-1].strip() if found else mark)
        return text


def _merged(chunks: Iterator[bytes]) -> Json:
    """The same answer without streaming: the events folded into one message."""
    message: Json = {}
    for chunk in chunks:
        event = json.loads(chunk.split(b"data: ", 1)[1])
        if event["type"] == "message_start":
            message = event["message"]
        elif event["type"] == "content_block_start":
            message["content"].append(dict(event["content_block"]))
        elif event["type"] == "content_block_delta":
            _merge_delta(message["content"][-1], event["delta"])
        elif event["type"] == "message_delta":
            message |= event["delta"]
    for block in message["content"]:
        if block["type"] == "tool_use":
            block["input"] = json.loads(block.pop("json"))
    return message


def _merge_delta(block: Json, delta: Json) -> None:
    pairs = {"text": "text", "thinking": "thinking", "signature": "signature"}
    for key, target in {**pairs, "partial_json": "json"}.items():
        if key in delta:
            block[target] = block.get(target, "") + delta[key]


class MessagesApi:
    """The server; a context manager that listens on loopback while it is open."""

    def __init__(self) -> None:
        self._lock = threading.Condition()
        self._calls: list[Call] = []
        self._seen: Counter[tuple[str, str, int]] = Counter()
        self._released: set[str] = set()
        self._held: set[str] = set()
        self._numbers = itertools.count(1)
        self.closing = threading.Event()
        self._http = _Server(("127.0.0.1", 0), _Handler)
        self._http.api = self
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True)

    def __enter__(self) -> MessagesApi:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.closing.set()
        with self._lock:
            self._lock.notify_all()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    @property
    def url(self) -> str:
        """What `ANTHROPIC_BASE_URL` must be."""
        return f"http://127.0.0.1:{self._http.server_address[1]}"

    def calls(self, text: str | None = None) -> list[Call]:
        """The requests so far, oldest first; with `text`, those whose script contains it."""
        with self._lock:
            return [call for call in self._calls if text is None or text in call.text]

    def release(self, key: str) -> None:
        """Let every `HOLD key`, now and later, go on."""
        with self._lock:
            self._released.add(key)
            self._lock.notify_all()

    def wait_for(self, condition: Callable[[MessagesApi], bool], deadline: float = 20) -> None:
        """Wait until a condition on this server holds.

        Args:
            condition: called with this server after every change.
            deadline: seconds.

        Raises:
            TimeoutError: it did not hold in time.
        """
        with self._lock:
            if not self._lock.wait_for(lambda: condition(self), deadline):
                raise TimeoutError("the condition on the Messages API server did not come to hold")

    def is_holding(self, key: str) -> bool:
        """Whether some answer has reached `HOLD key` and is not released."""
        with self._lock:
            return key in self._held and key not in self._released

    def hold(self, key: str) -> None:
        """Block an answer until its key is released or the server closes."""
        with self._lock:
            self._held.add(key)
            self._lock.notify_all()
            self._lock.wait_for(lambda: key in self._released or self.closing.is_set())

    def number(self) -> int:
        """A number no other answer has."""
        return next(self._numbers)

    def record(self, call: Call) -> int:
        """Note a request; returns how often the same step of the same script came before."""
        played = find_script(call.body.get("messages") or [])[1]
        key = (call.session_id, call.text, played)
        with self._lock:
            self._calls.append(call)
            self._seen[key] += 1
            self._lock.notify_all()
            return self._seen[key] - 1


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    api: MessagesApi


class _Handler(BaseHTTPRequestHandler):
    """Speaks HTTP; the script decides what is said."""

    protocol_version = "HTTP/1.1"
    server: _Server

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Tests read `calls`; nothing is printed."""

    def handle(self) -> None:
        try:
            super().handle()
        except ConnectionError:
            self.close_connection = True

    def do_HEAD(self) -> None:
        self._json(200, {})

    def do_GET(self) -> None:
        self.server.api.record(self._call({}))
        self._json(404, _error(404))

    def do_POST(self) -> None:
        body = self._body()
        call = self._call(body)
        before = self.server.api.record(call)
        path = self.path.partition("?")[0]
        if path == "/v1/messages/count_tokens":
            self._json(200, {"input_tokens": 1200})
        elif path == "/v1/messages":
            self._message(call, before)
        else:
            self._json(404, _error(404))

    def _body(self) -> Json:
        raw = self.rfile.read(int(self.headers.get("content-length") or 0))
        body = json.loads(raw) if raw else {}
        return body if isinstance(body, dict) else {}

    def _call(self, body: Json) -> Call:
        headers = {name.lower(): value for name, value in self.headers.items()}
        text = find_script(body.get("messages") or [])[0]
        return Call(self.command, self.path, headers, body, text)

    def _message(self, call: Call, before: int) -> None:
        play = _round_for(call)
        for step in play.parts:
            status, _, times = step.rest.partition(" ")
            if step.verb == "ERR" and is_due(times, before):
                self._json(int(status), _error(int(status)))
                return
        chunks = _Answer(self.server.api, call, play, before).chunks()
        if call.body.get("stream"):
            self._stream(chunks)
        else:
            self._json(200, _merged(chunks))

    def _stream(self, chunks: Iterator[bytes]) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        for chunk in chunks:
            self.wfile.write(b"%x\r\n%s\r\n" % (len(chunk), chunk))
        self.wfile.write(b"0\r\n\r\n")

    def _json(self, status: int, value: Json) -> None:
        data = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)


def _round_for(call: Call) -> Round:
    """What to answer: the script's next message, or a harmless word to a side request."""
    if not call.body.get("tools"):
        return Round([Step("SAY", "A title")])
    rounds = rounds_of(call.text)
    played = find_script(call.body.get("messages") or [])[1]
    return rounds[min(played, len(rounds) - 1)]


def _error(status: int) -> Json:
    kind = ERROR_TYPES.get(status, "api_error")
    return {"type": "error", "error": {"type": kind, "message": f"scripted {status}"}}
