"""Messages between the pool and a query worker, in the frames of `graph.sandbox.message_frames`.

Frames travel on a socket pair; the descriptor of a spool file may travel with the first bytes of a question. What
seldom changes in a question (generation, format, caps) is one text, which the worker parses once and then knows by its
bytes.
"""

from __future__ import annotations

import select
import socket
import struct
from collections import deque
from typing import Final, Literal

import msgspec

from graph.sandbox.message_frames import BrokenStream, FrameBuffer, pack_frame

__all__ = [
    "MAX_ANSWER_OVERHEAD_BYTES",
    "READ_BYTES",
    "Answer",
    "Inbox",
    "Op",
    "Outcome",
    "Question",
    "Questions",
    "pack_question",
    "send",
]

Op = Literal["query", "check", "open", "any"]
"""`any`: a query whose rows may come in any order."""

Outcome = Literal["ready", "done", "spooled", "failed", "checked", "again"]
Result = Literal["bindings", "boolean", "graph"]

READ_BYTES: Final = 1 << 16
"""Bytes of one read, which takes in most frames whole."""

MAX_QUESTION_BYTES: Final = 4 << 20
"""Queries are shorter, whatever their cap."""

MAX_ANSWER_OVERHEAD_BYTES: Final = 4 << 20
"""An answer may be so much longer than its result: the verdict on a long query repeats its tokens."""

_ANCILLARY_BYTES: Final = socket.CMSG_LEN(struct.calcsize("i"))


class Question(msgspec.Struct, array_like=True):
    """One thing to do, within `timeout` seconds.

    `settings` is JSON; `content` the text of the query in UTF-8; `descriptor` that of a new spool file, if one came.
    """

    op: Op
    timeout: float
    settings: bytes
    content: bytes
    descriptor: int | None = None

    @property
    def text(self) -> str:
        """The text of the query."""
        return self.content.decode()


class Answer(msgspec.Struct, array_like=True):
    """`rows` of a result of that `kind`, made in `ms`; `body` is the result, or JSON that says what went wrong."""

    outcome: Outcome
    kind: Result = "bindings"
    ms: float = 0.0
    rows: int = 0
    body: bytes = b""


def pack_question(op: Op, timeout: float, settings: bytes, text: bytes) -> bytes:
    """The frame of a question."""
    return pack_frame(Question(op, timeout, settings, text))


class Questions:
    """The worker's side of the connection: questions in the order in which they were sent."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        # Read to the same place each time: to allocate so much for each question took longer than to read it.
        self._room = bytearray(READ_BYTES)
        self._buffer = FrameBuffer(Question, MAX_QUESTION_BYTES)
        self._waiting: deque[Question] = deque()
        self._descriptor: int | None = None
        self._poll = select.poll()  # not select(2), which knows descriptors up to 1,023 only
        self._poll.register(connection, select.POLLIN)

    def next(self) -> Question:
        """Wait for a question. Raises `BrokenStream` at the end of the stream or on a frame past its limits."""
        while not self._waiting:
            size, ancillary, _, _ = self._connection.recvmsg_into([self._room], _ANCILLARY_BYTES)
            if not size:
                raise BrokenStream("end of stream")
            if ancillary:
                self._descriptor = _descriptor(ancillary)
            self._waiting.extend(self._buffer.add(bytes(memoryview(self._room)[:size])))
        question = self._waiting.popleft()
        question.descriptor, self._descriptor = self._descriptor, None
        return question

    def idle(self) -> bool:
        """Whether every question that came is answered."""
        return not self._waiting and not self._buffer and not self._poll.poll(0)


def send(connection: socket.socket, answer: Answer) -> None:
    """Send an answer from the worker's side. Raises OSError where the pool is gone."""
    connection.sendall(pack_frame(answer))


class Inbox(FrameBuffer[Answer]):
    """The pool's side of the connection: answers, put together as their bytes come. `max_bytes`: of one answer."""

    def __init__(self, max_bytes: int) -> None:
        super().__init__(Answer, max_bytes)


def _descriptor(ancillary: list[tuple[int, int, bytes]]) -> int | None:
    for level, kind, data in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS and len(data) >= 4:
            return int(struct.unpack_from("i", data)[0])
    return None
