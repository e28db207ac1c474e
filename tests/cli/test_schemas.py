"""The schemas of what `--json` prints are those of the types, and what is printed fits them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from jsonschema import Draft202012Validator

from parallel_agents.cli.json_view import json_view
from tests.support.examples import examples
from tests.support.facts import any_of_type
from tests.support.schemas import DIRECTORY, files, printed, schema, verbs


def test_the_published_schemas_are_up_to_date() -> None:
    """When this fails: python -m tests.support.schemas."""
    published = {path.name: path.read_text("utf-8") for path in DIRECTORY.iterdir()}
    assert published == {path.name: text for path, text in files()}


def test_every_verb_that_prints_json_has_a_schema() -> None:
    having = {
        name
        for name, verb in verbs().items()
        if any("--json" in action.option_strings for action in verb._actions)
    }
    assert having == set(printed())
    assert len(having) > 10


@pytest.mark.parametrize("verb", sorted(printed()))
def test_whatever_a_verb_prints_fits_its_schema(verb: str) -> None:
    validator = Draft202012Validator(schema(verb))
    validator.check_schema(validator.schema)

    for kind in printed()[verb]:

        @settings(max_examples=examples(15))
        @given(any_of_type(kind))
        def fits(value: Any) -> None:
            validator.validate(json.loads(json.dumps(json_view(value))))

        fits()


@pytest.mark.parametrize("verb", sorted(printed()))
def test_every_key_is_always_there(verb: str) -> None:
    for name, definition in schema(verb)["$defs"].items():
        if "properties" in definition:
            assert definition["required"] == list(definition["properties"]), name
