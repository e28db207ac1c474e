"""Marks a union whose members tell themselves apart by their field `type`.

Keep true: whoever only reads or makes such values does not load pydantic; whoever checks them
with pydantic gets its discriminated union.
"""

from dataclasses import dataclass
from typing import Annotated, Any


@dataclass(frozen=True, slots=True)
class ByType:
    """Metadata of `Annotated`: the member is named by its field `type`."""

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> Any:  # noqa: ANN401
        """What pydantic asks for when it builds a schema (its documented custom-type hook)."""
        from pydantic import Field

        return handler.generate_schema(Annotated[source, Field(discriminator="type")])
