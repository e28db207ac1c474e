"""Comments on a session's changes: written, found again, and sent as one message."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from parallel_agents.core.errors import RefusedError, UsageError, UserError
from parallel_agents.core.ids import new_uuid
from parallel_agents.core.options import Options
from parallel_agents.core.transcript import Transcript
from parallel_agents.wire import messages as m
from tests.support.world import World, wait_until

EDITING = Options(mode="acceptEdits")


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with World() as made:
        made.trust()
        yield made


@pytest.fixture
def session(world: World) -> str:
    name = world.new("edit", options=EDITING)
    world.wait_state(name, "done")
    return name


def tree(world: World, session: str) -> Path:
    return Path(world.row(session)["worktree"])


def listed(world: World, session: str) -> list[dict[str, Any]]:
    code, out, err = world.run("comments", session, "--json")
    assert code == 0, err
    comments: list[dict[str, Any]] = json.loads(out)["comments"]
    return comments


def write(world: World, session: str, *words: str) -> str:
    code, out, err = world.run("comment", session, *words)
    assert code == 0, err
    return out.strip()


def standing(world: World, session: str) -> list[tuple[str, int, int]]:
    return [(c["standing"], c["first"], c["last"]) for c in listed(world, session)]


def test_a_comment_follows_its_lines(world: World, session: str) -> None:
    file = tree(world, session) / "greeting.py"
    lines = file.read_text().splitlines()
    at = next(n for n, line in enumerate(lines, 1) if line.startswith("def "))
    write(world, session, f"greeting.py:{at}-{at + 1}", "Why not a constant?", "--question")
    comment = listed(world, session)[0]["comment"]
    assert comment["passage"]["lines"] == lines[at - 1 : at + 1]
    assert comment["kind"] == "question"
    assert standing(world, session) == [("here", at, at + 1)]
    file.write_text("# one\n# two\n" + file.read_text())
    assert standing(world, session) == [("moved", at + 2, at + 3)]
    file.rename(file.with_name("other.py"))
    assert standing(world, session) == [("gone", 0, 0)]  # new in this change, and changed since
    file.with_name("other.py").rename(file)
    file.write_text("something else\n")
    assert standing(world, session) == [("gone", 0, 0)]
    file.write_text("\n".join(lines) + "\n")
    assert standing(world, session) == [("here", at, at + 1)]


def test_a_renamed_file_takes_its_comments_along(world: World, session: str) -> None:
    top = tree(world, session)
    before = (top / "README.md").read_text()
    write(world, session, "README.md:1", "A title, please")
    (top / "README.md").rename(top / "READ.md")
    (top / "READ.md").write_text(before)
    assert standing(world, session) == [("moved", 1, 1)]
    assert listed(world, session)[0]["path"] == "READ.md"


def test_they_go_out_as_one_message(world: World, session: str) -> None:
    write(world, session, "greeting.py:1", "Shorter.")
    write(world, session, "README.md", "Mention the greeting.", "--old")
    write(world, session, ".", "Well done otherwise.")
    _, text, _ = world.run("comments", session, "--text", "--note", "Please:")
    code, _, err = world.run("comments", session, "--send", "--note", "Please:")
    assert code == 0, err
    wait_until(lambda: "demo agent" in world.run("logs", session)[1], 30, "the reply")
    assert said(world, session)[-1] == text.rstrip("\n")
    assert re.findall(r"^\d\. .*", text, re.MULTILINE) == [
        "1. File greeting.py, line 1", "2. File README.md", "3. About the whole change",
    ]  # fmt: skip
    assert all(c["comment"]["message"] and c["comment"]["sentAt"] for c in listed(world, session))
    code, _, err = world.run("comments", session, "--send")
    assert (code, "no comments to send" in err) == (2, True)


def said(world: World, session: str) -> list[str]:
    """What the person said to the agent, as the transcript has it."""
    transcript = Transcript()
    page = world.ask(m.ReadRecords(session=session, after=0))
    transcript.extend(page.records)
    return [item.text for item in transcript.items if item.kind == "user"]


def test_they_survive_a_killed_supervisor(world: World, session: str) -> None:
    id_ = write(world, session, "greeting.py:1", "Shorter.")
    world.kill_supervisor()
    assert [c["comment"]["id"] for c in listed(world, session)] == [id_]
    key = new_uuid()
    send = m.SendComments(key=key, session=session)
    world.ask(send)
    world.kill_supervisor()
    world.ask(send)  # as a client that heard no reply does
    assert sum("Shorter." in text for text in said(world, session)) == 1


def test_what_becomes_of_one(world: World, session: str) -> None:
    id_ = write(world, session, "greeting.py:1", "Shorter.")
    code, _, err = world.run("comments", session, "--resolve", id_)
    assert (code, "has not been sent" in err) == (4, True)
    world.ask(m.SendComments(key=new_uuid(), session=session))
    for word, resolved in (("--resolve", True), ("--reopen", False)):
        assert world.run("comments", session, word, id_)[0] == 0
        assert listed(world, session)[0]["comment"]["resolved"] is resolved
    anew = m.WriteComment(key=new_uuid(), session=session, id=id_, text="Longer.")
    with pytest.raises(RefusedError, match="sent already"):
        world.ask(anew)
    assert world.run("comments", session, "--delete", id_)[0] == 0
    assert not listed(world, session)
    with pytest.raises(UserError, match="no comment"):
        world.ask(m.DeleteComment(key=new_uuid(), session=session, id=id_))


def test_a_draft_is_written_anew_where_it_was(world: World, session: str) -> None:
    id_ = write(world, session, "greeting.py:1", "Shorter.")
    (tree(world, session) / "greeting.py").write_text("gone\n")
    anew = m.WriteComment(key=new_uuid(), session=session, id=id_, kind="question", text="Why?")
    world.ask(anew)
    world.ask(anew)
    comments = listed(world, session)
    assert [(c["comment"]["kind"], c["comment"]["text"]) for c in comments] == [
        ("question", "Why?")
    ]
    assert comments[0]["comment"]["passage"]["first"] == 1


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (("nowhere.py:1", "x"), "no file"),
        (("greeting.py:99999", "x"), "has no line"),
        (("greeting.py:0", "x"), "no lines"),
        (("greeting.py:3-2", "x"), "no lines"),
        (("greeting.py:1", " "), "nothing to say"),
        (("../../etc/passwd", "x"), "no file"),
        (("greeting.py:1", "x" * 30_000), "at most 20,000"),
    ],
)
def test_what_is_refused(words: tuple[str, ...], error: str, world: World, session: str) -> None:
    code, out, err = world.run("comment", session, *words)
    assert (code, out) == (2, "")
    assert error in err
    assert "Traceback" not in err


def test_trees_are_named_by_hashes_only(world: World, session: str) -> None:
    part = world.ask(m.DiffStat(session=session)).parts[0]
    for name in ("HEAD", "--help"):
        odd = type(part)(base=name, tree=part.tree)
        message = m.WriteComment(
            key=new_uuid(), session=session, parts=(odd,), path="README.md", first=1, text="x"
        )
        with pytest.raises(UsageError):
            world.ask(message)
