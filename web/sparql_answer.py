"""A result as an HTTP answer: its headers, and its body as it is or compressed.

Answers are complete before the first byte is sent, with their length. A result is compressed where the client takes
gzip or zstd (RFC 9110 §12.5.3, RFC 8878) and it pays: over a packet or two, and up to a size that takes a moment only.
"""

from __future__ import annotations

import tempfile
import zlib
from collections.abc import Iterable, Iterator
from typing import IO, Final, Protocol

from flask import Response
from werkzeug.datastructures import Accept

from graph.sparql.asked import Asked
from graph.sparql.cache import CachedResult
from graph.sparql.formats import Format
from graph.sparql.result import QueryResult
from web.security import FIXED

__all__ = ["COMPRESSED_FROM", "EXPOSED", "encoding_for", "head_of", "headers_of", "respond"]

COMPRESSED_FROM: Final = 2_048
_COMPRESSED_TO: Final = 64 << 20
_IN_MEMORY: Final = 1 << 20
_CHUNK: Final = 1 << 17

EXPOSED: Final = "ETag, Retry-After, Server-Timing, X-Row-Count, X-Generation"

_LINE: Final = "\r\n"

_SAME_FOR_ALL: Final = (
    ("Vary", "Accept, Accept-Encoding"),
    ("Access-Control-Allow-Origin", "*"),
    ("Access-Control-Expose-Headers", EXPOSED),
    ("Cross-Origin-Resource-Policy", "cross-origin"),
    # Data, never a page: nothing in it may run, whatever a browser takes it for.
    ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
    *((name, value) for name, value in FIXED.items() if name != "Cross-Origin-Resource-Policy"),
)


def headers_of(result: QueryResult, chosen: Format, content_type: str) -> list[tuple[str, str]]:
    """All headers of an uncompressed answer. A result may be kept, and is to be checked before it is used again: the
    atlas may have changed."""
    headers = [
        ("Content-Length", str(result.size)),
        ("Content-Type", content_type),
        ("Content-Disposition", f'inline; filename="query.{chosen.extension}"'),
        ("X-Row-Count", str(result.rows)),
        ("X-Generation", result.generation.name),
        ("Server-Timing", f"{'cache' if result.cached else 'query'};dur={result.ms:.1f}"),
        ("Cache-Control", "no-cache" if result.etag is not None else "no-store"),
        *_SAME_FOR_ALL,
    ]
    if result.etag is not None:
        headers.append(("ETag", result.etag))
    return headers


_FIXED_LINES: Final = "".join(f"{name.lower()}: {value}\r\n" for name, value in _SAME_FOR_ALL)


def head_of(asked: Asked, content_type: str, kept: CachedResult, *, cached: bool) -> bytes:
    """The same as `headers_of`, in the form in which they are sent, with the status before them."""
    terms, tag = asked.terms, asked.tag
    return (
        f"HTTP/1.1 200 OK\r\ncontent-length: {len(kept.body)}\r\ncontent-type: {content_type}\r\n"
        f'content-disposition: inline; filename="query.{terms.wanted.extension}"\r\n'
        f"x-row-count: {kept.rows}\r\nx-generation: {terms.name}\r\n"
        f"server-timing: {'cache' if cached else 'query'};dur={kept.ms:.1f}\r\n"
        f"{'cache-control: no-store' if tag is None else f'cache-control: no-cache{_LINE}etag: {tag}'}\r\n"
        f"{_FIXED_LINES}"
    ).encode("latin-1")


def respond(result: QueryResult, chosen: Format, content_type: str, accepted: Accept) -> Response:
    """The answer; a spool file is freed when it has been sent, or the client is gone."""
    headers = dict(headers_of(result, chosen, content_type))
    coding = encoding_for(accepted) if COMPRESSED_FROM <= result.size <= _COMPRESSED_TO else None
    if coding is None:
        response = Response(_until_sent(result) if result.spooled else result.read(), headers=headers)
        response.call_on_close(result.close)
        return response
    # The bytes are not those of the entity tag: it becomes a weak one (RFC 9110 §8.8.3.3).
    if "ETag" in headers:
        headers["ETag"] = "W/" + headers["ETag"]
    with result:
        packed, size = _packed(_CODERS[coding](), result.chunks())
    headers |= {"Content-Length": str(size), "Content-Encoding": coding}
    if size <= _IN_MEMORY:
        with packed:
            return Response(packed.read(), headers=headers)
    response = Response(_parts(packed), headers=headers)
    response.call_on_close(packed.close)
    return response


def encoding_for(accepted: Accept) -> str | None:
    """zstd or gzip, whichever the client would rather have (zstd where it does not say); None for neither."""
    quality = {name: accepted.quality(name) for name in ("zstd", "gzip")}
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


def _packed(coder: _Coder, chunks: Iterable[bytes]) -> tuple[IO[bytes], int]:
    """The compressed bytes, in a file once they are many, and how many they are."""
    packed = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115  # lives as long as the answer
    for chunk in chunks:
        packed.write(coder.compress(chunk))
    packed.write(coder.flush())
    size = packed.tell()
    packed.seek(0)
    return packed, size


def _parts(packed: IO[bytes]) -> Iterator[bytes]:
    with packed:
        while part := packed.read(_CHUNK):
            yield part


def _until_sent(result: QueryResult) -> Iterator[bytes]:
    with result:
        yield from result.chunks()
