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
