"""In what form the facts of one scope are kept: a session's, a person's.

Keep true: what a ledger, a journal and a checkpoint must know of the facts they keep is here, and
they know nothing else of them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from parallel_agents.core.facts import Facts


class Numbered(Protocol):
    """What a record of any journal has."""

    @property
    def seq(self) -> int:
        """Position in the journal, from 1, without gaps."""
        ...

    @property
    def more(self) -> bool:
        """Whether further records of the same group follow."""
        ...


F = TypeVar("F", bound=Facts)
R = TypeVar("R", bound=Numbered)
R_co = TypeVar("R_co", bound=Numbered, covariant=True)

Reader = Callable[[bytes | str], R_co]
"""Reads the JSON of a record; raises `ValueError` for one that this version does not know."""


@dataclass(frozen=True, slots=True)
class Form(Generic[F, R]):
    """How facts of one kind come to be.

    Args:
        facts: their type; made without values, it is what is known before the first record.
        read: reads the JSON of a record.
        fold: gives the facts after a record.
        version: of the form in which the facts are saved; another one's are folded again.
    """

    facts: type[F]
    read: Reader[R]
    fold: Callable[[F, R], F]
    version: int
