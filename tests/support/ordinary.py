"""Do something as an ordinary user would: without root's rights over other people's files."""

from __future__ import annotations

import ctypes
import os
import pickle
import sys
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest

T = TypeVar("T")

_OVERRIDES = (0, 1, 2, 3)
"""CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, CAP_FOWNER (capabilities(7))."""
_PR_CAPBSET_DROP = 24
_CAPABILITY_VERSION_3 = 0x20080522


def ordinary(work: Callable[[], T]) -> T:
    """Carry something out in a forked process that has no rights over files but its own.

    Args:
        work: what; what it returns must be picklable. Threads of this process are not there.

    Returns:
        What it returned.

    Raises:
        AssertionError: it raised, with its traceback.
    """
    reader, writer = os.pipe()
    sys.stdout.flush()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of forks beside threads
        pid = os.fork()
    if pid == 0:
        os.close(reader)
        _child(work, writer)
    os.close(writer)
    with os.fdopen(reader, "rb") as told:
        answer = told.read()
    _, status = os.waitpid(pid, 0)
    assert answer, f"the process ended without an answer: {status}"
    good, value = pickle.loads(answer)
    assert good, value
    result: T = value
    return result


def _child(work: Callable[[], object], writer: int) -> None:
    answer = b""
    try:
        drop_overrides()
        answer = pickle.dumps((True, work()))
    except BaseException:  # noqa: BLE001 - the parent learns of it by the answer
        answer = pickle.dumps((False, traceback.format_exc()))
    finally:
        with os.fdopen(writer, "wb") as pipe:
            pipe.write(answer)
        os._exit(0)


def drop_overrides() -> None:
    """Give root's rights over files up, in this process and all that it starts."""
    libc = ctypes.CDLL(None, use_errno=True)
    for capability in _OVERRIDES:
        libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0)
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    data = (ctypes.c_uint32 * 6)()  # effective, permitted, inheritable; twice, low bits first
    assert libc.capget(header, data) == 0
    keep = ~sum(1 << capability for capability in _OVERRIDES) & 0xFFFFFFFF
    for index in range(3):
        data[index] &= keep
    assert libc.capset(header, data) == 0


def give_away(path: Path, uid: int = 1234) -> None:
    """Make files another user's; the test is skipped where that is not possible.

    Args:
        path: a file, or a directory with all in it.
        uid: the other user.
    """
    try:
        for folder, below, names in os.walk(path, topdown=False):
            for name in (*below, *names):
                os.chown(Path(folder, name), uid, uid, follow_symlinks=False)
        os.chown(path, uid, uid, follow_symlinks=False)
    except PermissionError:
        pytest.skip("only root can make files another user's")
