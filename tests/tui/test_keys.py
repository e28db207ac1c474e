"""One table of keys: everything made from it agrees with it."""

import subprocess
import sys
from pathlib import Path

from parallel_agents.tui.model.actions import ACTIONS, BY_ID, CARD, LIST, READING, document
from parallel_agents.tui.screens.main import MainScreen

DOCUMENT = Path(__file__).parents[2] / "docs" / "keys.md"


def test_the_document_is_the_table() -> None:
    assert DOCUMENT.read_text("utf-8") == document()


def test_the_module_prints_the_document() -> None:
    command = [sys.executable, "-m", "parallel_agents.tui.model.actions"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == document()


def test_every_action_is_done_by_somebody() -> None:
    assert [a.id for a in ACTIONS if not callable(getattr(MainScreen, f"do_{a.id}", None))] == []
    assert len(BY_ID) == len(ACTIONS)


def test_no_key_means_two_things_in_one_zone() -> None:
    taken: set[tuple[str, str]] = set()
    for action in ACTIONS:
        for key in action.keys:
            for zone in action.zones:
                assert (key, zone) not in taken, (key, zone)
                taken.add((key, zone))


def test_single_letters_stay_in_their_zones() -> None:
    for action in ACTIONS:
        if any(len(key) == 1 and key.isascii() for key in action.keys):
            assert action.zones in (CARD, LIST, READING), action.id


def test_what_decides_is_no_letter_of_the_list() -> None:
    deciding = {key for action in ACTIONS if action.zones == CARD for key in action.keys}
    others = {key for action in ACTIONS if "list" in action.zones for key in action.keys}
    assert not deciding & others
