"""A worktree whose HEAD is not on the session's branch: said in the row, in Info and in `show`."""

from pathlib import Path

from parallel_agents.wire.messages import Info
from tests.support.board import eventually
from tests.support.person import Person


def test_row_and_info_name_what_is_checked_out(person: Person) -> None:
    repo = person.repository()
    start = ("--agent", "demo", "--base", "head", "-C", str(repo), "--name", "one")
    person.ok("new", "echo hi", *start)
    person.wait("one", "done")
    person.ok("stop", "one")
    top = Path(person.ok("path", "one"))
    branch = person.row("one")["branch"]
    person.git("checkout", "-q", "--detach", cwd=top)
    person.git("commit", "-q", "--allow-empty", "-m", "x", cwd=top)
    head = person.git("rev-parse", "HEAD", cwd=top)[:12]
    eventually(lambda: person.row("one")["head"] == f"detached at {head}")
    assert person.row("one")["branch"] is None
    shown = person.ok("show", "one")
    assert head in shown
    assert branch not in shown.replace(str(top), "")
    with person.client() as client:
        info = client.request(Info(session="one"))
        assert (info.session.branch, info.session.head) == (None, f"detached at {head}")
        assert f"merge {head}" in " ".join(info.land)
        person.git("switch", "-q", branch, cwd=top)
        person.git("bisect", "start", cwd=top)
        info = client.request(Info(session="one"))
        assert (info.session.branch, info.session.head) == (branch, "unfinished bisect")
        assert (info.land, "bisect" in info.land_note) == ((), True)
    person.git("bisect", "reset", cwd=top)
    eventually(lambda: person.row("one")["head"] is None)
