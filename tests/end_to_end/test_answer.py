"""`answer` decides what was shown, says what that was, and nobody decides twice."""

from __future__ import annotations

import argparse
import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from parallel_agents.cli.commands import answer
from parallel_agents.core.errors import RefusedError, UsageError, UserError
from parallel_agents.core.events import RequestDecided
from parallel_agents.core.ids import digest, new_uuid
from parallel_agents.core.options import Decision
from parallel_agents.core.summary import tool_summary
from parallel_agents.supervisor.sessions.session_rows import session_row
from parallel_agents.wire.messages import (
    Answer,
    PendingInput,
    ReadRecords,
    RequestInput,
    SessionRow,
)
from tests.support.facts import facts_of
from tests.support.world import World

HIDDEN = "rm -rf build\u200b/"


class Pending:
    """A supervisor with one pending request."""

    def __init__(self, given: dict[str, Any], tool: str = "Bash") -> None:
        self.reply = RequestInput(
            request_id="r 1",
            kind="permission",
            tool_name=tool,
            input=given,
            summary=tool_summary(tool, given),
            digest=digest(given),
        )
        self.sent: list[Answer] = []

    def __call__(self) -> Pending:
        return self

    def request(self, message: Any) -> RequestInput | SessionRow:
        """Answer as a supervisor does."""
        if isinstance(message, PendingInput):
            assert message.request in {None, "r 1"}
            return self.reply
        assert isinstance(message, Answer)
        self.sent.append(message)
        return session_row(facts_of(id="s1"))


def answered(
    pending: Pending, monkeypatch: pytest.MonkeyPatch, *words: str, session: str = "s1"
) -> None:
    monkeypatch.setattr(answer, "QuickClient", pending)
    parser = argparse.ArgumentParser()
    answer.add(parser.add_subparsers())
    assert answer.run(parser.parse_args(["answer", session, *words])) == 0


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (HIDDEN, "hidden characters"),
        ("cp \u202egpj x", "right-to-left text"),
        ("curl https://раураl.com", "look-alike letters"),
        ("ls" + " " * 90 + "; rm -rf ~", "text after many blanks"),
    ],
    ids=ascii,
)
@pytest.mark.parametrize("word", ["--allow", "--always", "--always-repo"])
def test_what_is_not_what_it_seems_is_allowed_only_when_named(
    command: str, said: str, word: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    pending = Pending({"command": command})
    with pytest.raises(RefusedError) as refused:
        answered(pending, monkeypatch, word)
    assert pending.sent == []
    assert said in refused.value.message
    name = f"r 1@{pending.reply.digest}"
    assert f"--request '{name}'" in refused.value.hint
    answered(pending, monkeypatch, word, "--request", name)
    assert pending.sent[0].digest == pending.reply.digest
    answered(pending, monkeypatch, word, "--request", "r 1")
    assert len(pending.sent) == 2


def test_a_doubtful_name_of_a_tool_counts_too(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(RefusedError):
        answered(Pending({"path": "x"}, "Reаd"), monkeypatch, "--allow")


def test_denying_what_is_doubtful_needs_no_name(monkeypatch: pytest.MonkeyPatch) -> None:
    pending = Pending({"command": HIDDEN})
    answered(pending, monkeypatch, "--deny", "no")
    assert pending.sent[0].digest == pending.reply.digest


def test_what_was_decided_is_printed_safely(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pending = Pending({"command": f"echo one\n{HIDDEN}\x1b[2J"})
    answered(pending, monkeypatch, "--allow", "--request", "r 1")
    said = capsys.readouterr().out
    assert said.splitlines() == [
        "allowed once: Bash", "  echo one", "  rm -rf build⟨200b⟩/␛[2J", "! hidden characters"
    ]  # fmt: skip
    answered(pending, monkeypatch, "--deny", "--json")
    out = capsys.readouterr().out
    assert out.isascii()
    assert "\x1b" not in out
    said_json = json.loads(out)
    assert said_json["decision"]["behavior"] == "deny"
    assert said_json["input"] == pending.reply.input
    assert said_json["doubts"] == ["hidden characters"]


def test_a_long_command_is_cut_and_said_to_be(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    answered(Pending({"command": "x = 1\n" * 40_000}), monkeypatch, "--deny")
    out = capsys.readouterr().out
    assert len(out) < 10_000
    assert "… 236,000 more characters" in out


# --- a real supervisor ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with World() as made:
        made.trust()
        yield made


def blocked(world: World) -> tuple[str, str]:
    """A session that asks; its id, and the request as `show` names it."""
    session = world.new("permission")
    row = world.wait_state(session, "blocked")
    code, out, err = world.run("show", session)
    assert code == 0, err
    name = next(line for line in out.splitlines() if line.startswith("pending ")).split()[1]
    assert name == f"{row['pending'][0]['requestId']}@{row['pending'][0]['digest']}"
    return session, name


def decided(world: World, session: str) -> list[Decision]:
    reply = world.ask(ReadRecords(session=session, after=0, limit=500))
    found = [record.event for record in reply.records]
    return [event.decision for event in found if isinstance(event, RequestDecided)]


def test_an_answer_is_bound_to_the_request_that_was_shown(world: World) -> None:
    session, name = blocked(world)
    request, _, _ = name.rpartition("@")
    code, _, err = world.run("answer", session, "--allow", "--request", f"{request}@{'0' * 16}")
    assert code == 4
    assert "not the one you were shown" in err
    assert decided(world, session) == []
    code, out, _ = world.run("answer", session, "--allow", "--request", name)
    assert code == 0
    assert out.startswith("allowed once: Bash\n  ")
    code, _, err = world.run("answer", session, "--deny", "--request", name)
    assert code == 1
    assert "already settled: it was allowed once" in err
    world.wait_state(session, "done")
    assert len(decided(world, session)) == 1


def test_the_inbox_has_the_longest_first_and_next_decides_it() -> None:
    with World() as world:
        world.trust()
        assert world.run("inbox")[1] == ""
        assert json.loads(world.run("inbox", "--json")[1]) == []
        code, _, err = world.run("answer", "--next", "--allow")
        assert (code, "Nothing waits for you." in err) == (4, True)
        first, _ = blocked(world)
        second, _ = blocked(world)
        entries = json.loads(world.run("inbox", "--json")[1])
        assert [entry["session"] for entry in entries] == [first, second]
        assert entries[0]["input"]["command"]
        assert entries[0]["rules"]
        told = world.run("inbox")[1]
        assert told.index(first) < told.index(second)
        assert f"--request {entries[0]['requestId']}@{entries[0]['digest']}" in told
        code, out, _ = world.run("answer", "--next", "--allow")
        assert (code, out.startswith(f"{first}: allowed once: Bash")) == (0, True)
        world.wait_state(first, "done")
        code, out, _ = world.run("answer", "--next", "--deny", "no", "--json")
        assert json.loads(out)["session"] == second
        world.wait_state(second, "done")
        assert world.run("inbox")[1] == ""


@pytest.mark.parametrize(
    "words", [("--allow",), ("s1", "--next", "--allow"), ("--next", "--request", "r", "--deny")]
)
def test_next_and_a_named_session_exclude_each_other(words: tuple[str, ...]) -> None:
    parser = argparse.ArgumentParser()
    answer.add(parser.add_subparsers())
    parsed = parser.parse_args(["answer", *words])
    with pytest.raises(UsageError, match="Name a session, or use --next alone"):
        answer.run(parsed)


@pytest.mark.parametrize("turn", range(4))
def test_two_clients_that_answer_at_once_decide_once(world: World, turn: int) -> None:
    session, name = blocked(world)
    request, _, shown = name.rpartition("@")
    decisions = [Decision(behavior="allow"), Decision(behavior="deny", message="no")]
    clients = [world.client() for _ in decisions]
    together = threading.Barrier(2)
    outcomes: dict[str, UserError | None] = {}

    def decide(number: int) -> None:
        decision = decisions[number]
        message = Answer(
            key=new_uuid(), session=session, request=request, digest=shown, decision=decision
        )
        together.wait(20)
        try:
            clients[number].request(message)
            outcomes[decision.behavior] = None
        except UserError as error:
            outcomes[decision.behavior] = error

    order = (0, 1) if turn % 2 else (1, 0)
    threads = [threading.Thread(target=decide, args=(number,)) for number in order]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    for client in clients:
        client.close()
    won = [behavior for behavior, error in outcomes.items() if error is None]
    lost = [error for error in outcomes.values() if error is not None]
    assert len(won) == len(lost) == 1
    words = {"allow": "it was allowed once", "deny": "it was denied"}[won[0]]
    assert words in lost[0].message
    world.wait_state(session, "done", "idle")
    assert [d.behavior for d in decided(world, session)] == won
