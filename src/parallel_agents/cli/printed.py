"""JSON output that is not simply a reply of the supervisor, and so is assembled here."""

from parallel_agents.core.asking import Question
from parallel_agents.core.options import Decision, JsonObject
from parallel_agents.core.value import Value, asdict
from parallel_agents.core.worktree import Finding
from parallel_agents.wire.messages import Findings, RequestInput, SessionRow, SupervisorStatus


class DoctorReport(Value):
    """The output of `doctor --json`.

    Attributes:
        findings: None without `--worktrees`; so is `damaged`.
        damaged: for each session that cannot be read, the reason.
    """

    status: SupervisorStatus
    findings: tuple[Finding, ...] | None = None
    damaged: dict[str, str] | None = None

    @classmethod
    def of(cls, status: SupervisorStatus, findings: Findings | None) -> "DoctorReport":
        """Assemble the report."""
        if findings is None:
            return cls(status=status)
        return cls(status=status, findings=findings.findings, damaged=findings.damaged)


class _WholeRequest(Value):
    """A request as `wire.messages.RequestInput` tells it, with every field printed."""

    request_id: str
    kind: str
    tool_name: str
    summary: str
    input: JsonObject
    digest: str
    questions: tuple[Question, ...]
    description: str
    reason: str
    rules: tuple[str, ...]


class WaitingRequest(_WholeRequest):
    """One entry of `inbox --json`: a request, whose it is, and any doubts about its input.

    Attributes:
        session: id of the session.
        name: its name.
        cwd: the directory that its agent works in.
        asked_at: milliseconds since 1970.
    """

    session: str
    name: str
    cwd: str
    asked_at: int
    doubts: tuple[str, ...]

    @classmethod
    def of(
        cls, row: SessionRow, asked_at: int, pending: RequestInput, doubts: tuple[str, ...]
    ) -> "WaitingRequest":
        """Assemble the entry."""
        return cls(
            session=row.id,
            name=row.name,
            cwd=row.worktree or row.cwd,
            asked_at=asked_at,
            **asdict(pending),
            doubts=doubts,
        )


class DecidedRequest(_WholeRequest):
    """The output of `answer --json`: the request, the decision, and any doubts about its input.

    Attributes:
        session: the session's name or id, as it was given; its id with `--next`.
    """

    session: str
    decision: Decision
    doubts: tuple[str, ...]

    @classmethod
    def of(
        cls, session: str, pending: RequestInput, decision: Decision, doubts: tuple[str, ...]
    ) -> "DecidedRequest":
        """Assemble the output."""
        return cls(session=session, **asdict(pending), decision=decision, doubts=doubts)
