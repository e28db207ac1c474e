"""Find a directory's repository, and list its files.

Keep true: the root is the first entry of git's own list of worktrees, as a real path, because the
agent program accepts a worktree only below it; the checkout is only where the user works.
"""

import os
from pathlib import Path

from parallel_agents.core.errors import GitError, RepositoryError
from parallel_agents.core.worktree import Repository
from parallel_agents.worktrees.filesystem.files import is_symlink
from parallel_agents.worktrees.plumbing.git import Git
from parallel_agents.worktrees.plumbing.git_version import require_git
from parallel_agents.worktrees.plumbing.porcelain import WorktreeEntry, fields, parse_worktrees


def resolve(directory: str) -> Repository:
    """Find the repository that a directory belongs to.

    Args:
        directory: any directory in a checkout, or a bare repository.

    Returns:
        The repository.

    Raises:
        RepositoryError: there is no such directory, repository, commit or main worktree.
    """
    version = require_git()
    path = _existing(directory)
    git = Git(str(path))
    common = _common_dir(git)
    entries = list_worktrees(git)
    main = entries[0]
    root = os.path.realpath(main.path)
    _require_main_worktree(root, main)
    checkout = _checkout(git, path, root, entries)
    head, branch = _head(git if checkout == git.directory else Git(checkout))
    if head is None:
        raise RepositoryError(
            f"{checkout} has no commit yet, so nothing can be branched off",
            "Make the first commit: git commit --allow-empty -m 'First commit'",
        )
    notes = _notes(Path(root), checkout, path, bare=main.bare)
    return Repository(
        root=root,
        common_dir=common,
        git_version=version,
        checkout=checkout,
        head=head,
        bare=main.bare,
        branch=branch,
        notes=notes,
    )


def plain(directory: str) -> Repository | None:
    """Describe a directory that is not in a repository.

    Args:
        directory: any directory.

    Returns:
        The description, without `common_dir` and HEAD; `None` if it is in a repository after all.

    Raises:
        RepositoryError: there is no such directory.
    """
    path = os.path.realpath(_existing(directory))
    if Git(path).read("rev-parse", "--git-dir", ok=(0, 128)).returncode == 0:
        return None
    return Repository(
        root=path, common_dir="", git_version=require_git(), checkout=path, head=None, bare=False
    )


def list_worktrees(git: Git) -> tuple[WorktreeEntry, ...]:
    """List all worktrees of a repository.

    Args:
        git: a git in it.

    Returns:
        The entries, the main one first.

    Raises:
        RepositoryError: git lists none.
    """
    entries = parse_worktrees(git.read("worktree", "list", "--porcelain", "-z").stdout)
    if not entries:
        raise RepositoryError(f"git lists no worktree for {git.directory}")
    return entries


def files(directory: str, prefix: str, limit: int = 50) -> tuple[str, ...]:
    """List files for completion: tracked, and untracked ones that are not ignored.

    Args:
        directory: top of a worktree.
        prefix: how the path, or its last part, begins.
        limit: the most paths to return.

    Returns:
        Paths relative to `directory`; paths that match as a whole come first.
    """
    listed = Git(str(_existing(directory))).read(
        "ls-files", "-z", "--cached", "--others", "--exclude-standard"
    )
    names = sorted(set(fields(listed.stdout)))
    first = [name for name in names if name.startswith(prefix)]
    second = [
        name
        for name in names
        if not name.startswith(prefix) and name.rpartition("/")[2].startswith(prefix)
    ]
    return tuple([*first, *second][:limit])


def _existing(directory: str) -> Path:
    path = Path(directory).expanduser()
    try:
        if "\0" in directory or not path.is_dir():
            raise RepositoryError(f"there is no directory {directory!r}", "Check the path.")
        return Path(os.path.realpath(path))
    except PermissionError as error:
        raise RepositoryError(f"{directory!r} may not be read", "Check its rights.") from error


def common_dir_of(directory: str) -> str:
    """Find the directory that all worktrees of a repository share, even if git cannot list them.

    Args:
        directory: any directory in a checkout, or a bare repository.

    Returns:
        Its real path.

    Raises:
        RepositoryError: there is no such directory, or it is in no repository.
    """
    return _common_dir(Git(str(_existing(directory))))


def _common_dir(git: Git) -> str:
    try:
        found = git.read("rev-parse", "--path-format=absolute", "--git-common-dir")
    except GitError as error:
        if "not a git repository" in error.message:
            raise RepositoryError(
                f"{git.directory} is not in a git repository",
                "Make one: git init && git add -A && git commit -m 'First commit'",
            ) from error
        raise RepositoryError(error.message, error.hint) from error
    return os.path.realpath(found.text)


def _require_main_worktree(root: str, main: WorktreeEntry) -> None:
    if main.bare or (Path(root) / ".git").exists():
        return
    raise RepositoryError(
        f"git does not know where the main worktree of {root} is",
        "Submodules and repositories with a separate git directory cannot hold worktrees here: "
        "use the outer repository or a plain clone.",
    )


def _checkout(git: Git, path: Path, root: str, entries: tuple[WorktreeEntry, ...]) -> str:
    """Find the worktree that contains the directory; for a bare directory, take the first one."""
    top = git.read("rev-parse", "--show-toplevel", ok=(0, 128))
    if top.returncode == 0 and top.text:
        return os.path.realpath(top.text)
    if not entries[0].bare:
        if path.is_relative_to(root):  # inside `.git`
            return root
    else:
        ours = str(Path(root) / ".claude" / "worktrees")
        for entry in entries[1:]:
            if entry.head and Path(entry.path).is_dir() and not entry.path.startswith(ours):
                return os.path.realpath(entry.path)
    raise RepositoryError(
        f"{root} is a bare repository without a checkout to work from",
        f"Make one: git -C {root} worktree add ../main",
    )


def _head(git: Git) -> tuple[str | None, str | None]:
    found = git.read("rev-parse", "--verify", "--quiet", "HEAD^{commit}", ok=(0, 1, 128))
    named = git.read("symbolic-ref", "--quiet", "HEAD", ok=(0, 1, 128))
    branch = named.text.removeprefix("refs/heads/") if named.returncode == 0 else None
    return (found.line if found.returncode == 0 else None), branch


def _notes(root: Path, checkout: str, path: Path, *, bare: bool) -> tuple[str, ...]:
    notes = []
    if is_symlink(root / ".claude"):
        notes.append(
            f"{root / '.claude'} is a symbolic link: no worktree can be made below it "
            "until it is a directory."
        )
    if bare and not path.is_relative_to(checkout):
        notes.append(f"This is a bare repository; the checkout {checkout} stands for it.")
    return tuple(notes)
