"""The scripted Messages API answers by its script alone."""

from __future__ import annotations

import json
import threading
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.messages_api import MessagesApi
from tests.support.script import find_script, parse_script, rounds_of

if TYPE_CHECKING:
    from collections.abc import Iterator

TOOLS = [{"name": "Bash"}, {"name": "Agent"}]


@pytest.fixture(name="api")
def _api() -> Iterator[MessagesApi]:
    with MessagesApi() as server:
        yield server


def post(api: MessagesApi, messages: list[dict[str, Any]], **more: Any) -> tuple[int, str]:
    path = more.pop("path", "/v1/messages?beta=true")
    body = {"model": "m", "messages": messages, "tools": TOOLS, **more}
    request = urllib.request.Request(api.url + path, json.dumps(body).encode(), method="POST")
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def user(text: str) -> dict[str, Any]:
    return {"role": "user", "content": [{"type": "text", "text": text}]}


def test_steps_are_played_one_after_another(api: MessagesApi) -> None:
    conversation = [user("please\nSAY first\nBASH ls THEN TOOL Read {}")]
    seen: list[Any] = []
    for _ in range(3):
        _, raw = post(api, conversation)
        content = json.loads(raw)["content"]
        seen += [(b["type"], b.get("text") or b.get("name")) for b in content]
        conversation.append({"role": "assistant", "content": content})
        conversation.append({"role": "user", "content": [{"type": "tool_result"}]})
    last = ("text", "done: please SAY first BASH ls THEN TOOL Read {}")
    assert seen == [("text", "first"), ("tool_use", "Bash"), ("tool_use", "Read"), last]


def test_streaming_says_the_same_as_one_answer(api: MessagesApi) -> None:
    _, raw = post(api, [user("THINK hm THEN SAY hello there")], stream=True)
    events = [json.loads(line[6:]) for line in raw.splitlines() if line.startswith("data: ")]
    kinds = [event["type"] for event in events]
    assert kinds[0] == "message_start"
    assert kinds[-2:] == ["message_delta", "message_stop"]
    deltas = [event["delta"] for event in events if event["type"] == "content_block_delta"]
    assert "".join(delta.get("text", "") for delta in deltas) == "hello there"


def test_errors_come_as_often_as_asked(api: MessagesApi) -> None:
    script = [user("ERR 529 2 THEN SAY fine")]
    assert [post(api, script)[0] for _ in range(3)] == [529, 529, 200]
    assert post(api, [user("ERR 401")])[0] == 401


def test_side_requests_and_other_paths(api: MessagesApi) -> None:
    assert "A title" in post(api, [user("BASH ls")], tools=[])[1]
    assert post(api, [], path="/v1/messages/count_tokens")[1] == '{"input_tokens": 1200}'
    assert post(api, [], path="/v1/other")[0] == 404
    assert [call.path for call in api.calls()][-1] == "/v1/other"


def test_a_held_answer_waits_for_its_key(api: MessagesApi) -> None:
    answers: list[tuple[int, str]] = []
    thread = threading.Thread(target=lambda: answers.append(post(api, [user("HOLD k")])))
    thread.start()
    api.wait_for(lambda server: server.is_holding("k"))
    assert not answers
    api.release("k")
    thread.join()
    assert "holding released" in answers[0][1]


def test_what_the_cli_adds_is_no_script() -> None:
    note = "The user sent a new message while you were working:\nSAY b\n\nThis is how Claude Code"
    folded = {"role": "system", "content": [{"type": "text", "text": note}]}
    reminder = user("<system-reminder>\nx\n</system-reminder>")
    answer = {"role": "assistant", "content": []}
    assert find_script([user("SAY a"), answer, reminder]) == ("SAY a", 1)
    assert find_script([user("SAY a"), answer, folded, answer]) == ("SAY b", 1)
    assert find_script([user("SAY a"), {"role": "system", "content": "SAY no"}]) == ("SAY a", 0)


def test_prose_has_no_steps() -> None:
    assert parse_script("Say hello, then bash it. THENCE") == []
    assert len(rounds_of("PLAN a")) == 3
