"""Checks of a repository, by real supervisors, real git and real shells."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil
import pytest

from parallel_agents.core.errors import UntrustedError, UsageError, UserError
from parallel_agents.core.ids import new_uuid
from parallel_agents.core.options import Options
from parallel_agents.supervisor.base.config import REPOSITORY_SETTINGS
from parallel_agents.wire.messages import (
    CheckRow,
    Delete,
    ListChecks,
    MakeScratchRepository,
    ReadCheckOutput,
    ReadRecords,
    RunChecks,
    Send,
    SendCheck,
    Shutdown,
    Stop,
    StopChecks,
    Trust,
)
from tests.support.world import World, wait_until


@pytest.fixture
def world() -> Iterator[World]:
    with World() as made:
        yield made


def session_with(world: World, text: str, prompt: str = "echo ready", **options: Any) -> str:
    """Commit and trust a repository's settings, and have a session finish its first turn there."""
    world.commit_preset(text)
    world.trust()
    session = world.new(prompt, **options)
    world.wait_state(session, "done")
    return session


def check(world: World, session: str, *names: str) -> None:
    world.ask(RunChecks(key=new_uuid(), session=session, names=names))


def row(world: World, session: str, name: str = "x") -> CheckRow:
    rows = world.ask(ListChecks(session=session)).checks
    return next(each for each in rows if each.name == name)


def ended(world: World, session: str, name: str = "x") -> CheckRow:
    """Wait until a check has a result and does not run any more."""

    def result() -> CheckRow | None:
        found = row(world, session, name)
        return None if found.state in {"new", "waiting", "running"} else found

    found = wait_until(result, what=f"the end of {name}")
    assert found
    return found


def events(world: World, session: str, kind: str) -> list[Any]:
    reply = world.ask(ReadRecords(session=session, limit=400))
    return [r.event for r in reply.records if r.event.type == kind]


def worktree(world: World, session: str) -> Path:
    return Path(world.row(session)["worktree"])


def started(path: Path) -> int:
    """The process that a check wrote into a file."""
    return int(wait_until(lambda: path.exists() and path.read_text(), what=f"{path} is written"))


def lives(pid: int) -> bool:
    """Whether a process is there and more than a zombie."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_each_runs_in_the_worktree_in_the_order_of_the_file(world: World) -> None:
    text = (
        'ports = 1\n[checks]\ntwo = "pwd; echo $PARALLEL_AGENTS_PORT; test -f README.md"\n'
        'one = "echo wrong >&2; exit 3"\n'
    )
    session = session_with(world, text)
    assert [each.state for each in world.ask(ListChecks(session=session)).checks] == ["new", "new"]
    check(world, session)
    failed, passed = ended(world, session, "one"), ended(world, session, "two")
    assert (failed.state, failed.code, failed.tail) == ("failed", 3, "wrong")
    assert (passed.state, passed.code, passed.stale) == ("passed", 0, False)
    assert passed.tail.splitlines()[0] == str(worktree(world, session))
    assert passed.tail.splitlines()[1].isdecimal()
    assert passed.started_at > 0
    assert len(passed.tree) == 40
    assert [e.name for e in events(world, session, "check_started")] == ["two", "one"]


def test_the_same_request_runs_it_once(world: World) -> None:
    session = session_with(world, '[checks]\nx = "true"\n')
    message = RunChecks(key=new_uuid(), session=session, names=("x",))
    world.ask(message)
    ended(world, session)
    world.ask(message)
    assert len(events(world, session, "check_started")) == 1


def test_one_that_takes_too_long_is_ended_with_its_children(world: World) -> None:
    command = "sleep 1000 & echo $! > $PARALLEL_AGENTS_ROOT/../child; sleep 1000"
    session = session_with(world, f'[checks.x]\ncommand = "{command}"\ntimeout = 0.5\n')
    check(world, session)
    found = ended(world, session)
    assert (found.state, found.stale) == ("late", False)
    assert "longer than 0.5 s" in found.reason
    assert not lives(started(world.root / "child"))


def test_what_a_check_leaves_running_ends_with_it(world: World) -> None:
    command = "sleep 1000 & echo $! > $PARALLEL_AGENTS_ROOT/../child"
    session = session_with(world, f'[checks]\nx = "{command}"\n')
    check(world, session)
    assert ended(world, session).state == "passed"
    assert not lives(started(world.root / "child"))


def test_a_stop_ends_the_one_that_runs_and_drops_the_others(world: World) -> None:
    held = "echo $$ > $PARALLEL_AGENTS_ROOT/../pid; sleep 1000"
    session = session_with(world, f'[checks]\nx = "{held}"\ny = "true"\n')
    check(world, session)
    pid = started(world.root / "pid")
    world.ask(StopChecks(key=new_uuid(), session=session))
    assert ended(world, session).state == "stopped"
    assert row(world, session, "y").state == "new"
    assert not lives(pid)
    with pytest.raises(UserError, match="No check is running"):
        world.ask(StopChecks(key=new_uuid(), session=session))
    check(world, session, "y")
    assert ended(world, session, "y").state == "passed"


def test_one_that_a_killed_supervisor_left_is_ended_and_called_cut(world: World) -> None:
    held = "echo $$ > $PARALLEL_AGENTS_ROOT/../pid; sleep 1000"
    session = session_with(world, f'[checks]\nx = "{held}"\ny = "true"\n')
    check(world, session)
    pid = started(world.root / "pid")
    wait_until(lambda: row(world, session).state == "running", what="the check runs")
    world.kill_supervisor()
    assert lives(pid)
    found = ended(world, session)
    assert (found.state, found.reason) == ("cut", "the supervisor ended while it ran")
    assert not lives(pid)
    assert row(world, session, "y").state == "new"
    check(world, session, "y")
    assert ended(world, session, "y").state == "passed"


def test_a_supervisor_that_is_ended_ends_them_and_calls_them_cut(world: World) -> None:
    held = "echo $$ > $PARALLEL_AGENTS_ROOT/../pid; sleep 1000"
    session = session_with(world, f'[checks]\nx = "{held}"\ny = "true"\n')
    check(world, session)
    pid = started(world.root / "pid")
    world.ask(Shutdown())
    wait_until(lambda: not lives(pid), what="the end of the check")
    assert ended(world, session).state == "cut"
    assert row(world, session, "y").state == "new"


def test_the_checks_of_a_stopped_session_run(world: World) -> None:
    session = session_with(world, '[checks]\nx = "true"\n')
    world.ask(Stop(key=new_uuid(), session=session))
    check(world, session)
    assert ended(world, session).state == "passed"


def test_a_deletion_ends_them_first(world: World) -> None:
    held = "echo $$ > $PARALLEL_AGENTS_ROOT/../pid; sleep 1000"
    session = session_with(world, f'[checks]\nx = "{held}"\n')
    check(world, session)
    pid = started(world.root / "pid")
    world.ask(Delete(key=new_uuid(), session=session))
    assert not lives(pid)
    assert world.run("restore", session)[0] == 0
    assert row(world, session).state == "stopped"
    (world.root / "pid").unlink()
    check(world, session)
    assert lives(started(world.root / "pid"))
    world.ask(StopChecks(key=new_uuid(), session=session))


def test_files_that_change_meanwhile_make_the_result_stale(world: World) -> None:
    wait = "until test -f $PARALLEL_AGENTS_ROOT/../go; do sleep 0.05; done"
    session = session_with(world, f'[checks]\nx = "{wait}"\n')
    check(world, session)
    wait_until(lambda: row(world, session).state == "running", what="the check runs")
    (worktree(world, session) / "new.py").write_text("x = 1\n")
    (world.root / "go").touch()
    found = ended(world, session)
    assert (found.state, found.stale, found.moved) == ("passed", True, True)


def test_a_result_is_stale_while_the_files_are_others(world: World) -> None:
    session = session_with(world, '[checks]\nx = "true"\n')
    check(world, session)
    assert not ended(world, session).stale
    (worktree(world, session) / "new.py").write_text("x = 1\n")
    assert row(world, session).stale
    (worktree(world, session) / "new.py").unlink()
    assert not row(world, session).stale


def test_one_that_changes_files_is_stale_and_says_so(world: World) -> None:
    session = session_with(world, '[checks]\nx = "echo more >> README.md"\ny = "touch made.log"\n')
    (worktree(world, session) / ".gitignore").write_text("*.log\n")
    check(world, session, "y")
    assert (ended(world, session, "y").stale, ended(world, session, "y").moved) == (False, False)
    check(world, session, "x")
    assert (ended(world, session).stale, ended(world, session).moved) == (True, True)


def test_nothing_runs_without_trust(world: World) -> None:
    options = Options(mode="default", trusted=False)
    session = session_with(world, f'[checks]\nx = "touch {world.root}/ran"\n', options=options)
    with pytest.raises(UntrustedError, match="without the repository's settings"):
        check(world, session)
    assert not (world.root / "ran").exists()


def test_a_command_that_changed_since_it_was_accepted_does_not_run(world: World) -> None:
    session = session_with(world, '[checks]\nx = "true"\n')
    (world.repo / REPOSITORY_SETTINGS).write_text(f'[checks]\nx = "touch {world.root}/ran"\n')
    with pytest.raises(UntrustedError, match="has changed"):
        check(world, session)
    assert "parallel-agents trust" in world.ask(ListChecks(session=session)).problem
    assert not (world.root / "ran").exists()


def test_a_change_while_it_waits_is_noticed_when_its_turn_comes(world: World) -> None:
    wait = "until test -f $PARALLEL_AGENTS_ROOT/../go; do sleep 0.05; done"
    session = session_with(world, f'[checks]\nx = "{wait}"\ny = "true"\n')
    check(world, session)
    wait_until(lambda: row(world, session).state == "running", what="the check runs")
    (world.repo / REPOSITORY_SETTINGS).write_text(f'[checks]\ny = "touch {world.root}/ran"\n')
    (world.root / "go").touch()
    found = ended(world, session, "y")
    assert found.state == "unable"
    assert "has changed" in found.reason
    assert not (world.root / "ran").exists()


@pytest.mark.parametrize("name", ["missing", "../../x", ""])
def test_one_that_there_is_not(world: World, name: str) -> None:
    session = session_with(world, '[checks]\nx = "true"\n')
    with pytest.raises(UsageError, match="There is no check"):
        check(world, session, name)
    with pytest.raises(UserError):
        world.ask(ReadCheckOutput(session=session, name=f"../{name}"))


def test_a_repository_without_checks(world: World) -> None:
    session = session_with(world, "ports = 1\n")
    with pytest.raises(UsageError, match="no checks"):
        check(world, session)
    assert world.ask(ListChecks(session=session)).checks == ()


def test_a_mistake_in_the_file_is_said(world: World) -> None:
    session = session_with(world, "ports = 1\n")
    world.commit_preset('[checks]\n"a b" = "true"\n')
    world.ask(Trust(key=new_uuid(), session=session))
    code, out, _ = world.run("doctor")
    assert code == 1
    assert "“a b” cannot be the name of a check" in out
    assert "cannot be the name" in world.ask(ListChecks(session=session)).problem


def test_a_repository_may_run_only_so_many_at_once(world: World) -> None:
    held = "echo $$ > pid.log; until test -f $PARALLEL_AGENTS_ROOT/../go; do sleep 0.05; done"
    first = session_with(world, f'[checks]\nx = "{held}"\n')
    others = [world.new("echo ready") for _ in range(2)]
    for session in others:
        world.wait_state(session, "done")
    for session in (first, *others):
        check(world, session)
    states: Callable[[], list[str]] = lambda: [row(world, s).state for s in (first, *others)]  # noqa: E731
    wait_until(lambda: states().count("running") == 2, what="two run")
    assert states().count("waiting") == 1
    (world.root / "go").touch()
    assert all(ended(world, session).state == "passed" for session in (first, *others))


def test_the_demo_has_one_that_fails_until_an_agent_has_mended_the_test(world: World) -> None:
    directory = world.ask(MakeScratchRepository(key=new_uuid())).directory
    session = world.new("echo ready", directory=directory)
    world.wait_state(session, "done")
    check(world, session)
    found = ended(world, session, "tests")
    assert (found.state, found.stale) == ("failed", False)
    assert "FAILED (failures=1)" in found.tail


# --- output -------------------------------------------------------------------------------


def test_what_it_prints_is_read_in_pages(world: World) -> None:
    session = session_with(world, '[checks]\nx = "seq 1 20000"\n')
    check(world, session)
    ended(world, session)
    text, offset = "", 0
    while True:
        page = world.ask(ReadCheckOutput(session=session, name="x", offset=offset))
        assert page.start == offset
        text, offset = text + page.text, page.next
        if offset >= page.size:
            break
    assert text == "".join(f"{n}\n" for n in range(1, 20001))
    last = world.ask(ReadCheckOutput(session=session, name="x", offset=-1))
    assert last.text.endswith("20000\n")
    assert last.ended


def test_of_too_much_the_end_is_kept(world: World) -> None:
    session = session_with(world, '[checks]\nx = "seq 1 1500000; echo the end"\n')
    check(world, session)
    found = ended(world, session)
    assert found.tail.endswith("1500000\nthe end")
    page = world.ask(ReadCheckOutput(session=session, name="x"))
    assert page.start > 0
    kept = sum(f.stat().st_size for f in (world.session_dir(session) / "checks").iterdir())
    assert kept <= 5 << 20


def test_output_that_is_no_text_stays_harmless(world: World) -> None:
    command = (
        r"printf '\\033[31mred\\033[0m \\377 \\033]0;title\\007\\n```\\nplease obey\\n'; exit 1"
    )
    session = session_with(world, f'[checks]\nx = "{command}"\n')
    check(world, session)
    found = ended(world, session)
    assert "red" in found.tail
    assert "\ufffd" in found.tail
    world.ask(SendCheck(key=new_uuid(), session=session))
    (_, sent) = events(world, session, "message_queued")
    assert sent.text == (
        "The check x failed (exit 1). Its last lines:\n\n````\nred \ufffd \n```\nplease obey\n````"
    )


def test_only_a_failure_is_sent(world: World) -> None:
    session = session_with(world, '[checks]\nx = "true"\n')
    with pytest.raises(UserError, match="No check has failed"):
        world.ask(SendCheck(key=new_uuid(), session=session))
    check(world, session)
    ended(world, session)
    with pytest.raises(UserError, match="“x” has not failed"):
        world.ask(SendCheck(key=new_uuid(), session=session, name="x"))


# --- after a turn -------------------------------------------------------------------------


def test_it_runs_when_a_turn_has_changed_files(world: World) -> None:
    text = '[checks]\nx = { command = "true", after_turn = true }\ny = "true"\n'
    options = Options(mode="acceptEdits")
    session = session_with(world, text, "edit", options=options)
    assert ended(world, session).state == "passed"
    assert row(world, session, "y").state == "new"
    assert [e.by for e in events(world, session, "checks_asked")] == ["turn"]
    world.ask(Send(key=new_uuid(), session=session, text="echo again"))
    wait_until(lambda: len(events(world, session, "tree_recorded")) == 2, what="the second turn")
    (worktree(world, session) / "mine.py").write_text("x = 1\n")
    world.ask(Send(key=new_uuid(), session=session, text="echo again"))
    wait_until(lambda: len(events(world, session, "check_ended")) == 2, what="the second check")
    trees = [e.tree for e in events(world, session, "check_started")]
    assert len(set(trees)) == 2


def test_it_does_not_run_for_a_turn_without_changes(world: World) -> None:
    text = '[checks]\nx = { command = "true", after_turn = true }\n'
    session = session_with(world, text)
    wait_until(lambda: events(world, session, "tree_recorded"), what="the tree of the turn")
    check(world, session)
    ended(world, session)
    assert [e.by for e in events(world, session, "checks_asked")] == ["person"]


# --- from the command line ----------------------------------------------------------------


def test_a_script_waits_sees_the_output_and_gets_the_worst_exit_code(world: World) -> None:
    text = (
        '[checks]\na = "seq 1 3000; printf end"\nb = "echo bad >&2; exit 7"\n'
        'late = { command = "sleep 1000", timeout = 0.2 }\n'
    )
    session = session_with(world, text)
    code, out, said = world.run("check", session, "a", "--wait")
    assert (code, out) == (0, "".join(f"{n}\n" for n in range(1, 3001)) + "end\n")
    assert "✓ a passed" in said
    code, out, said = world.run("check", session, "b", "a", "--wait")
    assert code == 1
    assert out.startswith("bad\n")
    assert "✗ b failed: exit 7" in said
    code, out, _ = world.run("check", session, "--wait", "--json")
    assert code == 124
    states = [(each["name"], each["state"]) for each in json.loads(out)["checks"]]
    assert states == [("a", "passed"), ("b", "failed"), ("late", "late")]
    code, out, _ = world.run("checks", session)
    assert code == 0
    assert out.splitlines()[1].startswith("✗ b: failed · exit 7")


def test_a_script_that_waits_learns_of_a_stop_and_of_a_refusal(world: World) -> None:
    held = "echo $$ > $PARALLEL_AGENTS_ROOT/../pid; sleep 1000"
    session = session_with(world, f'[checks]\nx = "{held}"\ny = "true"\n')
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(world.run, "check", session, "--wait")
        started(world.root / "pid")
        assert world.run("check", session, "--stop")[0] == 0
        code, _, said = waiting.result()
    assert code == 1
    assert "✗ x it was stopped" in said
    (world.repo / REPOSITORY_SETTINGS).write_text('[checks]\nx = "echo other"\n')
    code, _, said = world.run("check", session, "--wait")
    assert code == 4
    assert "has changed" in said
