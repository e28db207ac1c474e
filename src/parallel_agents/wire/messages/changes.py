"""What is asked of a session's changes against its base."""

from parallel_agents.core.value import Value
from parallel_agents.core.worktree import DiffPart, DiffStat as ChangedFiles
from parallel_agents.wire.request import Request


class DiffStat(Request[ChangedFiles], tag="diff_stat"):
    """Files changed against the base, with counts, and the trees that were compared.

    Attributes:
        turn: compare the end of the last turn with the end of the one before instead.
    """

    session: str
    turn: bool = False


class PatchPage(Value):
    """A page of a unified diff.

    Attributes:
        text: bytes that are not UTF-8 are surrogates.
        next: offset of the next page in characters; None at the end.
    """

    text: str
    next: int | None


class DiffText(Request[PatchPage], tag="diff_text"):
    """A page of the unified diff between trees: of one file, or of all of them with `path` None.

    Attributes:
        parts: the trees, from the reply to `diff_stat`.
        old_path: the file's name before, if it was renamed or copied.
        offset: characters to skip.
        exact: as `git apply` needs it, with the content of binary files, without submodules.
    """

    session: str
    parts: tuple[DiffPart, ...]
    path: str | None = None
    old_path: str | None = None
    offset: int = 0
    exact: bool = False
