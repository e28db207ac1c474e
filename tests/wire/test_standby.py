"""What is sent over a link arrives as it was, in whatever pieces, and descriptors with it."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from threading import Thread

import pytest
from hypothesis import given, strategies as st

from parallel_agents.core.codec import dump
from parallel_agents.wire.standby import (
    LIMIT,
    Ended,
    Go,
    Link,
    Message,
    Offer,
    Outcome,
    Program,
    Ready,
    Stop,
)

WORDS = st.text(st.characters(exclude_characters="\0", exclude_categories=()), max_size=20)
MESSAGES: st.SearchStrategy[Message] = st.one_of(
    st.just(Go()),
    st.just(Stop()),
    st.builds(Ended, code=st.integers(0, 255)),
    st.builds(Outcome, status=st.integers(-64, 255), error=WORDS),
    st.builds(Ready, pid=st.integers(1, 1 << 22), restores=WORDS),
    st.builds(
        Program,
        argv=st.lists(WORDS, max_size=4).map(tuple),
        cwd=WORDS,
        environment=st.dictionaries(WORDS, WORDS, max_size=4),
    ),
)


def _pair() -> tuple[Link, Link]:
    one, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    other.settimeout(20)
    return Link(one), Link(other)


@given(st.lists(MESSAGES, min_size=1, max_size=5), st.integers(1, 50))
def test_messages_arrive_in_any_pieces(messages: list[Message], size: int) -> None:
    near, far = _pair()
    with near, far:
        sender = Thread(target=_send, args=(near.socket, messages, size))
        sender.start()
        assert [far.receive() for _ in messages] == messages
        assert far.receive() is None
        sender.join()


def _send(sock: socket.socket, messages: list[Message], size: int) -> None:
    data = b"".join(dump(message) + b"\n" for message in messages)
    for start in range(0, len(data), size):
        sock.sendall(data[start : start + size])
    sock.shutdown(socket.SHUT_WR)


def test_descriptors_come_along_and_are_closed_with_the_link(tmp_path: Path) -> None:
    near, far = _pair()
    directory = os.open(tmp_path, os.O_PATH)
    offer = Offer(identity={}, place="/", environment={"X": "\udcff"}, umask=0o22)
    with near:
        near.send(offer, (0, 1, 2, directory))
    os.close(directory)
    assert far.receive() == offer
    came = list(far.descriptors)
    assert Path(f"/proc/self/fd/{came[3]}").readlink() == tmp_path
    assert not any(os.get_inheritable(number) for number in came)
    far.close()
    assert not any(Path(f"/proc/self/fd/{number}").exists() for number in came)


@pytest.mark.parametrize("data", [b"{}\n", b"nothing\n", b'{"type":"go"', b'{"type":"no"}\n'])
def test_what_is_no_message_is_refused(data: bytes) -> None:
    near, far = _pair()
    with near, far:
        near.socket.sendall(data)
        near.socket.shutdown(socket.SHUT_WR)
        if data.endswith(b"\n"):
            with pytest.raises(ValueError):
                far.receive()
        else:
            assert far.receive() is None


def test_a_message_without_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("parallel_agents.wire.standby.LIMIT", 1000)
    assert LIMIT > 1000
    near, far = _pair()
    with near, far:
        near.socket.sendall(b"x" * 2000)
        with pytest.raises(ValueError, match="1,000 bytes"):
            far.receive()
