"""The main job on the real `claude`, by the command line."""

import json
import os
import signal
from pathlib import Path

import psutil
import pytest

from parallel_agents.core.errors import RefusedError
from parallel_agents.core.ids import new_uuid
from parallel_agents.wire.messages import SetOptions
from tests.support.messages_api import MessagesApi
from tests.support.person import Person

pytestmark = pytest.mark.claude


def new(person: Person, repo: Path, prompt: str, *more: str) -> str:
    return person.ok("new", prompt, "-C", str(repo), "--base", "head", *more)


def test_main_job(developer: Person) -> None:
    """Three sessions here, one there; asked, killed, answered, merged, deleted, restored."""
    shop, tools = developer.repository("shop"), developer.repository("tools")
    write = 'WRITE {"file_path": "$CWD/note.txt", "content": "from claude\\n"}'
    writer = new(developer, shop, write, "--name", "writer")
    asker = new(developer, shop, "ASK", "--name", "asker")
    talker = new(developer, shop, "SAY just words", "--name", "talker")
    other = new(developer, tools, "BASH touch made-here", "--name", "other")
    for session in (writer, asker, other):
        developer.wait(session, "blocked")
    developer.wait(talker, "done")
    before = {row["id"]: row["pending"] for row in developer.json("ls")}

    developer.kill_supervisor()
    after = {row["id"]: row["pending"] for row in developer.json("ls")}
    assert after == before

    developer.ok("answer", writer, "--allow")
    developer.ok("answer", asker, "--choose", "Postgres")
    developer.ok("answer", other, "--always")
    for session in (writer, asker, other):
        developer.wait(session, "done")
    assert (shop / ".claude/worktrees/writer/note.txt").read_text() == "from claude\n"
    assert not (shop / "note.txt").exists()
    assert (tools / ".claude/worktrees/other/made-here").exists()
    stat = developer.json("diff", writer)
    assert [f["path"] for f in stat["files"]] == ["note.txt"]
    assert developer.git("status", "--porcelain", cwd=shop) == ""

    developer.ok("rm", writer)
    assert not (shop / ".claude/worktrees/writer").exists()
    developer.ok("restore", writer)
    assert (shop / ".claude/worktrees/writer/note.txt").read_text() == "from claude\n"
    developer.ok("send", writer, "SAY still here")
    developer.wait(writer, "done")
    assert "still here" in developer.ok("logs", writer)
    assert developer.show(writer)["state"] == "done"


def test_deny_message_reaches_the_agent(developer: Person, api: MessagesApi) -> None:
    repo = developer.repository()
    session = new(developer, repo, "BASH touch nope THEN SAY over")
    developer.wait(session, "blocked")
    developer.ok("answer", session, "--deny", "use another name")
    developer.wait(session, "done")
    assert not (repo / ".claude/worktrees").joinpath("nope").exists()
    assert any("use another name" in json.dumps(call.body) for call in api.calls())


def test_plan_is_approved_into_a_mode(developer: Person) -> None:
    repo = developer.repository()
    prompt = 'PLAN first this THEN WRITE {"file_path": "$CWD/a.txt", "content": "a"}'
    session = new(developer, repo, prompt, "--permission-mode", "plan")
    developer.wait(session, "blocked")
    assert developer.show(session)["pending"][0]["kind"] == "plan"
    developer.ok("answer", session, "--allow", "--mode", "acceptEdits")
    developer.wait(session, "done")
    assert developer.show(session)["mode"] == "acceptEdits"


def test_interrupt_and_queue(developer: Person, api: MessagesApi) -> None:
    repo = developer.repository()
    session = new(developer, repo, "HOLD a")
    api.wait_for(lambda server: server.is_holding("a"))
    developer.ok("send", session, "SAY queued answer")
    developer.ok("interrupt", session)
    developer.wait(session, "done")
    assert "queued answer" in developer.ok("logs", session)
    api.release("a")


def test_stop_and_wake(developer: Person) -> None:
    repo = developer.repository()
    session = new(developer, repo, "SAY one")
    developer.wait(session, "done")
    developer.ok("stop", session)
    assert developer.show(session)["state"] == "stopped"
    assert developer.show(session)["pid"] is None
    developer.ok("send", session, "SAY two")
    developer.wait(session, "done")
    assert "two" in developer.ok("logs", session)


def test_killed_in_a_tool_is_cut_and_said(developer: Person) -> None:
    """A message that had begun is never run again by itself (pitfall 3)."""
    repo = developer.repository()
    session = new(developer, repo, "BASH touch one THEN BASH touch two")
    developer.wait(session, "blocked")
    developer.ok("answer", session, "--allow")
    developer.wait(session, "blocked")
    os.kill(developer.show(session)["pid"], signal.SIGKILL)
    developer.wait(session, "failed")
    assert "cut off" in developer.show(session)["detail"]
    developer.ok("send", session, "SAY going on")
    developer.wait(session, "done")


def test_unknown_conversation_begins_anew_before_the_first_answer(developer: Person) -> None:
    repo = developer.repository()
    session = new(developer, repo, "HOLD never", "--wait-ready")
    developer.run("wait", session, "--until", "working")
    developer.ok("stop", session)
    developer.ok("send", session, "SAY hello again")
    developer.wait(session, "done")


def test_missing_worktree_never_reaches_the_main_checkout(developer: Person) -> None:
    """Pitfall 1: no spawn, no work in the user's own checkout."""
    repo = developer.repository()
    session = new(developer, repo, "SAY ready")
    developer.wait(session, "done")
    developer.ok("stop", session)
    tree = Path(developer.show(session)["worktree"])
    tree.rename(tree.with_name("moved"))
    write = 'WRITE {"file_path": "$CWD/x", "content": "x"}'
    assert developer.run("send", session, write).code == 1
    assert "worktree missing" in developer.show(session)["detail"]
    assert developer.show(session)["pid"] is None
    tree.with_name("moved").rename(tree)
    developer.ok("send", session, write)
    developer.wait(session, "blocked")
    assert not (repo / "x").exists()


def test_worktree_removed_under_a_living_agent_stops_it(developer: Person) -> None:
    repo = developer.repository()
    session = new(developer, repo, "BASH touch a")
    developer.wait(session, "blocked")
    pid = developer.show(session)["pid"]
    tree = Path(developer.show(session)["worktree"])
    tree.rename(tree.with_name("gone"))
    developer.wait(session, "failed")
    gone, _ = psutil.wait_procs([psutil.Process(pid)] if psutil.pid_exists(pid) else [], 20)
    assert not psutil.pid_exists(pid) or gone
    assert "worktree missing" in developer.show(session)["detail"]


def test_agent_cannot_approve_itself(developer: Person) -> None:
    """Pitfall 4: a command of the agent answers the next request; it is refused and said."""
    import sys

    repo = developer.repository()
    environment = (
        f"PARALLEL_AGENTS_HOME={developer.home} XDG_RUNTIME_DIR={developer.env['XDG_RUNTIME_DIR']}"
    )
    script = developer.tmp / "approve.sh"
    script.write_text(
        f"{environment} {sys.executable} -m parallel_agents answer victim --allow > "
        f"{developer.tmp}/said 2>&1; echo $? >> {developer.tmp}/said\n"
    )
    victim = new(developer, repo, "BASH touch stolen", "--name", "victim")
    developer.wait(victim, "blocked")
    attackers = [
        new(developer, repo, f"BASH {how}/bin/sh {script}", "--permission-mode", "default")
        for how in ("", "setsid ", "setsid env -i ")
    ]
    for attacker in attackers:
        developer.wait(attacker, "blocked")
        developer.ok("answer", attacker, "--allow")
        developer.wait(attacker, "done")
        said = (developer.tmp / "said").read_text()
        (developer.tmp / "said").unlink()
        assert said.rstrip().endswith("4"), said
        assert developer.show(victim)["state"] == "blocked"
        assert "it was refused" in developer.ok("logs", attacker)


def test_login_error_is_said_at_once(developer: Person) -> None:
    repo = developer.repository()
    session = new(developer, repo, "ERR 401 99")
    developer.wait(session, "working", "failed")

    def said() -> str:
        return str(developer.show(session)["detail"])

    for _ in range(200):
        if "claude" in said().lower():
            break
    assert "retrying" in said() or developer.show(session)["state"] == "failed"
    developer.ok("stop", session)


def test_clear_changes_the_conversation(developer: Person) -> None:
    repo = developer.repository()
    session = new(developer, repo, "SAY one")
    developer.wait(session, "done")
    before = developer.show(session)["sessionId"]
    developer.ok("send", session, "/clear")
    developer.ok("send", session, "SAY two")
    developer.wait(session, "done")
    developer.ok("stop", session)
    after = developer.show(session)["sessionId"]
    assert after != before
    developer.ok("send", session, "SAY three")
    developer.wait(session, "done")
    assert developer.show(session)["sessionId"] == after


def test_the_mode_that_is_shown_is_the_one_in_effect(developer: Person) -> None:
    """The program answers with it, or refuses; what was asked for is not believed."""
    session = new(developer, developer.repository(), "SAY ready")
    developer.wait(session, "done")
    with developer.client() as client:
        taken = client.request(SetOptions(key=new_uuid(), session=session, mode="plan"))
        assert taken.mode == "plan"
        with pytest.raises(RefusedError, match="bypassPermissions"):
            client.request(SetOptions(key=new_uuid(), session=session, mode="bypassPermissions"))
    assert developer.show(session)["mode"] == "plan"
    developer.ok("stop", session)
    developer.ok("send", session, "SAY again")
    developer.wait(session, "done")
    assert developer.show(session)["mode"] == "plan"


def test_comments_and_what_was_taken_out_reach_the_agent(
    developer: Person, api: MessagesApi
) -> None:
    """As one message, with the note before the person's words."""
    repo = developer.repository()
    write = 'WRITE {"file_path": "$CWD/note.txt", "content": "one\\ntwo\\n"}'
    session = new(developer, repo, write, "--permission-mode", "acceptEdits")
    developer.wait(session, "done")
    note = Path(developer.show(session)["worktree"]) / "note.txt"
    developer.ok("comment", session, "note.txt:2", "Why two?", "--question")
    developer.ok("comment", session, ".", "SAY I understand")
    developer.ok("reject", session, "note.txt")
    assert not note.exists()
    developer.ok("comments", session, "--send")
    developer.wait(session, "done")
    assert "I understand" in developer.ok("logs", session)
    body = json.dumps(api.calls()[-1].body)
    for said in ("took these changes out", "note.txt", "Why two?", "File note.txt, line 2"):
        assert said in body
    developer.ok("reject", session, "--undo")
    assert note.read_text() == "one\ntwo\n"
    assert developer.json("comments", session)["comments"][0]["standing"] == "here"
