"""A child process that takes messages on a socket and replies on it, one at a time."""

from __future__ import annotations

import socket
from collections.abc import Mapping, Sequence
from typing import Any, Generic, TypeVar

from graph.sandbox.child import Child
from graph.sandbox.enter import SandboxLimits
from graph.sandbox.message_frames import BrokenStream, FrameChannel

__all__ = ["ConnectedChild"]

T = TypeVar("T")


class ConnectedChild(Generic[T]):
    """One child that runs `module`. It reads and writes the socket that is its standard input: what a library prints
    does not get between the replies.

    `reply` is the type of what it sends; one message is `max_bytes` long at most. `process` is the child itself.
    Raises OSError.
    """

    def __init__(
        self,
        module: str,
        arguments: Sequence[str],
        limits: SandboxLimits,
        *,
        reply: Any,
        max_bytes: int,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._connection, theirs = socket.socketpair()
        try:
            with theirs:
                self.process = Child(module, arguments, limits=limits, stdin=theirs.fileno(), environment=environment)
        except BaseException:
            self._connection.close()
            raise
        own = self._connection.fileno()
        self._channel = FrameChannel[T](reply, own, own, max_bytes)

    def send(self, message: Any) -> None:
        """Send a message. Raises OSError where the child is gone, UnicodeEncodeError for half of a surrogate pair."""
        if self._is_closed:
            raise BrokenPipeError("the connection was closed")
        self._channel.send(message)

    def receive(self, seconds: float | None = None) -> T | None:
        """The next reply; None where none came whole within `seconds`. Raises `BrokenStream`, also at its end."""
        if self._is_closed:
            raise BrokenStream("the connection was closed")
        return self._channel.receive(seconds)

    def hang_up(self) -> None:
        """Close the connection: the child reads the end of its input. Repeatable; never while another thread sends or
        receives."""
        self._connection.close()

    @property
    def _is_closed(self) -> bool:
        """The channel knows the connection by a number, which the system may have given to another file since."""
        return self._connection.fileno() < 0
