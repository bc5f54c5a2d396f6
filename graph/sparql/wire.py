"""The frames between the pool and a worker: a JSON header with its length, then raw bytes.

Nothing is unpickled: what a worker sends is data, even when the worker has been taken over. Frames travel on a
socket pair; the descriptor of a spool file may travel with the first bytes of a frame.
"""

from __future__ import annotations

import json
import socket
import struct
from typing import Any, Final

__all__ = ["HEADER_LIMIT", "Closed", "receive", "send"]

_LENGTHS: Final = struct.Struct("!IQ")

HEADER_LIMIT: Final = 1 << 20
"""Bytes of one header at most; queries are shorter, whatever their cap."""


class Closed(Exception):
    """The other side is gone, or no longer speaks this protocol."""


def send(connection: socket.socket, header: dict[str, Any], body: bytes = b"", descriptor: int | None = None) -> None:
    """One frame. Raises OSError where the other side is gone."""
    head = json.dumps(header, separators=(",", ":")).encode()
    frame = _LENGTHS.pack(len(head), len(body)) + head
    if descriptor is not None:
        sent = socket.send_fds(connection, [frame], [descriptor])
        frame = frame[sent:]
    connection.sendall(frame + body if len(body) < 1 << 16 else frame)
    if len(body) >= 1 << 16:
        connection.sendall(body)


def receive(connection: socket.socket, body_limit: int) -> tuple[dict[str, Any], bytes, int | None]:
    """One frame: header, body, and a descriptor where one came with it.

    Raises `Closed` at the end of the stream or on a frame past its limits, TimeoutError as the socket is set.
    """
    lengths, descriptors, _, _ = socket.recv_fds(connection, _LENGTHS.size, 1)
    if len(lengths) < _LENGTHS.size:
        lengths += _exactly(connection, _LENGTHS.size - len(lengths)) if lengths else b""
    if not lengths:
        raise Closed("end of stream")
    head_length, body_length = _LENGTHS.unpack(lengths)
    if head_length > HEADER_LIMIT or body_length > body_limit:
        raise Closed(f"a frame of {head_length} + {body_length} bytes")
    try:
        header = json.loads(_exactly(connection, head_length))
    except ValueError as error:
        raise Closed("a header that is not JSON") from error
    if not isinstance(header, dict):
        raise Closed("a header that is not an object")
    return header, _exactly(connection, body_length), descriptors[0] if descriptors else None


def _exactly(connection: socket.socket, count: int) -> bytes:
    parts: list[bytes] = []
    while count > 0:
        part = connection.recv(min(count, 1 << 20))
        if not part:
            raise Closed("end of stream in the middle of a frame")
        parts.append(part)
        count -= len(part)
    return b"".join(parts)
