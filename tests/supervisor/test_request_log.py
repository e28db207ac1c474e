"""One line of the log for each request, of safe text, and never so many that others are lost."""

import asyncio
import json

import pytest

from parallel_agents.core.errors import GitError, RefusedError, UntrustedError, UserError
from parallel_agents.supervisor.front.request_log import LINES_A_SECOND, SLOW_MS, RequestLog
from parallel_agents.wire import messages as m

SHOW = m.Show(session="a1")


class Watch:
    """Seconds of the test's own."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def requests(watch: Watch, caplog: pytest.LogCaptureFixture) -> RequestLog:
    caplog.set_level("INFO", logger="request")
    return RequestLog(watch)


def ask(
    requests: RequestLog,
    watch: Watch,
    message: m.AnyRequest | None,
    error: UserError | None = None,
    took_ms: float = 0.0,
) -> None:
    with requests.entry(7) as entry:
        entry.message = message
        entry.error = error
        watch.now += took_ms / 1000


def leave(requests: RequestLog) -> None:
    with requests.entry(7) as entry:
        entry.message = SHOW
        raise asyncio.CancelledError


@pytest.mark.parametrize(
    ("message", "error", "line"),
    [
        (SHOW, None, "show 3.0 ms ok pid=7 session=a1"),
        (m.Status(), None, "status 3.0 ms ok pid=7"),
        (m.Follow(sessions=()), None, "follow 3.0 ms ok pid=7"),
        (m.Follow(sessions=("a1", "b2")), None, "follow 3.0 ms ok pid=7 session=a1,b2"),
        (SHOW, RefusedError("No."), "show 3.0 ms refused pid=7 session=a1"),
        (SHOW, UntrustedError("No."), "show 3.0 ms refused (untrusted) pid=7 session=a1"),
        (SHOW, UserError("No."), "show 3.0 ms failed pid=7 session=a1"),
        (SHOW, GitError("No."), "show 3.0 ms failed (git) pid=7 session=a1"),
        (None, UserError("No."), "unreadable 3.0 ms failed pid=7"),
    ],
)
def test_a_line(
    message: m.AnyRequest | None,
    error: UserError | None,
    line: str,
    requests: RequestLog,
    watch: Watch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    ask(requests, watch, message, error, took_ms=3)
    assert caplog.messages == [line]


def test_a_client_that_leaves(
    requests: RequestLog, watch: Watch, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(asyncio.CancelledError):
        leave(requests)
    assert caplog.messages == ["show 0.0 ms cancelled pid=7 session=a1"]


def test_a_session_is_one_short_line_of_safe_text(
    requests: RequestLog, watch: Watch, caplog: pytest.LogCaptureFixture
) -> None:
    ask(requests, watch, m.Show(session="a\n2026 INFO \x1b[31m\u202e" + "x" * 1000))
    (line,) = caplog.messages
    assert line.isprintable()
    assert "session=a 2026 INFO ␛[31m⟨202e⟩xxx" in line
    assert len(line) < 100


def test_nothing_else_of_a_request_is_written(
    requests: RequestLog, watch: Watch, caplog: pytest.LogCaptureFixture
) -> None:
    new = m.New(
        key="k-secret", directory="/secret", prompt="secret", environment={"TOKEN": "secret"}
    )
    ask(requests, watch, new)
    ask(requests, watch, m.Send(key="k-secret", session="a1", text="secret"))
    ask(requests, watch, SHOW, UserError("secret", "secret"))
    assert len(caplog.messages) == 3
    assert "secret" not in json.dumps(caplog.messages)


def test_quick_requests_have_so_many_lines_a_second_and_are_counted(
    requests: RequestLog, watch: Watch, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(LINES_A_SECOND + 5):
        ask(requests, watch, SHOW)
    assert len(caplog.messages) == LINES_A_SECOND
    ask(requests, watch, m.Status())  # has a line: it is another request
    ask(requests, watch, SHOW, UserError("No."))  # and so has another outcome
    ask(requests, watch, SHOW, took_ms=SLOW_MS)  # and so has a slow one
    assert len(caplog.messages) == LINES_A_SECOND + 3
    watch.now += 1
    ask(requests, watch, SHOW)
    assert caplog.messages[-2] == "5 more, each quick: show ok pid=7"
    assert caplog.messages[-1].startswith("show ")


def test_waiting_for_records_is_written_only_when_it_fails(
    requests: RequestLog, watch: Watch, caplog: pytest.LogCaptureFixture
) -> None:
    waits = m.WaitRecords(session="a1", after=3)
    ask(requests, watch, waits, took_ms=60_000)
    assert caplog.messages == []
    ask(requests, watch, waits, UserError("No."), took_ms=60_000)
    assert caplog.messages == ["wait_records 60000.0 ms failed pid=7 session=a1"]
