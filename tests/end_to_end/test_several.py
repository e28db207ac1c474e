"""`new` for several sessions: from the lines of a file, or with several models."""

import json
from pathlib import Path

import pytest

from tests.support.person import Person

LINES = "edit: write down the first\n\n  edit: write down the second  \n"


def test_each_line_of_a_file_is_a_session(person: Person) -> None:
    repo = person.repository()
    file = person.tmp / "tasks"
    file.write_text(LINES)
    said = person.ok("new", "--from-file", str(file), "--agent", "demo", "--untrusted", cwd=repo)
    ids = said.split()
    assert len(ids) == 2
    assert [person.show(made)["name"] for made in ids] == [
        "edit: write down the first",
        "edit: write down the second",
    ]


def test_standard_input_and_several_models_make_a_list(person: Person) -> None:
    repo = person.repository()
    words = ("new", "--from-file", "-", "--models", "opus, sonnet", "--agent", "demo")
    rows = json.loads(person.run(*words, "--untrusted", "--json", cwd=repo, stdin=LINES).out)
    assert [row["model"] for row in rows] == ["opus", "sonnet"] * 2
    assert len({row["name"] for row in rows}) == 4


def test_one_that_cannot_start_keeps_none_of_the_others(person: Person) -> None:
    """The middle one is too long for a task."""
    repo = person.repository()
    file = person.tmp / "tasks"
    file.write_text(f"edit: first\n{'x' * ((10 << 20) + 1)}\nedit: last\n")
    done = person.run("new", "--from-file", str(file), "--agent", "demo", "--untrusted", cwd=repo)
    assert done.code == 2
    assert len(done.out.split()) == 2
    assert "not started: xxx" in done.err
    assert "more than 10 million characters" in done.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("new",), "either a task or --from-file"),
        (("new", "a task", "--from-file", "-"), "either a task or --from-file"),
        (("new", "--from-file", "/no/such/file"), "cannot read /no/such/file"),
        (("new", "--from-file", "/dev/null"), "no task in /dev/null"),
        (("new", "--template", "brief", "a task"), "--from-file or --template"),
        (("new", "a task", "--field", "goal=x"), "--field is for --template"),
        (("new", "--template", "brief", "--field", "goal"), "--field goal has no value"),
        (("new", "--template", "brief", "--field", "goal=x"), "needs: “owned-paths”"),
        (("new", "--template", "brief", "--field", "x=y"), "has no field “x”"),
        (("new", "--template", "none"), "no template “none”"),
        (("new", "a task", "--models", "a,b", "--branch", "x"), "for one session"),
        (("new", "a task", "--models", "a", "--model", "b"), "either --model or --models"),
        (("new", "a task", "--models", ","), "names no model"),
    ],
)
def test_what_cannot_be_meant_is_refused(
    words: tuple[str, ...], said: str, person: Person, tmp_path: Path
) -> None:
    done = person.run(*words, cwd=tmp_path)
    assert done.code == 2
    assert said in done.err


def test_in_the_demo_the_demo_agent_is_the_default(person: Person) -> None:
    first = person.ok("demo", "--no-screen").split()[0]
    root = str(Path(person.show(first)["cwd"]).parents[2])
    made = person.ok("new", "edit: write it down", "-C", root)
    assert person.show(made)["agent"] == "demo"


def test_a_task_is_made_of_a_template(person: Person) -> None:
    repo = person.repository()
    folder = repo / ".parallel-agents/templates"
    folder.mkdir(parents=True)
    (folder / "write.md").write_text("edit: {{what}}\n")
    words = ("new", "--template", "write", "--field", "what=down = it", "--agent", "demo")
    refused = person.run(*words, "--untrusted", cwd=repo)
    assert (refused.code, "no template “write”" in refused.err) == (2, True)
    person.ok("trust", str(repo))
    made = person.run(*words, cwd=repo)
    assert made.code == 0
    assert "the task is made of" in made.err
    assert person.show(made.out.strip())["name"] == "edit: down = it"


def test_the_demo_starts_sessions_that_need_different_things(person: Person) -> None:
    """One of them has changed files already, and a real test of the repository fails."""
    sessions = person.ok("demo", "--no-screen").split()
    rows = {row["id"]: row for row in person.json("ls")}
    assert set(rows) == set(sessions)
    for name in ("permission", "question", "plan"):
        person.wait(name, "blocked")
        assert person.show(name)["pending"][0]["kind"] == name
    for name, state in (("edit", "done"), ("stream", "done"), ("fail", "failed")):
        person.wait(name, state)
    files = person.json("diff", "edit")["files"]
    assert {file["path"] for file in files} == {
        "README.md", "shop/cart.py", "shop/catalogue.py", "tests/test_catalogue.py",
    }  # fmt: skip
    person.ok("answer", "permission", "--allow")
    person.wait("permission", "blocked")
    assert "FAIL: test_ten_cost_a_tenth_less" in person.ok("logs", "permission")
