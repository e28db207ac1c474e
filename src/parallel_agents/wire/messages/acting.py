"""What makes an agent work, or stops it."""

from dataclasses import dataclass, field
from typing import Literal

from parallel_agents.core.options import Decision, Options


@dataclass(frozen=True, slots=True, kw_only=True)
class New:
    """Dispatch a session.

    Attributes:
        key: uuid of this request; the session's id comes from it.
        directory: absolute path inside the repository.
        base: `fresh`, `head`, a pull request, any ref; empty for `branch` itself when that exists,
            else for the one in the settings.
        agent: its name; empty for the one in the settings.
        environment: the caller's environment, for the agent's process.
        wait_ready: answer only when the agent is ready or set-up failed.
    """

    key: str
    prompt: str
    directory: str
    name: str | None = None
    base: str = ""
    branch: str | None = None
    agent: str = ""
    options: Options = field(default_factory=Options)
    environment: dict[str, str] = field(default_factory=dict)
    wait_ready: bool = False
    type: Literal["new"] = "new"


@dataclass(frozen=True, slots=True, kw_only=True)
class Adopt:
    """Make a session of a worktree that somebody else made; fields as of `New`.

    Attributes:
        directory: absolute path of the worktree's top.
        prompt: what to do; empty for nothing yet.
        base: what its work is compared with; `head` is that of the main worktree.
    """

    key: str
    directory: str
    prompt: str = ""
    name: str | None = None
    base: str = "head"
    agent: str = ""
    options: Options = field(default_factory=Options)
    environment: dict[str, str] = field(default_factory=dict)
    type: Literal["adopt"] = "adopt"


@dataclass(frozen=True, slots=True, kw_only=True)
class Send:
    """A message for the agent; wakes a process that is gone. `key` is the message's uuid."""

    key: str
    session: str
    text: str
    type: Literal["send"] = "send"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Decide a request.

    Attributes:
        request: its id; None when exactly one is pending.
        digest: digest of the input that was shown; None takes the pending one, whatever it is.
    """

    key: str
    session: str
    decision: Decision
    request: str | None = None
    digest: str | None = None
    type: Literal["answer"] = "answer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Interrupt:
    """End the running turn."""

    key: str
    session: str
    type: Literal["interrupt"] = "interrupt"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """End the process; answers when it is gone, or at once with `wait` off."""

    key: str
    session: str
    wait: bool = True
    type: Literal["stop"] = "stop"


@dataclass(frozen=True, slots=True, kw_only=True)
class Respawn:
    """Start the process again, same conversation; retries a failed set-up too."""

    key: str
    session: str
    environment: dict[str, str] | None = None
    type: Literal["respawn"] = "respawn"


@dataclass(frozen=True, slots=True, kw_only=True)
class SetOptions:
    """Change mode, model or effort; None leaves one as it is."""

    key: str
    session: str
    mode: str | None = None
    model: str | None = None
    effort: str | None = None
    type: Literal["set_options"] = "set_options"


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachBegin:
    """Give the conversation to the person's terminal: argument list, directory, environment."""

    key: str
    session: str
    type: Literal["attach_begin"] = "attach_begin"


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachEnd:
    """Take the conversation back from the person's terminal."""

    key: str
    session: str
    type: Literal["attach_end"] = "attach_end"


ActingRequest = (
    New | Adopt | Send | Answer | Interrupt | Stop | Respawn | SetOptions | AttachBegin | AttachEnd
)
