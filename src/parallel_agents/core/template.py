"""Templates for tasks: a text with fields, written `{{goal}}`.

Keep true: what is put into a field is not searched for fields again.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Literal

from parallel_agents.core.errors import UsageError
from parallel_agents.core.value import Value

Origin = Literal["user", "repository", "program"]
FIELD = re.compile(r"\{\{ ?([A-Za-z][A-Za-z0-9_-]{0,39}) ?\}\}")


class Template(Value):
    """A text to make tasks of.

    Attributes:
        name: its file's name without the ending.
        text: the text with its fields.
        origin: who wrote it: the user, the repository, or the authors of this program.
        path: its file.
    """

    name: str
    text: str
    origin: Origin
    path: str = ""

    @property
    def fields(self) -> tuple[str, ...]:
        """The names of its fields, in order."""
        return tuple(dict.fromkeys(FIELD.findall(self.text)))

    def filled(self, values: Mapping[str, str]) -> str:
        """Fill every field.

        Args:
            values: by name of the field.

        Raises:
            UsageError: a field has no value, or there is no such field.
        """
        fields = self.fields
        if unknown := [name for name in values if name not in fields]:
            has = f"It has: {', '.join(fields)}" if fields else "It has none."
            raise UsageError(f"The template “{self.name}” has no field “{unknown[0]}”.", has)
        if missing := [name for name in fields if name not in values]:
            names = ", ".join(f"“{name}”" for name in missing)
            raise UsageError(
                f"The template “{self.name}” needs: {names}.",
                " ".join(f"--field {name}=…" for name in missing),
            )
        return FIELD.sub(lambda found: values[found[1]], self.text)


def named(templates: Iterable[Template], name: str) -> Template:
    """Find a template by name.

    Raises:
        UsageError: there is none.
    """
    known = {template.name: template for template in templates}
    if name not in known:
        raise UsageError(f"There is no template “{name}”.", f"One of: {', '.join(known)}")
    return known[name]
