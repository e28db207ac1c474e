"""The line over a session: where it works is said, loudest when that is the person's checkout."""

from __future__ import annotations

from msgspec.structs import replace

from parallel_agents.core import events as ev
from parallel_agents.tui.screens.header import session_line
from parallel_agents.tui.text.styles import ink
from tests.support.facts import CREATED, READY, fold

INK = ink(dark=True)


def line(*events: ev.Event) -> str:
    return "".join(span.text for span in session_line(fold(*events), INK)[0])


def test_a_branch_and_its_base() -> None:
    assert line(CREATED, READY).endswith("b ← head")


def test_the_checkout_itself() -> None:
    checkout = replace(CREATED, place="checkout")
    assert line(checkout, READY).endswith("works in your own checkout")


def test_a_directory_without_a_branch() -> None:
    assert line(replace(CREATED, place="directory"), replace(READY, branch="")).endswith("/r/w")
