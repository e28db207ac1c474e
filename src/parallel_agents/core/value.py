"""The base of all our values: frozen, compared by content, cheap to make and to read.

Keep true: fields are only ever added, with a default, and unknown fields are ignored, so that
journals and messages of other versions can still be read.
"""

from typing import Any, dataclass_transform

import msgspec
from msgspec.structs import asdict as asdict, replace as replace


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(msgspec.field,))
class _Frozen(msgspec.StructMeta):
    """Makes each class frozen, with keyword-only fields."""

    # msgspec does not apply either option to a subclass's own fields, so each would repeat both.
    def __new__(
        cls,
        name: str,
        bases: tuple[type, ...],
        space: dict[str, Any],
        **config: Any,  # noqa: ANN401
    ) -> "_Frozen":
        return super().__new__(cls, name, bases, space, frozen=True, kw_only=True, **config)


class Value(msgspec.Struct, metaclass=_Frozen, omit_defaults=True):
    """A frozen value; JSON omits fields that have their default."""


class Tagged(Value, tag_field="type"):
    """A value of one of several kinds; in JSON, the field `type` names the kind."""

    @property
    def type(self) -> str:
        """The name of its kind, as in JSON."""
        return str(self.__struct_config__.tag)
