"""A child on a socket, and the descriptor of the socket after its end."""

from __future__ import annotations

import socket

import pytest

from graph.sandbox.connected_child import ConnectedChild
from graph.sandbox.enter import SandboxLimits
from graph.sandbox.message_frames import BrokenStream


def test_a_connection_that_was_closed_leaves_its_descriptor_to_others() -> None:
    """The system gives the number to the next file or socket that is opened, such as a client's."""
    child = ConnectedChild[int]("platform", [], SandboxLimits("reader", 1 << 20), reply=int, max_bytes=100)
    child.process.end()
    child.hang_up()
    ours, theirs = socket.socketpair()  # one of them gets the lowest free number, which is that of the connection
    with ours, theirs:
        for connection in (ours, theirs):
            connection.setblocking(False)
            connection.send(b"theirs")
        with pytest.raises(OSError, match="closed"):
            child.send(1)
        with pytest.raises(BrokenStream):
            child.receive(0.1)
        assert [ours.recv(100), theirs.recv(100)] == [b"theirs", b"theirs"]
