"""One history: a worktree is made, worked in, deleted, looked for in the trash, and restored."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from parallel_agents.core.worktree import TrashEntry, WorktreeRecord
from parallel_agents.worktrees.look.identity import admin_dir
from parallel_agents.worktrees.manager import WorktreeManager
from tests.worktrees.model import acts, crash
from tests.worktrees.model.picture import (
    Picture,
    as_git,
    blob,
    covered,
    differences,
    hidden,
    named,
    picture,
    reachable,
    refs,
    saved_files,
    walk,
)
from tests.worktrees.model.place import Place

SESSION = "s1"
HEAVY_NAMES = {"node_modules", "target", ".venv", "dist"}
T = TypeVar("T")


class WrongError(AssertionError):
    """Something was lost, or not as promised."""


def nobody() -> list[int]:
    """No process of the session lives."""
    return []


class History:
    """One history, from its seed.

    Args:
        seed: decides everything.
        place: a fresh copy of the template.
        often: how probable it is that an operation is killed or fails.
        tally: counts over all histories.
    """

    def __init__(self, seed: int, place: Place, *, often: float, tally: Counter[str]) -> None:
        self.rng = random.Random(seed)
        self.place = place
        self.often = often
        self.tally = tally
        self.said: list[str] = []
        self.neighbour: WorktreeRecord | None = None

    def run(self) -> None:
        """Carry it out.

        Raises:
            AssertionError: something was lost, or an operation did not come to its end.
        """
        record = self._create()
        self.neighbour = self._neighbour() if self.rng.random() < 0.3 else None
        bench = acts.Bench(self.place, Path(record.path), self.rng, record.branch)
        for _ in range(self.rng.choice([1, 1, 1, 2])):
            acts.play(bench, self.rng.randrange(2, 12))
            self.said.append(" ".join(bench.done))
            bench.done.clear()
            if self.rng.random() < 0.1:
                record = self._moved(bench, record)
            beside = self._beside()
            gone = self.rng.random() < 0.04
            record = (self._gone_by_hand if gone else self._round_trip)(bench, record)
            if self._beside() != beside:
                raise WrongError("the other session's worktree has changed")
        self._check_repository(record)

    def _neighbour(self) -> WorktreeRecord:
        """Another session of the repository, at work while the first one comes and goes."""
        manager = self._manager()
        repo = manager.resolve(str(self.place.repo))
        base = manager.resolve_base(repo, "head")
        record = manager.create(repo, session="s2", slug="other", base=base)
        for name in ("a.txt", "note.txt", "x.log"):
            Path(record.path, name).write_bytes(b"the neighbour's\n")
        self.place.git(Path(record.path), "add", "a.txt")
        if self.rng.random() < 0.5:
            manager.delete(record, live_pids=nobody)
            self.said.append("its neighbour comes back")
            record = manager.restore("s2")
        self.tally["neighbours"] += 1
        return record

    def _beside(self) -> object:
        if self.neighbour is None:
            return None
        admin = walk(admin_dir(self.neighbour))
        return walk(Path(self.neighbour.path)), admin["HEAD"], admin["index"], admin["locked"]

    def _moved(self, bench: acts.Bench, record: WorktreeRecord) -> WorktreeRecord:
        """The person moves the repository, and takes the sessions along."""
        self.said.append("the repository is moved")
        moved = replace(self.place, name=f"{self.place.name}2")
        self.place.repo.rename(moved.repo)
        self.place = bench.place = moved
        records = [record, *([self.neighbour] if self.neighbour else [])]
        if self.rng.random() < 0.5:
            paths = [self._new_path(each) for each in records]
            self.place.git(self.place.repo, "worktree", "repair", *paths)
        new = [self._manager().take_along(each, self._new_path(each)) for each in records]
        bench.top = Path(new[0].path)
        if self.neighbour is not None:
            self.neighbour = new[1]
        self.tally["moved repositories"] += 1
        return new[0]

    def _restored(self, bench: acts.Bench) -> WorktreeRecord:
        """The worktree comes back, perhaps to a repository that was moved meanwhile."""
        moved_to = self._moved_from_under(bench) if self.rng.random() < 0.1 else ""
        return self._survived("restore", lambda m: m.restore(SESSION, moved_to))

    def _moved_from_under(self, bench: acts.Bench) -> str:
        self.said.append("the repository is moved, its worktree being in the trash")
        moved = replace(self.place, name=f"{self.place.name}2")
        bench.top = moved.repo / bench.top.relative_to(self.place.repo)
        self.place.repo.rename(moved.repo)
        self.place = bench.place = moved
        if self.neighbour is not None:
            path = self._new_path(self.neighbour)
            self.neighbour = self._manager().take_along(self.neighbour, path)
        self.tally["moved with a worktree in the trash"] += 1
        return str(moved.repo)

    def _new_path(self, record: WorktreeRecord) -> str:
        return str(self.place.repo / Path(record.path).relative_to(record.root))

    def _survived(self, name: str, operation: Callable[[WorktreeManager], T]) -> T:
        """Carry an operation out, after it has perhaps failed once or twice."""
        for chance in (self.often, 0.3 * self.often):
            failure = crash.draw(self.rng, name, chance)
            if failure is None:
                break
            self.said.append(f"{name}: {failure}")
            crash.attempt(lambda: operation(self._manager()), failure, self.tally)
        self.tally[name] += 1
        return operation(self._manager())

    def _manager(self) -> WorktreeManager:
        return WorktreeManager(self.place.state)

    def _create(self) -> WorktreeRecord:
        base = self.rng.choice(["fresh", "head", "head", "clash", "main~1", "topic"])
        branch = self.rng.choice([None, None, "feature/of-mine", "x"])
        if base == "topic":  # an existing branch is worked on as it is
            branch = base
        self.said.append(f"create from {base} as {branch}")

        def create(manager: WorktreeManager) -> WorktreeRecord:
            repo = manager.resolve(str(self.place.repo))
            found = manager.resolve_base(repo, base, branch=branch)
            return manager.create(repo, session=SESSION, slug="work", base=found, branch=branch)

        return self._survived("create", create)

    def _round_trip(self, bench: acts.Bench, record: WorktreeRecord) -> WorktreeRecord:
        before = picture(self.place, bench.top, admin_dir(record))
        self._look(record)
        entry = self._survived("delete", lambda m: m.delete(record, live_pids=nobody))
        self.tally["bytes compared"] += sum(len(i[2]) for i in before.files.values())
        self._check_deleted(record, before, entry)
        if self.rng.random() < 0.05:
            self.said.append("collect garbage")
            self.place.git(self.place.repo, "gc", "-q", "--prune=now")
        back = self._restored(bench)
        after = picture(self.place, bench.top, admin_dir(back))
        returning = {file.path for file in record.copied}  # copied again, from the main checkout
        wrong = differences(before, after, set(entry.skipped) - returning)
        if wrong:
            raise WrongError("not as before:\n  " + "\n  ".join(wrong))
        return back

    def _look(self, record: WorktreeRecord) -> None:
        """Whatever there is, it can be looked at."""
        manager = self._manager()
        manager.own_work(record)
        stat = manager.diff_stat(record)
        self.tally["files compared"] += len(stat.files)
        self.tally["files left out"] += sum(bool(file.note) for file in stat.files)

    def _gone_by_hand(self, bench: acts.Bench, record: WorktreeRecord) -> WorktreeRecord:
        """Somebody removes the directory: what git still has of it must come back."""
        self.said.append("the directory is removed by hand")
        before = picture(self.place, bench.top, admin_dir(record))
        remove(bench.top)
        entry = self._survived("delete", lambda m: m.delete(record, live_pids=nobody))
        if entry.tree is not None:
            raise WrongError("a directory that was gone was kept")
        self._check_held(before, entry)
        self.tally["gone by hand"] += 1
        back = self._restored(bench)
        after = picture(self.place, bench.top, admin_dir(back))
        wrong = differences(replace(before, files=after.files, status=after.status), after, set())
        wrong += _staged_but_not(before, after)
        if wrong:
            raise WrongError("not as git had it:\n  " + "\n  ".join(wrong))
        return back

    def _check_deleted(self, record: WorktreeRecord, before: Picture, entry: TrashEntry) -> None:
        """In the trash is everything, twice where that is promised, but what it names."""
        if os.path.lexists(record.path) or admin_dir(record).exists():
            raise WrongError("it is still there")
        own = f"refs/heads/{record.branch}" if record.made_branch else None
        if refs(self.place) != {n: oid for n, oid in before.refs.items() if n != own}:
            raise WrongError(f"other refs changed: {before.refs} became {refs(self.place)}")
        self._check_skips(record, before, entry)
        if entry.tree is None:
            raise WrongError("no directory was kept")
        kept, skipped = walk(Path(entry.tree)), set(entry.skipped)
        for name, item in before.files.items():
            if kept.get(name) != item and not covered(name, skipped):
                raise WrongError(f"not in the trash: {name!r}")
        self._check_held(before, entry)
        self._check_commit(before, entry)

    def _check_skips(self, record: WorktreeRecord, before: Picture, entry: TrashEntry) -> None:
        tracked = {os.fsdecode(e.partition(b"\t")[2]) for e in before.index.split(b"\0")}
        copies = {file.path for file in record.copied}
        for name in entry.skipped:
            if name.rpartition("/")[2] in HEAVY_NAMES:
                if any(covered(path, {name}) for path in tracked):
                    raise WrongError(f"skipped, with tracked files: {name!r}")
            elif name not in copies:
                raise WrongError(f"skipped, and not of a documented kind: {name!r}")

    def _check_held(self, before: Picture, entry: TrashEntry) -> None:
        """The ref holds the index, and all that git's own files name."""
        if lost := named(before) - reachable(self.place, entry.refs[0]):
            raise WrongError(f"a collection of garbage would take {sorted(lost)}")

    def _check_commit(self, before: Picture, entry: TrashEntry) -> None:
        """Tracked and untracked files are in the saved commit, even if the directory was lost."""
        saved = saved_files(self.place, entry.refs[0])
        listed = self._to_save(before)
        for name in sorted(listed - hidden(before)):
            item = before.files.get(name)
            if item is None or item[0] not in ("file", "link") or _is_not_stored_so(name):
                continue
            if saved.get(name) != as_git(item):
                raise WrongError(f"not in the saved commit: {name!r}")

    def _to_save(self, before: Picture) -> set[str]:
        """Files that the index or `git status` names."""
        found = {
            os.fsdecode(e.partition(b"\t")[2])
            for e in before.index.split(b"\0")
            if b" 160000 " not in e[:10]
        }
        untracked = (e for e in before.status.split(b"\0") if e.startswith(b"? "))
        return found | {os.fsdecode(entry[2:]) for entry in untracked}

    def _check_repository(self, record: WorktreeRecord) -> None:
        """Git finds nothing wrong, and nothing of ours is left over."""
        place = self.place
        # An act may have made a directory of it, as any git stores it.
        odd = ("-c", "fsck.gitattributesBlob=ignore")
        self.place.git(place.repo, *odd, "fsck", "--no-dangling", "--no-progress")
        locks = [str(p) for p in place.common.rglob("*.lock")]
        parked = [p.name for p in place.common.glob("parallel-agents-*")]
        plans = [str(p) for p in (place.state / "trash" / SESSION).glob("*plan*")]
        beside = [p.name for p in (place.repo / ".claude/worktrees").iterdir()]
        names = {"work", "other" if self.neighbour else "work"}
        left = [*locks, *parked, *plans, *(name for name in beside if name not in names)]
        if left:
            raise WrongError(f"left over: {left}")
        manager = self._manager()
        records = [record, *([self.neighbour] if self.neighbour else [])]
        # On another branch it was before the deletion, too.
        if findings := [f for f in manager.reconcile(records) if f.kind != "other-branch"]:
            raise WrongError(f"findings: {findings}")
        if manager.trash():
            raise WrongError("it is still in the trash")


def _is_not_stored_so(name: str) -> bool:
    """Whether git stores something else than its content, or nothing at all."""
    return name.endswith((".swapped", ".broken")) or "git~1" in name.split("/")


def _staged_but_not(before: Picture, after: Picture) -> list[str]:
    """Staged files that are not on the disk as they were staged; none when there is a conflict."""
    entries = [os.fsdecode(e).split("\t", 1) for e in before.index.split(b"\0") if e]
    words = {name: head.split(" ") for head, name in entries}
    if any(stage != "0" for _, _, _, stage in words.values()):
        return []
    return [
        name
        for name, (_, mode, oid, _) in words.items()
        if mode != "160000"
        and oid != blob(b"")
        and not _is_not_stored_so(name)
        and (name not in after.files or as_git(after.files[name]) != (mode, oid))
    ]


def remove(root: Path) -> None:
    """Remove a place, unreadable directories too."""
    # Only directories: a file may be a second name of one that is somewhere else.
    opened = ["find", str(root), "-type", "d", "-exec", "chmod", "u+rwx", "{}", ";"]
    subprocess.run(opened, check=False, stderr=subprocess.DEVNULL)
    shutil.rmtree(root, ignore_errors=True)
