"""The agent's process: started, ready, asked to end, gone."""

from typing import Literal

from parallel_agents.core.value import Tagged

StopReason = Literal["person", "delete", "asleep", "attach", "shutdown", "worktree", "restart"]


class RunStarted(Tagged, tag="run_started"):
    """A process start was decided: `run` counts them from 1.

    Attributes:
        offset: up to where its log is journalled already; 0 for a start that is decided now.
    """

    run: int
    conversation: str
    resumed: bool = False
    offset: int = 0


class RunReady(Tagged, tag="run_ready"):
    """The agent answered `initialize`.

    Attributes:
        pid: process id of the agent itself.
        version: the agent's version, if it said.
        commands: names of its slash commands, without the slash.
        models: names of the models it offers.
    """

    run: int
    pid: int | None = None
    version: str = ""
    commands: tuple[str, ...] = ()
    models: tuple[str, ...] = ()


class RunEnded(Tagged, tag="run_ended"):
    """The process is gone.

    Attributes:
        code: exit status, None when a signal ended it or nothing was recorded.
        signal: number of the signal that ended it.
        asked: whether the end was asked for.
        error: why it could not start, or why no ending was recorded.
        hint: what to do about it.
        stderr: the last lines it wrote to standard error, raw.
    """

    run: int
    code: int | None = None
    signal: int | None = None
    asked: bool = False
    error: str = ""
    hint: str = ""
    stderr: str = ""
    swept: int = 0


class StopRequested(Tagged, tag="stop_requested"):
    """Somebody asked for the process to end."""

    reason: StopReason


class InterruptRequested(Tagged, tag="interrupt_requested"):
    """A person asked for the turn to end."""


ProcessEvent = RunStarted | RunReady | RunEnded | StopRequested | InterruptRequested
