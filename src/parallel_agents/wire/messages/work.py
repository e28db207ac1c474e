"""Requests that start an agent, answer it, or stop it."""

from msgspec import field

from parallel_agents.core.asking import Question
from parallel_agents.core.options import Decision, JsonObject, Options
from parallel_agents.core.value import Value
from parallel_agents.wire.messages.sessions import SessionRow
from parallel_agents.wire.request import Request


class New(Request[SessionRow], tag="new"):
    """Dispatch a session.

    Attributes:
        key: uuid of this request; the session's id is derived from it.
        directory: absolute path inside the repository.
        base: `fresh`, `head`, a pull request, or any ref; if empty, `branch` itself if it exists,
            otherwise the base in the settings.
        agent: the agent's name; if empty, the one in the settings.
        environment: the caller's environment, for the agent's process.
        wait_ready: reply only when the agent is ready or set-up has failed.
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
    """Turn a worktree that somebody else made into a session; other fields are as in `New`.

    Attributes:
        directory: absolute path of the worktree's top.
        prompt: the task; empty to wait for a message.
        base: what to compare its work with; `head` is the main worktree's HEAD.
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
    """Send the agent a message; starts its process if needed. `key` is the message's uuid."""

    key: str
    session: str
    text: str


class RequestInput(Value):
    """A pending request, complete.

    Attributes:
        input: the tool's input, raw.
        digest: digest of that input.
        questions: the questions, if the request asks any.
        reason: why the agent has to ask, in its words; may be empty, as may `description`.
        rules: the rules that `--always` would allow by.
    """

    request_id: str
    kind: str
    tool_name: str
    summary: str
    input: JsonObject
    digest: str
    questions: tuple[Question, ...] = ()
    description: str = ""
    reason: str = ""
    rules: tuple[str, ...] = ()


class PendingInput(Request[RequestInput], tag="pending_input"):
    """Ask for the input of a pending request; without `request`, of the only pending one."""

    session: str
    request: str | None = None


class Answer(Request[SessionRow], tag="answer"):
    """Decide a request.

    Attributes:
        request: the request's id; may be None if exactly one is pending.
        digest: digest of the input that was shown; None accepts whatever is pending.
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
    """End the process; reply when it is gone, or at once without `wait`."""

    key: str
    session: str
    wait: bool = True


class Respawn(Request[SessionRow], tag="respawn"):
    """Restart the process in the same conversation; this also retries a failed set-up."""

    key: str
    session: str
    environment: dict[str, str] | None = None


class SetOptions(Request[SessionRow], tag="set_options"):
    """Change mode, model or effort; None leaves a value unchanged."""

    key: str
    session: str
    mode: str | None = None
    model: str | None = None
    effort: str | None = None


class TerminalCommand(Value):
    """How to open a conversation in a terminal: argument list, directory, environment."""

    id: str
    argv: tuple[str, ...]
    cwd: str
    env: dict[str, str]


class AttachBegin(Request[TerminalCommand], tag="attach_begin"):
    """Stop the process, so that a terminal can open the conversation."""

    key: str
    session: str


class AttachEnd(Request[SessionRow], tag="attach_end"):
    """Start the process again, after the terminal has closed the conversation."""

    key: str
    session: str
