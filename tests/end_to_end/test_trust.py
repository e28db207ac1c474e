"""A session whose repository would run something else than what was accepted."""

import json

from parallel_agents.core.ids import new_uuid
from parallel_agents.wire.messages import ResolveRepository, Trust
from tests.support.board import eventually
from tests.support.person import Person


def test_a_changed_configuration_is_shown_with_what_was_accepted(person: Person) -> None:
    """It starts again once exactly what was shown is accepted."""
    repo = person.repository()
    settings = repo / ".claude/settings.json"
    settings.parent.mkdir(exist_ok=True)
    settings.write_text("{}")
    person.ok("trust", str(repo))
    made = ("--agent", "demo", "-C", str(repo), "--base", "head", "--name", "one")
    person.ok("new", "echo ready", *made)
    person.wait("one", "done")
    person.ok("stop", "one")
    settings.write_text(json.dumps({"hooks": {}}))
    person.run("respawn", "one")
    person.wait("one", "failed")
    with person.client() as client:
        session = person.show("one")["id"]
        shown = client.request(ResolveRepository(session=session))
        assert not shown.trusted
        assert [file.text for file in shown.accepted] == ["{}"]
        assert [file.text for file in shown.files] == ['{"hooks": {}}']
        client.request(Trust(key=new_uuid(), session=session, digest=shown.digest))
    person.ok("respawn", "one")
    eventually(lambda: person.row("one")["pid"] is not None)


def test_a_repository_is_trusted_until_it_is_forgotten(person: Person) -> None:
    """It outlives the supervisor, and its journal torn while nobody looked."""
    repo = person.repository()
    where = str(repo)
    made = ("--agent", "demo", "-C", where, "--base", "head")
    person.ok("trust", where)
    person.ok("daemon", "stop")
    journal = person.home / "person/journal.jsonl"
    journal.write_bytes(journal.read_bytes() + b'{"crc":"0')
    person.ok("new", "echo ready", *made, "--name", "one")
    assert "No longer trusted" in person.run("trust", where, "--forget").err
    refused = person.run("new", "echo ready", *made, "--name", "two")
    assert refused.code == 4
    assert "Nothing of it was trusted" in person.run("trust", where, "--forget").err
    assert person.run("trust", where, "--forget", "--show").code == 2
    person.ok("trust", where)
    person.ok("new", "echo ready", *made, "--name", "two")
