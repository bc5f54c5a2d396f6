"""Frames arrive however the stream is cut, and what is no frame of the protocol breaks the stream."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.sandbox.message_frames import BrokenStream, FrameBuffer, FrameChannel, pack_frame


class Note(msgspec.Struct):
    number: int
    body: bytes


@given(st.lists(st.binary(max_size=300), max_size=6), st.integers(1, 50))
def test_messages_arrive_however_they_are_cut(bodies: list[bytes], width: int) -> None:
    notes = [Note(number, body) for number, body in enumerate(bodies)]
    stream = b"".join(pack_frame(note) for note in notes)
    buffer, received = FrameBuffer(Note, 1000), list[Note]()
    for start in range(0, len(stream), width):
        received += buffer.add(stream[start : start + width])
    assert received == notes
    assert not buffer


@given(st.binary(min_size=4, max_size=60))
def test_hostile_bytes_break_the_stream_or_wait_for_more(data: bytes) -> None:
    buffer = FrameBuffer(Note, 1000)
    try:
        assert all(isinstance(note, Note) for note in buffer.add(data))
    except BrokenStream:
        return


@pytest.mark.parametrize(
    "stream",
    [
        b"\xff" * 40,
        pack_frame(Note(1, b"x" * 1001)),
        pack_frame("another type"),
        pack_frame(Note(1, b""))[:-1] + b"\xc1",
    ],
)
def test_what_is_too_long_or_no_message_breaks_the_stream(stream: bytes) -> None:
    with pytest.raises(BrokenStream):
        FrameBuffer(Note, 1000).add(stream)


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    pair = socket.socketpair()
    yield pair
    for end in pair:
        end.close()


def test_a_channel_receives_one_message_at_a_time(ends: tuple[socket.socket, socket.socket]) -> None:
    channel = FrameChannel(Note, ends[0].fileno(), ends[0].fileno(), 1000)
    ends[1].sendall(pack_frame(Note(1, b"a")) + pack_frame(Note(2, b"b"))[:5])
    assert channel.receive() == Note(1, b"a")
    assert channel.receive(0.0) is None, "the second has come in part"
    ends[1].sendall(pack_frame(Note(2, b"b"))[5:])
    assert channel.receive() == Note(2, b"b")
    channel.send(Note(3, b"c"))
    assert FrameBuffer(Note, 1000).add(ends[1].recv(100)) == [Note(3, b"c")]
    ends[1].close()
    with pytest.raises(BrokenStream, match="end of stream"):
        channel.receive()


def test_a_channel_works_on_pipes() -> None:
    reading, writing = os.pipe()
    channel = FrameChannel(Note, reading, writing, 1 << 20)
    channel.send(Note(1, b"x" * 20_000))
    assert channel.receive(10.0) == Note(1, b"x" * 20_000)
    os.close(reading)
    os.close(writing)
