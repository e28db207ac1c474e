"""What verbs print as JSON that is no reply of the supervisor's: put together here."""

from parallel_agents.core.asking import Question
from parallel_agents.core.options import Decision, JsonObject
from parallel_agents.core.value import Value, asdict
from parallel_agents.core.worktree import Finding
from parallel_agents.wire.messages import Findings, RequestInput, SupervisorStatus


class DoctorReport(Value):
    """What `doctor --json` prints.

    Attributes:
        findings: None without `--worktrees`, as `damaged`.
        damaged: by session, why it cannot be read.
    """

    status: SupervisorStatus
    findings: tuple[Finding, ...] | None = None
    damaged: dict[str, str] | None = None

    @classmethod
    def of(cls, status: SupervisorStatus, findings: Findings | None) -> "DoctorReport":
        """Put the report together."""
        if findings is None:
            return cls(status=status)
        return cls(status=status, findings=findings.findings, damaged=findings.damaged)


class DecidedRequest(Value):
    """What `answer --json` prints: the request, the decision, and what was not what it seems."""

    request_id: str
    kind: str
    tool_name: str
    summary: str
    input: JsonObject
    digest: str
    questions: tuple[Question, ...]
    decision: Decision
    doubts: tuple[str, ...]

    @classmethod
    def of(
        cls, pending: RequestInput, decision: Decision, doubts: tuple[str, ...]
    ) -> "DecidedRequest":
        """Put it together."""
        return cls(**asdict(pending), decision=decision, doubts=doubts)
