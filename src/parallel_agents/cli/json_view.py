"""How a value of ours looks in `--json`: every field, named in camelCase.

Keep true: the names of fields change, and nothing else: what is in a JSON object from an agent
stays as it came. `docs/schema/` has the schema of each kind that a verb prints.
"""

from typing import Any

from parallel_agents.core.value import Value


def camel(name: str) -> str:
    """A field's name in JSON: `base_commit` is `baseCommit`."""
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


def json_view(value: object) -> Any:  # noqa: ANN401 - plain JSON values
    """Turn a value into plain JSON values, fields that have their default included."""
    if isinstance(value, Value):
        tag = value.__struct_config__.tag
        named = {} if tag is None else {"type": tag}
        fields = value.__struct_fields__
        return named | {camel(name): json_view(getattr(value, name)) for name in fields}
    if isinstance(value, dict):
        return {key: json_view(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [json_view(one) for one in value]
    return value
