"""Templates for tasks: where they come from, and what is left out."""

import os
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from parallel_agents.core.errors import UsageError
from parallel_agents.core.template import Template, named
from parallel_agents.supervisor.place.template_files import LIMIT, MOST, find_templates

FIELDS = ("goal", "owned-paths", "forbidden-paths", "report")


def template(text: str) -> Template:
    return Template(name="t", text=text, origin="user")


def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "shop/.parallel-agents/templates"
    folder.mkdir(parents=True)
    return folder


def of_repository(tmp_path: Path) -> tuple[list[str], list[str]]:
    found = find_templates(tmp_path / "config", str(tmp_path / "shop"))
    own = [each.name for each in found.templates.values() if each.origin == "repository"]
    return own, found.notes


def test_a_brief_comes_with_the_program(tmp_path: Path) -> None:
    found = find_templates(tmp_path, "")
    assert list(found.templates) == ["brief"]
    assert found.templates["brief"].fields == FIELDS
    assert found.notes == []


def test_the_users_own_comes_before_the_repositorys_and_the_programs(tmp_path: Path) -> None:
    own = tmp_path / "config/templates"
    own.mkdir(parents=True)
    (own / "review.md").write_text("mine\n")
    folder = repository(tmp_path)
    for name in ("review", "brief"):
        (folder / f"{name}.md").write_text("theirs\n")
    found = find_templates(tmp_path / "config", str(tmp_path / "shop"))
    texts = [(each.name, each.text, each.origin) for each in found.templates.values()]
    assert texts == [("review", "mine", "user"), ("brief", "theirs", "repository")]


def test_the_user_may_link_to_templates(tmp_path: Path) -> None:
    (tmp_path / "dotfiles").mkdir()
    (tmp_path / "dotfiles/mine.md").write_text("mine")
    (tmp_path / "config").mkdir()
    (tmp_path / "config/templates").symlink_to(tmp_path / "dotfiles")
    assert "mine" in find_templates(tmp_path / "config", "").templates


def test_of_a_repository_only_plain_files_of_its_own_are_read(tmp_path: Path) -> None:
    folder = repository(tmp_path)
    (tmp_path / "secret.md").write_text("secret")
    (folder / "link.md").symlink_to(tmp_path / "secret.md")
    (folder / "folder.md").mkdir()
    os.mkfifo(folder / "pipe.md")
    (folder / "long.md").write_text("x" * (LIMIT + 1))
    (folder / "bytes.md").write_bytes(b"\xff")
    (folder / "hidden.md").write_text("do\u202e it")
    (folder / "empty.md").write_text("\n")
    (folder / "no template.md").write_text("x")
    (folder / "notes.txt").write_text("x")
    (folder / "good.md").write_text("good")
    own, notes = of_repository(tmp_path)
    assert own == ["good"]
    left = [note.split(" is left out")[0].rpartition("/")[2] for note in notes]
    assert left == [
        "bytes.md", "empty.md", "folder.md", "hidden.md", "link.md", "long.md", "pipe.md",
    ]  # fmt: skip


@pytest.mark.parametrize("linked", [".parallel-agents", ".parallel-agents/templates"])
def test_a_folder_behind_a_link_is_not_read(linked: str, tmp_path: Path) -> None:
    folder = repository(tmp_path)
    (folder / "evil.md").write_text("x")
    there = tmp_path / "shop" / linked
    there.rename(tmp_path / "elsewhere")
    there.symlink_to(tmp_path / "elsewhere")
    assert of_repository(tmp_path) == ([], [])


def test_the_number_is_bounded(tmp_path: Path) -> None:
    folder = repository(tmp_path)
    for number in range(MOST + 10):
        (folder / f"t{number}.md").write_text("x")
    assert len(of_repository(tmp_path)[0]) == MOST


def test_fields_are_filled_once() -> None:
    text = template("{{a}} and {{ b }}, {{a}} but { {c} } {{ }} {{1}}")
    assert text.fields == ("a", "b")
    assert text.filled({"a": "{{b}}", "b": "x"}) == "{{b}} and x, {{b}} but { {c} } {{ }} {{1}}"


@given(st.lists(st.sampled_from(["{{a}}", "{{b}}", "x", "{", "}", "{{", "}}"])).map("".join))
def test_a_field_filled_with_itself_changes_nothing(text: str) -> None:
    made = template(text)
    assert made.filled({name: f"{{{{{name}}}}}" for name in made.fields}) == text


def test_mistakes_name_the_fields() -> None:
    with pytest.raises(UsageError, match="needs: “b”"):
        template("{{a}} {{b}}").filled({"a": "x"})
    with pytest.raises(UsageError, match="no field “c”"):
        template("{{a}}").filled({"a": "x", "c": "y"})
    with pytest.raises(UsageError, match="no template “x”"):
        named([template("t")], "x")
