"""What every value of ours is made of: frozen, compared by content, cheap to make and to read.

Keep true: a field is only ever added, with a default, and a field that is not known is ignored, so
that journals and messages of other versions still read.
"""

from typing import Any, dataclass_transform

import msgspec
from msgspec.structs import asdict as asdict, replace as replace


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(msgspec.field,))
class _Frozen(msgspec.StructMeta):
    """Makes each class frozen, with fields that are given by name."""

    # msgspec inherits neither for a class's own fields, and every class would have to repeat both.
    def __new__(
        cls,
        name: str,
        bases: tuple[type, ...],
        space: dict[str, Any],
        **config: Any,  # noqa: ANN401
    ) -> "_Frozen":
        return super().__new__(cls, name, bases, space, frozen=True, kw_only=True, **config)


class Value(msgspec.Struct, metaclass=_Frozen, omit_defaults=True):
    """A frozen value; fields that have their default are left out when it is written."""


class Tagged(Value, tag_field="type"):
    """A value that is one of several kinds and says in JSON, as `type`, which."""

    @property
    def type(self) -> str:
        """The name of its kind, as written in JSON."""
        return str(self.__struct_config__.tag)
