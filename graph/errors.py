"""Every error that Creative Atlas raises on purpose, as one tree.

    AtlasError                     message says what went wrong; remedy says what to do
    ├── HomeError                  the atlas directory cannot be used
    │   ├── NotAnAtlas             a directory that holds something else, or nothing
    │   ├── NewerFormat            written by a later version of the software
    │   ├── GraphDamaged           a file of the live graph does not hold what was written to it; carries `generation`
    │   ├── StorageFull            no room is left on the disk of the atlas
    │   └── HomeLocked             another process is writing; carries `pid` and `retry_after` (seconds)
    ├── InputError                 the input of a user cannot be used; nothing was changed
    │   ├── UnreadableFile         missing, empty, binary, wrongly encoded, too large; carries `path`
    │   ├── BadData                a data file that does not parse or validate; carries `path`, `line`
    │   ├── UnknownEntity          no such IRI or name; carries `nearest`
    │   ├── UnknownGraph           no named graph of this IRI
    │   ├── ClaimsHeld             a write that would separate facts from the claims that support them
    │   ├── GraphChanged           a condition of a write (If-Match …) that is not met
    │   └── InputTooLarge          an upload larger than a limit, as sent or unpacked
    ├── QueryError                 a SPARQL request that was not answered
    │   ├── QuerySyntax            carries `line` and `column`, both from 1
    │   ├── QueryRefused           a construct that is never run (SERVICE, LOAD, too deep …)
    │   ├── QueryTooLarge          the text or the result is larger than a limit
    │   ├── QueryTimeout           carries `seconds`
    │   ├── QueryMemory            the worker's memory limit
    │   ├── QueryCancelled         cancelled by its owner
    │   ├── QueryFailed            the service failed: a process ended unexpectedly, a disk could not be read
    │   └── Overloaded             no worker free in time; carries `retry_after` (seconds)
    │       └── ClientOverloaded   one client has too many queries under way
    ├── UnwritableTerm             a format cannot hold a term of the answer
    ├── IndexUnusable              the search index is missing, damaged or of another encoder
    │   └── IndexMissing           there is none: not built yet, or deleted
    └── EncoderUnavailable         the language model is not on this machine, or what runs it is not

The class attribute `title` is a heading for the class of error.
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
    "GraphDamaged",
    "HomeError",
    "HomeLocked",
    "IndexMissing",
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
    "StorageFull",
    "UnknownEntity",
    "UnknownGraph",
    "UnreadableFile",
    "UnwritableTerm",
]


class AtlasError(Exception):
    """Base class of the errors that are raised on purpose.

    `message` is one sentence; `remedy` says what the reader can do (may be empty); `str(error)` is both.

    >>> str(InputError("The file is empty.", "Choose another one."))
    'The file is empty. Choose another one.'
    """

    title = "Something went wrong"

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message} {self.remedy}".strip()


class HomeError(AtlasError):
    """The atlas directory cannot be used."""

    title = "The atlas cannot be used"


class NotAnAtlas(HomeError):
    """The directory holds something other than an atlas, or nothing."""

    title = "Not an atlas"


class NewerFormat(HomeError):
    """The atlas was written by a later version of the software."""

    title = "Atlas of a newer format"


class GraphDamaged(HomeError):
    """A file of a graph is missing or does not hold what was written to it. `generation`: its name, if known.

    `explained`: the remedy rests on a look at the other generations.
    """

    title = "The graph is damaged"

    def __init__(self, message: str, remedy: str = "", *, generation: str = "", explained: bool = False) -> None:
        super().__init__(message, remedy)
        self.generation = generation
        self.explained = explained


class StorageFull(HomeError):
    """No room is left on the disk of the atlas; what was to be written was not."""

    title = "The disk is full"


class HomeLocked(HomeError):
    """Another process is writing. `pid` is its process id if known; `retry_after` is in seconds."""

    title = "Another write is in progress"

    def __init__(self, message: str, remedy: str = "", *, pid: int | None = None, retry_after: int = 5) -> None:
        super().__init__(message, remedy)
        self.pid = pid
        self.retry_after = retry_after


class InputError(AtlasError):
    """The input of a user cannot be used; nothing was changed."""

    title = "The input cannot be used"


class UnreadableFile(InputError):
    """A file is missing, empty, binary, wrongly encoded or too large. `path` names it."""

    title = "Unreadable file"

    def __init__(self, message: str, remedy: str = "", *, path: Path | None = None) -> None:
        super().__init__(message, remedy)
        self.path = path


class BadData(InputError):
    """A data file does not parse or validate. `path` and `line` (from 1) say where."""

    title = "Bad data"

    def __init__(self, message: str, remedy: str = "", *, path: Path | None = None, line: int | None = None) -> None:
        where = f"{path}{f', line {line}' if line else ''}: " if path else ""
        super().__init__(where + message, remedy)
        self.path = path
        self.line = line


class UnknownEntity(InputError):
    """No entity has this IRI or name. `nearest` lists (IRI, label) pairs, best first."""

    title = "Unknown entity"

    def __init__(self, message: str, remedy: str = "", *, nearest: tuple[tuple[str, str], ...] = ()) -> None:
        super().__init__(message, remedy)
        self.nearest = nearest


class UnknownGraph(InputError):
    """No named graph has this IRI."""

    title = "Unknown graph"


class ClaimsHeld(InputError):
    """A write would separate facts from the claims that support them."""

    title = "This graph rests on claims"


class GraphChanged(InputError):
    """A condition of a write (If-Match …) is not met."""

    title = "The graph is not what the request says"


class InputTooLarge(InputError):
    """An upload is larger than a limit, as sent or unpacked."""

    title = "Too large"


class QueryError(AtlasError):
    """A SPARQL request was not answered."""

    title = "The query was not answered"


class QuerySyntax(QueryError):
    """The query does not parse. `line` and `column` count from 1."""

    title = "Syntax error in the query"

    def __init__(self, message: str, remedy: str = "", *, line: int = 1, column: int = 1) -> None:
        super().__init__(message, remedy)
        self.line = line
        self.column = column


class QueryRefused(QueryError):
    """The query has a construct that is never run (SERVICE, LOAD, too deep …)."""

    title = "Refused"


class QueryTooLarge(QueryError):
    """The query or its result is larger than a limit."""

    title = "Too large"


class QueryTimeout(QueryError):
    """The query took longer than it may. `seconds` is the limit."""

    title = "The query ran out of time"

    def __init__(self, message: str, remedy: str = "", *, seconds: float = 0.0) -> None:
        super().__init__(message, remedy)
        self.seconds = seconds


class QueryMemory(QueryError):
    """The query needed more memory than its worker may have."""

    title = "The query ran out of memory"


class QueryCancelled(QueryError):
    """The client or the end of the service cancelled the query."""

    title = "The query was cancelled"


class QueryFailed(QueryError):
    """The service failed: a process ended unexpectedly, or a disk could not be read."""

    title = "The query could not be carried out"


class Overloaded(QueryError):
    """No worker became free in time. `retry_after` is in seconds."""

    title = "Too many queries at once"

    def __init__(self, message: str, remedy: str = "", *, retry_after: int = 1) -> None:
        super().__init__(message, remedy)
        self.retry_after = retry_after


class ClientOverloaded(Overloaded):
    """One client has as many queries running or waiting as one client may have."""


class UnwritableTerm(AtlasError):
    """A format cannot hold a term of what it is to hold."""

    title = "This format cannot hold the answer"


class IndexUnusable(AtlasError):
    """The search index is missing, damaged or of another encoder."""

    title = "The search index cannot be used"


class IndexMissing(IndexUnusable):
    """There is no search index: it was not built yet, or was deleted."""


class EncoderUnavailable(AtlasError):
    """The language model, or the library that runs it, is not on this machine."""

    title = "The language model is not available"
