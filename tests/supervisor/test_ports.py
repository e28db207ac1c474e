"""Ports of sessions: never shared, never one that somebody listens on."""

from __future__ import annotations

import socket

import pytest
from hypothesis import given, strategies as st

from parallel_agents.core.errors import UserError
from parallel_agents.supervisor.base import ports
from parallel_agents.supervisor.base.ports import END, FIRST, Ports


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(1, 100)), max_size=20))
def test_no_port_is_given_twice(wanted: list[tuple[int, int]]) -> None:
    """Sessions come, and one that asks again gives back what it had."""
    given_ports, held = Ports(), dict[int, range]()
    for session, count in wanted:
        given_ports.release(str(session))
        held.pop(session, None)
        first = given_ports.assign(str(session), count)
        held[session] = range(first, first + count)
    every = [port for ports_of in held.values() for port in ports_of]
    assert len(every) == len(set(every))
    assert all(FIRST <= port < END for port in every)


def test_what_a_restarted_supervisor_finds_is_kept() -> None:
    known = Ports()
    known.keep("old", FIRST + 5, 10)
    assert known.assign("new", 10) >= FIRST + 15


def test_a_port_that_is_listened_on_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        taken = server.getsockname()[1]
        monkeypatch.setattr(ports, "FIRST", taken)
        monkeypatch.setattr(ports, "END", taken + 1)
        with pytest.raises(UserError, match="no 1 free ports"):
            Ports().assign("a", 1)
