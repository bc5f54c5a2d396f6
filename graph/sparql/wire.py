"""The frames between the pool and a worker: a JSON header with its length, then raw bytes.

Nothing is unpickled: what a worker sends is data, even when the worker has been taken over. Frames travel on a
socket pair; the descriptor of a spool file may travel with the first bytes of a frame.
"""

from __future__ import annotations

import json
import select
import socket
import struct
from typing import Any, Final

__all__ = ["HEADER_LIMIT", "Closed", "receive", "send"]

_LENGTHS: Final = struct.Struct("!IQ")

_FIRST_READ: Final = 1 << 16
_encode: Final = json.JSONEncoder(separators=(",", ":")).encode
_ANCILLARY: Final = socket.CMSG_LEN(struct.calcsize("i"))
_STALLED: Final = 20.0
"""Seconds after which a frame that has begun and does not go on is given up."""

HEADER_LIMIT: Final = 1 << 20
"""Bytes of one header at most; queries are shorter, whatever their cap."""


class Closed(Exception):
    """The other side is gone, or no longer speaks this protocol."""


def send(connection: socket.socket, header: dict[str, Any], body: bytes = b"", descriptor: int | None = None) -> None:
    """One frame. Raises OSError where the other side is gone."""
    head = _encode(header).encode()
    frame = _LENGTHS.pack(len(head), len(body)) + head + body
    if descriptor is not None:
        sent = socket.send_fds(connection, [frame], [descriptor])
        frame = frame[sent:]
    connection.sendall(frame)


def receive(connection: socket.socket, body_limit: int) -> tuple[dict[str, Any], bytes, int | None]:
    """One frame: header, body, and a descriptor where one came with it.

    The sides take turns, so what is read belongs to one frame, and most frames come with the first read.
    Raises `Closed` at the end of the stream or on a frame past its limits, and before the first byte TimeoutError or
    BlockingIOError as the socket is set.
    """
    data, ancillary, _, _ = connection.recvmsg(_FIRST_READ, _ANCILLARY)
    if not data:
        raise Closed("end of stream")
    if len(data) < _LENGTHS.size:
        data += _exactly(connection, _LENGTHS.size - len(data))
    head_length, body_length = _LENGTHS.unpack_from(data)
    if head_length > HEADER_LIMIT or body_length > body_limit:
        raise Closed(f"a frame of {head_length} + {body_length} bytes")
    start = _LENGTHS.size + head_length
    missing = start + body_length - len(data)
    if missing < 0:
        raise Closed("more than one frame at a time")
    if missing:
        data += _exactly(connection, missing)
    try:
        header = json.loads(data[_LENGTHS.size : start])
    except ValueError as error:
        raise Closed("a header that is not JSON") from error
    if not isinstance(header, dict):
        raise Closed("a header that is not an object")
    return header, data[start:], _descriptor(ancillary) if ancillary else None


def _descriptor(ancillary: list[tuple[int, int, bytes]]) -> int | None:
    for level, kind, data in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS and len(data) >= 4:
            return int(struct.unpack_from("i", data)[0])
    return None


def _exactly(connection: socket.socket, count: int) -> bytes:
    parts: list[bytes] = []
    while count > 0:
        if not select.select([connection], [], [], _STALLED)[0]:
            raise Closed("a frame that does not go on")
        part = connection.recv(min(count, 1 << 20))
        if not part:
            raise Closed("end of stream in the middle of a frame")
        parts.append(part)
        count -= len(part)
    return b"".join(parts)
