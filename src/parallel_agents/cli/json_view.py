"""Shows our values as `--json` prints them: every field, named in camelCase.

Keep true: only the names of our fields change; a JSON object from an agent is printed as it came.
`docs/schema/` has the schema of each type that a verb prints.
"""

from typing import Any

from parallel_agents.core.value import Value


def camel(name: str) -> str:
    """Convert a field's name to camelCase: `base_commit` becomes `baseCommit`."""
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


def json_view(value: object) -> Any:  # noqa: ANN401 - plain JSON values
    """Turn a value into plain JSON values, including fields that have their default."""
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
