"""Deletion, trash, cleaning, reconciling and adoption, by the command line and a supervisor."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from parallel_agents.core.errors import RefusedError, UntrustedError
from parallel_agents.core.ids import new_uuid
from parallel_agents.wire import messages as m
from parallel_agents.wire.endpoint import config_dir
from tests.support.world import World, wait_until


@pytest.fixture
def one() -> Iterator[World]:
    with World() as world:
        world.trust()
        yield world


def done(world: World, prompt: str = "echo ready", **fields: Any) -> str:
    session = world.new(prompt, **fields)
    world.wait_state(session, "done")
    world.ask(m.MarkSeen(session=session))
    return session


def git(where: str | Path, *words: str) -> str:
    return subprocess.run(
        ["git", "-C", str(where), *words], check=True, capture_output=True, text=True
    ).stdout.strip()


def test_rm_is_silent_about_nothing(one: World) -> None:
    session = done(one)
    path = Path(one.row(session)["worktree"])
    (path / "node_modules").mkdir()
    code, out, talk = one.run("rm", session, "--dry-run")
    assert (code, out) == (0, "everything in this session also exists elsewhere\n")
    assert path.exists()
    code, out, talk = one.run("rm", session)
    assert (code, out, talk) == (0, "", "deleted\n")
    code, out, _ = one.run("trash")
    assert "no work of its own" in out


def test_rm_says_what_was_saved(one: World) -> None:
    session = done(one)
    path = Path(one.row(session)["worktree"])
    (path / "new\x1b[31m.txt").write_text("x")
    (path / "README.md").write_text("x")
    code, out, _ = one.run("rm", session, "--dry-run")
    assert out == "would be saved: 1 changed file\nwould be saved: 1 untracked file\n"
    code, out, talk = one.run("rm", session)
    assert (code, out) == (0, "")
    lines = talk.splitlines()
    assert lines[:2] == ["saved: 1 changed file", "saved: 1 untracked file"]
    assert lines[2].startswith(f"Bring it back: parallel-agents restore {session}, until 20")
    assert one.run("restore", session)[0] == 0
    assert (path / "new\x1b[31m.txt").exists()


def test_rm_in_json_tells_all_of_it(one: World) -> None:
    session = done(one)
    path = Path(one.row(session)["worktree"])
    (path / "new.txt").write_text("x")
    git(one.repo, "config", "remote.copy.mirror", "true")
    asked = one.ask(m.OwnWork(session=session))
    assert (asked.saved, asked.merged) == (("1 untracked file",), "")
    reply = json.loads(one.run("rm", session, "--json")[1])
    assert reply["saved"] == ["1 untracked file"]
    assert reply["until"] > one.ask(m.ListTrash()).entries[0].deleted_at + 29 * 86_400_000
    assert "copy mirrors every ref" in reply["notes"][0]
    findings = json.loads(one.run("doctor", "--worktrees", "--json")[1])["findings"]
    assert [f["kind"] for f in findings] == ["mirror"]


def test_the_trash_is_emptied_by_name_and_by_age(one: World) -> None:
    kept, dropped, last = done(one), done(one), done(one)
    for session in (kept, dropped, last):
        one.ask(m.Delete(key=new_uuid(), session=session))
    assert one.run("trash", "--drop", dropped)[1].split() == [dropped]
    assert one.run("trash", "--empty", "--older-than", "1")[1] == ""
    assert one.run("trash", "--older-than", "1")[0] == 2
    assert one.run("trash", "--drop", dropped)[0] == 3

    def counted() -> bool:
        entries = json.loads(one.run("trash", "--json")[1])
        assert sorted(entry["id"] for entry in entries) == sorted([kept, last])
        return all((entry["sizeBytes"] or 0) > 0 for entry in entries)

    wait_until(counted, what="sizes")
    assert sorted(one.run("trash", "--empty", "--older-than", "0")[1].split()) == sorted(
        [kept, last]
    )
    assert one.run("trash", "--json")[1] == "[]\n"
    assert not one.session_dir(kept).exists()


def commit(world: World, session: str) -> str:
    path = world.row(session)["worktree"]
    for part in ("first", "second"):
        Path(path, f"{part}-{session}.txt").write_text("work\n")
        git(path, "add", ".")
        git(path, "commit", "-qm", part)
    return str(world.row(session)["branch"])


def test_clean_takes_what_is_merged_and_nothing_else(one: World) -> None:
    merged, own, empty, pinned, unread = (done(one) for _ in range(5))
    git(one.repo, "merge", "-q", "--squash", commit(one, merged))
    git(one.repo, "commit", "-qm", "squashed")
    commit(one, own)
    one.ask(m.Pin(key=new_uuid(), session=pinned))
    one.ask(m.Send(key=new_uuid(), session=unread, text="echo again"))
    one.wait_state(unread, "done")
    for words in (("clean",), ("clean", "--dry-run", "--older-than", "0")):
        assert one.run(*words)[0] == 0
        assert len(one.ask(m.ListSessions(every=True)).sessions) == 5
    reply = json.loads(one.run("clean", "--older-than", "0", "--json")[1])
    assert {v["id"]: v["why"] for v in reply["cleaned"]} == {
        merged: "merged into main by squash",
        empty: "it had no work of its own",
    }
    assert {v["id"]: v["why"] for v in reply["kept"]} == {
        own: "2 commits not in main or on a remote"
    }
    left = {row.id for row in one.ask(m.ListSessions(every=True)).sessions}
    assert left == {own, pinned, unread}
    assert "cleaned up after 0 quiet days: merged into main by squash" in one.run("trash")[1]
    assert one.run("restore", merged)[0] == 0
    assert "cleaned up after 0 quiet days" in one.run("logs", merged)[1]


def test_it_cleans_up_by_itself_only_when_asked_to(one: World) -> None:
    session = done(one)
    one.kill_supervisor()
    config_dir().mkdir(parents=True, exist_ok=True)
    (config_dir() / "config.toml").write_text("auto_clean_days = 0.000001\n")

    def cleaned() -> bool:
        return [e.id for e in one.ask(m.ListTrash()).entries] == [session]

    wait_until(cleaned, what="the session is cleaned up")
    assert f"cleaned up session {session}" in (one.state / "supervisor.log").read_text()
    one.ask(m.Restore(key=new_uuid(), session=session))
    assert Path(one.row(session)["worktree"]).is_dir()


def test_old_trash_goes_at_the_start(one: World) -> None:
    session = done(one)
    one.ask(m.Delete(key=new_uuid(), session=session))
    one.kill_supervisor()
    entry = one.state / "trash" / session / "entry.json"
    value = json.loads(entry.read_text())
    entry.write_text(
        json.dumps({**value, "deleted_at_ms": value["deleted_at_ms"] - 31 * 86_400_000})
    )
    wait_until(lambda: not one.ask(m.ListTrash()).entries, what="the entry is gone")
    assert f"older than its days: {session}" in (one.state / "supervisor.log").read_text()


def test_a_worktree_that_is_gone_is_said_at_the_start(one: World) -> None:
    session = done(one)
    path = Path(one.row(session)["worktree"])
    one.ask(m.Stop(key=new_uuid(), session=session))
    one.kill_supervisor()
    path.rename(path.with_name("elsewhere"))

    def said() -> bool:
        facts = one.ask(m.Explain(session=session)).facts
        return "moved to" in str(facts["worktree missing"])

    wait_until(said, what="the session says so")
    findings = json.loads(one.run("doctor", "--worktrees", "--json")[1])["findings"]
    assert [(f["kind"], f["session"]) for f in findings] == [("moved", session)]
    subprocess.run(["sh", "-ec", findings[0]["action"]], check=True)
    assert json.loads(one.run("doctor", "--worktrees", "--json")[1])["findings"] == []
    one.ask(m.Send(key=new_uuid(), session=session, text="echo back"))
    one.wait_state(session, "done")


def theirs(world: World) -> Path:
    path = world.repo / ".claude/worktrees/theirs"
    git(world.repo, "worktree", "add", "-q", "-b", "their-branch", str(path))
    return path


def test_adopt_now_and_speak_later(one: World) -> None:
    path = theirs(one)
    finding = json.loads(one.run("doctor", "--worktrees", "--json")[1])["findings"]
    assert [f["kind"] for f in finding] == ["foreign"]
    code, out, _ = one.run("adopt", str(path), "--agent", "demo")
    session = out.strip()
    assert code == 0
    row = one.wait_state(session, "idle")
    assert (row["name"], row["branch"], row["worktree"]) == ("theirs", "their-branch", str(path))
    one.ask(m.Send(key=new_uuid(), session=session, text="echo hello"))
    one.wait_state(session, "done")
    one.kill_supervisor()
    one.ask(m.Send(key=new_uuid(), session=session, text="echo again"))
    one.wait_state(session, "done")
    with pytest.raises(RefusedError, match=session):
        adopt(one, path)
    assert one.run("rm", session)[2] == "deleted\n"
    assert git(one.repo, "branch", "--list", "their-branch")
    assert one.run("restore", session)[0] == 0
    assert path.is_dir()


def adopt(world: World, path: Path, key: str = "", **fields: Any) -> str:
    message = m.Adopt(
        key=key or new_uuid(), directory=str(path), agent="demo", environment=world.env, **fields
    )
    return world.ask(message).id


def test_adopt_with_something_to_do(one: World) -> None:
    path, key = theirs(one), new_uuid()
    session = adopt(one, path, key, prompt="echo ready", name="mine now")
    assert one.wait_state(session, "done")["name"] == "mine now"
    assert adopt(one, path, key, prompt="echo ready") == session


def test_adopt_needs_trust(one: World) -> None:
    path = theirs(one)
    (one.repo / ".claude/settings.json").write_text('{"hooks": {}}')
    with pytest.raises(UntrustedError):
        adopt(one, path)
    assert one.ask(m.ListSessions(every=True)).sessions == ()


def test_a_deletion_that_was_cut_off_ends_in_either_way() -> None:
    with World() as world:
        process = world.start_supervisor(PA_FAILPOINT="delete.parked:EIO")
        world.wait_ready(process)
        world.trust()
        back, gone = done(world), done(world)
        for session in (back, gone):
            Path(world.row(session)["worktree"], "work.txt").write_text("work")
            code, _, talk = world.run("rm", session)
            assert (code, "system's log" in talk) == (1, True)
        world.kill(process.pid)
        told = json.loads(world.run("doctor", "--worktrees", "--json")[1])["findings"]
        actions = [f["action"] for f in told if f["kind"] == "trash"]
        assert sum(f"parallel-agents restore {back}" in action for action in actions) == 1
        assert world.run("restore", back)[0] == 0
        assert Path(world.row(back)["worktree"], "work.txt").read_text() == "work"
        assert world.run("rm", gone)[0] == 0
        assert world.run("restore", gone)[0] == 0
        assert Path(world.row(gone)["worktree"], "work.txt").read_text() == "work"
        assert world.run("restore", gone)[0] == 3


def test_a_session_follows_its_moved_repository(one: World) -> None:
    session = done(one)
    path = Path(one.row(session)["worktree"])
    (path / "work.txt").write_text("work")
    moved = one.repo.with_name("shop2")
    one.repo.rename(moved)
    one.repo = moved
    place = moved / path.relative_to(path.parents[2])
    code, out, _ = one.run("rm", session, "--dry-run")
    assert (code, "also exists elsewhere" in out, "is not there" in out) == (0, False, True)
    findings = json.loads(one.run("doctor", "--worktrees", "--json")[1])["findings"]
    assert f"parallel-agents adopt {place}" in [finding["action"] for finding in findings]
    code, out, _ = one.run("adopt", str(place), "and go on")
    assert code == 2
    assert one.run("adopt", str(place))[:2] == (0, f"{session}\n")
    assert one.row(session)["worktree"] == str(place)
    assert one.run("diff", session, "--stat")[1].split() == ["A", "+1", "-0", "work.txt"]
    one.trust()
    one.ask(m.Send(key=new_uuid(), session=session, text="echo again"))
    one.wait_state(session, "done")
    assert one.run("rm", session)[0] == 0
    assert one.run("restore", session)[0] == 0
    assert (place / "work.txt").read_text() == "work"


def test_a_deleted_session_comes_back_into_its_moved_repository(one: World) -> None:
    session = done(one)
    path = Path(one.row(session)["worktree"])
    (path / "work.txt").write_text("work")
    assert one.run("rm", session)[0] == 0
    moved = one.repo.with_name("shop 2")
    one.repo.rename(moved)
    one.repo = moved
    code, _, talk = one.run("restore", session)
    assert (code, "is not there" in talk) == (4, True)
    assert f"parallel-agents restore {session} --in NEW-PLACE" in talk
    findings = json.loads(one.run("doctor", "--worktrees", "--json")[1])["findings"]
    assert f"parallel-agents restore {session} --in '{moved}'" in [f["action"] for f in findings]
    place = moved / path.relative_to(path.parents[2])
    assert one.run("restore", session, "--in", str(moved / "src"))[0] == 1
    assert one.run("restore", session, "--in", str(moved))[:2] == (0, f"{place}\n")
    assert one.row(session)["worktree"] == str(place)
    assert (place / "work.txt").read_text() == "work"
    one.trust()
    one.ask(m.Send(key=new_uuid(), session=session, text="echo again"))
    one.wait_state(session, "done")
    assert one.run("rm", session)[0] == 0
    assert one.run("restore", session)[0] == 0


def test_a_session_whose_repository_is_gone_can_be_ended(one: World) -> None:
    session = done(one)
    moved = one.repo.with_name("shop2")
    one.repo.rename(moved)
    one.repo = moved
    assert one.run("rm", session)[0] == 0
    place = next((moved / ".claude/worktrees").iterdir())
    code, _, talk = one.run("adopt", str(place))
    assert (code, f"parallel-agents restore {session}" in talk) == (4, True)
    assert one.run("restore", session)[0] == 0
    assert one.run("adopt", str(place))[0] == 0
    assert one.run("rm", session)[0] == 0
    assert one.run("trash", "--empty")[1].split() == [session]
    assert not place.exists()


def test_a_worktree_with_other_numbers_is_worked_in_again(one: World) -> None:
    session = done(one)
    path = Path(one.row(session)["worktree"])
    one.ask(m.Stop(key=new_uuid(), session=session))
    path.rename(one.root / "away")
    subprocess.run(["cp", "-a", str(one.root / "away"), str(path)], check=True)
    one.ask(m.Send(key=new_uuid(), session=session, text="echo again"))
    one.wait_state(session, "done")
    lines = (one.session_dir(session) / "journal.jsonl").read_text().splitlines()
    records = [json.loads(line)["event"] for line in lines if '"worktree_ready"' in line]
    assert [record["record"]["inode"] for record in records][-1] == path.stat().st_ino


def test_a_message_to_a_session_that_cannot_start_is_refused_and_not_kept(one: World) -> None:
    """It would be said to be sent, and wait for ever."""
    session = done(one)
    one.ask(m.Stop(key=new_uuid(), session=session))
    tree = Path(one.row(session)["worktree"])
    away = tree.with_name("away")
    tree.rename(away)
    code, _, talk = one.run("send", session, "echo lost?")
    assert code == 1
    assert "worktree" in talk
    away.rename(tree)
    assert one.run("send", session, "echo found")[0] == 0
    one.wait_state(session, "done")
    logs = one.run("logs", session)[1]
    assert "found" in logs
    assert "lost?" not in logs
