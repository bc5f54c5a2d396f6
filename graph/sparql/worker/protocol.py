"""The frames between the pool and a worker: fixed numbers, then two texts by their lengths.

Nothing is unpickled: what a worker sends is data, even when the worker has been taken over. Frames travel on a
socket pair; the descriptor of a spool file may travel with the first bytes of a question. What seldom changes in a
question (generation, format, caps) is one text, which the worker parses once and then knows by its bytes.
"""

from __future__ import annotations

import select
import socket
import struct
import time
from typing import Final, Literal, NamedTuple

__all__ = [
    "ANSWER_HEAD",
    "ROOM",
    "Answer",
    "Closed",
    "Inbox",
    "Op",
    "Outbox",
    "Outcome",
    "Question",
    "Questions",
    "outcome_of",
    "pack_answer",
    "pack_question",
]

Op = Literal["query", "look", "check", "open", "any"]
"""`look`: a query of the shape that `graph.sparql.worker.triple_lookup` answers; `any`: one whose rows may come in any
order."""

Outcome = Literal["ready", "done", "spooled", "failed", "checked", "again"]
Result = Literal["bindings", "boolean", "graph"]

_OPS: Final[tuple[Op, ...]] = ("query", "look", "check", "open", "any")
_OUTCOMES: Final[tuple[Outcome, ...]] = ("ready", "done", "spooled", "failed", "checked", "again")
_RESULTS: Final[tuple[Result, ...]] = ("bindings", "boolean", "graph")
_OP: Final = {name: number for number, name in enumerate(_OPS)}
_OUTCOME: Final = {name: number for number, name in enumerate(_OUTCOMES)}
_RESULT: Final = {name: number for number, name in enumerate(_RESULTS)}

_QUESTION: Final = struct.Struct("!BdII")
_ANSWER: Final = struct.Struct("!BBdQQ")
ANSWER_HEAD: Final = _ANSWER.size
ROOM: Final = 1 << 16
"""Bytes of a first read, which takes in most frames whole."""

_ANCILLARY: Final = socket.CMSG_LEN(struct.calcsize("i"))

QUESTION_LIMIT: Final = 4 << 20
"""Bytes of one question at most; queries are shorter, whatever their cap."""


_AMPLE: Final = 0.5
"""Seconds in which any look-up ends."""

_HELD_SECONDS: Final = 0.001
_HELD_BYTES: Final = 1 << 16
"""How long, and how many bytes of, answers wait for those that are about to follow."""


class Closed(Exception):
    """The other side is gone, or no longer speaks this protocol."""


class Question(NamedTuple):
    """`timeout` in seconds; `settings` is JSON; `descriptor` is that of a new spool file, if one came."""

    op: Op
    timeout: float
    settings: bytes
    text: str
    descriptor: int | None


class Answer(NamedTuple):
    """`rows` of a result of that `kind`, made in `ms`; `body` is the result, or JSON that says what went wrong."""

    outcome: Outcome
    kind: Result
    ms: float
    rows: int
    body: bytes


def pack_question(op: Op, timeout: float, settings: bytes, text: bytes) -> bytes:
    return _QUESTION.pack(_OP[op], timeout, len(settings), len(text)) + settings + text


def pack_answer(
    outcome: Outcome, body: bytes = b"", kind: Result = "bindings", ms: float = 0.0, rows: int = 0
) -> bytes:
    return _ANSWER.pack(_OUTCOME[outcome], _RESULT[kind], ms, rows, len(body)) + body


def outcome_of(frame: bytes) -> Outcome:
    """Of a packed answer."""
    return _OUTCOMES[frame[0]]


class Questions:
    """The worker's side: what it is asked, one question after the other, several of which may come at once."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        # Read to the same place each time: to allocate so much for each question took longer than to read it.
        self._room = bytearray(ROOM)
        self._held = b""
        self._descriptor: int | None = None
        self._poll = select.poll()  # not select(2), which knows descriptors up to 1,023 only
        self._poll.register(connection, select.POLLIN)

    def next(self) -> Question:
        """Wait for a question. Raises `Closed` at the end of the stream or on a frame past its limits."""
        self._fill(_QUESTION.size)
        op, timeout, settings, text = _QUESTION.unpack_from(self._held)
        whole = _QUESTION.size + settings + text
        if whole > QUESTION_LIMIT or op >= len(_OPS):
            raise Closed(f"a frame of {whole} bytes")
        self._fill(whole)
        data, self._held = self._held[:whole], self._held[whole:]
        at = _QUESTION.size + settings
        descriptor, self._descriptor = self._descriptor, None
        return Question(_OPS[op], timeout, data[_QUESTION.size : at], data[at:].decode(), descriptor)

    def look_follows(self) -> bool:
        """Whether the next question is here whole, and a look-up that is given time enough not to end this process."""
        if len(self._held) < _QUESTION.size:
            return False
        op, timeout, settings, text = _QUESTION.unpack_from(self._held)
        return bool(op == _OP["look"] and timeout >= _AMPLE and len(self._held) >= _QUESTION.size + settings + text)

    def idle(self) -> bool:
        """Whether nothing has come that is not answered."""
        return not self._held and not self._poll.poll(0)

    def _fill(self, size: int) -> None:
        while len(self._held) < size:
            count, ancillary, _, _ = self._connection.recvmsg_into([self._room], _ANCILLARY)
            if not count:
                raise Closed("end of stream")
            if ancillary:
                self._descriptor = _descriptor(ancillary)
            came = bytes(memoryview(self._room)[:count])
            self._held = self._held + came if self._held else came


class Outbox:
    """The worker's side: its answers. To wake the pool for each costs both sides more than a look-up, so that an answer
    may wait for those that are `soon` to follow it, for a moment."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._held: list[bytes] = []
        self._size = 0
        self._until = 0.0

    def add(self, answer: bytes, *, soon: bool = False) -> None:
        self._held.append(answer)
        self._size += len(answer)
        if soon:
            now = time.monotonic()
            if len(self._held) == 1:
                self._until = now + _HELD_SECONDS
            if now < self._until and self._size < _HELD_BYTES:
                return
        self.flush()

    def flush(self) -> None:
        """Send what waits."""
        if self._held:
            held, self._held, self._size = self._held, [], 0
            self._connection.sendall(b"".join(held))


class Inbox:
    """The pool's side: what has come of the answers so far. Never waits."""

    def __init__(self, limit: int) -> None:
        """`limit`: bytes of one body at most."""
        self._limit = limit
        self._parts: list[bytes] = []
        self._size = 0
        self._wanted = ANSWER_HEAD

    def add(self, data: bytes) -> list[Answer]:
        """The answers that are whole now. Raises `Closed` for what cannot be one."""
        self._parts.append(data)
        self._size += len(data)
        answers: list[Answer] = []
        if self._size < self._wanted:
            return answers
        held, at = b"".join(self._parts) if len(self._parts) > 1 else data, 0
        while len(held) - at >= ANSWER_HEAD:
            outcome, kind, ms, rows, length = _ANSWER.unpack_from(held, at)
            if length > self._limit or outcome >= len(_OUTCOMES) or kind >= len(_RESULTS):
                raise Closed(f"an answer of {length} bytes")
            body = at + ANSWER_HEAD
            if len(held) < body + length:
                self._wanted = ANSWER_HEAD + length
                break
            answers.append(Answer(_OUTCOMES[outcome], _RESULTS[kind], ms, rows, held[body : body + length]))
            at, self._wanted = body + length, ANSWER_HEAD
        self._parts, self._size = [held[at:]] if at < len(held) else [], len(held) - at
        return answers


def _descriptor(ancillary: list[tuple[int, int, bytes]]) -> int | None:
    for level, kind, data in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS and len(data) >= 4:
            return int(struct.unpack_from("i", data)[0])
    return None
