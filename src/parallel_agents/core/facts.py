"""What all facts that are folded from a journal have in common."""

from parallel_agents.core.value import Value


class Facts(Value):
    """Facts after `seq` records.

    Attributes:
        seq: number of the last record that was folded; 0 for none.
    """

    seq: int = 0


class Problem(Value):
    """What went wrong and what to do about it."""

    message: str
    hint: str = ""
