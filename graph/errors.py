"""Every error that Creative Atlas raises on purpose, as one tree.

    AtlasError                     message says what went wrong; remedy says what to do
    ├── HomeError                  the atlas directory cannot be used
    │   ├── NotAnAtlas             a directory that holds something else, or nothing
    │   ├── NewerFormat            written by a later version of the software
    │   └── HomeLocked             another process is writing; carries `pid` and `retry_after` (seconds)
    ├── InputError                 what the user gave cannot be taken in; nothing was changed
    │   ├── UnreadableFile         missing, empty, binary, wrongly encoded, too large; carries `path`
    │   ├── BadData                a data file that does not parse or validate; carries `path`, `line`
    │   ├── UnknownEntity          no such IRI or name; carries `nearest`
    │   ├── UnknownGraph           no named graph of this IRI
    │   ├── ClaimsHeld             a write from outside that would tear facts from the claims they rest on
    │   ├── GraphChanged           a condition of a write (If-Match …) that does not hold
    │   └── InputTooLarge          an upload that passes a cap, as sent or unpacked
    ├── QueryError                 a SPARQL request that was not answered
    │   ├── QuerySyntax            carries `line` and `column`, both from 1
    │   ├── QueryRefused           a construct that is never run (SERVICE, LOAD, too deep …)
    │   ├── QueryTooLarge          the text or the result passes a cap
    │   ├── QueryTimeout           carries `seconds`
    │   ├── QueryMemory            the worker's memory cap
    │   ├── QueryCancelled         cancelled by its owner
    │   ├── QueryFailed            ours to answer for: a process ended unexpectedly, a disk could not be read
    │   └── Overloaded             no worker free in time; carries `retry_after` (seconds)
    │       └── ClientOverloaded   one client has as many queries under way as it may have
    ├── IndexUnusable              the search index is missing, damaged or of another encoder
    └── EncoderUnavailable         the language model is not on this machine, or what runs it is not

The class attribute `slug` names the problem in RFC 9457 `type` URIs and `status` is its HTTP status.
"""

from __future__ import annotations

from pathlib import Path

__all__ = [
    "AtlasError",
    "BadData",
    "ClaimsHeld",
    "ClientOverloaded",
    "EncoderUnavailable",
    "GraphChanged",
    "HomeError",
    "HomeLocked",
    "IndexUnusable",
    "InputError",
    "InputTooLarge",
    "NewerFormat",
    "NotAnAtlas",
    "Overloaded",
    "QueryCancelled",
    "QueryError",
    "QueryFailed",
    "QueryMemory",
    "QueryRefused",
    "QuerySyntax",
    "QueryTimeout",
    "QueryTooLarge",
    "UnknownEntity",
    "UnknownGraph",
    "UnreadableFile",
]


class AtlasError(Exception):
    """`str(error)` is one sentence; `remedy` is what the reader can do about it (may be empty)."""

    slug = "error"
    title = "Something went wrong"
    status = 500

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message} {self.remedy}".strip()


class HomeError(AtlasError):
    slug, title, status = "home", "The atlas cannot be used", 503


class NotAnAtlas(HomeError):
    slug, title = "not-an-atlas", "Not an atlas"


class NewerFormat(HomeError):
    slug, title = "newer-format", "Atlas of a newer format"


class HomeLocked(HomeError):
    slug, title = "locked", "Another write is in progress"

    def __init__(self, message: str, remedy: str = "", *, pid: int | None = None, retry_after: int = 5) -> None:
        super().__init__(message, remedy)
        self.pid = pid
        self.retry_after = retry_after


class InputError(AtlasError):
    slug, title, status = "input", "The input cannot be used", 400


class UnreadableFile(InputError):
    slug, title = "unreadable-file", "Unreadable file"

    def __init__(self, message: str, remedy: str = "", *, path: Path | None = None) -> None:
        super().__init__(message, remedy)
        self.path = path


class BadData(InputError):
    slug, title = "bad-data", "Bad data"

    def __init__(self, message: str, remedy: str = "", *, path: Path | None = None, line: int | None = None) -> None:
        where = f"{path}{f', line {line}' if line else ''}: " if path else ""
        super().__init__(where + message, remedy)
        self.path = path
        self.line = line


class UnknownEntity(InputError):
    slug, title, status = "unknown-entity", "Unknown entity", 404

    def __init__(self, message: str, remedy: str = "", *, nearest: tuple[tuple[str, str], ...] = ()) -> None:
        super().__init__(message, remedy)
        self.nearest = nearest
        """(iri, label) pairs, best first."""


class UnknownGraph(InputError):
    slug, title, status = "unknown-graph", "Unknown graph", 404


class ClaimsHeld(InputError):
    slug, title, status = "claims-held", "This graph rests on claims", 409


class GraphChanged(InputError):
    slug, title, status = "precondition-failed", "The graph is not what the request says", 412


class InputTooLarge(InputError):
    slug, title, status = "input-too-large", "Too large", 413


class QueryError(AtlasError):
    slug, title, status = "query", "The query was not answered", 400


class QuerySyntax(QueryError):
    slug, title = "query-syntax", "Syntax error in the query"

    def __init__(self, message: str, remedy: str = "", *, line: int = 1, column: int = 1) -> None:
        super().__init__(message, remedy)
        self.line = line
        self.column = column


class QueryRefused(QueryError):
    slug, title = "refused", "Refused"


class QueryTooLarge(QueryError):
    slug, title, status = "too-large", "Too large", 413


class QueryTimeout(QueryError):
    slug, title, status = "query-timeout", "The query ran out of time", 503

    def __init__(self, message: str, remedy: str = "", *, seconds: float = 0.0) -> None:
        super().__init__(message, remedy)
        self.seconds = seconds


class QueryMemory(QueryError):
    slug, title, status = "query-memory", "The query ran out of memory", 503


class QueryCancelled(QueryError):
    slug, title, status = "cancelled", "The query was cancelled", 503


class QueryFailed(QueryError):
    slug, title, status = "query-failed", "The query could not be carried out", 503


class Overloaded(QueryError):
    slug, title, status = "overload", "Too many queries at once", 503

    def __init__(self, message: str, remedy: str = "", *, retry_after: int = 1) -> None:
        super().__init__(message, remedy)
        self.retry_after = retry_after


class ClientOverloaded(Overloaded):
    """One client has as many queries running or waiting as one client may have."""

    status = 429


class IndexUnusable(AtlasError):
    slug, title, status = "index", "The search index cannot be used", 503


class EncoderUnavailable(AtlasError):
    slug, title, status = "encoder", "The language model is not available", 503
