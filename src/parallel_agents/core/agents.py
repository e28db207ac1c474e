"""The traits of an agent program: what a person or the supervisor must know before it starts.

Keep true: plain values, which clients get from the supervisor; an agent's own vocabulary stays in
its own package (`tests/test_words.py`).
"""

from typing import Literal

from parallel_agents.core.errors import UsageError
from parallel_agents.core.value import Value


class Mode(Value):
    """A permission mode.

    Attributes:
        name: the name that the agent accepts.
        meaning: one line for the person who chooses it.
        asks: whether the agent still asks a person; otherwise, it must be chosen again each time.
    """

    name: str
    meaning: str = ""
    asks: bool = True


class Traits(Value):
    """What is fixed about an agent.

    Attributes:
        name: what a person calls it; this name is journalled.
        command: argument list that starts it if it is part of this package; empty for a program
            that is found on the `PATH`.
        program: that program's name.
        variable: environment variable that names another program to use; empty for none.
        minimum: oldest version that can be driven; empty for any.
        tested: versions that were tested, in the form that `--version` prints; the best first.
        install: what to do if the program is missing.
        update: what to do if it is too old.
        modes: permission modes, in the order offered; empty for an agent without any.
        usual_mode: the mode to start in if nobody chose one.
        first_modes: names of the modes offered on the first start, the recommended one first.
        mode_in_settings: whether settings files of the repository and the person can name a mode.
        efforts: names of the effort levels; empty for an agent without any.
        starts_in: the directory its process starts in: `place`, where the session works, or
            `repository`, from which the agent itself goes into the worktree that we name.
        private_variables: regular expression of environment variables that belong to another of
            its sessions, and are passed to no agent; empty for none.
        asks: whether it asks a person before it acts, in a mode that asks.
        can_attach: whether a person's terminal can open the conversation.
        can_resume: whether a new process can continue the conversation of an earlier one.
        can_interrupt: whether a turn can be ended without ending the process.
    """

    name: str
    command: tuple[str, ...] = ()
    program: str = ""
    variable: str = ""
    minimum: tuple[int, ...] = ()
    tested: tuple[str, ...] = ()
    install: str = ""
    update: str = ""
    modes: tuple[Mode, ...] = ()
    usual_mode: str = ""
    first_modes: tuple[str, ...] = ()
    mode_in_settings: bool = False
    efforts: tuple[str, ...] = ()
    starts_in: Literal["place", "repository"] = "place"
    private_variables: str = ""
    asks: bool = True
    can_attach: bool = False
    can_resume: bool = False
    can_interrupt: bool = False

    @property
    def mode_names(self) -> tuple[str, ...]:
        """The names of its modes."""
        return tuple(mode.name for mode in self.modes)

    def check_mode(self, mode: str | None) -> None:
        """Refuse a mode that the agent does not have; None leaves the choice to the agent.

        Raises:
            UsageError: there is no such mode.
        """
        self._check("mode", mode, self.mode_names)

    def check_effort(self, effort: str | None) -> None:
        """Refuse an effort level that the agent does not have; None leaves the choice to the agent.

        Raises:
            UsageError: there is no such level.
        """
        self._check("effort", effort, self.efforts)

    def _check(self, what: str, name: str | None, known: tuple[str, ...]) -> None:
        if name is None or name in known:
            return
        hint = f"One of: {', '.join(known)}" if known else f"Leave the {what} out."
        raise UsageError(f"The agent “{self.name}” has no {what} “{name}”.", hint)


class Offer(Value):
    """An agent that a person may choose, and whether it can be started here.

    Attributes:
        available: whether its program is installed.
        hint: what to do if it is not.
        program: the file that would be started.
        version: the version that the program reports; empty if it was not asked or did not answer.
    """

    traits: Traits
    available: bool
    hint: str = ""
    program: str = ""
    version: str = ""
