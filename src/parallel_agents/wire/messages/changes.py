"""What is asked of a session's changes against its base."""

from parallel_agents.core.value import Value
from parallel_agents.core.worktree import DiffStat as ChangedFiles, FileStat
from parallel_agents.wire.request import Request


class DiffStat(Request[ChangedFiles], tag="diff_stat"):
    """Files changed against the base, with counts."""

    session: str


class PatchPage(Value):
    """A page of a unified diff.

    Attributes:
        text: bytes that are not UTF-8 are surrogates.
        next: offset of the next page in characters; None at the end.
        digest: tells this patch from any other.
        left_out: files that the patch does not hold; with its first page.
    """

    text: str
    next: int | None
    digest: str
    left_out: tuple[FileStat, ...] = ()


class DiffText(Request[PatchPage], tag="diff_text"):
    """A page of the unified diff: of one file, or of all of them with `path` None.

    Attributes:
        offset: characters to skip.
        exact: as `git apply` needs it, with the content of binary files.
        digest: from the page before; a patch that is another one by now begins anew.
    """

    session: str
    path: str | None = None
    offset: int = 0
    exact: bool = False
    digest: str = ""
