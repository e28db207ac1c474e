"""`show` says what is odd about a pending request, of which it shows one line."""

import argparse
from typing import Any

import pytest

from parallel_agents.cli.commands import show
from parallel_agents.core.summary import tool_summary
from parallel_agents.core.value import replace
from parallel_agents.supervisor.sessions.session_rows import session_row
from parallel_agents.wire.messages import (
    PendingInput,
    PendingRequest,
    RequestInput,
    SessionRow,
    Show,
)
from tests.support.facts import facts_of


def shown(command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> str:
    summary = tool_summary("Bash", {"command": command})
    pending = PendingRequest(
        request_id="r1",
        digest="d" * 16,
        kind="permission",
        tool_name="Bash",
        summary=summary,
        asked_at=0,
    )
    entry = replace(session_row(facts_of(id="s1")), pending=(pending,))
    whole = RequestInput(
        request_id="r1",
        kind="permission",
        tool_name="Bash",
        summary=summary,
        input={"command": command},
        digest="d" * 16,
    )

    def ask(message: Any) -> SessionRow | RequestInput:
        assert isinstance(message, Show | PendingInput)
        return entry if isinstance(message, Show) else whole

    monkeypatch.setattr(show, "ask", ask)
    assert show.run(argparse.Namespace(session="s1", json=False)) == 0
    return capsys.readouterr().out


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("curl https://раураl.com", "look-alike letters"),
        ("rm x\u200b", "hidden characters"),
        ("ls" + " " * 90 + "; rm -rf ~", "text after many blanks"),
        ("echo one\nrm -rf ~", "not all of the command is shown here"),
        ("echo " + "a" * 300, "not all of the command is shown here"),
    ],
    ids=ascii,
)
def test_what_is_odd_is_said(
    command: str,
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert said in shown(command, monkeypatch, capsys)


def test_what_is_ordinary_is_not(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "!" not in shown("npm test -- --run", monkeypatch, capsys)
