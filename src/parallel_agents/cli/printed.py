"""JSON output that is not simply a reply of the supervisor, and so is assembled here."""

from parallel_agents.core.asking import Question
from parallel_agents.core.options import Decision, JsonObject
from parallel_agents.core.value import Value, asdict
from parallel_agents.core.worktree import Finding
from parallel_agents.wire.messages import Findings, RequestInput, SupervisorStatus


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


class DecidedRequest(Value):
    """The output of `answer --json`: the request, the decision, and any doubts about its input."""

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
        """Assemble the output."""
        return cls(**asdict(pending), decision=decision, doubts=doubts)
