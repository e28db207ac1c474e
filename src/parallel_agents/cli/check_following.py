"""Follows checks until they have ended, and prints what they print.

Keep true: only runs that began after they were asked for count; what a check prints is made safe.
"""

from collections.abc import Iterator

from parallel_agents.cli import render, streams
from parallel_agents.client.quick import QuickClient
from parallel_agents.core import events as ev
from parallel_agents.core.text import safe, tool_output
from parallel_agents.wire.messages import ReadCheckOutput, ReadRecords, RunChecks, WaitRecords

_WAIT = 3600.0


class Following:
    """Runs checks of one session and follows them.

    Args:
        client: whom to ask.
        message: which checks.
        quiet: print nothing.
    """

    def __init__(self, client: QuickClient, message: RunChecks, *, quiet: bool) -> None:
        self._client = client
        self._session = message.session
        self._quiet = quiet
        self._key = message.key
        self._seq = client.request(ReadRecords(session=message.session, limit=1)).count
        self._session = client.request(message).id
        self._started: set[str] = set()
        self._printed = 0
        self._line = ""

    def wait(self) -> tuple[str, ...]:
        """Follow the checks until all have ended, or were stopped.

        Returns:
            The names of those that were asked for.
        """
        names: tuple[str, ...] = ()
        left: set[str] | None = None
        while left is None or left:
            for record in self._records():
                event = record.event
                if record.key == self._key and isinstance(event, ev.ChecksAsked):
                    names, left = event.names, set(event.names)
                elif left is not None:
                    left -= self._done(event, left)
        return names

    def _records(self) -> Iterator[ev.Record]:
        """What is new in the journal; waits until something is."""
        self._client.request(WaitRecords(session=self._session, after=self._seq, timeout=_WAIT))
        page = self._client.request(ReadRecords(session=self._session, after=self._seq))
        for record in page.records:
            self._seq = record.seq
            yield record

    def _done(self, event: ev.Event, left: set[str]) -> set[str]:
        """Follow one event; returns the names that need no waiting any more."""
        match event:
            case ev.CheckStarted(name=name):
                self._started.add(name)
                self._printed, self._line = 0, ""
                self._talk(f"▶ {name}: {event.command}")
            case ev.CheckOutput(name=name) if name in self._started:
                self._print(name)
            case ev.CheckEnded(name=name) if name in self._started or event.ending == "unable":
                self._end(event)
                return {name}
            case ev.ChecksStopped():
                return left - self._started
            case _:
                pass
        return set()

    def _end(self, event: ev.CheckEnded) -> None:
        if event.ending != "unable":
            self._print(event.name)
            if self._line and not self._quiet:
                render.data(tool_output(self._line))
        passed = event.ending == "exited" and event.code == 0
        said = event.reason or ("passed" if passed else f"failed: exit {event.code}")
        self._talk(f"{'✓' if passed else '✗'} {event.name} {said} ({event.ms / 1000:.1f}s)")

    def _print(self, name: str) -> None:
        """Print what a check has printed since, up to its last whole line."""
        while not self._quiet:
            message = ReadCheckOutput(session=self._session, name=name, offset=self._printed)
            page = self._client.request(message)
            self._line += page.text
            more = page.next > self._printed and page.next < page.size
            self._printed = page.next
            lines, newline, self._line = self._line.rpartition("\n")
            if newline:
                streams.write(safe(tool_output(f"{lines}\n")))
                streams.flush()
            if not more:
                return

    def _talk(self, text: str) -> None:
        if not self._quiet:
            render.talk(text)
