"""Writes the schemas of what `--json` prints: `python -m tests.support.schemas`."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from parallel_agents.cli.json_view import camel
from parallel_agents.cli.main import _parser

DIRECTORY = Path(__file__).parents[2] / "docs/schema"
_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def verbs() -> dict[str, argparse.ArgumentParser]:
    """The parsers of all verbs, by name."""
    for action in _parser(["--help"])._actions:
        if isinstance(action, argparse._SubParsersAction):
            return dict(action.choices)
    raise AssertionError("there are no verbs")


def printed() -> dict[str, tuple[Any, ...]]:
    """The kinds that each verb prints with `--json`; of several, which one depends on its flags."""
    kinds = {name: verb.get_default("prints") for name, verb in verbs().items()}
    return {name: kind for name, kind in kinds.items() if kind is not None}


def schema(verb: str) -> dict[str, Any]:
    """The schema of what a verb prints."""
    kinds, definitions = msgspec.json.schema_components(
        printed()[verb], ref_template="#/$defs/{name}"
    )
    (whole, *others) = map(_as_printed, kinds)
    top = {"anyOf": [whole, *others]} if others else whole
    named = {name: _as_printed(value) for name, value in sorted(definitions.items())}
    return {"$schema": _DIALECT, "title": f"{verb} --json", **top, "$defs": named}


def _as_printed(value: Any) -> Any:
    """The same schema with the fields' printed names, all of which are there."""
    if isinstance(value, list | tuple):
        return [_as_printed(part) for part in value]
    if not isinstance(value, dict):
        return value
    kept = {key: _as_printed(part) for key, part in value.items() if key != "default"}
    if isinstance(properties := kept.get("properties"), dict):
        kept["properties"] = {camel(name): part for name, part in properties.items()}
        kept["required"] = list(kept["properties"])
    if isinstance(text := kept.get("description"), str):
        kept["description"] = text.split("\n\n")[0].replace("\n", " ")
    return kept


def files() -> Iterator[tuple[Path, str]]:
    """Every schema as a file."""
    for verb in printed():
        text = json.dumps(schema(verb), indent=2, ensure_ascii=False)
        yield DIRECTORY / f"{verb}.json", f"{text}\n"


def main() -> None:
    """Write them."""
    DIRECTORY.mkdir(exist_ok=True)
    for path, text in files():
        path.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
