"""Frames: length-prefixed messages between a parent and its child, on a socket or a pipe.

A frame is the length of its message (4 bytes, big-endian), then the message in MessagePack. Messages are typed records
of msgspec, so that nothing is unpickled: what a child sends is data, even when the child has been taken over. What is
no message of the expected type, or longer than its cap, is `BrokenStream`.
"""

from __future__ import annotations

import os
import select
import time
from collections.abc import Mapping, Sequence
from typing import Any, Final, Generic, TypeVar

import msgspec

__all__ = ["BrokenStream", "FrameBuffer", "FrameChannel", "pack_frame"]

T = TypeVar("T")

_HEAD: Final = 4
_READ_BYTES: Final = 1 << 16


class BrokenStream(Exception):
    """The other side is gone, or no longer speaks this protocol."""


def _encode_other(value: Any) -> Any:
    """Sequences and mappings that are none of Python's own, as such."""
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, Sequence):
        return tuple(value)
    raise NotImplementedError(f"a {type(value).__name__} cannot be sent")


_ENCODER: Final = msgspec.msgpack.Encoder(enc_hook=_encode_other)


def pack_frame(message: Any) -> bytes:
    """The frame of a message. Raises UnicodeEncodeError for half of a surrogate pair.

    >>> pack_frame([1, "a"])
    b'\\x00\\x00\\x00\\x04\\x92\\x01\\xa1a'
    """
    frame = bytearray(_HEAD)
    _ENCODER.encode_into(message, frame, _HEAD)
    frame[:_HEAD] = (len(frame) - _HEAD).to_bytes(_HEAD, "big")
    return bytes(frame)


class FrameBuffer(Generic[T]):
    """Puts frames together from bytes as they come. `max_bytes`: of one message.

    >>> buffer = FrameBuffer(list[int], max_bytes=100)
    >>> buffer.add(pack_frame([1])[:3]), buffer.add(pack_frame([1])[3:] + pack_frame([2]))
    ([], [[1], [2]])
    """

    def __init__(self, kind: type[T], max_bytes: int) -> None:
        self._decoder: msgspec.msgpack.Decoder[T] = msgspec.msgpack.Decoder(kind)
        self._max_bytes = max_bytes
        self._parts: list[bytes] = []
        self._size = 0
        self._needed = _HEAD

    def __bool__(self) -> bool:
        """True while a frame has come in part."""
        return self._size > 0

    def add(self, data: bytes) -> list[T]:
        """The messages that are whole now. Raises BrokenStream."""
        self._parts.append(data)
        self._size += len(data)
        messages: list[T] = []
        if self._size < self._needed:
            return messages
        stream, start = b"".join(self._parts) if len(self._parts) > 1 else data, 0
        self._needed = _HEAD
        while len(stream) - start >= _HEAD:
            end = start + _HEAD + int.from_bytes(stream[start : start + _HEAD], "big")
            if end - start > self._max_bytes + _HEAD:
                raise BrokenStream(f"a message of {end - start - _HEAD} bytes")
            if end > len(stream):
                self._needed = end - start
                break
            try:
                messages.append(self._decoder.decode(memoryview(stream)[start + _HEAD : end]))
            except (msgspec.MsgspecError, UnicodeDecodeError) as error:
                raise BrokenStream(f"no message of this protocol: {error}") from error
            start = end
        self._parts, self._size = ([stream[start:]], len(stream) - start) if start < len(stream) else ([], 0)
        return messages


class FrameChannel(Generic[T]):
    """Messages one at a time, on blocking descriptors (which may be the same): `kind` is received."""

    def __init__(self, kind: type[T], reading: int, writing: int, max_bytes: int) -> None:
        self._reading, self._writing = reading, writing
        self._buffer = FrameBuffer(kind, max_bytes)
        self._messages: list[T] = []

    def send(self, message: Any) -> None:
        """Raises OSError where the other side is gone, UnicodeEncodeError for half of a surrogate pair."""
        unsent = memoryview(pack_frame(message))
        while unsent:
            unsent = unsent[os.write(self._writing, unsent) :]

    def receive(self, seconds: float | None = None) -> T | None:
        """The next message; None where none came whole within `seconds`. Raises BrokenStream, also at the end."""
        deadline = None if seconds is None else time.monotonic() + seconds
        while not self._messages:
            if deadline is not None and not _is_readable(self._reading, deadline - time.monotonic()):
                return None
            try:
                data = os.read(self._reading, _READ_BYTES)
            except ConnectionError as error:
                raise BrokenStream(str(error)) from error
            if not data:
                raise BrokenStream("end of stream")
            self._messages = self._buffer.add(data)
        return self._messages.pop(0)


def _is_readable(descriptor: int, seconds: float) -> bool:
    poll = select.poll()  # not select(2), which knows descriptors up to 1,023 only
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(max(seconds, 0.0) * 1000))
