"""Every git operation that the supervisor needs, in one class.

Keep true: every method may be called from any thread; writes are serialised per repository; every
failure raises an error from `core.errors`, also when the disk is full or failing.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from threading import Lock

from parallel_agents.core.errors import GitError, RepositoryError, WorktreeError
from parallel_agents.core.worktree import (
    Base,
    ExecutableConfig,
    Extras,
    Repository,
    Standing,
    WorktreeRecord,
)
from parallel_agents.worktrees import kinds
from parallel_agents.worktrees.compare import scratch
from parallel_agents.worktrees.comparing import Comparing
from parallel_agents.worktrees.edit import kept, rejection
from parallel_agents.worktrees.filesystem.files import remove_older
from parallel_agents.worktrees.look import branches, completion, looking, repository
from parallel_agents.worktrees.look.fetched import Fetches
from parallel_agents.worktrees.look.identity import renewed, verify
from parallel_agents.worktrees.look.standing import Standings
from parallel_agents.worktrees.make import creation
from parallel_agents.worktrees.make.base_commit import BaseResolver
from parallel_agents.worktrees.plumbing import filters, naming, surroundings
from parallel_agents.worktrees.plumbing.git import Git
from parallel_agents.worktrees.plumbing.git_version import require_git
from parallel_agents.worktrees.remove import other_places
from parallel_agents.worktrees.settings import (
    claude_settings,
    executable_settings,
    hooks as place_hooks,
)

_DAY_SECONDS = 24 * 3600.0
_OBJECT_DAYS = 30
"""How many days a session's trees are kept after the last comparison."""
_QUEUE_SECONDS = 4 * 3600.0
"""How long a creation waits for its turn; long, because each may check out a large repository."""


class WorktreeManager(Comparing):
    """Creates, inspects, deletes and restores the worktrees of sessions.

    Args:
        state_dir: the program's state directory; markers, locks and the trash are below it.
        umask: the user's umask, for files that git creates in a repository, in case the process
            uses a stricter one for its own files; -1 for the process's umask.
        accepts: tells whether the user accepted the hash of a repository's own filters; if
            `None`, such filters are not in force.
    """

    def __init__(
        self,
        state_dir: Path,
        *,
        umask: int = -1,
        accepts: Callable[[str], bool] | None = None,
    ) -> None:
        Git.umask = umask
        Git.accepts = None if accepts is None else staticmethod(accepts)
        super().__init__(state_dir)
        self._bases = BaseResolver(self._locks, Fetches(state_dir / "fetched.json"))
        self._standings = Standings()
        self._guard = Lock()
        with self._reading("tidy up"):
            remove_older(self._temporary, _DAY_SECONDS)
            remove_older(self._objects, _OBJECT_DAYS * _DAY_SECONDS)
            self._sweeper.resume()
            self._trash.resume()
        self._reserved: set[tuple[str, str]] = set()

    def resolve(self, directory: str) -> Repository:
        """Find the repository of a directory; see `repository.resolve`."""
        try:
            return repository.resolve(directory)
        except RepositoryError:
            plain = repository.plain(directory)
            if plain is None or not self.hooks(plain, surroundings.current(), "WorktreeCreate"):
                raise
            return plain
        except GitError:
            require_git()
            # While a worktree is being added, git cannot list worktrees; if git was killed just
            # then, it can never list them again until the remains are removed.
            common = repository.common_dir_of(directory)
            with self._writing(common, "clean up") as lock_fd:
                creation.clean_all(self._creating, common, lock_fd)
                return repository.resolve(directory)

    def refs(self, root: str, prefix: str, limit: int = 50) -> tuple[str, ...]:
        """List the completions of a base; see `completion.bases`."""
        return completion.bases(root, prefix, limit)

    def branches(self, root: str, prefix: str, limit: int = 50) -> tuple[str, ...]:
        """List the completions of an existing branch; see `completion.existing_branches`."""
        return completion.existing_branches(root, prefix, limit)

    def files(self, directory: str, prefix: str, limit: int = 50) -> tuple[str, ...]:
        """List files for completion; see `repository.files`."""
        return repository.files(directory, prefix, limit)

    def resolve_base(
        self,
        repo: Repository,
        base: str,
        *,
        branch: str | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> Base:
        """Resolve the base that the user named to a commit; see `base.BaseResolver.resolve`."""
        if not repo.common_dir:
            return Base(name="", ref=None, commit="")
        return self._bases.resolve(repo, base, branch=branch, cancelled=cancelled)

    def has_branch(self, repo: Repository, branch: str) -> bool:
        """Tell whether a branch exists; see `branches.is_there`."""
        return branches.is_there(Git(repo.checkout), branch)

    def wishes(
        self, repo: Repository, environment: Mapping[str, str], *, accepted: bool
    ) -> claude_settings.Wishes:
        """Read Claude Code's settings about worktrees; see `wishes.read_wishes`."""
        main = Path(repo.checkout if repo.bare else repo.root)
        with self._reading("read the settings"):
            return claude_settings.read_wishes(main, environment, accepted=accepted)

    def default_mode(
        self, repo: Repository, environment: Mapping[str, str], *, accepted: bool
    ) -> str:
        """Read Claude Code's `permissions.defaultMode`; see `wishes.default_mode`."""
        main = Path(repo.checkout if repo.bare else repo.root)
        with self._reading("read the settings"):
            return claude_settings.default_mode(main, environment, accepted=accepted)

    def hooks(
        self, repo: Repository, environment: Mapping[str, str], event: place_hooks.HookEvent
    ) -> tuple[place_hooks.Hook, ...]:
        """Find an event's hooks in every file that can define them; see `hooks.read_hooks`."""
        main = Path(repo.checkout if repo.bare else repo.root)
        return place_hooks.read_hooks(
            claude_settings.settings_files(main, environment, accepted=True), event
        )

    def take_checkout(self, repo: Repository, session: str, base: Base) -> WorktreeRecord:
        """Describe the user's own checkout as a session's place; see `place.checkout`."""
        with self._reading("look at the checkout"):
            return other_places.checkout(repo, session, base)

    def make_by_hook(
        self,
        repo: Repository,
        session: str,
        base: Base,
        makers: Sequence[place_hooks.Hook],
        call: place_hooks.Call,
    ) -> WorktreeRecord:
        """Let hooks make a session's place.

        Args:
            repo: the repository.
            session: id of the session.
            base: what is checked out in the repository now.
            makers: the hooks, which the user accepted.
            call: the input of the hooks.

        Raises:
            WorktreeError, RefusedError: the hooks failed, or named no directory of their own.
        """
        with self._reading("make the directory"):
            return other_places.directory(repo, session, place_hooks.create(makers, call), base)

    def check_branch(self, repo: Repository, base: Base, branch: str) -> None:
        """Refuse early a branch that `create` would refuse; see `branches.check`."""
        branches.check(Git(repo.checkout), base, branch)

    def check_filters(self, repo: Repository, base: Base, *, accepted: bool) -> None:
        """Refuse a base with files that need a filter which nobody accepted.

        Args:
            repo: the repository.
            base: the base to check out.
            accepted: for a pull request, whether the user accepted it at this commit.

        Raises:
            RefusedError: the base has such files.
        """
        unaccepted = base.name if base.stranger and not accepted else ""
        filters.refuse_lost(Git(repo.root), base.start, repo.checkout, base=unaccepted)

    def executable_config(
        self,
        repo: Repository,
        commit: str,
        *,
        worktree: str | None = None,
        partial: bool = False,
        stranger: bool = False,
    ) -> ExecutableConfig:
        """Collect and hash the configuration that a spawn loads; see `trust.executable_config`."""
        with self._reading("read the configuration"):
            return executable_settings.executable_config(
                repo, commit, worktree, partial=partial, stranger=stranger
            )

    def pattern(self, repo: Repository, pattern: str) -> str:
        """Change a branch pattern that conflicts with an existing branch; see `naming.beside`."""
        return naming.beside(pattern, naming.taken_branches(repo))

    def slug(self, repo: Repository, text: str, pattern: str = naming.PATTERN) -> str:
        """Choose the name of a worktree, and reserve it.

        Args:
            repo: the repository.
            text: the prompt or name to derive the slug from.
            pattern: the pattern that turns the slug into a branch name.

        Returns:
            A free slug, which this manager gives to nobody else.
        """
        used, branched = naming.taken(repo), naming.taken_branches(repo)
        with self._guard:
            mine = {slug for common, slug in self._reserved if common == repo.common_dir}
            slug = naming.free(naming.plain(text), used | mine, branched, pattern)
            self._reserved.add((repo.common_dir, slug))
        return slug

    def create(
        self,
        repo: Repository,
        *,
        session: str,
        slug: str,
        base: Base,
        branch: str | None = None,
        extras: Extras | None = None,
        progress: Callable[[int, int], None] | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> WorktreeRecord:
        """Create a session's worktree, locked, on its branch, with its included files.

        Args:
            repo: the repository.
            session: id of the session.
            slug: the result of `slug`.
            base: the result of `resolve_base`.
            branch: short name of the branch; `None` for `worktree-<slug>`.
            extras: what to add beside the tracked files; `None` for the included files only.
            progress: called with the number of files written and the total.
            cancelled: called about ten times a second to ask whether to stop.

        Returns:
            The record. After a crash, the same call returns the record or creates the worktree.

        Raises:
            UsageError: the session's id or the slug has the wrong form.
            RefusedError: a symbolic link is in the way, or a name is taken.
            GitError: git failed or was cancelled; nothing is left behind.
            StorageError: the disk is full or failing.
        """
        naming.check(session, slug)
        order = creation.Order(
            repository=repo,
            session=session,
            slug=slug,
            base=base,
            branch=base.branch or branch or naming.branch_of(slug),
            marker=self._creating / f"{session}.json",
            extras=extras or Extras(),
            progress=progress,
            cancelled=cancelled,
        )
        return self._created(order)

    def _created(self, order: creation.Order) -> WorktreeRecord:
        common = order.repository.common_dir
        try:
            with (
                self._reading("make the worktree"),
                self._locks.hold(common, _QUEUE_SECONDS, order.cancelled) as lock_fd,
            ):
                return creation.create(order, lock_fd)
        finally:
            with self._guard:
                self._reserved.discard((common, order.slug))

    def clean_unfinished(self, repo: Repository) -> None:
        """Remove the remains of killed creations in a repository that nobody will retry."""
        with self._writing(repo.common_dir, "clean up") as lock_fd:
            creation.clean_all(self._creating, repo.common_dir, lock_fd)

    def verify(self, record: WorktreeRecord) -> str | None:
        """Compare a record with the disk; return what is wrong, or `None`."""
        with self._reading("look at the worktree"):
            return verify(record)

    def renewed(self, record: WorktreeRecord) -> WorktreeRecord:
        """Update the paths and the identity in a record; see `identity.renewed`."""
        with self._reading("look at the worktree"):
            return renewed(record)

    def plan_rejection(
        self, record: WorktreeRecord, wish: rejection.Wish, directory: Path
    ) -> rejection.Rejected:
        """Decide what taking a change out moves, and keep it; see `rejection.plan`, `kept.keep`."""
        with self._reading("take the change out"):
            store = self._store(record.session)
            planned = rejection.plan(record, wish, store, self._temporary)
            kept.keep(planned.moves, directory)
            return planned

    def carry_out(self, record: WorktreeRecord, directory: Path, *, back: bool) -> str:
        """Move a rejected change out of the worktree, or back; see `kept.carry_out`."""
        with self._reading("move the change"):
            return kept.carry_out(record, directory, back=back)

    def standing(self, record: WorktreeRecord) -> Standing | None:
        """Read what is checked out in a session's place; `None` if that cannot be determined."""
        try:
            return kinds.of(record).standing(record, self._standings)
        except (OSError, WorktreeError):
            return None

    def why_not_land(self, record: WorktreeRecord) -> str:
        """Say why no commands are proposed to land the work; see `landing`."""
        return kinds.of(record).why_not_land(record)

    def land_commands(self, record: WorktreeRecord) -> tuple[str, ...]:
        """List the commands that land the session's branch; see `landing`."""
        return kinds.of(record).land_commands(record)

    def main_fingerprint(self, root: str) -> str:
        """Hash the state of the main checkout; see `looking.main_fingerprint`."""
        return looking.main_fingerprint(root)

    def protection(self, record: WorktreeRecord) -> tuple[str, ...]:
        """Describe the session's own work; see `landing.protection`."""
        with self._reading("look at the worktree"):
            return kinds.of(record).protection(record)

    def make_scratch_repository(self, parent: str) -> str:
        """Make a small repository for the demo; see `scratch`."""
        with self._reading("make the scratch repository"):
            return scratch.make_scratch_repository(parent)
