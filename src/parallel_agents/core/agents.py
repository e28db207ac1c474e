"""What an agent program can do, as far as a person or the supervisor must know it beforehand.

Keep true: plain values, which clients get from the supervisor; what one agent calls things stands
in its own package and nowhere else (`tests/test_words.py`).
"""

from typing import Literal

from parallel_agents.core.errors import UsageError
from parallel_agents.core.value import Value


class Mode(Value):
    """A permission mode.

    Attributes:
        name: as the agent takes it.
        meaning: one line for whoever chooses it.
        asks: whether a person is still asked in it; one that never asks is chosen anew each time.
    """

    name: str
    meaning: str = ""
    asks: bool = True


class Traits(Value):
    """What is fixed about an agent.

    Attributes:
        name: what a person calls it, and what is journalled.
        command: argument list that starts it when it is part of this package; empty for a program
            that is looked for on the `PATH`.
        program: that program's name.
        variable: environment variable that names another program instead; empty for none.
        minimum: oldest version that can be driven; empty for any.
        tested: versions it was tested with, as `--version` says them; the best first.
        install: what to do when the program is missing.
        update: what to do when it is too old.
        modes: permission modes, as they are offered; empty for an agent without any.
        usual_mode: the mode that a start names when nobody chose one.
        first_modes: names of the modes offered on the first start, the recommended one first.
        mode_in_settings: whether the settings files of the repository and the person name a mode.
        efforts: names of the effort levels; empty for an agent without any.
        starts_in: the directory its process starts in: `place`, where the session works, or
            `repository`, whence the agent goes into the worktree that it is named.
        private_variables: regular expression of the environment variables that belong to another
            session of it, and are passed to no agent; empty for none.
        asks: whether it asks a person before it acts, in a mode that asks.
        can_attach: whether a person's terminal can take the conversation over.
        can_resume: whether a new process goes on with the conversation of an earlier one.
        can_interrupt: whether a turn can be ended without the process.
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
        """Refuse a mode that the agent does not have; None leaves it to the agent.

        Raises:
            UsageError: there is no such mode.
        """
        self._check("mode", mode, self.mode_names)

    def check_effort(self, effort: str | None) -> None:
        """Refuse an effort level that the agent does not have; None leaves it to the agent.

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
        available: whether its program is there.
        hint: what to do when it is not.
        program: the file that would be started.
        version: what that program says it is; empty when it was not asked or did not answer.
    """

    traits: Traits
    available: bool
    hint: str = ""
    program: str = ""
    version: str = ""
