"""What the worktrees tell the rest: repositories, bases, worktrees, their changes and the trash.

Keep true: values only, frozen; paths are `str` with undecodable bytes as surrogates, so that
every name git can hold survives a trip through JSON (`core.codec`).
"""

from parallel_agents.core.kinds import Kind, PlaceTraits, traits_of
from parallel_agents.core.value import Value


class Repository(Value):
    """A repository as seen from one directory in it.

    Without `common_dir` it is a directory in no repository, where hooks make the places to work in.

    Args:
        root: the main worktree, or the bare directory; real path.
        common_dir: the directory that all worktrees share (`.git`); real path.
        git_version: as `git version` prints it, digits and dots only.
        checkout: top of the worktree that contains the asked directory; real path.
        head: commit of that checkout's HEAD; `None` only for a bare repository without one.
        bare: the root holds no files of its own.
        branch: short name of the checkout's branch; `None` when detached.
        notes: what the person should be told, one sentence each.
    """

    root: str
    common_dir: str
    git_version: str
    checkout: str
    head: str | None
    bare: bool
    branch: str | None = None
    notes: tuple[str, ...] = ()


class Base(Value):
    """What a branch is cut from, or an existing branch to work on.

    Args:
        name: as the person calls it: `origin/main`, `main`, `#12`, a short hash.
        ref: full name of the ref, when it is one that can move on; else `None`.
        commit: full hash.
        note: what was not as asked (offline, no remote); empty otherwise.
        branch: short name of the existing branch to work on as it is; name, ref and commit are
            then what to compare its work with. `None`: a branch is made.
        tip: hash of that branch; empty without one.
        stranger: it is a pull request, whose author need not be somebody the person trusts.
    """

    name: str
    ref: str | None
    commit: str
    note: str = ""
    branch: str | None = None
    tip: str = ""
    stranger: bool = False

    @property
    def start(self) -> str:
        """Hash of the commit that is checked out."""
        return self.tip or self.commit


class ConfigFile(Value):
    """One file that can make an agent run code.

    Args:
        path: relative to the top of the worktree.
        origin: `base` (the tree of the base commit) or `main` (files of the main worktree).
        digest: sha256 of its content, hex.
        text: its content for showing, cut when long.
    """

    path: str
    origin: str
    digest: str
    text: str


class ExecutableConfig(Value):
    """All that a spawn from a base commit would load and could run.

    Args:
        digest: sha256 over all files, hex; equal digests mean nothing new to trust.
        files: the files, by origin and path.
        notes: what the person should be told, one sentence each.
    """

    digest: str
    files: tuple[ConfigFile, ...]
    notes: tuple[str, ...] = ()


class CopiedFile(Value):
    """A file brought by `.worktreeinclude`.

    Args:
        path: relative to the top of the worktree.
        digest: sha256 of its content when copied, hex.
    """

    path: str
    digest: str


class Extras(Value):
    """What a new worktree gets, or does without, beside the tracked files.

    Args:
        without_copies: why nothing of `.worktreeinclude` is copied; empty when it is.
        links: directories to be symbolic links into the checkout it is made from.
        sparse: the directories to check out; empty for all.
    """

    without_copies: str = ""
    links: tuple[str, ...] = ()
    sparse: tuple[str, ...] = ()


class WorktreeRecord(Value):
    """One worktree that we made, and how to know it again.

    Args:
        session: id of the session it belongs to.
        root: the repository's main worktree or bare directory.
        path: top of the worktree.
        slug: its directory's name.
        branch: short name of its branch.
        base: name of the base, for people.
        base_ref: full ref of the base, or `None`.
        base_commit: hash it was cut from; for a branch worked on as it is, what its work is
            compared with.
        device: device number of the directory.
        inode: inode number of the directory.
        git_file: content of its `.git` file, without the line end.
        copied: files brought by `.worktreeinclude`.
        notes: what the person should be told, one sentence each.
        checkout: the worktree from which `new` ran, source of the copied files.
        made_branch: the branch was made for the session, and goes with it when it is deleted.
        start_commit: hash that was checked out; empty when it is `base_commit`.
        stranger: the base is a pull request.
        linked: directories that are symbolic links into the main checkout.
        sparse: the directories that are checked out; empty for all.
        kind: `worktree`, made or adopted; `checkout`, the person's own; `directory`, made by a
            `WorktreeCreate` hook. The last two are never removed through git.
    """

    session: str
    root: str
    path: str
    slug: str
    branch: str
    base: str
    base_ref: str | None
    base_commit: str
    device: int
    inode: int
    git_file: str
    copied: tuple[CopiedFile, ...] = ()
    notes: tuple[str, ...] = ()
    checkout: str = ""
    made_branch: bool = True
    start_commit: str = ""
    stranger: bool = False
    linked: tuple[str, ...] = ()
    sparse: tuple[str, ...] = ()
    kind: Kind = "worktree"

    @property
    def started_at(self) -> str:
        """Hash of the commit that was checked out first."""
        return self.start_commit or self.base_commit

    @property
    def traits(self) -> PlaceTraits:
        """What is fixed about its kind."""
        return traits_of(self.kind)


class Standing(Value):
    """Where HEAD of a worktree is.

    Args:
        branch: short name of the branch that is checked out; empty for a detached HEAD.
        commit: full hash of a detached HEAD; empty on a branch.
        unfinished: the operation that git is in the middle of; empty for none.
    """

    branch: str = ""
    commit: str = ""
    unfinished: str = ""

    @property
    def detached(self) -> str:
        """What to say instead of a branch, or beside it; empty when there is nothing to say."""
        said = [f"detached at {self.commit[:12]}"] if self.commit else []
        return ", ".join([*said, *([f"unfinished {self.unfinished}"] if self.unfinished else [])])


class OwnWork(Value):
    """What only one worktree has: what a deletion has to save.

    Args:
        saved: one phrase each: changed files, commits that are nowhere else, and so on.
        skipped: paths that a deletion drops, relative to the worktree.
        merged: how its commits got into the base, `merged into main by squash`; empty when they
            did not, or when there are none.
    """

    saved: tuple[str, ...]
    skipped: tuple[str, ...]
    merged: str = ""


class Changes(Value):
    """Size of a session's work against its diff base, untracked files included."""

    files: int
    insertions: int
    deletions: int


class FileStat(Value):
    """One changed file.

    Args:
        path: its name now.
        old_path: its name before, when it was renamed or copied.
        status: git's letter: A, C, D, M, R, T or U.
        insertions: added lines; 0 for binary files.
        deletions: removed lines; 0 for binary files.
        binary: git shows no lines of it.
        note: why not all of it, or nothing, was compared; empty when it was.
        old_blob: hash of its content before; empty for a file that is new or was not compared.
        blob: hash of its content now; empty for a file that is gone or was not compared.
    """

    path: str
    old_path: str | None
    status: str
    insertions: int
    deletions: int
    binary: bool
    note: str = ""
    old_blob: str = ""
    blob: str = ""


class DiffPart(Value):
    """Two trees that are compared: of a worktree, or of a submodule in it.

    Args:
        base: hash of the commit or tree that it is compared with.
        tree: hash of the tree that holds the files as they were.
        prefix: path of the submodule, with a slash; empty for the worktree itself.
    """

    base: str
    tree: str
    prefix: str = ""


class DiffStat(Value):
    """The changed files of a session.

    Args:
        against: name of the diff base, for people.
        commit: hash of the diff base.
        files: in git's order.
        parts: the trees compared, the worktree's first; patches of them never change.
        scope: what is shown, in plain words; empty for all of the work.
    """

    against: str
    commit: str
    files: tuple[FileStat, ...]
    parts: tuple[DiffPart, ...] = ()
    scope: str = ""

    @property
    def changes(self) -> Changes:
        """The totals."""
        return Changes(
            files=len(self.files),
            insertions=sum(file.insertions for file in self.files),
            deletions=sum(file.deletions for file in self.files),
        )


class TrashEntry(Value):
    """A deleted worktree that can come back.

    Args:
        session: id of the session.
        root: the repository's root.
        path: where the worktree was, and where `restore` puts it.
        branch: short name of the branch.
        tip: hash of the branch at deletion; `None` when the branch was gone.
        head: hash of HEAD at deletion; `None` when there was none.
        refs: full names of the refs that keep the commits.
        deleted_at_ms: Unix time in milliseconds.
        size_bytes: size of the kept directory; `None` until it has been counted.
        saved: what only the worktree had, one phrase each; all of it is kept.
        skipped: paths that were dropped, relative to the worktree.
        tree: the renamed-away directory; `None` when the worktree was gone already.
        record: the record, as it was at deletion.
        notes: what the person should be told, one sentence each.
        untouched: nothing of the worktree or its repository was changed: only the session went.
    """

    session: str
    root: str
    path: str
    branch: str
    tip: str | None
    head: str | None
    refs: tuple[str, ...]
    deleted_at_ms: int
    size_bytes: int | None
    saved: tuple[str, ...]
    skipped: tuple[str, ...]
    tree: str | None
    record: WorktreeRecord
    notes: tuple[str, ...] = ()
    untouched: bool = False


class Finding(Value):
    """Something about worktrees that is not as recorded.

    Args:
        kind: one word; `docs/worktrees.md` lists them.
        session: the session concerned; empty when none is known.
        path: the worktree concerned.
        reason: one plain sentence.
        action: what the person may do about it: a command, or words that end in one.
    """

    kind: str
    session: str
    path: str
    reason: str
    action: str = ""
