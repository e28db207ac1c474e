"""What makes an agent work, answers it, or stops it."""

from msgspec import field

from parallel_agents.core.asking import Question
from parallel_agents.core.options import Decision, JsonObject, Options
from parallel_agents.core.value import Value
from parallel_agents.wire.messages.sessions import SessionRow
from parallel_agents.wire.request import Request


class New(Request[SessionRow], tag="new"):
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


class Adopt(Request[SessionRow], tag="adopt"):
    """Make a session of a worktree that somebody else made; fields as of `New`.

    Attributes:
        directory: absolute path of the worktree's top.
        prompt: what to do; empty for nothing yet.
        base: what to compare its work with; `head` is that of the main worktree.
    """

    key: str
    directory: str
    prompt: str = ""
    name: str | None = None
    base: str = "head"
    agent: str = ""
    options: Options = field(default_factory=Options)
    environment: dict[str, str] = field(default_factory=dict)


class Send(Request[SessionRow], tag="send"):
    """A message for the agent; wakes a process that is gone. `key` is the message's uuid."""

    key: str
    session: str
    text: str


class RequestInput(Value):
    """The whole of a pending request.

    Attributes:
        input: of the tool, raw.
        digest: of that input.
        questions: what is asked, for a question.
    """

    request_id: str
    kind: str
    tool_name: str
    summary: str
    input: JsonObject
    digest: str
    questions: tuple[Question, ...] = ()


class PendingInput(Request[RequestInput], tag="pending_input"):
    """The input of a pending request, with its digest; None for the only one."""

    session: str
    request: str | None = None


class Answer(Request[SessionRow], tag="answer"):
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


class Interrupt(Request[SessionRow], tag="interrupt"):
    """End the running turn."""

    key: str
    session: str


class Stop(Request[SessionRow], tag="stop"):
    """End the process; answers when it is gone, or at once with `wait` off."""

    key: str
    session: str
    wait: bool = True


class Respawn(Request[SessionRow], tag="respawn"):
    """Start the process again, same conversation; retries a failed set-up too."""

    key: str
    session: str
    environment: dict[str, str] | None = None


class SetOptions(Request[SessionRow], tag="set_options"):
    """Change mode, model or effort; None leaves one as it is."""

    key: str
    session: str
    mode: str | None = None
    model: str | None = None
    effort: str | None = None


class TerminalCommand(Value):
    """What a person's terminal runs to take a conversation over: arguments, place, environment."""

    id: str
    argv: tuple[str, ...]
    cwd: str
    env: dict[str, str]


class AttachBegin(Request[TerminalCommand], tag="attach_begin"):
    """Give the conversation to the person's terminal."""

    key: str
    session: str


class AttachEnd(Request[SessionRow], tag="attach_end"):
    """Take the conversation back from the person's terminal."""

    key: str
    session: str
