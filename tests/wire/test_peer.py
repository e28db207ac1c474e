"""Who is at the other end, while ancestors of it are ending."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest

from parallel_agents import shim
from parallel_agents.wire import peer

Walk = Callable[[int], bool]


def walk_that_fails(times: int, *, answer: bool) -> Walk:
    """A walk up the tree in which a process ends, so many times in a row."""
    left = [times]

    def walk(_pid: int) -> bool:
        left[0] -= 1
        if left[0] >= 0:
            raise ProcessLookupError
        return answer

    return walk


@pytest.mark.parametrize("answer", [False, True])
def test_an_ancestor_that_is_ending_is_waited_for(
    *, answer: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A command that starts the supervisor ends soon after; the shim took the supervisor for gone,
    and the agent never heard who it talks to."""
    monkeypatch.setattr(shim, "_agent_above", walk_that_fails(5, answer=answer))
    refused = shim.why_refused(os.getpid(), os.getuid())
    assert refused == ("a process started by an agent may not connect" if answer else None)
    monkeypatch.setattr(peer, "_agent_above", walk_that_fails(5, answer=answer))
    assert peer.descends_from_agent(os.getpid()) is answer


def test_a_process_that_stays_gone_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shim, "_agent_above", walk_that_fails(1000, answer=False))
    assert shim.why_refused(os.getpid(), os.getuid()) == "the connecting process is gone"
    monkeypatch.setattr(peer, "_agent_above", walk_that_fails(1000, answer=False))
    assert peer.descends_from_agent(os.getpid())
