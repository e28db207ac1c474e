"""One table of keys: everything made from it agrees with it."""

import subprocess
import sys
from pathlib import Path

from textual.binding import Binding
from textual.widget import Widget

from parallel_agents.tui.model.actions import ACTIONS, BY_ID, COMMAND, DECIDING, LIST, document
from parallel_agents.tui.screens.decisions import Decisions
from parallel_agents.tui.screens.main import MainScreen
from parallel_agents.tui.widgets.diff_view import DiffView
from parallel_agents.tui.widgets.info_view import InfoView
from parallel_agents.tui.widgets.transcript_view import TranscriptView

MOVING = {"j", "k"}
DOCUMENT = Path(__file__).parents[2] / "docs" / "keys.md"


def test_the_document_is_the_table() -> None:
    assert DOCUMENT.read_text("utf-8") == document()


def test_the_module_prints_the_document() -> None:
    command = [sys.executable, "-m", "parallel_agents.tui.model.actions"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == document()


def test_every_action_is_done_by_somebody() -> None:
    owners = (MainScreen, Decisions)
    done = {a.id for a in ACTIONS for owner in owners if hasattr(owner, f"do_{a.id}")}
    assert {a.id for a in ACTIONS} == done
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
            assert action.zones in (LIST, COMMAND), action.id


def test_a_letter_means_one_thing_wherever_the_focus_is() -> None:
    letters = [key for a in ACTIONS for key in a.keys if len(key) == 1]
    assert len(letters) == len(set(letters))
    views = {key for view in (DiffView, TranscriptView, InfoView) for key in _keys_of(view)}
    assert not (views - MOVING) & set(letters)
    assert not views & DECIDING


def _keys_of(view: type[Widget]) -> set[str]:
    return {key for cls in view.__mro__ if issubclass(cls, Widget) for key in _own_keys(cls)}


def _own_keys(cls: type[Widget]) -> list[str]:
    made = Binding.make_bindings(cls.__dict__.get("BINDINGS", []))
    return [binding.key for binding in made if len(binding.key) == 1]
