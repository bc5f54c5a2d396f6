"""Answers that may wait for those behind them, and how a worker sees what comes next."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator

import pytest

from graph.sparql.worker.protocol import Answer, Inbox, Outbox, Questions, pack_question

Pair = tuple[socket.socket, socket.socket]


@pytest.fixture
def pair() -> Iterator[Pair]:
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    with ours, theirs:
        yield ours, theirs


def bodies(connection: socket.socket) -> list[bytes]:
    """What has come so far."""
    try:
        return [each.body for each in Inbox(1 << 20).add(connection.recv(1 << 20))]
    except BlockingIOError:
        return []


def test_answers_wait_for_those_that_follow_soon(pair: Pair) -> None:
    outbox = Outbox(pair[1])
    outbox.add(Answer("done", body=b"first"), soon=True)
    assert bodies(pair[0]) == []
    outbox.add(Answer("done", body=b"second"))
    assert bodies(pair[0]) == [b"first", b"second"]
    outbox.add(Answer("done", body=b"third"), soon=True)
    outbox.flush()
    outbox.flush()
    assert bodies(pair[0]) == [b"third"]


def test_no_answer_waits_long_nor_do_many(pair: Pair) -> None:
    outbox = Outbox(pair[1])
    outbox.add(Answer("done", body=b"first"), soon=True)
    time.sleep(0.002)
    outbox.add(Answer("done", body=b"second"), soon=True)
    assert bodies(pair[0]) == [b"first", b"second"]
    outbox.add(Answer("done", body=b"x" * 70_000), soon=True)
    assert bodies(pair[0]) == [b"x" * 70_000]


def test_what_follows(pair: Pair) -> None:
    """Only a whole question tells, and only a look-up that is given its time is waited for."""
    questions = Questions(pair[1])
    first, look = pack_question("query", 1.0, b"{}", b"ASK {}"), pack_question("look", 1.0, b"{}", b"a\nb\n\n2x")
    for sent, follows in (
        (first, False),
        (first + look, True),
        (first + look[:-1], False),
        (first + first, False),
        (first + pack_question("look", 0.01, b"{}", b"a\nb\n\n2x"), False),
    ):
        pair[0].sendall(sent)
        assert questions.next().text == "ASK {}"
        assert questions.look_follows() == follows
        pair[0].sendall(look[-1:] if sent == first + look[:-1] else b"")
        if len(sent) > len(first):
            assert questions.next().op in ("look", "query")
