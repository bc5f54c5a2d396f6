"""Result of one query: its bytes, in memory or in a spool file, with what is known about them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import IO, Final, Literal

from graph.sparql.search_request import SearchClauseRows

__all__ = ["QueryResult", "ResultKind"]

ResultKind = Literal["bindings", "boolean", "graph"]

_CHUNK_BYTES: Final = 1 << 17


class QueryResult:
    """A complete, serialised result. A context manager: leaving it closes the spool file, which frees its space.

    `rows` counts solutions, or the triples of a graph (1 for a boolean). `ms` is the time in the engine, serialisation
    included. `size` is in bytes. `cached`: no worker was involved. `fingerprint` identifies the result among those of
    all generations, queries, datasets and formats; it is None where the same query may answer differently the next time
    (RAND, NOW, UUID …). `ordered`: the rows come in the same order each time. `searches` holds, for each search clause
    of the query, the rows that were put in its place.

    >>> result = QueryResult(
    ...     kind="boolean", media_type="text/csv", rows=1, ms=0.2, generation=Path("000001"), body=b"true", size=4
    ... )
    >>> with result:
    ...     result.read()
    b'true'
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
        fingerprint: str | None = None,
        ordered: bool = True,
        cached: bool = False,
        searches: tuple[SearchClauseRows, ...] = (),
        warnings: tuple[str, ...] = (),
    ) -> None:
        self.kind: ResultKind = kind
        self.media_type = media_type
        self.rows = rows
        self.ms = ms
        self.generation = generation
        self.size = size
        self.fingerprint = fingerprint
        self.ordered = ordered
        self.cached = cached
        self.searches = searches
        self.warnings = warnings
        self._body: bytes | IO[bytes] | None = body

    @property
    def spooled(self) -> bool:
        """Whether the bytes are in a file rather than in memory."""
        return self._body is not None and not isinstance(self._body, bytes)

    def chunks(self) -> Iterator[bytes]:
        """The bytes from the beginning; may be called repeatedly until `close`.

        Raises ValueError after `close`, and OSError where the spool file is shorter than `size`.
        """
        if self._body is None:
            raise ValueError("the result was closed")
        if isinstance(self._body, bytes):
            yield self._body
            return
        descriptor, offset = self._body.fileno(), 0
        while offset < self.size:
            chunk = os.pread(descriptor, min(_CHUNK_BYTES, self.size - offset), offset)
            if not chunk:
                raise OSError(f"the spool file ends at {offset} of {self.size} bytes")
            offset += len(chunk)
            yield chunk

    def read(self) -> bytes:
        """All bytes, in memory."""
        return b"".join(self.chunks())

    def close(self) -> None:
        """Close the spool file. It has no name, so its space is freed."""
        body, self._body = self._body, None
        if body is not None and not isinstance(body, bytes):
            body.close()

    def __enter__(self) -> QueryResult:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
