"""The README's commands are the ones that `.ci/run` and these tests know."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
_INSTALL = "python3 -m venv .venv && .venv/bin/pip install -q -c requirements.lock -e "
MAIN_JOB = f"{_INSTALL}. && .venv/bin/parallel-agents demo"
TESTS = f"{_INSTALL}'.[dev]' && .venv/bin/python -m pytest"


def _marked(marker: str) -> str:
    text = (ROOT / "README.md").read_text("utf-8")
    found = re.search(rf"<!-- {marker} -->\n```sh\n(.*)\n```\n", text)
    assert found is not None
    return found.group(1)


def test_the_two_commands_are_as_promised() -> None:
    assert _marked("the main job") == MAIN_JOB
    assert _marked("the tests") == TESTS


def _texts() -> list[Path]:
    files = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "src").rglob("*.py")]
    return sorted(files)


def test_nothing_tells_anyone_to_install_the_unrelated_package() -> None:
    wrong = re.compile(r"(pip\S*|uv|tool|add) install( -\S+)* parallel-agents")
    assert [page.name for page in _texts() if wrong.search(_text(page))] == []


def _text(path: Path) -> str:
    return path.read_text("utf-8")


@pytest.mark.parametrize(
    "page",
    [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))],
    ids=lambda p: str(p.relative_to(ROOT)),
)
def test_links_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", _text(page))
    missing = [x for x in links if "://" not in x and not (page.parent / x).exists()]
    assert missing == []


def test_every_dependency_is_locked() -> None:
    lines = _text(ROOT / "requirements.lock").splitlines()
    assert all(re.fullmatch(r"[a-z0-9-]+==[0-9][0-9A-Za-z.]*", line) for line in lines)
    assert len({line.partition("==")[0] for line in lines}) == len(lines)
    project = tomllib.loads(_text(ROOT / "pyproject.toml"))["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    locked = {line.partition("==")[0] for line in lines}
    assert {re.split(r"[<>=]", requirement)[0].lower() for requirement in wanted} <= locked
