"""Compression of SPARQL results with gzip or zstd, and the choice between them (RFC 9110 §12.5.3, RFC 8878)."""

from __future__ import annotations

import tempfile
import zlib
from collections.abc import Iterable
from typing import IO, Final, Protocol

from werkzeug.datastructures import Accept

__all__ = ["CODINGS", "MAX_MEMORY_BYTES", "compress", "encoding_for"]

CODINGS: Final = ("zstd", "gzip")
MAX_MEMORY_BYTES: Final = 1 << 20


def encoding_for(accepted: Accept) -> str | None:
    """zstd or gzip, whichever the client prefers (zstd without a preference); None if it accepts neither."""
    quality = {name: accepted.quality(name) for name in CODINGS}
    best = max(quality, key=lambda name: quality[name])
    return best if quality[best] > 0 and quality[best] >= accepted.quality("identity") else None


class _Coder(Protocol):
    def compress(self, data: bytes, /) -> bytes: ...
    def flush(self) -> bytes: ...


def _zstd() -> _Coder:
    import zstandard

    return zstandard.ZstdCompressor(level=1).compressobj()


def _gzip() -> _Coder:
    return zlib.compressobj(1, zlib.DEFLATED, 31)


_CODERS: Final = {"zstd": _zstd, "gzip": _gzip}


def compress(coding: str, chunks: Iterable[bytes]) -> tuple[IO[bytes], int]:
    """Compressed bytes, in a file above `MAX_MEMORY_BYTES`, and their number.

    >>> compress("gzip", [b"text"])[1] > 0
    True
    """
    coder = _CODERS[coding]()
    compressed = tempfile.SpooledTemporaryFile(MAX_MEMORY_BYTES)  # noqa: SIM115  # lives as long as the answer
    for chunk in chunks:
        compressed.write(coder.compress(chunk))
    compressed.write(coder.flush())
    size = compressed.tell()
    compressed.seek(0)
    return compressed, size
