"""What a query gives back: its bytes, in memory or in a spool file, with what is known about them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import IO, Final, Literal, get_args

__all__ = ["QueryResult", "ResultKind"]

ResultKind = Literal["bindings", "boolean", "graph"]

KINDS: Final = frozenset(get_args(ResultKind))
_CHUNK: Final = 1 << 17


class QueryResult:
    """A complete, serialised result. A context manager: leaving it gives the spool file back to the system.

    `rows` counts solutions, or triples of a graph (1 for a boolean); `ms` is the time in the engine, serialisation
    included; `size` is in bytes; `cached` says that no worker was asked; `etag` is None where the same query may
    answer differently the next time (RAND, NOW, UUID …).
    """

    def __init__(
        self,
        *,
        kind: ResultKind,
        media_type: str,
        rows: int,
        ms: float,
        generation: Path,
        body: bytes | IO[bytes],
        size: int,
        etag: str | None = None,
        cached: bool = False,
    ) -> None:
        self.kind: ResultKind = kind
        self.media_type = media_type
        self.rows = rows
        self.ms = ms
        self.generation = generation
        self.size = size
        self.etag = etag
        self.cached = cached
        self._body: bytes | IO[bytes] | None = body

    @property
    def spooled(self) -> bool:
        """True where the bytes are in a file and not in memory."""
        return self._body is not None and not isinstance(self._body, bytes)

    def chunks(self) -> Iterator[bytes]:
        """The bytes from the beginning, as often as asked, until `close`."""
        if self._body is None:
            raise ValueError("the result was closed")
        if isinstance(self._body, bytes):
            yield self._body
            return
        descriptor, offset = self._body.fileno(), 0
        while offset < self.size:
            part = os.pread(descriptor, min(_CHUNK, self.size - offset), offset)
            if not part:
                raise OSError(f"the spool file ends at {offset} of {self.size} bytes")
            offset += len(part)
            yield part

    def read(self) -> bytes:
        """All of it in memory."""
        return b"".join(self.chunks())

    def close(self) -> None:
        """The spool file has no name any more: closing it frees its space."""
        body, self._body = self._body, None
        if body is not None and not isinstance(body, bytes):
            body.close()

    def __enter__(self) -> QueryResult:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
