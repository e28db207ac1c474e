"""Stopping at any moment ends the process, and is shown as stopped."""

from tests.support.person import Person


def test_stop_right_after_dispatch(person: Person) -> None:
    """The process is not there yet when its end is asked for."""
    repo = person.repository()
    sessions = [
        person.ok("new", "echo hi", "-C", str(repo), "--base", "head", "--agent", "demo")
        for _ in range(4)
    ]
    for session in sessions:
        person.ok("stop", session)
        assert person.show(session)["state"] in {"stopped", "done"}
        assert person.show(session)["pid"] is None
        person.ok("send", session, "echo again")
        person.wait(session, "done")


def patience(person: Person) -> None:
    config = person.home / "config/config.toml"
    config.parent.mkdir(parents=True)
    config.write_text("stop_patience = 0.3\n")


def test_daemon_stop_right_after_dispatch(person: Person) -> None:
    patience(person)
    repo = person.repository()
    for _ in range(3):
        person.ok("new", "hang", "-C", str(repo), "--base", "head", "--agent", "demo")
    person.ok("daemon", "stop")
    assert person.run("daemon", "status").code == 5
    assert {row["state"] for row in person.json("ls")} == {"stopped"}


def test_hanging_agent_is_stopped_and_deleted(person: Person) -> None:
    """It ignores everything, SIGTERM too; `rm` stops it first."""
    patience(person)
    repo = person.repository()
    session = person.ok("new", "hang", "-C", str(repo), "--base", "head", "--agent", "demo")
    person.wait(session, "working")
    person.ok("rm", session)
    assert person.json("ls") == []
    person.ok("restore", session)
    assert person.show(session)["state"] == "stopped"
