"""Batching of answers, and the worker's view of the next question."""

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
        return [message.body for message in Inbox(1 << 20).add(connection.recv(1 << 20))]
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


def test_the_next_question_is_seen(pair: Pair) -> None:
    """Only a complete question counts, and only a look-up with enough time."""
    questions = Questions(pair[1])
    first, look_up = pack_question("query", 1.0, b"{}", b"ASK {}"), pack_question("lookup", 1.0, b"{}", b"a\nb\n\n2x")
    for sent, follows in (
        (first, False),
        (first + look_up, True),
        (first + look_up[:-1], False),
        (first + first, False),
        (first + pack_question("lookup", 0.01, b"{}", b"a\nb\n\n2x"), False),
    ):
        pair[0].sendall(sent)
        assert questions.next().text == "ASK {}"
        assert questions.lookup_follows() == follows
        pair[0].sendall(look_up[-1:] if sent == first + look_up[:-1] else b"")
        if len(sent) > len(first):
            assert questions.next().op in ("lookup", "query")
