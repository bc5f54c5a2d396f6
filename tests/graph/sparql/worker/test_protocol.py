"""Questions and answers on their way between the pool and a worker."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from graph.sparql.worker.protocol import Answer, Inbox, Questions, pack_question, send

Pair = tuple[socket.socket, socket.socket]


@pytest.fixture
def pair() -> Iterator[Pair]:
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    with ours, theirs:
        yield ours, theirs


def test_questions_come_in_the_order_in_which_they_were_sent(pair: Pair) -> None:
    """However many come at once, and in whatever parts."""
    questions = Questions(pair[1])
    frames = b"".join(pack_question("query", 1.0, b"{}", f"ASK {{ {n} }}".encode()) for n in range(3))
    pair[0].sendall(frames[:-1])
    assert questions.next().text == "ASK { 0 }"
    assert not questions.idle(), "another question is here"
    assert questions.next().text == "ASK { 1 }"
    assert not questions.idle(), "a part of a question is here"
    pair[0].sendall(frames[-1:])
    assert questions.next().text == "ASK { 2 }"
    assert questions.idle()


def test_an_answer_comes_back_whole(pair: Pair) -> None:
    sent = [Answer("done", "bindings", 0.5, 2, b"x" * 5_000), Answer("again")]
    for answer in sent:
        send(pair[1], answer)
    assert Inbox(1 << 20).add(pair[0].recv(1 << 20)) == sent
