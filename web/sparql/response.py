"""A SPARQL result as an HTTP answer: its headers, and its body as it is or compressed.

Answers are complete before the first byte is sent, with their length. A result is compressed where the client takes
gzip or zstd (RFC 9110 §12.5.3, RFC 8878) and it pays: over a packet or two, and up to a size that takes a moment only.
`result_headers` makes the headers for the fast path and for Flask.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO, Final

from flask import Response
from werkzeug.datastructures import Accept

from graph.errors import AtlasError
from graph.sparql.formats import Format
from graph.sparql.pool.request import QueryRequest
from graph.sparql.pool.result_cache import CachedResult
from graph.sparql.result import QueryResult
from web.http.cors import CLOSED, Cors
from web.http.problems import problem_answer
from web.http.rendered_answer import Answer, Headers, encode_headers
from web.http.security_headers import DATA_POLICY, FIXED
from web.sparql.compression import MAX_MEMORY_BYTES, compress, encoding_for

__all__ = [
    "EXPOSED", "MIN_COMPRESSED_BYTES", "OUTCOME", "cached_answer", "error_answer",
    "respond", "shared_headers",
]  # fmt: skip

MIN_COMPRESSED_BYTES: Final = 2_048
_MAX_COMPRESSED_BYTES: Final = 64 << 20
_CHUNK_BYTES: Final = 1 << 17

EXPOSED: Final = "ETag, Retry-After, Server-Timing, X-Atlas-Warning, X-Row-Count, X-Generation"

OUTCOME: Final = "creative_atlas.sparql_outcome"
"""The key of a request's environment under which the fast path passes the result of a query to Flask."""

_NOT_KEPT: Final = encode_headers(("Cache-Control", "no-store"))
_REVALIDATED: Final = encode_headers(("Cache-Control", "no-cache"))
_VARY_ALL: Final = encode_headers(("Vary", "Accept, Accept-Encoding"))
_VARY_ACCEPT: Final = encode_headers(("Vary", "Accept"))


def shared_headers(cors: Cors) -> Headers:
    """The headers of every SPARQL answer: security, and who may read it."""
    return encode_headers(*(FIXED | cors.fields(EXPOSED) | {"Content-Security-Policy": DATA_POLICY}).items())


_CLOSED_HEADERS: Final = shared_headers(CLOSED)


def entity_tag(fingerprint: str | None, *, ordered: bool) -> str | None:
    """The entity tag of a result (RFC 9110 §8.8.3), quotes included; None for a result that may vary.

    `ordered`: its rows always come in the same order. Without that the tag is a weak one.

    >>> entity_tag("5f3a", ordered=False)
    'W/"5f3a"'
    """
    return None if fingerprint is None else f'{"" if ordered else "W/"}"{fingerprint}"'


def result_headers(
    tag: str | None,
    wanted: Format,
    generation: str,
    *,
    content_type: str,
    size: int,
    rows: int,
    ms: float,
    cached: bool,
    warnings: tuple[str, ...] = (),
    shared: Headers = _CLOSED_HEADERS,
) -> Headers:
    """All headers of an uncompressed result. A client may keep it but has to revalidate: the atlas may change.

    `shared`: see `shared_headers`; by default no page of another site may read it.
    """
    timing = f"{'cache' if cached else 'query'};dur={ms:.1f}"
    freshness: Headers = _NOT_KEPT if tag is None else (*_REVALIDATED, (b"etag", tag.encode()))
    return (
        (b"content-length", str(size).encode()),
        (b"content-type", content_type.encode()),
        (b"content-disposition", f'inline; filename="query.{wanted.extension}"'.encode()),
        (b"x-row-count", str(rows).encode()),
        (b"x-generation", generation.encode()),
        (b"server-timing", timing.encode()),
        *freshness,
        *(((b"x-atlas-warning", " ".join(warnings).encode()),) if warnings else ()),
        *_VARY_ALL,
        *shared,
    )


def cached_answer(
    request: QueryRequest, content_type: str, result: CachedResult, *, cached: bool, shared: Headers
) -> Answer:
    """The uncompressed answer with a result that is in memory."""
    context = request.context
    tag = entity_tag(request.fingerprint, ordered=request.ordered)
    headers = result_headers(
        tag, context.format, context.name, content_type=content_type, size=len(result.body), rows=result.rows,
        ms=result.ms, cached=cached, warnings=request.guarded.warnings, shared=shared,
    )  # fmt: skip
    return Answer(200, headers, result.body)


def error_answer(error: AtlasError, shared: Headers) -> Answer:
    """The answer to a query that failed; whoever may read a result may read it."""
    answer = problem_answer(error)
    replaced = {name for name, _ in shared}
    own = tuple(field for field in answer.headers if field[0] not in replaced)
    return answer._replace(headers=(*own, *_VARY_ACCEPT, *shared))


def respond(result: QueryResult, chosen: Format, content_type: str, accepted: Accept) -> Response:
    """The answer; a spool file is freed when it has been sent, or the client is gone."""
    tag = entity_tag(result.fingerprint, ordered=result.ordered)
    encoded = result_headers(
        tag, chosen, result.generation.name, content_type=content_type, size=result.size, rows=result.rows,
        ms=result.ms, cached=result.cached, warnings=result.warnings,
    )  # fmt: skip
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in encoded}
    coding = encoding_for(accepted) if MIN_COMPRESSED_BYTES <= result.size <= _MAX_COMPRESSED_BYTES else None
    if coding is None:
        response = Response(_until_sent(result) if result.spooled else result.read(), headers=headers)
        response.call_on_close(result.close)
        return response
    # The bytes are not those of the entity tag: it becomes a weak one (RFC 9110 §8.8.3.3).
    if "etag" in headers:
        headers["etag"] = "W/" + headers["etag"].removeprefix("W/")
    with result:
        compressed, size = compress(coding, result.chunks())
    headers |= {"content-length": str(size), "content-encoding": coding}
    if size <= MAX_MEMORY_BYTES:
        with compressed:
            return Response(compressed.read(), headers=headers)
    response = Response(_chunks_of(compressed), headers=headers)
    response.call_on_close(compressed.close)
    return response


def _chunks_of(compressed: IO[bytes]) -> Iterator[bytes]:
    with compressed:
        while chunk := compressed.read(_CHUNK_BYTES):
            yield chunk


def _until_sent(result: QueryResult) -> Iterator[bytes]:
    with result:
        yield from result.chunks()
