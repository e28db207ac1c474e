"""Pages of patches: cut from one text, for any number of readers, in any order."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from hypothesis import given, settings, strategies as st

from parallel_agents.core.worktree import DiffPart
from parallel_agents.supervisor.front import patches
from parallel_agents.supervisor.front.patches import Patches
from parallel_agents.wire.messages import PAGE_LIMIT, DiffText
from tests.support.examples import examples

TEXTS = {str(number): f"{number}" * (PAGE_LIMIT * number // 2 + number) for number in range(7)}


def session_of(made: list[str | None]) -> Any:
    """A session whose patches are known, and which notes each that is computed."""

    def diff_file(record: object, parts: object, names: list[str], *, beside: str) -> str:
        assert not beside
        made.append(names[0])
        return TEXTS[names[0]]

    async def git(function: Any, *args: Any) -> Any:
        return function(*args)

    context = SimpleNamespace(
        manager=SimpleNamespace(diff_file=diff_file), threads=SimpleNamespace(git=git)
    )
    return SimpleNamespace(id="s1", context=context, workplace=SimpleNamespace(record=None))


def asked(path: str, offset: int) -> DiffText:
    part = DiffPart(base="0" * 40, tree="1" * 40)
    return DiffText(session="s1", parts=(part,), path=path, offset=offset)


@settings(max_examples=examples(50), deadline=None)
@given(order=st.lists(st.sampled_from(sorted(TEXTS)), max_size=60))
async def test_every_reader_gets_a_whole_patch(order: list[str]) -> None:
    """Readers take turns; each reads its own patch from the beginning to the end."""
    made: list[str | None] = []
    session, cutter = session_of(made), Patches()
    read: dict[str, str] = {}
    for path in [*order, *[path for path in TEXTS for _ in range(4)]]:
        sofar = read.get(path, "")
        if len(sofar) >= len(TEXTS[path]) and sofar:
            continue
        page = await cutter.page(session, asked(path, len(sofar)))
        read[path] = sofar + page.text
        assert (page.next is None) == (read[path] == TEXTS[path])
        assert len(cutter._texts) <= patches._READ_AT_A_TIME
    assert read == TEXTS


async def test_git_runs_once_for_a_patch_of_many_pages() -> None:
    made: list[str | None] = []
    session, cutter = session_of(made), Patches()
    offset: int | None = 0
    while offset is not None:
        offset = (await cutter.page(session, asked("6", offset))).next
    assert made == ["6"]
    assert not cutter._texts
