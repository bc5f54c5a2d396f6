"""Writer of one result in a worker: into memory while it is small, then into the spool file, up to the caps."""

from __future__ import annotations

import os
import re
from typing import Final

__all__ = ["ResultTooLarge", "ResultWriter", "RowCounter"]


class ResultTooLarge(Exception):
    """The result exceeds a cap; the message says which."""


class ResultWriter:
    """A binary stream for the engine. A result of up to `inline` bytes stays in memory; a larger one goes to the open
    file `spool`. `limit` caps the bytes and `row_limit` the rows that `rows` counts."""

    def __init__(self, spool: int, inline: int, limit: int, rows: RowCounter, row_limit: int) -> None:
        self.size = 0
        self.spooled = False
        self.refusal = ""
        self._parts: list[bytes] = []
        self._spool, self._inline, self._limit = spool, inline, limit
        self._rows, self._row_limit = rows, row_limit

    def write(self, data: bytes) -> int:
        """Raises `ResultTooLarge` at a cap; `refusal` keeps its message, because the engine may wrap the exception."""
        self.size += len(data)
        if self.size > self._limit:
            self.refuse(f"The result is larger than {self._limit:,} bytes.")
        if self._rows.add(data) > self._row_limit:
            self.refuse(f"The result has more than {self._row_limit:,} rows.")
        if self.spooled:
            _write_all(self._spool, data)
        else:
            self._parts.append(bytes(data))
            if self.size > self._inline:
                self._begin_spool()
        return len(data)

    def flush(self) -> None:
        """Required by the engine; there is nothing to flush."""

    def body(self) -> bytes:
        """The result while it is in memory, else no bytes."""
        return b"".join(self._parts)

    def _begin_spool(self) -> None:
        os.ftruncate(self._spool, 0)
        os.lseek(self._spool, 0, os.SEEK_SET)
        _write_all(self._spool, b"".join(self._parts))
        self._parts.clear()
        self.spooled = True

    @property
    def rows(self) -> int:
        """Rows written so far."""
        return max(self._rows.rows, 0)

    def refuse(self, message: str) -> None:
        """Stop the engine here: raise `ResultTooLarge`."""
        self.refusal = message
        raise ResultTooLarge(message)


def _write_all(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


_ESCAPED: Final = re.compile(rb"\\.", re.DOTALL)

_NEXT_ROW: Final = re.compile(rb'\}\},\{"[^},]')
"""Start of the next row in JSON without empty rows. Inside a string the same characters are followed by its closing
quote and a bracket or comma; at a row they are followed by a name."""


class RowCounter:
    """Counts the rows of a result from its bytes, since the engine serialises without saying how many there are.

    `style` is the short name of the format: json, xml, csv or tsv; for others nothing is counted. Chunks may be cut
    anywhere. The count is exact for what the engine writes: quotes delimit strings in JSON and CSV, TSV and XML escape
    line ends and `<`.
    """

    def __init__(self, style: str) -> None:
        self.rows = -1 if style in ("csv", "tsv") else 0
        self._style = style
        self._inside = 0
        self._tail = b""
        self._pending = b""
        self._first: bytes | None = b""

    def add(self, data: bytes) -> int:
        """The rows so far, this chunk included."""
        if self._style == "tsv":
            self.rows += data.count(b"\n")
        elif self._style == "csv":
            self.rows += self._outside(data).count(b"\n")
        elif self._style == "xml":
            data = self._tail + data
            self.rows += data.count(b"<result>")
            # One byte short of the tag, so that a tag is counted once, in the chunk that completes it.
            self._tail = data[-7:]
        elif self._style == "json":
            self._json(data)
        return max(self.rows, 0)

    def _outside(self, data: bytes) -> bytes:
        """The bytes outside quotes. A doubled quote in CSV closes and opens again, which is the same."""
        parts = data.split(b'"')
        outside = b"".join(parts[self._inside :: 2])
        self._inside = (self._inside + len(parts) - 1) % 2
        return outside

    def _json(self, data: bytes) -> None:
        """A small result comes in one chunk and is counted with one pattern."""
        if self._first == b"" and data.endswith(b"]}}") and b"{}" not in data:
            self._first = data
            self.rows = 0 if data.endswith(b'"bindings":[]}}') else 1 + len(_NEXT_ROW.findall(data))
            return
        if self._first:  # it was only the beginning
            self.rows = 0
            self._json_part(self._first)
        self._first = None
        self._json_part(data)

    def _json_part(self, data: bytes) -> None:
        """Outside strings the first row begins with `[{` and the others with `},{`; `},:{` separates terms in a row."""
        if self._pending or b"\\" in data:
            data = _ESCAPED.sub(b"", self._pending + data)
        self._pending = b"\\" if data.endswith(b"\\") else b""
        outside = self._tail + self._outside(data.removesuffix(b"\\"))
        self.rows += outside.count(b"[{") + outside.count(b"},{")
        # Two bytes of `},{` may be left over, or one of `[{`. Neither is a complete marker, so none counts twice.
        self._tail = outside[-2:] if outside.endswith(b"},") else outside[-1:]
