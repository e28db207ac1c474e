"""Follow a repository that was moved, with a session's worktree or with what is in the trash.

Keep true: a worktree is taken along only if it has our lock, and the trash only into a repository
that has the commits saved there; the trash's own records are changed before anything is restored,
each file in such a way that repeating the call continues after a crash.
"""

import os
import shlex
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from parallel_agents.core.codec import from_plain, to_plain
from parallel_agents.core.errors import RefusedError, WorktreeError
from parallel_agents.core.value import replace
from parallel_agents.core.worktree import (
    Repository,
    WorktreeRecord,
)
from parallel_agents.worktrees.filesystem.files import (
    exists,
    put_file,
    read_json,
    read_regular,
    write_json,
)
from parallel_agents.worktrees.look.identity import (
    admin_dir,
    identify,
    lock_of,
    parked_admin,
    verify,
)
from parallel_agents.worktrees.make.adoption import owner
from parallel_agents.worktrees.plumbing import naming
from parallel_agents.worktrees.plumbing.git import Git
from parallel_agents.worktrees.remove.trash import TrashBin

_LIMIT = 16 * 1024


def take_along(
    record: WorktreeRecord, repository: Repository, path: str, lock_fd: int
) -> WorktreeRecord:
    """Give a session its worktree back after it was moved with its repository, or within it.

    Args:
        record: the session's record, with the old place.
        repository: the repository where it is now.
        path: the worktree's directory now.
        lock_fd: descriptor of the repository's lock, which the caller holds.

    Returns:
        The new record.

    Raises:
        RefusedError: it has not moved, or is not where the agent looks for it.
        WorktreeError: it does not belong to the session.
        GitError: git failed.
    """
    real = os.path.realpath(path)
    if verify(record) is None:
        raise RefusedError(
            f"the session {record.session} has its worktree: {record.path}",
            f"parallel-agents show {record.session}",
        )
    home = naming.worktrees_dir(repository.root)
    if Path(real).parent != home or not naming.SLUG.fullmatch(Path(real).name):
        back = ["git", "-C", repository.root, "worktree", "move", "-f", "-f", real]
        raise RefusedError(
            f"{real} is not where the agent finds it: in {home}",
            f"Move it: {shlex.join([*back, str(home / record.slug)])}",
        )
    Git(repository.root, lock_fd=lock_fd).write("worktree", "repair", real)
    device, inode, git_file = identify(real)
    found = replace(
        record, root=repository.root, path=real, slug=Path(real).name, device=device, inode=inode,
        git_file=git_file, checkout=_checkout(record, repository),
    )  # fmt: skip
    if owner(real) != record.session or verify(found) is not None:
        raise WorktreeError(
            f"{real} is not the worktree of the session {record.session}",
            f"See: git -C {shlex.quote(repository.root)} worktree list",
        )
    _lead_on(record, found, Path(real))
    return found


@dataclass(frozen=True, slots=True)
class _Kept:
    """The trash's record of a worktree that was deleted, half deleted or restored.

    Args:
        record: its record, with the place where it was.
        tree: the directory kept.
        refs: the refs that keep its commits.
        commits: the commits that it needs.
    """

    record: WorktreeRecord
    tree: str | None
    refs: tuple[str, ...]
    commits: tuple[str, ...]


def is_astray(place: TrashBin) -> bool:
    """Tell whether a deletion was cut off and the directory it had renamed was moved since.

    Args:
        place: the session's directory in the trash.

    Returns:
        Whether `follow` has to find it.
    """
    plan = read_json(place.plan_file)
    return plan is not None and not _is_there(from_plain(plan["record"], WorktreeRecord))


def refuse_missing(place: TrashBin) -> None:
    """Refuse to restore a worktree whose repository is not where it was.

    Args:
        place: the session's directory in the trash.

    Raises:
        RefusedError: the repository is not there; the hint explains how to name its new place.
    """
    kept = _kept(place)
    if kept is None or kept.record.traits.by_hooks or _is_there(kept.record):
        return
    files = f"; until then its files are in {kept.tree}" if kept.tree else ""
    raise RefusedError(
        f"the repository {kept.record.root} is not there, so the worktree cannot come back",
        f"If it was moved: parallel-agents restore {place.session} --in NEW-PLACE{files}",
    )


def follow(place: TrashBin, repository: Repository) -> None:
    """Update a session's directory in the trash to where its repository is now.

    Args:
        place: the session's directory in the trash.
        repository: the repository where it is now.

    Raises:
        RefusedError: the repository has not moved, or this is another one; nothing has changed.
        GitError, OSError: a step failed; repeating the call continues from there.
    """
    kept = _kept(place)
    if kept is None or kept.record.root == repository.root:
        return
    old, git = kept.record, Git(repository.root)
    if _is_there(old) and _has(Git(old.root), kept, place):
        raise RefusedError(
            f"the repository of the session {place.session} is where it was: {old.root}",
            f"parallel-agents restore {place.session}",
        )
    if not _has(git, kept, place):
        raise RefusedError(
            f"{repository.root} is not the repository of the session {place.session}: it lacks "
            "what was saved there",
            "Name the one that was moved, not a new clone of it.",
        )
    new = _moved(old, repository)
    _lead_on(old, new, Path(_under(kept.tree, old, new) or new.path))
    if new.traits.is_git_worktree:
        _lead_git_on(place, old, new)
    _rewrite(place, old, new)


def _kept(place: TrashBin) -> _Kept | None:
    """What can be restored, or was; `None` if there is nothing, or nothing that was changed."""
    entry = place.entry()
    if entry is not None:
        commits = (entry.tip, entry.head, entry.record.base_commit)
        found = _Kept(entry.record, entry.tree, entry.refs, tuple(filter(None, commits)))
        return None if entry.untouched else found
    plan = read_json(place.plan_file)
    if plan is None:
        restored = place.restored()  # it may be restored although the reply was lost
        return None if restored is None else _Kept(restored, None, (), (restored.base_commit,))
    record = from_plain(plan["record"], WorktreeRecord)
    refs = (place.ref,) if plan["commit"] else ()
    commits = (plan["tip"], plan["head"], record.base_commit)
    return _Kept(record, place.tree_now(plan["tree"]), refs, tuple(filter(None, commits)))


def _is_there(record: WorktreeRecord) -> bool:
    return Path(lock_of(record)).is_dir() and Path(record.root).is_dir()


def _has(git: Git, kept: _Kept, place: TrashBin) -> bool:
    """Whether a repository has the commits that were saved there."""
    if not kept.record.git_file:
        return True
    # A restore that was cut off may have removed the ref once the branch had the commits again.
    refs = () if exists(place.restore_file) else kept.refs
    names = [*refs, *(f"{commit}^{{commit}}" for commit in kept.commits)]
    asked = ("rev-parse", "--verify", "--quiet", "--end-of-options")
    return all(git.read(*asked, name, ok=(0, 1, 128)).returncode == 0 for name in names)


def _moved(old: WorktreeRecord, repository: Repository) -> WorktreeRecord:
    new = replace(old, root=repository.root, checkout=_checkout(old, repository))
    path = _under(old.path, old, new) or old.path
    target = old.git_file.removeprefix("gitdir: ")
    if not Path(target).is_absolute():
        return replace(new, path=path)
    inside = _under(target, old, new)
    if old.traits.is_git_worktree:
        inside = f"{repository.common_dir}/worktrees/{admin_dir(old).name}"
    return replace(new, path=path, git_file=f"gitdir: {inside}")


def _rewrite(place: TrashBin, old: WorktreeRecord, new: WorktreeRecord) -> None:
    """Change the stored files; the one that says where the repository was comes last."""
    if (begun := read_json(place.restore_file)) is not None:
        write_json(place.restore_file, begun | {"admin": str(_admin(place, new))})
    if exists(place.restored_file):
        write_json(place.restored_file, to_plain(new))
    values: dict[str, Any] = {"record": to_plain(new)}
    if (plan := read_json(place.plan_file)) is not None:
        write_json(place.plan_file, plan | values | {"tree": _under(plan["tree"], old, new)})
    if (entry := read_json(place.entry_file)) is not None:
        values |= {"root": new.root, "path": new.path, "tree": _under(entry["tree"], old, new)}
        write_json(place.entry_file, entry | values)


def _admin(place: TrashBin, record: WorktreeRecord) -> Path:
    """Find git's directory for a worktree, under the name that a restore chose for it."""
    begun = read_json(place.restore_file)
    admin = admin_dir(record)
    return admin if begun is None else admin.with_name(Path(begun["admin"]).name)


def _lead_git_on(place: TrashBin, old: WorktreeRecord, new: WorktreeRecord) -> None:
    """Fix the links between git and the worktree, as far as a restore had put them back."""
    admin = _admin(place, new)
    parked = parked_admin(new)
    aside = parked.with_name(f"{parked.name}.gitdir")
    for directory in (admin, parked):
        _replace(directory / "gitdir", f"{old.path}/.git", f"{new.path}/.git", aside)
    top = Path(new.path)
    aside = top.with_name(f"{top.name}.git-file")
    _replace(top / ".git", f"gitdir: {_admin(place, old)}", f"gitdir: {admin}", aside)


def _replace(path: Path, was: str, now: str, aside: Path) -> None:
    content = read_regular(path, _LIMIT)
    if content is not None and os.fsdecode(content).removesuffix("\n") == was:
        put_file(path, os.fsencode(f"{now}\n"), aside)


def _under(path: str | None, old: WorktreeRecord, new: WorktreeRecord) -> str | None:
    """Compute where a path is now if it was moved with the repository."""
    if path is None or not Path(path).is_relative_to(old.root):
        return path
    return str(Path(new.root) / Path(path).relative_to(old.root))


def _checkout(old: WorktreeRecord, repository: Repository) -> str:
    """Find the checkout that a session was dispatched from."""
    if old.checkout and Path(old.checkout).is_relative_to(old.root):
        return str(repository.root / Path(old.checkout).relative_to(old.root))
    there = old.checkout and Path(old.checkout).is_dir()
    return old.checkout if there else repository.root


def _lead_on(old: WorktreeRecord, new: WorktreeRecord, top: Path) -> None:
    """Point our links into the checkout to where it is now."""
    before, after = old.checkout or old.root, new.checkout or new.root
    for name in old.linked if before != after else ():
        link = top / name
        with suppress(OSError):  # if it is no longer a link, it belongs to the agent
            if link.readlink() == Path(before, name):
                link.unlink()
                link.symlink_to(Path(after, name), target_is_directory=True)
