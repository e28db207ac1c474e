"""What a task names beside its text: an agent, a repository, a pull request, commands."""

from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from parallel_agents.core import events as ev
from parallel_agents.core.state import SessionState
from parallel_agents.tui.model.mentions import (
    fitting,
    known_roots,
    last_commands,
    leading,
    mentions,
    repositories_in,
)
from parallel_agents.tui.model.pull_owner import owner_of, pull_name
from parallel_agents.tui.widgets.completion import CompletionList
from parallel_agents.wire import messages as m
from tests.tui.drive import Drive
from tests.tui.fake import ROOT, Fake
from tests.tui.test_composer import Held, composer, held, is_open, opened, write

AGENTS = ("claude", "demo")
OTHER = "/home/dev/bank"


# --- what `@` can choose --------------------------------------------------------------------------


def test_names_are_agents_first_and_unambiguous() -> None:
    dirs = [
        "/a/shop",
        "/b/shop",
        "/a/bank",
        "/a/bank/",
        "/c/demo",
        "/c/two words",
        "/c/\u202ee",
        "",
    ]
    assert [(each.name, each.value) for each in mentions(AGENTS, dirs)] == [
        ("claude", "claude"),
        ("demo", "demo"),
        ("a/shop", "/a/shop"),
        ("b/shop", "/b/shop"),
        ("bank", "/a/bank"),
        ("c/demo", "/c/demo"),
    ]


def test_the_beginning_of_a_name_is_enough_in_any_case() -> None:
    offered = mentions(AGENTS, ["/a/Shop"])
    assert [each.name for each in fitting(offered, "sh")] == ["Shop"]
    assert len(fitting(offered, "")) == 3


@pytest.mark.parametrize(
    ("text", "names", "rest"),
    [
        ("@demo fix it", ["demo"], "fix it"),
        ("@demo  @bank  fix", ["demo", "bank"], "fix"),
        ("@demo\nfix", ["demo"], "fix"),
        ("@demo", [], "@demo"),
        ("@demo ", ["demo"], ""),
        ("@demos fix", [], "@demos fix"),
        ("@./bank fix", [], "@./bank fix"),
        ("fix @demo ", [], "fix @demo "),
        ("@ demo", [], "@ demo"),
        ("@", [], "@"),
    ],
)
def test_complete_words_at_the_beginning_are_taken(text: str, names: list[str], rest: str) -> None:
    taken, left = leading(text, mentions(AGENTS, ["/a/bank"]))
    assert ([each.name for each in taken], left) == (names, rest)


words = st.sampled_from(["@demo", "@claude", "@bank", "@src/a.py", "fix", " ", "\n", "@", "#1"])


@given(st.lists(words, max_size=8).map("".join))
def test_nothing_but_names_of_choices_leaves_the_text(text: str) -> None:
    taken, rest = leading(text, mentions(AGENTS, ["/a/bank"]))
    assert text.endswith(rest)
    gone = text.removesuffix(rest)
    assert gone.split() == [f"@{each.name}" for each in taken]
    assert leading(rest, mentions(AGENTS, ["/a/bank"])) == ([], rest)


def test_children_that_are_repositories_are_found(tmp_path: Path) -> None:
    for name in ("shop", "bank", "plain"):
        (tmp_path / name).mkdir()
    (tmp_path / "shop/.git").mkdir()
    (tmp_path / "bank/.git").write_text("gitdir: elsewhere")
    (tmp_path / "file").touch()
    assert repositories_in(str(tmp_path)) == [str(tmp_path / "bank"), str(tmp_path / "shop")]
    assert repositories_in(str(tmp_path / "gone")) == []


def states(fake: Fake) -> list[SessionState]:
    return list(fake.states.values())


def test_repositories_with_sessions_are_known_by_the_newest() -> None:
    fake = Fake()
    fake.session("a1", "first")
    fake.happen("b1", _created("b1", directory=f"{OTHER}/src"), at=9 * 10**12)
    assert known_roots(states(fake)) == [f"{OTHER}/src", ROOT]
    fake.happen("a1", ev.DeleteRequested())
    assert known_roots(states(fake)) == [f"{OTHER}/src"]


def _created(session: str, *, base: str = "fresh", directory: str = ROOT) -> ev.SessionCreated:
    return ev.SessionCreated(
        id=session, request=session, name=session, prompt="p", agent="demo",
        directory=directory, base=base,
    )  # fmt: skip


def test_commands_are_those_of_the_last_session_of_the_agent_there() -> None:
    fake = Fake()
    fake.session("a1", "first")
    assert last_commands(states(fake), ROOT, "demo") == ("compact", "review")
    assert last_commands(states(fake), ROOT, "claude") == ()
    assert last_commands(states(fake), OTHER, "demo") == ()


# --- pull requests --------------------------------------------------------------------------------

URL = "https://github.com/dev/shop/pull/12"


@pytest.mark.parametrize(
    ("text", "base", "number", "place"),
    [
        ("#12", "#12", 12, ""),
        (" !45\n", "#45", 45, ""),
        (URL, URL, 12, "github.com/dev/shop"),
        (f"{URL}/files#r1", f"{URL}/files#r1", 12, "github.com/dev/shop"),
        ("https://me@Git.Lab/a/b/Shop/-/merge_requests/45", None, 45, "git.lab/a/b/shop"),
    ],
)
def test_a_pull_request_alone_is_read(text: str, base: str | None, number: int, place: str) -> None:
    pull = pull_name(text)
    assert pull is not None
    assert (pull.base, pull.number, pull.place) == (base or text, number, place)


@pytest.mark.parametrize("text", ["", "#", "#0", "fix #12", "#12 #13", "#a", f"see {URL}", "12"])
def test_anything_else_is_a_task(text: str) -> None:
    assert pull_name(text) is None


@pytest.mark.parametrize(
    ("base", "text", "root", "owns"),
    [
        ("#12", "#12", ROOT, True),
        ("#12", "#12", OTHER, False),
        ("#120", "#12", ROOT, False),
        ("fresh", "#12", ROOT, False),
        (URL, "#12", ROOT, True),
        (URL, URL, OTHER, True),
        (URL, f"{URL}/commits", OTHER, True),
        ("#12", URL, OTHER, True),
        ("#12", URL.replace("shop", "bank"), ROOT, False),
        (URL, URL.replace("dev", "fork"), ROOT, False),
    ],
)
def test_whose_a_pull_request_is(base: str, text: str, root: str, *, owns: bool) -> None:
    fake = Fake()
    fake.session("a1", "other")
    fake.happen("b1", _created("b1", base=base))
    pull = pull_name(text)
    assert pull is not None
    owner = owner_of(pull, states(fake), root)
    assert (owner is not None) == owns
    assert owner is None or owner.id == "b1"


# --- in the composer ------------------------------------------------------------------------------


async def test_an_agent_and_a_repository_are_chosen_in_the_text() -> None:
    fake = Held()
    fake.happen("b1", _created("b1", directory=OTHER))
    fake.answers["list_files"] = m.FileList(files=())
    async with held(fake) as drive:
        box = await opened(drive)
        await write(drive, "@dem")
        await drive.shows("@demo  agent")
        await drive.press("tab")
        assert box.prompt.text == ""
        assert box.chosen.agent == "demo"
        await write(drive, "fix it @ban")
        await drive.shows(f"@bank  start in {OTHER}")
        await drive.press("enter")
        assert box.prompt.text == "fix it "
        assert box.place.directory == OTHER
        await drive.press("enter")
        await drive.until(lambda: len(fake.of(m.New)) == 1)
        new = fake.of(m.New)[0]
        assert (new.prompt, new.agent, new.directory) == ("fix it ", "demo", OTHER)


async def test_words_typed_in_full_are_taken_without_the_list() -> None:
    fake = Held()
    fake.happen("b1", _created("b1", directory=OTHER))
    async with held(fake) as drive:
        await opened(drive)
        await write(drive, "@demo @bank fix it\n")
        await drive.until(lambda: len(fake.of(m.New)) == 1)
        new = fake.of(m.New)[0]
        assert (new.prompt, new.agent, new.directory) == ("fix it", "demo", OTHER)


async def test_a_choice_typed_in_full_closes_the_list() -> None:
    """The list stayed open over a text without the word, and took the next Enter."""
    fake = Held()
    fake.answers["list_files"] = m.FileList(files=())
    async with held(fake) as drive:
        box = await opened(drive)
        await write(drive, "fix it")
        await drive.press("home", *"@demo")
        await drive.shows("@demo  agent")
        await drive.press("space")
        await drive.until(lambda: box.prompt.text == "fix it", "the word is taken")
        assert "@demo" not in drive.text()


async def test_a_file_comes_before_a_repository_inside_the_text_and_stays_in_it() -> None:
    fake = Held()
    fake.happen("b1", _created("b1", directory="/home/dev/src"))
    fake.answers["list_files"] = m.FileList(files=("src/a.py",))
    async with held(fake) as drive:
        box = await opened(drive)
        await write(drive, "see @src")
        await drive.shows("@src/a.py")
        names = box.query_one(CompletionList).names
        assert names == ["src/a.py", "src"]
        await drive.press("tab")
        assert box.prompt.text == "see @src/a.py "
        await write(drive, "and @")
        await drive.shows("@src/a.py")
        assert box.query_one(CompletionList).names == ["src/a.py"]
        assert box.place.directory == ROOT


async def test_a_choice_moved_to_stays_chosen_when_the_files_come() -> None:
    fake = Held()
    async with held(fake) as drive:
        box = await opened(drive)
        await write(drive, "@")
        await drive.press("down")
        await drive.shows("@src/a.py")
        await drive.press("tab")
        assert box.chosen.agent == "demo"


async def test_a_reply_has_no_choices() -> None:
    async with held(Held()) as drive:
        await drive.press("enter")
        await write(drive, "@demo x")
        assert drive.main.prompt.text == "@demo x"


async def test_commands_of_the_last_session_are_completed() -> None:
    async with held(Held()) as drive:
        box = await opened(drive)
        await write(drive, "/")
        await drive.until(lambda: not box.query_one(CompletionList).is_open)
        await drive.press("backspace")
        await write(drive, "@demo /re")
        await drive.shows("/review")
        await drive.press("tab")
        assert box.prompt.text == "/review "


async def _pull(drive: Drive, text: str) -> None:
    await opened(drive)
    await write(drive, text)


async def test_a_pull_request_goes_to_its_session() -> None:
    fake = Held()
    fake.happen("b1", _created("b1", base="#12"))
    async with held(fake) as drive:
        await _pull(drive, "#12")
        await drive.shows("Enter goes to b1, which works on it.")
        await drive.press("enter")
        await drive.until(lambda: not is_open(drive) and drive.main.store.selected == "b1")
        assert fake.of(m.New) == []
        await drive.press("escape")
        box = await opened(drive)
        assert box.prompt.is_empty, "no draft is left"


async def test_a_pull_request_without_a_session_becomes_the_base() -> None:
    fake = Held()
    async with held(fake) as drive:
        await _pull(drive, "!45")
        await drive.shows("No session works on this pull request. Enter starts from #45.")
        await drive.press("enter")
        await drive.shows("From #45: write what the agent should do.")
        assert fake.of(m.New) == []
        assert composer(drive).place.base == "#45"
        await write(drive, "review it\n")
        await drive.until(lambda: len(fake.of(m.New)) == 1)
        assert fake.of(m.New)[0].base == "#45"
