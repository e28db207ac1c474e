"""Lines of an agent folded as the supervisor does, without a supervisor."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from parallel_agents.agents.claude.translate import ClaudeTranslator
from parallel_agents.core import events as ev
from parallel_agents.core.codec import dump, load_record
from parallel_agents.core.label import derive
from parallel_agents.core.options import Decision
from parallel_agents.core.reduce import reduce
from parallel_agents.core.state import SessionState
from parallel_agents.core.transcript import Transcript

if TYPE_CHECKING:
    from tests.support.recordings import Entry

UUID = "00000000-0000-4000-8000-000000000000"


@dataclass
class Fold:
    """One session, fed with lines and deeds.

    Attributes:
        states: the states shown, one after another, without repetition.
        events: everything translated or done, oldest first.
        deltas: the partial text.
        claude: what claude itself last said its state is; empty before it said any.
    """

    translator: ClaudeTranslator = field(default_factory=ClaudeTranslator)
    state: SessionState = field(default_factory=SessionState)
    transcript: Transcript = field(default_factory=Transcript)
    states: list[str] = field(default_factory=list)
    events: list[ev.Event] = field(default_factory=list)
    deltas: list[ev.Delta] = field(default_factory=list)
    claude: str = ""
    seq: int = 0

    def begin(self) -> None:
        """Create the session and its first run."""
        self.do(
            ev.SessionCreated(
                id="00000000",
                request=UUID,
                name="n",
                prompt="p",
                agent="claude",
                directory="/r",
                base="head",
            )
        )
        record = {"path": "/r/w", "root": "/r", "branch": "b", "base": "head"}
        self.do(ev.WorktreeReady(**record, base_commit="0" * 40))  # type: ignore[arg-type]
        self.do(ev.RunStarted(run=1, conversation=UUID))
        self.do(ev.RunReady(run=1, pid=1))
        self.states.clear()

    def do(self, event: ev.Event) -> None:
        """Fold one event, after a round trip through the journal's form."""
        self.seq += 1
        record = ev.Record(seq=self.seq, at=self.seq, event=event)
        assert load_record(dump(record)) == record
        self.state = reduce(self.state, record)
        self.transcript.apply(record)
        self.events.append(event)
        label = derive(self.state).state
        if not self.states or self.states[-1] != label:
            self.states.append(label)

    def line(self, line: bytes) -> list[ev.Event]:
        """Fold one line of the agent; returns its events."""
        said = self.translator.translate(line)
        events = [item for item in said if not isinstance(item, ev.Delta)]
        for delta in said:
            if isinstance(delta, ev.Delta):
                self.deltas.append(delta)
                assert self.transcript.stream(delta)
        for event in events:
            if isinstance(event, ev.AgentStateChanged):
                self.claude = event.state
            self.do(event)
        return events

    def play(self, entry: Entry) -> None:
        """Fold one entry of a recording, whoever said it."""
        if entry.direction == "out":
            self.line(entry.line)
        elif entry.direction == "exit":
            code = entry.value if isinstance(entry.value, int) else None
            signal = -code if code is not None and code < 0 else None
            asked = code in (0, 128 + 15)
            self.do(ev.RunEnded(run=1, code=None if signal else code, signal=signal, asked=asked))
        elif entry.direction == "in" and isinstance(entry.value, dict):
            self._said(entry.value)

    def _said(self, line: dict[str, object]) -> None:
        """What we said in a recording, as the event that stands for it."""
        if line.get("type") == "user":
            if "uuid" in line:  # claude reports nothing of a message without one
                text = json.dumps(line["message"])
                self.do(ev.MessageQueued(uuid=str(line["uuid"]), text=text))
        elif line.get("type") == "control_response":
            response = line["response"]
            assert isinstance(response, dict)
            denied = (response.get("response") or {}).get("behavior") != "allow"
            decision = Decision(behavior="deny" if denied else "allow")
            self.do(ev.RequestDecided(request=response["request_id"], decision=decision))

    @property
    def shown(self) -> str:
        """The state shown now."""
        return derive(self.state).state
