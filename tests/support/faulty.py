"""A supervisor whose parts fail as a file says, for tests of what nobody foresaw.

Started by `python -c FAULTY`, with `FAULTS` naming the file: lines of `PLACE KIND TIMES`. A place
is `module:Class.method`, `request:TYPE` for whatever answers a request of that type, `fork` for
every start of a process, or `fsync` for every wait for a disk. A kind is an exception of
Python's, the name of an error number of the system's, or `hang`: it does not go on while the file
says so.
"""

from __future__ import annotations

import asyncio
import errno
import importlib
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

FAULTY = (
    f"import sys; sys.path.insert(0, {os.fspath(Path(__file__).parents[2])!r}); "
    "from tests.support.faulty import main; main()"
)

PLACES = (
    "run.driver:Driver._live",
    "run.driver:Driver._live_on",
    "run.driver:Driver._spawn",
    "run.driver:Driver._introduce",
    "run.driver:Driver._pump",
    "run.driver:Driver._take",
    "run.driver:Driver._react",
    "run.driver:Driver._give_up",
    "run.driver:Driver.flush",
    "run.driver:Driver.say",
    "run.process:Run._look",
    "run.process:Run._start_shim",
    "run.process:Run.ending",
    "run.process:Run.end",
    "record.run_log:LogReader.read",
    "record.ledger:Ledger._fold",
    "record.checkpoint:Checkpoint.write",
    "place.workplace:Workplace.make",
    "place.workplace:Workplace._make_worktree",
    "place.workplace:Workplace._set_up",
    "place.workplace:Workplace.before_spawn",
    "place.change_counts:Changes._count_once",
    "place.change_counts:Changes._remember_main",
    "place.change_counts:Changes._compare_main",
    "place.change_counts:Changes.heard",
    "place.change_counts:Changes.vanished",
    "sessions.deletion:Deletion._delete",
    "sessions.deletion:Deletion._stop_and_delete",
)
"""What can be made to fail: every task of a session, and what it rests on."""


class Faults:
    """What is to fail, as the file says now."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._left: dict[str, int] = {}
        self._seen = ""

    def hit(self, place: str) -> None:
        """Fail, if this place is to."""
        while f"{place} hang " in self._text():
            time.sleep(0.01)
        text = self._text()
        if text != self._seen:
            self._seen = text
            self._left = {}
        for line in text.splitlines():
            name, kind, times = line.split()
            if name != place:
                continue
            left = self._left.setdefault(line, int(times))
            if left:
                self._left[line] = left - 1
                raise _error(kind)

    def _text(self) -> str:
        """What the file says; what it said last while no descriptor is left to read it with."""
        try:
            return self._path.read_text()
        except FileNotFoundError:
            return ""
        except OSError:
            return self._seen


def _error(kind: str) -> BaseException:
    number = getattr(errno, kind, None)
    if number is not None:
        return OSError(number, os.strerror(number))
    if kind == "ExceptionGroup":
        return ExceptionGroup("several", [ValueError("unforeseen")])
    found: Any = getattr(importlib.import_module("builtins"), kind)
    return found("unforeseen")  # type: ignore[no-any-return]


def _wrap(owner: Any, name: str, hit: Callable[[], None]) -> None:
    real = getattr(owner, name)
    if asyncio.iscoroutinefunction(real):

        async def later(*args: Any, **kwargs: Any) -> Any:
            hit()
            return await real(*args, **kwargs)

        setattr(owner, name, later)
        return

    def now(*args: Any, **kwargs: Any) -> Any:
        hit()
        return real(*args, **kwargs)

    setattr(owner, name, now)


def _wrap_place(place: str, faults: Faults) -> None:
    module, _, path = place.partition(":")
    owner, _, name = path.partition(".")
    loaded = importlib.import_module(f"parallel_agents.supervisor.{module}")
    _wrap(getattr(loaded, owner), name, lambda: faults.hit(place))


def main() -> None:
    """Run a supervisor that fails as it is told."""
    from parallel_agents.supervisor.front.api import Api
    from parallel_agents.supervisor.lifecycle import main as supervise

    faults = Faults(Path(os.environ["FAULTS"]))
    for place in PLACES:
        _wrap_place(place, faults)
    real = Api.answer

    async def answer(self: Api, message: Any) -> Any:
        faults.hit(f"request:{message.type}")
        return await real(self, message)

    Api.answer = answer  # type: ignore[method-assign]
    started = subprocess.Popen.__init__

    def start(self: Any, *args: Any, **kwargs: Any) -> None:
        faults.hit("fork")
        started(self, *args, **kwargs)

    subprocess.Popen.__init__ = start  # type: ignore[method-assign]
    _wrap(os, "fsync", lambda: faults.hit("fsync"))
    sys.exit(supervise())
