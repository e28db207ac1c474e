"""The demo agent as a process: every story, against the shapes of the real program."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from parallel_agents.agents.demo.__main__ import parse, rules
from parallel_agents.agents.demo.frames import patch
from parallel_agents.core.review import Comment, Passage, comments_message
from tests.agents.demo_harness import Demo, Frame, allow, key, of, parts, states, texts

REQUIRED = json.loads((Path(__file__).parent / "required_keys.json").read_text())
"""Which keys the recordings of Claude Code 2.1.329 have in every frame of a kind."""

STORIES = (
    "edit", "permission", "question", "plan", "fail", "fail auth", "subagent", "retry",
    "stream 7 0", "echo a  b", "shell", "big 1000", "garbage", "make it better", "/clear",
)  # fmt: skip


@pytest.fixture
def work(tmp_path: Path) -> Path:
    git = {"GIT_CONFIG_GLOBAL": os.devnull, "PATH": os.environ["PATH"]}
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True, env=git)
    (tmp_path / "README.md").write_text("# Shop\n\nA shop.\n")
    return tmp_path


@pytest.fixture
def demo(work: Path) -> Iterator[Demo]:
    with Demo(work, "--session-id", "s1") as process:
        yield process


def deny(_request: Frame) -> Frame:
    return {"behavior": "deny", "message": "not now"}


@pytest.mark.parametrize("story", STORIES)
@pytest.mark.parametrize("decide", [allow, deny])
def test_shapes_are_those_of_the_real_program(demo: Demo, story: str, decide: object) -> None:
    demo.request("initialize")
    demo.request("set_permission_mode", mode="acceptEdits")
    demo.request("nonsense")
    frames = demo.turn(story, decide)  # type: ignore[arg-type]
    assert states(frames)[0] == "running"
    assert len(of(frames, "system/init")) >= 1
    assert len(of(frames, "result/success")) >= 1
    lifecycle = [frame["state"] for frame in of(frames, "command_lifecycle")]
    assert lifecycle == ["queued", "started", "completed"]
    for frame in demo.seen:
        for kind, part in parts(frame):
            missing = set(REQUIRED.get(kind, [])) - part.keys()
            assert not missing, f"{kind} lacks {missing}"
    assert demo.close() == (1 if "fail" in story else 0)


def test_every_kind_of_the_recordings_is_played(work: Path) -> None:
    """No required shape goes unchecked; a hidden type would make the test above vacuous."""
    kinds: set[str] = set()
    with Demo(work, "--session-id", "s") as demo:
        for story in STORIES:
            demo.turn(story)
        demo.request("nonsense")
        demo.say("permission")
        demo.asked()
        demo.request("interrupt")
        demo.idle()
        demo.request("set_permission_mode", mode="dontAsk")
        demo.turn("permission")
        demo.request("set_permission_mode", mode="default")
        demo.turn("edit")
        kinds |= {kind for frame in demo.seen for kind, _ in parts(frame)}
    played_elsewhere = {kind for kind in REQUIRED if kind.startswith("tool_use_result/")}
    assert set(REQUIRED) - kinds == played_elsewhere


def test_edit_really_edits(demo: Demo, work: Path) -> None:
    frames = demo.turn("edit")
    assert "Change 1" in (work / "README.md").read_text()
    assert (work / "greeting.py").exists()
    results = [f["tool_use_result"] for f in of(frames, "user") if "tool_use_result" in f]
    wrote = next(result for result in results if result.get("type") == "create")
    assert set(REQUIRED["tool_use_result/structuredPatch"]) <= wrote.keys()
    edited = next(result for result in results if "oldString" in result)
    hunk = edited["structuredPatch"][0]
    assert [line for line in hunk["lines"] if line[0] == "+"]
    assert edited["originalFile"] == "# Shop\n\nA shop.\n"
    assert of(frames, "result/success")[0]["total_cost_usd"] > 0
    second = demo.turn("edit")
    assert not [f for f in second if key(f) == "result/error_during_execution"]
    assert "Change 2" in (work / "README.md").read_text()


def test_the_command_really_runs(demo: Demo) -> None:
    demo.request("set_permission_mode", mode="acceptEdits")
    frames = demo.turn("make it better")
    ran = [f["tool_use_result"] for f in of(frames, "user")][-1]
    assert ran.keys() >= set(REQUIRED["tool_use_result/stdout"])
    assert "OK" in ran["stdout"]
    assert texts(frames)[-1].startswith("The tests pass")
    requests = of(frames, "control_request")
    assert [request["request"]["tool_name"] for request in requests] == ["Bash"]
    assert requests[0]["request"]["permission_suggestions"][0]["type"] == "addRules"


def test_a_denial_changes_nothing(demo: Demo, work: Path) -> None:
    before = sorted(path.name for path in work.iterdir())
    frames = demo.turn("edit", deny)
    assert sorted(path.name for path in work.iterdir()) == before
    assert of(frames, "result/success")[0]["permission_denials"]
    blocks = [b for f in of(frames, "user") for b in f["message"]["content"]]
    assert [b["content"] for b in blocks if b.get("is_error")] == ["not now"]


def test_a_denial_may_interrupt(demo: Demo) -> None:
    frames = demo.turn("permission", lambda r: deny(r) | {"interrupt": True})
    assert of(frames, "result/error_during_execution")[0]["terminal_reason"] == "aborted_tools"


def test_edited_input_is_used(demo: Demo) -> None:
    def shorter(request: Frame) -> Frame:
        return {"behavior": "allow", "updatedInput": request["input"] | {"command": "echo mine"}}

    frames = demo.turn("permission", shorter)
    assert [f["tool_use_result"]["stdout"] for f in of(frames, "user")] == ["mine"]


def test_always_is_remembered_in_the_process(demo: Demo) -> None:
    def always(request: Frame) -> Frame:
        return allow(request) | {"updatedPermissions": request["permission_suggestions"]}

    assert of(demo.turn("permission", always), "control_request")
    assert not of(demo.turn("permission"), "control_request")
    frames = demo.turn("edit", always)
    assert len(of(frames, "control_request")) == 1  # the first edit switched to acceptEdits
    assert of(frames, "system/status")[-1]["status"] == "requesting"
    assert "acceptEdits" in [f.get("permissionMode") for f in of(frames, "system/status")]


@pytest.mark.parametrize(
    ("flags", "asked"),
    [
        ([], ["Edit", "Write", "Write", "Bash"]),
        (["--permission-mode", "acceptEdits"], ["Bash"]),
        (["--permission-mode=bypassPermissions"], []),
        (["--permission-mode", "plan"], ["ExitPlanMode", "Edit", "Write", "Write"]),
        (["--allowedTools", "Edit", "Write", "Bash(python3 -m unittest *)"], []),
    ],
)
def test_modes_decide_what_is_asked(work: Path, flags: list[str], asked: list[str]) -> None:
    with Demo(work, *flags) as demo:
        frames = demo.turn("improve the shop")
        assert [f["request"]["tool_name"] for f in of(frames, "control_request")] == asked


def test_questions_are_answered(demo: Demo) -> None:
    demo.say("question")
    request = demo.asked("AskUserQuestion")["request"]
    assert [q["multiSelect"] for q in request["input"]["questions"]] == [False, True]
    demo.answer(demo.seen[-1], allow(request))
    assert "SQLite" in texts(demo.idle())[-1]


def test_a_plan_is_approved_into_a_mode(demo: Demo, work: Path) -> None:
    def approve(request: Frame) -> Frame:
        mode = {"type": "setMode", "mode": "acceptEdits", "destination": "session"}
        return allow(request) | {"updatedPermissions": [mode]}

    frames = demo.turn("plan", approve)
    assert [f["request"]["tool_name"] for f in of(frames, "control_request")] == ["ExitPlanMode"]
    assert (work / "greeting.py").exists()
    assert of(demo.turn("echo x"), "system/init")[0]["permissionMode"] == "acceptEdits"


def test_interrupt_in_a_stream(work: Path) -> None:
    with Demo(work, fast=False) as demo:
        name = demo.say("stream 100000 100")
        demo.until(lambda f: key(f) == "stream_event/content_block_delta")
        queued = demo.say("echo after")
        demo.until(lambda f: f.get("command_uuid") == queued)
        assert demo.request("interrupt")["response"] == {"still_queued": [queued]}
        frames = demo.idle()
        ended = of(frames, "result/error_during_execution")[0]
        assert ended["is_error"]
        assert ended["terminal_reason"] == "aborted_streaming"
        assert texts(frames)[-1] == "after"
        done = [f["command_uuid"] for f in frames if f.get("state") == "completed"]
        assert done == [name, queued]


def test_interrupt_withdraws_a_request(demo: Demo) -> None:
    demo.say("permission")
    asked = demo.asked()
    name = "i1"
    demo.send(type="control_request", request_id=name, request={"subtype": "interrupt"})
    frames = demo.idle()
    assert frames[0] == {"type": "control_cancel_request", "request_id": asked["request_id"]}
    assert frames[1]["response"]["request_id"] == name
    assert of(frames, "result/error_during_execution")[0]["terminal_reason"] == "aborted_tools"
    assert texts(demo.turn("echo alive")) == ["alive"]


def test_interrupt_kills_the_command(demo: Demo, work: Path) -> None:
    def long(request: Frame) -> Frame:
        command = "echo $$ > pid; exec sleep 600"
        return {"behavior": "allow", "updatedInput": request["input"] | {"command": command}}

    demo.say("permission")
    demo.answer(demo.asked(), long(demo.seen[-1]["request"]))
    while not (work / "pid").exists() or not (work / "pid").read_text().strip():
        os.sched_yield()
    assert demo.request("interrupt")["subtype"] == "success"
    demo.idle()
    with pytest.raises(ProcessLookupError):
        os.kill(int((work / "pid").read_text()), 0)


def test_messages_while_busy_join_the_next_turn(work: Path) -> None:
    with Demo(work, fast=False) as demo:
        demo.say("stream 20 100")
        demo.until(lambda f: key(f) == "stream_event/content_block_delta")
        names = [demo.say(f"echo {n}") for n in "ab"]
        frames = demo.idle()
        assert texts(frames)[-2:] == ["a", "b"]
        assert len(of(frames, "result/success")) == 2
        completed = [f["command_uuid"] for f in frames if f.get("state") == "completed"]
        assert completed[-2:] == names


def test_a_message_during_a_tool_joins_the_turn(demo: Demo) -> None:
    demo.say("permission")
    asked = demo.asked()
    name = demo.say("echo also")
    demo.until(lambda f: f.get("command_uuid") == name)
    demo.answer(asked, allow(asked["request"]))
    frames = demo.idle()
    assert len(of(frames, "result/success")) == 1
    assert texts(frames)[-1] == "also"


def test_a_uuid_runs_once(demo: Demo, work: Path) -> None:
    name = demo.say("echo once")
    demo.idle()
    demo.say("echo once", name)
    again = demo.idle()
    assert [f["state"] for f in again] == ["completed", "idle"]
    assert demo.close() == 0
    with Demo(work, "--resume", "s1") as later:
        later.say("echo once", name)
        assert [f["state"] for f in later.idle()] == ["completed", "idle"]


def test_a_turn_cut_in_a_tool_is_not_run_again(demo: Demo, work: Path) -> None:
    """As the real program: it answers `completed` and does not do the rest."""
    name = demo.say("permission")
    demo.asked()
    demo.process.kill()
    demo.process.wait()
    with Demo(work, "--resume", "s1") as later:
        later.say("permission", name)
        assert [f["state"] for f in later.idle()] == ["completed", "idle"]
        cost = of(later.turn("echo x"), "result/success")[0]["total_cost_usd"]
        assert cost > 0


def test_resume_and_session_id(demo: Demo, work: Path) -> None:
    demo.turn("echo x")
    demo.close()
    with Demo(work, "--session-id", "s1") as second:
        assert second.frame() is None
        assert second.process.wait() == 1
        assert b"already in use" in second.complaint()
    with Demo(work, "--resume", "never") as third:
        missing = third.frame()
        assert missing
        assert key(missing) == "result/error_during_execution"
        assert set(REQUIRED[key(missing)]) <= missing.keys()
        assert third.process.wait() == 1


def test_clear_changes_the_session_id(demo: Demo) -> None:
    assert of(demo.turn("/clear"), "conversation_reset")
    assert of(demo.turn("echo x"), "system/init")[0]["session_id"] != "s1"


def test_worktree_is_entered(work: Path) -> None:
    tree = work / ".claude" / "worktrees" / "t1"
    tree.mkdir(parents=True)
    with Demo(work, "--worktree", "t1", "--settings", "{}", "--model", "demo-small") as demo:
        first = of(demo.turn("edit"), "system/init")[0]
        assert first["cwd"] == str(tree)
        assert first["model"] == "demo-small"
        assert (tree / "greeting.py").exists()
        assert not (work / "greeting.py").exists()


def test_requests(demo: Demo) -> None:
    described = demo.request("initialize")["response"]
    assert described["pid"] == demo.process.pid
    assert described["commands"]
    assert described["models"]
    assert demo.request("set_model", model="demo-small")["response"]["model"] == "demo-small"
    assert demo.request("get_context_usage")["response"]["maxTokens"]
    refused = demo.request("set_permission_mode", mode="bypassPermissions")
    assert refused["error_code"] == "bypass_not_launched"
    assert demo.request("set_permission_mode", mode="odd")["error_code"] == "invalid_mode"
    assert demo.request("elicit")["error_code"] == "unsupported_request"


def test_initialize_again_tells_what_is_pending(demo: Demo) -> None:
    demo.say("permission")
    asked = demo.asked()
    assert demo.request("initialize")["pending_permission_requests"] == [asked]


def test_background_shell_wakes_the_session(demo: Demo) -> None:
    first = demo.turn("shell")
    assert len(of(first, "system/background_tasks_changed")[0]["tasks"]) == 1
    second = demo.idle()
    assert states(second) == ["running", "idle"] or states(second) == ["idle"]
    assert of(second, "system/background_tasks_changed")[-1]["tasks"] == []
    assert of(second, "result/success")


def test_background_subagent_holds_the_session(demo: Demo) -> None:
    frames = demo.turn("subagent")
    assert len(of(frames, "result/success")) == 2
    asked = of(frames, "control_request")[0]
    assert asked["request"]["agent_id"]
    nested = [f for f in of(frames, "assistant") if f["parent_tool_use_id"]]
    assert {f["agent_id"] for f in nested} == {asked["request"]["agent_id"]}
    assert states(frames).count("idle") == 1


def test_comments_are_taken_and_nothing_is_claimed(demo: Demo, work: Path) -> None:
    """A question about “the plan” in them chooses no story."""
    comment = Comment(id="a", passage=Passage(path="x"), kind="question", text="Is this the plan?")
    frames = demo.turn(comments_message([comment]))
    assert not of(frames, "control_request")
    assert "I am the demo agent" in texts(frames)[-1]
    assert {path.name for path in work.iterdir()} == {".git", "README.md"}


def test_failures(demo: Demo) -> None:
    ended = of(demo.turn("fail auth"), "result/success")[0]
    assert ended["is_error"]
    assert ended["terminal_reason"] == "api_error"
    assert ended["api_error_status"] == 401
    assert [f["attempt"] for f in of(demo.turn("retry"), "system/api_retry")] == [1, 2, 3]


def test_numbers_arrive_in_order(demo: Demo) -> None:
    frames = demo.turn("stream 1200 0")
    events = [f["event"] for f in of(frames, "stream_event/content_block_delta")]
    assert [e["delta"]["text"] for e in events] == [f"line {n}\n" for n in range(1200)]


def test_garbage_and_size(demo: Demo) -> None:
    demo.turn("garbage")
    assert any(b"\xff\xfe" in line and b"\x00" in line for line in demo.lines)
    assert any("\x1b]0;" in text for text in texts(demo.seen))
    demo.turn("big 300000")
    assert max(map(len, demo.lines)) > 300_000


def test_crash(demo: Demo) -> None:
    demo.say("crash 42")
    assert demo.process.wait(20) == 42


def test_hang_ignores_all_but_sigkill(demo: Demo) -> None:
    demo.say("hang")
    demo.until(lambda f: key(f) == "stream_event/message_stop")
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        demo.process.send_signal(number)
    assert demo.process.stdin
    demo.process.stdin.close()
    with pytest.raises(subprocess.TimeoutExpired):
        demo.process.wait(0.2)


@pytest.mark.parametrize("busy", [False, True])
def test_end_session(demo: Demo, busy: bool) -> None:
    demo.turn("echo x")
    if busy:
        demo.say("permission")
        demo.asked()
    assert demo.request("end_session")["subtype"] == "success"
    assert demo.process.wait(20) == int(busy)


def test_sigterm(demo: Demo) -> None:
    demo.turn("echo x")
    demo.process.terminate()
    assert demo.process.wait(20) == 143


def test_the_end_of_stdin_denies_and_finishes(demo: Demo) -> None:
    demo.say("permission")
    demo.asked()
    assert demo.close() == 0
    while demo.frame():
        pass
    assert of(demo.seen, "result/success")[0]["permission_denials"]


def test_a_torn_line_ends_the_program(demo: Demo) -> None:
    demo.raw(b"")
    demo.raw(b'{"type":"unheard"}')
    assert texts(demo.turn("echo fine")) == ["fine"]
    demo.raw(b'{"type":"user","message"')
    assert demo.process.wait(20) == 1
    assert b"Error parsing" in demo.complaint()


def test_a_file_that_cannot_be_read_ends_the_turn_as_an_error(demo: Demo, work: Path) -> None:
    (work / "README.md").unlink()
    (work / "README.md").mkdir()
    frames = demo.turn("edit")
    assert "README.md" in of(frames, "result/error_during_execution")[0]["errors"][0]
    assert texts(demo.turn("echo alive")) == ["alive"]


def test_flags() -> None:
    flags = parse(["-p", "--resume=x", "--name", "n", "--allowedTools", "A", "B(c d)", "--odd"])
    assert flags["--resume"] == ["x"]
    assert flags["--allowedTools"] == ["A", "B(c d)"]
    assert rules(["A,B", "C(d, e),F"]) == [("A", ""), ("B", ""), ("C", "d, e"), ("F", "")]


def test_patch_counts_lines() -> None:
    before = "".join(f"{n}\n" for n in range(10))
    hunk = patch(before, before.replace("5\n", "five\nfive and a half\n"))[0]
    assert hunk["lines"][3:6] == ["-5", "+five", "+five and a half"]
    assert (hunk["oldStart"], hunk["oldLines"], hunk["newLines"]) == (3, 7, 8)
    assert sum(line[0] in " -" for line in hunk["lines"]) == hunk["oldLines"]
    assert sum(line[0] in " +" for line in hunk["lines"]) == hunk["newLines"]
    assert patch("a\n", "a\n") == []


def test_it_needs_nothing_but_the_standard_library() -> None:
    code = "import parallel_agents.agents.demo.__main__, sys; print(sorted(sys.modules))"
    src = Path(sys.modules["parallel_agents"].__file__ or "").parent.parent
    out = subprocess.run(
        [sys.executable, "-S", "-c", code],
        env={"PYTHONPATH": str(src)},
        capture_output=True,
        check=True,
        text=True,
    ).stdout
    for heavy in ("pydantic", "textual", "asyncio", "git"):
        assert f"'{heavy}'" not in out
