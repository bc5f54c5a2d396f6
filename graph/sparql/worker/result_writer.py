"""Where a worker writes a result: memory while it is small, the spool file once it is not, and a stop at the caps."""

from __future__ import annotations

import os
import re
from typing import Final

__all__ = ["RowCounter", "Sink", "TooLarge"]


class TooLarge(Exception):
    """The result passes a cap; the message says which."""


class Sink:
    """A binary writer. `inline` bytes stay in memory; the rest of a longer result goes to the open file `spool`."""

    def __init__(self, spool: int, inline: int, limit: int, rows: RowCounter, row_limit: int) -> None:
        self.size = 0
        self.spooled = False
        self.refusal = ""
        self._parts: list[bytes] = []
        self._spool, self._inline, self._limit = spool, inline, limit
        self._rows, self._row_limit = rows, row_limit

    def write(self, data: bytes) -> int:
        """Raises `TooLarge` at a cap; `refusal` then holds its message, should the engine wrap the exception."""
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
        """Asked for by the engine; there is nothing to flush."""

    def body(self) -> bytes:
        """The result while it is in memory, else nothing."""
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
        """Stop the result here."""
        self.refusal = message
        raise TooLarge(message)


def _write_all(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


_ESCAPED: Final = re.compile(rb"\\.", re.DOTALL)

_NEXT_ROW: Final = re.compile(rb'\}\},\{"[^},]')
"""In JSON, where no row is empty: a string that ends in the same signs ends in a quote, and a bracket or a comma follow
that; a name follows the quote of a row."""


class RowCounter:
    """Counts the rows of a result from its bytes as they pass: the engine serialises without saying how many.

    `style` is the short name of the format: json, xml, csv or tsv; anything else counts nothing. Chunks may be cut
    anywhere. Exact for what the engine writes: quotes open and close strings in JSON and CSV, TSV and XML escape
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
            # One byte short of the tag: it is found once, in whichever chunk completes it.
            self._tail = data[-7:]
        elif self._style == "json":
            self._json(data)
        return max(self.rows, 0)

    def _outside(self, data: bytes) -> bytes:
        """What stands outside quotes. A doubled quote in CSV closes and opens: the same."""
        parts = data.split(b'"')
        outside = b"".join(parts[self._inside :: 2])
        self._inside = (self._inside + len(parts) - 1) % 2
        return outside

    def _json(self, data: bytes) -> None:
        """A small result comes whole, and is counted at a glance."""
        if self._first == b"" and data.endswith(b"]}}") and b"{}" not in data:
            self._first = data
            self.rows = 0 if data.endswith(b'"bindings":[]}}') else 1 + len(_NEXT_ROW.findall(data))
            return
        if self._first:  # it was not whole
            self.rows = 0
            self._json_part(self._first)
        self._first = None
        self._json_part(data)

    def _json_part(self, data: bytes) -> None:
        """Outside strings a row begins with `[{` (the first) or `},{`; terms inside a row are parted by `},:{`."""
        if self._pending or b"\\" in data:
            data = _ESCAPED.sub(b"", self._pending + data)
        self._pending = b"\\" if data.endswith(b"\\") else b""
        outside = self._tail + self._outside(data.removesuffix(b"\\"))
        self.rows += outside.count(b"[{") + outside.count(b"},{")
        # Of `},{` two bytes may be left over, of `[{` one; neither is a whole marker, so none counts twice.
        self._tail = outside[-2:] if outside.endswith(b"},") else outside[-1:]
