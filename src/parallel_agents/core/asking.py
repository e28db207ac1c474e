"""What an agent's tools do and what it asks, in words that are no agent's own.

Keep true: an agent's translator fills these; whoever shows or answers a request reads them, and
never the tool's own input. Text in them is raw.
"""

from typing import Literal

from parallel_agents.core.value import Value

ToolKind = Literal["run", "edit", "read", "search", "fetch", "delegate", "plan", "ask", "other"]
"""What a tool does: a command, a change of files, …, work for a subagent, a list of what to do."""


class Choice(Value):
    """One answer that a question offers."""

    label: str
    description: str = ""


class Question(Value):
    """One question of a request.

    Attributes:
        text: the question; an answer names it by this.
        header: a word for it, such as `Database`; may be empty.
        choices: the answers that are offered; own words answer it as well.
        multiple: whether several may be chosen.
    """

    text: str
    header: str = ""
    choices: tuple[Choice, ...] = ()
    multiple: bool = False

    @property
    def labels(self) -> list[str]:
        """The answers that are offered."""
        return [choice.label for choice in self.choices]


class Approval(Value):
    """One way to approve a plan.

    Attributes:
        mode: the permission mode to go on in.
        meaning: what that means, in a few words.
    """

    mode: str
    meaning: str
