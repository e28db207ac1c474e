"""One table of keys: everything made from it agrees with it, rebound or not."""

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, strategies as st
from textual.binding import Binding
from textual.widget import Widget

from parallel_agents.tui.model.actions import ACTIONS, COMMAND, LIST
from parallel_agents.tui.model.key_document import document
from parallel_agents.tui.model.key_table import (
    NUMBERED,
    TABLE,
    USUAL,
    KeyTable,
    written,
)
from parallel_agents.tui.model.layout_actions import LAYOUT_ACTIONS
from parallel_agents.tui.model.rebinding import conflicts, rebound
from parallel_agents.tui.model.screen_settings import chosen_keys
from parallel_agents.tui.model.widget_actions import PLACES, WIDGET_ACTIONS
from parallel_agents.tui.screens.commenting import Commenting
from parallel_agents.tui.screens.confirm import Reading
from parallel_agents.tui.screens.decisions import Decisions
from parallel_agents.tui.screens.inbox import InboxList
from parallel_agents.tui.screens.layout_keys import LayoutKeys
from parallel_agents.tui.screens.main import MainScreen
from parallel_agents.tui.screens.search import Places
from parallel_agents.tui.screens.trash import TrashList
from parallel_agents.tui.text.lines import LineView
from parallel_agents.tui.widgets.card import CardView
from parallel_agents.tui.widgets.checks_view import ChecksView
from parallel_agents.tui.widgets.diff_view import DiffView
from parallel_agents.tui.widgets.filter_line import FilterLine
from parallel_agents.tui.widgets.info_view import InfoView
from parallel_agents.tui.widgets.keyed import Keyed
from parallel_agents.tui.widgets.transcript_view import TranscriptView
from parallel_agents.wire.messages import Answer
from tests.tui.drive import screen
from tests.tui.scenes import SCENES

VIEWS: tuple[type[Keyed], ...] = (
    ChecksView, DiffView, TranscriptView, InfoView, Reading, TrashList, FilterLine, InboxList,
    Places, CardView,
)  # fmt: skip
MAIN = (*ACTIONS, *LAYOUT_ACTIONS)
MOVING = {"j", "k"}
DOCUMENT = Path(__file__).parents[2] / "docs" / "keys.md"


def test_the_document_is_the_table() -> None:
    assert DOCUMENT.read_text("utf-8") == document()


def test_the_module_prints_the_document() -> None:
    command = [sys.executable, "-m", "parallel_agents.tui.model.key_document"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == document()


def test_every_action_is_done_by_somebody() -> None:
    owners = (MainScreen, Decisions, LayoutKeys, Commenting)
    done = {a.id for a in MAIN for owner in owners if hasattr(owner, f"do_{a.id}")}
    assert {a.id for a in MAIN} == done
    assert len(USUAL.by_id) == len(TABLE)


def test_every_row_of_a_widget_is_done_by_a_widget() -> None:
    for action in WIDGET_ACTIONS:
        owners = [view for view in VIEWS if action.place in view.PLACES]
        name = action.call.partition("(")[0]
        assert owners, action.id
        assert all(hasattr(owner, f"action_{name}") for owner in owners), action.id
    assert {place for view in VIEWS for place in view.PLACES} == set(PLACES)


def test_every_view_has_its_keys_from_the_table() -> None:
    ours = {view for view in _below(LineView) if view.__module__.startswith("parallel_agents.")}
    views = {view for view in ours if ".text." not in view.__module__}  # those are bases of views
    assert views == {view for view in VIEWS if issubclass(view, LineView)}


def _below(cls: type[LineView]) -> set[type[LineView]]:
    return {sub for direct in cls.__subclasses__() for sub in {direct, *_below(direct)}}


def test_widgets_of_the_main_screen_have_no_keys_of_their_own() -> None:
    for view in VIEWS:
        ours = [c for c in view.__mro__ if c.__module__.startswith("parallel_agents.")]
        assert not any("BINDINGS" in c.__dict__ for c in ours), view


def test_no_key_means_two_things_in_one_place() -> None:
    assert conflicts(USUAL) == []


def test_single_letters_stay_in_their_zones() -> None:
    for action in MAIN:
        if any(len(key) == 1 and key.isascii() for key in action.keys):
            assert action.zones in (LIST, COMMAND), action.id


def test_a_letter_means_one_thing_wherever_the_focus_is() -> None:
    letters = [key for a in MAIN for key in a.keys if len(key) == 1]
    assert len(letters) == len(set(letters))
    panes = [a for a in WIDGET_ACTIONS if a.place in {"lines", "transcript", "diff"}]
    views = {key for a in panes for key in a.keys if len(key) == 1}
    assert not (views - MOVING) & set(letters)
    assert not views & USUAL.deciding


# --- rebinding ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "keys", "said"),
    [
        ("fly", "x", "there is no action “fly”"),
        ("peek", "hyper+x", "the modifiers are"),
        ("peek", "flower", "there is no such key"),
        ("peek", 3, "needs a key"),
        ("peek", [], "needs a key"),
        ("choose", "x", "cannot be changed"),
        ("pin", "p", "where it is text"),
        ("peek", "ctrl+q", "always means the same"),
        ("allow", "space", "never decide"),
        ("peek", "d", "d would mean “peek” and “diff”"),
        ("next_hunk", "d", "d would mean"),
        ("diff", "z", "z would mean"),
        ("allow", "X", "X would mean “allow” and “mark_alike”"),
    ],
)
def test_a_wrong_choice_is_named_and_changes_nothing(name: str, keys: object, said: str) -> None:
    table, wrong = rebound({name: keys})
    assert any(said in problem for problem in wrong), wrong
    assert table.by_id == USUAL.by_id


def test_two_actions_can_exchange_their_keys() -> None:
    table, wrong = rebound({"allow": "n", "deny": "y"})
    assert not wrong
    assert (table.usual("n"), table.usual("y")) == ("y", "n")
    assert table.shown("allow", "deny") == "n y"


def test_a_key_is_written_as_people_do() -> None:
    table, wrong = rebound({"peek": ["f2", "Ctrl+B", "&", "Insert"]})
    assert not wrong
    assert table.by_id["peek"].shown == "F2 Ctrl+B & Ins"
    assert written("ctrl+b") == "Ctrl+B"
    assert written("question_mark") == "?"
    assert written("shift+tab") == "Shift+Tab"
    assert written("f2") == "F2"


NAMES = st.sampled_from(sorted(USUAL.by_id))
KEYS = st.sampled_from([*"abcdefghijklmnopqrstuvwxyz[]?", "f2", "ctrl+b", "alt+x", "enter", "up"])


@given(st.dictionaries(NAMES, st.lists(KEYS, min_size=1, max_size=2), max_size=6))
def test_no_choice_makes_a_key_mean_two_things(chosen: dict[str, object]) -> None:
    table, wrong = rebound(chosen)
    assert conflicts(table) == []
    for name in chosen:
        taken = table.by_id[name].keys != USUAL.by_id[name].keys
        assert taken or wrong or list(USUAL.by_id[name].keys) == list(table.by_id[name].keys)
    assert all(table.by_id[name].keys == USUAL.by_id[name].keys for name in NUMBERED)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[keys]\npeek = "p"\n', ""),
        ("", ""),
        ("keys = 3", "must be a table"),
        ("[keys", "cannot read"),
        ('\ufeff[keys]\npeek = "p"\n', ""),
    ],
)
def test_a_file_is_read_or_its_mistake_said(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "config.toml"
    path.write_text(text, "utf-8")
    table, wrong = chosen_keys(path)
    assert (said in "".join(wrong)) if said else not wrong
    assert table.by_id["peek"].keys == (("p",) if "peek" in text else ("space",))


def test_no_file_means_the_usual_keys(tmp_path: Path) -> None:
    assert chosen_keys(tmp_path / "none.toml") == (USUAL, [])


async def test_a_rebound_key_works_and_is_shown_and_the_old_one_is_dead() -> None:
    table, wrong = rebound({"allow": "l", "next_hunk": "h", "help": "f1", "diff": "D"})
    assert not wrong
    fake = SCENES["requests"]()
    async with screen(fake, keys=table) as drive:
        await drive.ready()
        await drive.shows("l allow once")
        await drive.press("y")
        await drive.shows("y does nothing here. F1 shows the keys.")
        await drive.press("l")
        await drive.until(lambda: fake.of(Answer), "an answer")
        assert fake.of(Answer)[0].decision.behavior == "allow"
        await drive.press("f1")
        await drive.shows("allow once; send the answers")
        assert "h" in table.by_id["next_hunk"].shown


def test_every_table_has_bindings_for_each_key() -> None:
    table = KeyTable({"peek": ("p", "f2")})
    keys = {b.key for b in table.bindings() if "peek" in b.action}
    assert keys == {"p", "f2"}
    assert all(isinstance(b, Binding) for b in table.bindings("diff", "lines"))
    assert issubclass(Keyed, Widget)
