"""What is cleaned up is what was judged, and what is said of it is so."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from parallel_agents.core.worktree import OwnWork
from parallel_agents.supervisor.sessions.cleaning import Cleaning
from parallel_agents.supervisor.sessions.supervisor import SessionSupervisor
from tests.support.facts import facts_of


class Judged:
    """A session that rests; something may happen to it while its worktree is looked at."""

    def __init__(self, *, happens: bool) -> None:
        self.id = "s1"
        self.state = facts_of(name="one", seq=7)
        self.happens = happens
        self.workplace = SimpleNamespace(record=None)
        self.context = SimpleNamespace(manager=SimpleNamespace(own_work=None), threads=self)

    async def git(self, _act: Any, _record: Any) -> OwnWork:
        """What the look at the worktree answers."""
        if self.happens:
            self.state = facts_of(name="one", seq=8)
        return OwnWork(saved=(), skipped=())


@pytest.mark.parametrize("happens", [False, True])
async def test_one_to_which_something_happens_meanwhile_is_kept(
    monkeypatch: pytest.MonkeyPatch, *, happens: bool
) -> None:
    deleted = []

    async def delete(_cleaning: Cleaning, session: Judged, why: str) -> tuple[str, bool]:
        deleted.append(session)
        return why, True

    monkeypatch.setattr(Cleaning, "_rests", lambda *_: True)
    monkeypatch.setattr(Cleaning, "_delete", delete)
    session = Judged(happens=happens)
    supervisor = cast("SessionSupervisor", SimpleNamespace(sessions={"s1": session}))
    result = await Cleaning(supervisor).clean(0)
    cleaned, kept = result.cleaned, result.kept
    assert (len(cleaned), len(kept), deleted) == ((0, 1, []) if happens else (1, 0, [session]))
