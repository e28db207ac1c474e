"""Tools and requests in agent-neutral terms.

Keep true: an agent's translator makes these values; code that shows or answers a request reads only
them, never the tool's own input. Text in them is raw.
"""

from typing import Literal

from parallel_agents.core.value import Value

ToolKind = Literal["run", "edit", "read", "search", "fetch", "delegate", "plan", "ask", "other"]
"""What a tool does: run a command, edit files, …, delegate to a subagent, keep a to-do list, …"""


class Choice(Value):
    """One answer that a question offers."""

    label: str
    description: str = ""


class Question(Value):
    """One question of a request.

    Attributes:
        text: the question; an answer refers to it by this text.
        header: a short title, such as `Database`; may be empty.
        choices: the offered answers; free text is also accepted.
        multiple: whether several may be chosen.
    """

    text: str
    header: str = ""
    choices: tuple[Choice, ...] = ()
    multiple: bool = False

    @property
    def labels(self) -> list[str]:
        """The labels of the offered answers."""
        return [choice.label for choice in self.choices]


class Approval(Value):
    """One way to approve a plan.

    Attributes:
        mode: the permission mode to continue in.
        meaning: what that means, in a few words.
    """

    mode: str
    meaning: str
