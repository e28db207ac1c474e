"""How long `ls` waits, greeting included, while a repository is busy for many others.

Keep true: each question is a connection of its own, as a command's is; beside each goes the same
to a bare socket server in a process of its own, so that what the machine costs is seen apart.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from parallel_agents.core.ids import new_uuid
from parallel_agents.wire.messages import Delete, ListSessions, Reconcile
from tests.bench.checkout import fill
from tests.support.world import World, wait_until

_ECHO = """
import socket, sys
server = socket.socket(socket.AF_UNIX)
server.bind(sys.argv[1])
server.listen(100)
while True:
    client, _ = server.accept()
    client.sendall(client.recv(4096))
    client.close()
"""


@dataclass
class Waits:
    """Milliseconds that each question took.

    Attributes:
        ours: `ls`, from connecting to its answer.
        bare: a line sent to the bare server, and back.
    """

    ours: list[float] = field(default_factory=list)
    bare: list[float] = field(default_factory=list)


def while_many_delete(
    world: World, files: int, deletions: int, creations: int
) -> tuple[Waits, Waits]:
    """Ask while nothing happens, then while many worktrees are deleted, made and compared.

    Args:
        world: whose repository gets that many tracked files.
        files: how many.
        deletions: sessions that are deleted at once.
        creations: sessions that are begun at once.

    Returns:
        What was measured idle, and busy.
    """
    fill(world.repo, files)
    world.trust()
    sessions = [world.new("echo ready") for _ in range(deletions)]
    for session in sessions:
        world.wait_state(session, "done", deadline=300)
    path = os.fspath(world.root / "echo.sock")
    echo = subprocess.Popen([sys.executable, "-I", "-c", _ECHO, path])
    try:
        wait_until((world.root / "echo.sock").exists, what="the bare server listens")
        idle = Waits()
        for _ in range(300):
            _ask_both(world, path, idle)
        return idle, _busy(world, path, sessions, creations)
    finally:
        echo.kill()
        echo.wait()


def _busy(world: World, path: str, sessions: list[str], creations: int) -> Waits:
    work: list[Callable[[], object]] = [
        *(lambda s=s: world.ask(Delete(key=new_uuid(), session=s)) for s in sessions),
        *(
            lambda: world.ask(world.dispatch("echo ready", wait_ready=True))
            for _ in range(creations)
        ),
        lambda: world.ask(Reconcile(directory=str(world.repo))),
    ]
    threads = [threading.Thread(target=one) for one in work]
    waits = Waits()
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        _ask_both(world, path, waits)
    return waits


def _ask_both(world: World, path: str, waits: Waits) -> None:
    began = time.perf_counter()
    world.ask(ListSessions(), start=False)
    waits.ours.append((time.perf_counter() - began) * 1000)
    began = time.perf_counter()
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(path)
        client.sendall(b"x" * 100)
        client.recv(4096)
    waits.bare.append((time.perf_counter() - began) * 1000)
