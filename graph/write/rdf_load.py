"""Load of RDF files into the atlas: any syntax that pyoxigraph reads, gzipped or not, all files or none."""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from io import BufferedReader
from pathlib import Path
from typing import IO, Final, cast

import pyoxigraph as ox

from graph.errors import BadData, InputError, UnreadableFile
from graph.storage.snapshot import DEFAULT, node
from graph.write.writer import Changes, Progress, Session, no_progress

__all__ = [
    "NAMING", "READ_ERRORS", "SUFFIXES", "format_of", "holds_statements", "into", "load", "looks_like",
    "skip_byte_order_mark", "syntax_fault",
]  # fmt: skip

SUFFIXES: Final = {
    ".ttl": ox.RdfFormat.TURTLE,
    ".nt": ox.RdfFormat.N_TRIPLES,
    ".nq": ox.RdfFormat.N_QUADS,
    ".trig": ox.RdfFormat.TRIG,
    ".n3": ox.RdfFormat.N3,
    ".rdf": ox.RdfFormat.RDF_XML,
    ".owl": ox.RdfFormat.RDF_XML,
    ".xml": ox.RdfFormat.RDF_XML,
    ".jsonld": ox.RdfFormat.JSON_LD,
}
_DATASETS: Final = (ox.RdfFormat.N_QUADS, ox.RdfFormat.TRIG)
NAMING: Final = (ox.RdfFormat.JSON_LD, ox.RdfFormat.N3)
"""Syntaxes made for one graph that can name others: `@graph` with an `@id`, formulas."""

MAX_REPARSED_BYTES: Final = 4 << 20
"""Files up to this size are parsed again for the entities that they name; after larger ones, all index entries are
compared."""

READ_ERRORS: Final = (OSError, EOFError, ValueError, zlib.error)
"""Errors that reading a file can raise, plain or gzipped."""

_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
_REMOTE_CONTEXT: Final = "remote contexts"
_CONTEXT: Final = re.compile(rb'"@context"\s*:\s*\[?\s*"([^"\s]{1,200})"')
_HEAD_BYTES: Final = 4096
_XML_START: Final = re.compile(rb"<\?xml|<!DOCTYPE|<!--|<[A-Za-z_][\w.-]*(?::[A-Za-z_][\w.-]*)?\s+xmlns")
_JSON_START: Final = re.compile(rb"\[\s*[\[{\]]|\{\s*[\"}]")
_TURTLE_START: Final = re.compile(
    rb"(?i)@?(?:prefix|base)\s|<[^\s<>]*>\s+(?:<|a\s|[\w-]*:)|_:\S+\s|(?-i:[A-Za-z][\w-]*)?:\S*\s+(?:a|\S*:)"
)
_LINE: Final = re.compile(r"line (\d+)")


def format_of(path: Path) -> ox.RdfFormat:
    """Syntax of a file, by its name's ending. Raises UnreadableFile for an ending of no RDF syntax.

    >>> format_of(Path("facts.ttl.gz")).name
    'Turtle'
    """
    suffixes = [suffix.lower() for suffix in path.suffixes]
    if suffixes and suffixes[-1] == ".gz":
        suffixes.pop()
    rdf_format = SUFFIXES.get(suffixes[-1] if suffixes else "")
    if rdf_format is None:
        raise UnreadableFile(
            f"{path.name} does not end like an RDF file.",
            f"Name it by its syntax: {', '.join(SUFFIXES)}, each with .gz if it is gzipped.",
            path=path,
        )
    return rdf_format


def load(session: Session, files: Sequence[Path], *, graph: str | None = None, progress: Progress = no_progress) -> int:
    """Load all the files in one generation, or none of them. Returns the number of new quads.

    The first load makes the atlas where there is none. Raises BadData (with the line) for a file that does not parse,
    UnreadableFile for one that cannot be read, InputError for a graph that is no IRI.

    >>> from graph.storage.generations import Home
    >>> from graph.write.writer import NoIndex, Writer
    >>> _ = (folder / "a.ttl").write_text('<urn:a> <http://www.w3.org/2000/01/rdf-schema#label> "An A" .')
    >>> with Writer(Home(folder / "loaded"), NoIndex()).session() as session:
    ...     load(session, [folder / "a.ttl"])
    1
    """
    target = None
    if graph is not None:
        target = node(graph)
        if target is None:
            raise InputError(f"{graph[:100]!r} is not an IRI.", "Give a full one, such as https://example.org/graph.")
    formats = [format_of(path) for path in files]
    added = 0

    def work(store: ox.Store) -> Changes:
        nonlocal added
        before = len(store)
        for number, (path, rdf_format) in enumerate(zip(files, formats, strict=True)):
            progress(path.name, number, len(files))
            if target is not None and rdf_format in _DATASETS:
                raise BadData(f"{path.name} names graphs of its own.", "Load it without --graph.")
            _load_one(store, path, rdf_format, target)
        added = len(store) - before
        return _changes(files, formats, target) if added else Changes()

    session.change(work, progress=progress)
    return added


def into(target: ox.NamedNode | ox.DefaultGraph, quads: Iterable[ox.Quad], name: str, remedy: str) -> Iterator[ox.Quad]:
    """Triples of one graph as quads of `target`. Raises BadData where one is in a graph that the source names.

    >>> quad = ox.Quad(ox.NamedNode("urn:a"), ox.NamedNode("urn:b"), ox.Literal("c"), DEFAULT)
    >>> [str(moved.graph_name) for moved in into(ox.NamedNode("urn:g"), [quad], "a.ttl", "")]
    ['<urn:g>']
    """
    for quad in quads:
        if quad.graph_name != DEFAULT:
            raise BadData(f"{name} names a graph of its own.", remedy)
        yield ox.Quad(quad.subject, quad.predicate, quad.object, target)


def skip_byte_order_mark(source: BufferedReader | gzip.GzipFile) -> None:
    """Move past a byte order mark, which editors on Windows write and no RDF syntax has."""
    if source.peek(len(_BYTE_ORDER_MARK)).startswith(_BYTE_ORDER_MARK):
        source.read(len(_BYTE_ORDER_MARK))


def syntax_fault(error: SyntaxError, head: bytes = b"") -> tuple[str, int | None]:
    """What is wrong with a text, to follow "this", and the line if it is known. `head`: the beginning of the text.

    >>> syntax_fault(SyntaxError("Parser error at line 3 column 5: no full stop"))
    ('does not parse (Parser error at line 3 column 5: no full stop)', 3)
    """
    if _REMOTE_CONTEXT in str(error):
        named = _CONTEXT.search(head)
        context = f" <{named[1].decode(errors='replace')}>" if named else ""
        return (
            f"names a JSON-LD context elsewhere{context}, which is never fetched: "
            "write the context itself into the text"
        ), None
    match = _LINE.search(str(error))
    return f"does not parse ({error.msg})", error.lineno or (int(match[1]) if match else None)


def looks_like(head: bytes, rdf_format: ox.RdfFormat) -> str:
    """The syntax that a text begins in, to end a sentence on a text that does not parse as `rdf_format`; may be empty.

    >>> looks_like(b"@prefix : <http://example.org/> .", ox.RdfFormat.RDF_XML)
    ' It looks like Turtle.'
    """
    head = re.sub(rb"\A(?:\s+|#[^\n]*\n)*", b"", head)
    formats: tuple[ox.RdfFormat, ...]
    if _XML_START.match(head):
        name, formats = "RDF/XML", (ox.RdfFormat.RDF_XML,)
    elif _JSON_START.match(head):
        name, formats = "JSON-LD", (ox.RdfFormat.JSON_LD,)
    elif _TURTLE_START.match(head):
        name = "Turtle"
        formats = tuple(form for form in SUFFIXES.values() if form not in (ox.RdfFormat.RDF_XML, ox.RdfFormat.JSON_LD))
    else:
        return ""
    return "" if rdf_format in formats else f" It looks like {name}."


def holds_statements(path: Path) -> bool:
    """Whether a file that was loaded holds a statement; reads up to the first one."""
    with _opened(path) as source:
        return next(iter(ox.parse(source, format_of(path), base_iri=path.resolve().as_uri())), None) is not None


@contextmanager
def _opened(path: Path) -> Iterator[IO[bytes]]:
    """The file without gzip and byte order mark."""
    with ExitStack() as stack:
        source: BufferedReader | gzip.GzipFile = stack.enter_context(open(path, "rb"))
        if path.suffix.lower() == ".gz":
            source = stack.enter_context(gzip.GzipFile(fileobj=source))
        skip_byte_order_mark(source)
        yield cast("IO[bytes]", source)


def _changes(files: Sequence[Path], formats: Sequence[ox.RdfFormat], target: ox.NamedNode | None) -> Changes:
    """Entities of the default graph that the files name; after large files, any may have changed."""
    if target is not None:
        return Changes(notes={"last_change": "load"})
    if sum(path.stat().st_size for path in files) > MAX_REPARSED_BYTES or any(path.suffix == ".gz" for path in files):
        return Changes(everything=True)
    entities: set[str] = set()
    for path, rdf_format in zip(files, formats, strict=True):
        with _opened(path) as source:
            for quad in ox.parse(source, rdf_format, base_iri=path.resolve().as_uri()):
                if quad.graph_name == DEFAULT:
                    entities.update(end.value for end in (quad.subject, quad.object) if isinstance(end, ox.NamedNode))
    return Changes(entities=frozenset(entities), notes={"last_change": "load"})


def _load_one(store: ox.Store, path: Path, rdf_format: ox.RdfFormat, target: ox.NamedNode | None) -> None:
    try:
        with _opened(path) as source:
            base = path.resolve().as_uri()
            if target is not None and rdf_format in NAMING:
                parsed = ox.parse(source, rdf_format, base_iri=base, rename_blank_nodes=True)
                store.bulk_extend(into(target, parsed, path.name, "Load it without --graph."))
            else:
                store.bulk_load(source, rdf_format, base_iri=base, to_graph=target)
    except SyntaxError as error:
        with _opened(path) as source:
            head = source.read(_HEAD_BYTES)
        if not head.strip():
            raise BadData("The file is empty: it holds no statements.", "Nothing was loaded.", path=path) from error
        fault, line = syntax_fault(error, head)
        if other := looks_like(head, rdf_format):
            raise BadData(
                f"This {fault}.{other}", "Name the file by its syntax; nothing was loaded.", path=path, line=line
            ) from error
        raise BadData(f"This {fault}.", "Correct the line; nothing was loaded.", path=path, line=line) from error
    except READ_ERRORS as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UnreadableFile(
            f"{path} cannot be read ({reason}).", "Check the file; nothing was loaded.", path=path
        ) from error
