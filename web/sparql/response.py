"""A result as an HTTP answer: its headers, and its body as it is or compressed.

Answers are complete before the first byte is sent, with their length. A result is compressed where the client takes
gzip or zstd (RFC 9110 §12.5.3, RFC 8878) and it pays: over a packet or two, and up to a size that takes a moment only.

What a request carries from the short way to the application: the query was run already.
"""

from __future__ import annotations

import json
import tempfile
import zlib
from collections.abc import Iterable, Iterator
from http import HTTPStatus
from typing import IO, Final, Protocol

from flask import Response
from werkzeug.datastructures import Accept

from graph.errors import AtlasError, Overloaded
from graph.sparql.formats import Format
from graph.sparql.pool.cache import CachedResult
from graph.sparql.pool.request import QueryRequest
from graph.sparql.result import QueryResult
from web.http.problems import members
from web.http.security_headers import DATA_POLICY, FIXED

__all__ = [
    "CODINGS",
    "COMPRESSED_FROM",
    "EXPOSED",
    "OUTCOME",
    "encoding_for",
    "entity_tag",
    "failed",
    "head_of",
    "respond",
]


CODINGS: Final = ("zstd", "gzip")
COMPRESSED_FROM: Final = 2_048
_COMPRESSED_TO: Final = 64 << 20
_IN_MEMORY: Final = 1 << 20
_CHUNK: Final = 1 << 17

EXPOSED: Final = "ETag, Retry-After, Server-Timing, X-Row-Count, X-Generation"


_OPEN: Final = {
    **FIXED,
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": EXPOSED,
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Content-Security-Policy": DATA_POLICY,
}
_FOR_ALL: Final = "".join(f"{name.lower()}: {value}\r\n" for name, value in _OPEN.items())


def _lines(
    tag: str | None,
    wanted: Format,
    generation: str,
    content_type: str,
    size: int,
    rows: int,
    ms: float,
    *,
    cached: bool,
) -> str:
    """All headers of an uncompressed answer, as they are sent. A result may be kept, and is to be checked before it is
    used again: the atlas may have changed."""
    kept = "cache-control: no-store" if tag is None else f"cache-control: no-cache\r\netag: {tag}"
    return (
        f"content-length: {size}\r\ncontent-type: {content_type}\r\n"
        f'content-disposition: inline; filename="query.{wanted.extension}"\r\n'
        f"x-row-count: {rows}\r\nx-generation: {generation}\r\n"
        f"server-timing: {'cache' if cached else 'query'};dur={ms:.1f}\r\n"
        f"{kept}\r\nvary: Accept, Accept-Encoding\r\n{_FOR_ALL}"
    )


def entity_tag(fingerprint: str | None, *, ordered: bool) -> str | None:
    """The entity tag (RFC 9110 §8.8.3) of a result: a weak one where its rows may come in another order."""
    return None if fingerprint is None else f'{"" if ordered else "W/"}"{fingerprint}"'


def head_of(asked: QueryRequest, content_type: str, kept: CachedResult, *, cached: bool) -> bytes:
    """The status and the headers of an uncompressed answer that is in memory."""
    context = asked.context
    tag = entity_tag(asked.fingerprint, ordered=asked.ordered)
    lines = _lines(tag, context.format, context.name, content_type, len(kept.body), kept.rows, kept.ms, cached=cached)
    return f"HTTP/1.1 200 OK\r\n{lines}".encode("latin-1")


def failed(error: AtlasError) -> tuple[bytes, bytes]:
    """The head and the body of the answer to a query that failed, as the application would give it."""
    body = json.dumps(members(error), separators=(",", ":")).encode() + b"\n"
    again = f"retry-after: {error.retry_after}\r\n" if isinstance(error, Overloaded) else ""
    head = (
        f"HTTP/1.1 {error.status} {HTTPStatus(error.status).phrase}\r\ncontent-length: {len(body)}\r\n"
        f"content-type: application/problem+json\r\nvary: Accept\r\n{again}{_FOR_ALL}"
    )
    return head.encode("latin-1"), body


def respond(result: QueryResult, chosen: Format, content_type: str, accepted: Accept) -> Response:
    """The answer; a spool file is freed when it has been sent, or the client is gone."""
    tag = entity_tag(result.fingerprint, ordered=result.ordered)
    lines = _lines(
        tag, chosen, result.generation.name, content_type, result.size, result.rows, result.ms,
        cached=result.cached,
    )  # fmt: skip
    headers = dict(each.split(": ", 1) for each in lines.split("\r\n")[:-1])
    coding = encoding_for(accepted) if COMPRESSED_FROM <= result.size <= _COMPRESSED_TO else None
    if coding is None:
        response = Response(_until_sent(result) if result.spooled else result.read(), headers=headers)
        response.call_on_close(result.close)
        return response
    # The bytes are not those of the entity tag: it becomes a weak one (RFC 9110 §8.8.3.3).
    if "etag" in headers:
        headers["etag"] = "W/" + headers["etag"].removeprefix("W/")
    with result:
        packed, size = _packed(_CODERS[coding](), result.chunks())
    headers |= {"content-length": str(size), "content-encoding": coding}
    if size <= _IN_MEMORY:
        with packed:
            return Response(packed.read(), headers=headers)
    response = Response(_parts(packed), headers=headers)
    response.call_on_close(packed.close)
    return response


def encoding_for(accepted: Accept) -> str | None:
    """zstd or gzip, whichever the client would rather have (zstd where it does not say); None for neither."""
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


OUTCOME: Final = "creative_atlas.sparql_outcome"
"""The key of a request's environment under which the application finds the error or the result of the query."""
