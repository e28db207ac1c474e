"""Settings as editors write them."""

from __future__ import annotations

import codecs
import hashlib
from pathlib import Path

import pytest

from parallel_agents.core.columns import USUAL
from parallel_agents.core.errors import UsageError
from parallel_agents.core.worktree import ConfigFile, ExecutableConfig
from parallel_agents.supervisor.base.check_settings import CheckCommand
from parallel_agents.supervisor.base.config import (
    REPOSITORY_SETTINGS,
    Preset,
    load_config,
    load_preset,
    preset_of,
)


def test_a_byte_order_mark_is_no_part_of_the_settings(tmp_path: Path) -> None:
    path = tmp_path / REPOSITORY_SETTINGS
    path.write_bytes(codecs.BOM_UTF8 + b'branch = "x/{slug}"\r\n')
    assert load_preset(path).branch == "x/{slug}"
    assert load_config(path)[0].branch == "x/{slug}"
    data = path.read_bytes()
    file = ConfigFile(
        path=REPOSITORY_SETTINGS, origin="main", text=data.decode(),
        digest=hashlib.sha256(data).hexdigest(),
    )  # fmt: skip
    assert preset_of(ExecutableConfig(digest="", files=(file,))).branch == "x/{slug}"


def test_another_encoding_is_said(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes('agent = "demo"'.encode("utf-16"))
    with pytest.raises(UsageError, match="cannot read"):
        load_config(path)


def test_what_the_screen_reads_is_left_to_it(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text('agent = "demo"\n[keys]\npeek = "p"\n')
    assert load_config(path)[0].agent == "demo"


def test_the_columns_of_the_list(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    assert load_config(path)[0].list_columns == USUAL
    path.write_text('agent = "demo"\n[list]\ncolumns = ["cost", "branch"]\n')
    config, sources = load_config(path)
    assert config.list_columns == ("cost", "branch")
    assert sources["list_columns"] == str(path)
    path.write_text("[list]\ncolumns = []\n")
    assert load_config(path)[0].list_columns == ()


@pytest.mark.parametrize(
    "text",
    [
        'list_columns = ["cost"]',
        "list = 1",
        '[list]\ncolumns = "cost"',
        '[list]\ncolumns = ["price"]',
        '[list]\ncolumns = ["cost", "cost"]',
        "[list]\ncolumns = [1]",
        "[list]\nrows = 1",
    ],
)
def test_other_columns_are_refused_by_name(text: str, tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(text)
    with pytest.raises(UsageError, match="columns"):
        load_config(path)


def _preset(tmp_path: Path, text: str) -> Preset:
    path = tmp_path / REPOSITORY_SETTINGS
    path.write_text(text)
    return load_preset(path)


def test_checks_in_the_order_of_the_file(tmp_path: Path) -> None:
    text = (
        '[checks]\ntests = "pytest -q"\nlint = { command = "ruff check", timeout = 5.5 }\n'
        '[checks.types]\ncommand = "mypy"\nafter_turn = true\n'
    )
    assert _preset(tmp_path, text).checks == (
        CheckCommand(name="tests", command="pytest -q"),
        CheckCommand(name="lint", command="ruff check", timeout=5.5),
        CheckCommand(name="types", command="mypy", after_turn=True),
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('checks = "make"', "a table"),
        ('[checks]\n"../x" = "make"', "cannot be the name"),
        ('[checks]\nTests = "make"', "cannot be the name"),
        (f'[checks]\n{"a" * 33} = "make"', "cannot be the name"),
        ("[checks]\nx = 1", "a command, or a table"),
        ('[checks]\nx = " "', "needs a command"),
        ('[checks]\nx = "a\\u0000b"', "needs a command"),
        ("[checks.x]\ntimeout = 5", "needs a command"),
        ('[checks.x]\ncommand = "a"\ntimeout = 0', "over 0"),
        ('[checks.x]\ncommand = "a"\ntimeout = nan', "over 0"),
        ('[checks.x]\ncommand = "a"\ntimeout = true', "over 0"),
        ('[checks.x]\ncommand = "a"\nafter_turn = 1', "true or false"),
        ('[checks.x]\ncommand = "a"\nwhen = "now"', "no setting “when”"),
        ("[checks]\n" + "\n".join(f'x{n} = "a"' for n in range(21)), "at most 20"),
    ],
)
def test_a_mistake_in_a_check_is_said(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        _preset(tmp_path, text)


def test_how_many_checks_run_at_once(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text("checks_at_once = 3\n")
    assert load_config(path)[0].checks_at_once == 3
    path.write_text("checks_at_once = 0\n")
    with pytest.raises(UsageError, match="checks_at_once"):
        load_config(path)
