"""The agent's process: started, ready, asked to end, gone."""

from dataclasses import dataclass
from typing import Literal

StopReason = Literal["person", "delete", "asleep", "attach", "shutdown", "worktree", "restart"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStarted:
    """A process start was decided: `run` counts them from 1.

    Attributes:
        offset: up to where its log is journalled already; 0 for a start that is decided now.
    """

    run: int
    conversation: str
    resumed: bool = False
    offset: int = 0
    type: Literal["run_started"] = "run_started"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunReady:
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
    type: Literal["run_ready"] = "run_ready"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunEnded:
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
    type: Literal["run_ended"] = "run_ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class StopRequested:
    """Somebody asked for the process to end."""

    reason: StopReason
    type: Literal["stop_requested"] = "stop_requested"


@dataclass(frozen=True, slots=True, kw_only=True)
class InterruptRequested:
    """A person asked for the turn to end."""

    type: Literal["interrupt_requested"] = "interrupt_requested"


ProcessEvent = RunStarted | RunReady | RunEnded | StopRequested | InterruptRequested
