"""The manager's comparisons of a session's files: with its base, and with whatever a person names.

Keep true: every method may be called from any thread; none changes anything but the session's
store of objects.
"""

from collections.abc import Collection, Sequence

from parallel_agents.core.scope import Commit
from parallel_agents.core.worktree import DiffPart, DiffStat, WorktreeRecord
from parallel_agents.worktrees.compare import diff, scopes, trees
from parallel_agents.worktrees.ending import Ending
from parallel_agents.worktrees.look.objects import ObjectStore

_PURPOSE = "read the changes"


class Comparing(Ending):
    """The part of the manager that compares."""

    def diff_stat(self, record: WorktreeRecord) -> DiffStat:
        """List a session's changed files, and name their trees; see `diff.diff_stat`."""
        if not record.git_file:
            return DiffStat(against="nothing: it is in no git repository", commit="", files=())
        with self._reading(_PURPOSE):
            return diff.diff_stat(record, self._store(record.session), self._temporary)

    def trees_now(self, record: WorktreeRecord) -> DiffStat:
        """Write a session's files without comparing them; see `diff.trees_now`."""
        if not record.git_file:
            return DiffStat(against="", commit="", files=())
        with self._reading(_PURPOSE):
            return diff.trees_now(record, self._store(record.session), self._temporary)

    def diff_between(
        self, record: WorktreeRecord, parts: Sequence[DiffPart], against: str, *, beside: str = ""
    ) -> DiffStat:
        """List the files that differ between trees; see `trees.stats`.

        Args:
            record: the worktree.
            parts: what to compare.
            against: what the files are compared with, for people.
            beside: id of another session, whose trees are read too.
        """
        with self._reading(_PURPOSE):
            files = trees.stats(record, parts, self._trees(record, beside), self._temporary)
        return DiffStat(against=against, commit=parts[0].base, files=files, parts=tuple(parts))

    def diff_patch(
        self,
        record: WorktreeRecord,
        parts: Sequence[DiffPart],
        *,
        exact: bool = False,
        beside: str = "",
    ) -> str:
        """Print the patch between trees; see `trees.whole_patch` and `diff_between`."""
        store = self._trees(record, beside)
        with self._reading(_PURPOSE):
            return trees.whole_patch(record, parts, store, self._temporary, exact=exact)

    def diff_file(
        self,
        record: WorktreeRecord,
        parts: Sequence[DiffPart],
        names: Sequence[str],
        *,
        beside: str = "",
    ) -> str:
        """Print the patch of one file; see `trees.file_patch` and `diff_between`."""
        store = self._trees(record, beside)
        with self._reading(_PURPOSE):
            return trees.file_patch(record, parts, names, store, self._temporary)

    def _trees(self, record: WorktreeRecord, beside: str) -> ObjectStore:
        own = self._store(record.session).directory
        return ObjectStore(own, beside=self._store(beside).directory if beside else None)

    def head(self, record: WorktreeRecord) -> str:
        """Find the commit that is checked out; see `scopes.head`."""
        with self._reading(_PURPOSE):
            return scopes.head(record)

    def fork(self, record: WorktreeRecord, name: str) -> str:
        """Find the commit where the work left another branch; see `scopes.fork`."""
        with self._reading(_PURPOSE):
            return scopes.fork(record, name)

    def one_commit(self, record: WorktreeRecord, rev: str) -> tuple[Commit, DiffPart]:
        """Find a commit, and pair it with its parent; see `scopes.one_commit`."""
        with self._reading(_PURPOSE):
            return scopes.one_commit(record, rev)

    def commits(self, record: WorktreeRecord) -> tuple[Commit, ...]:
        """List the commits beyond the base; see `scopes.commits`."""
        if not record.git_file:
            return ()
        with self._reading(_PURPOSE):
            return scopes.commits(record)

    def read_files(
        self,
        record: WorktreeRecord,
        part: DiffPart,
        names: Sequence[str],
        *,
        before: bool = False,
        known: Collection[str] = (),
    ) -> dict[str, trees.StoredFile]:
        """Read files as a tree has them; see `trees.read_files`."""
        with self._reading(_PURPOSE):
            store, temporary = self._store(record.session), self._temporary
            return trees.read_files(
                record, part, names, store, temporary, before=before, known=known
            )
