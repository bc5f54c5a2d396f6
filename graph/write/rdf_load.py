"""Load of RDF files into the atlas: any syntax that pyoxigraph reads, gzipped or not, all files or none."""

from __future__ import annotations

import gzip
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from io import BufferedReader
from pathlib import Path
from typing import IO, Final, cast

import pyoxigraph as ox

from graph.errors import BadData, InputError, UnreadableFile
from graph.storage.snapshot import DEFAULT, node
from graph.write.rdf_parse import READ_ERRORS, STANDARD, ParsedText, ParseLimits, skip_byte_order_mark
from graph.write.syntax_fault import RdfFault
from graph.write.writer import Changes, Progress, Session, no_progress

__all__ = ["SUFFIXES", "Loaded", "format_of", "load"]

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

_MAX_LISTED_ENTITIES: Final = 50_000
"""After a load that touches more entities, all index entries are compared."""

_MAX_UNPACKING: Final = 100
"""Times its own length to which a gzipped file may unpack, above what any file may: RDF packs to a tenth or so."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """Effect of a load. `added`: new quads; `empty`: the files without a statement."""

    added: int
    empty: tuple[Path, ...] = ()


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


def load(
    session: Session,
    files: Sequence[Path],
    *,
    graph: str | None = None,
    limits: ParseLimits = STANDARD,
    progress: Progress = no_progress,
) -> Loaded:
    """Load all the files in one generation, or none of them. Call it in a sandboxed process for files of others.

    The first load makes the atlas where there is none. Raises BadData (with the line) for a file that does not parse,
    UnreadableFile for one that cannot be read, InputError for a graph that is no IRI, InputTooLarge for a term or an
    expansion past the limits.

    >>> from graph.storage.generations import Home
    >>> from graph.write.writer import NoIndex, Writer
    >>> _ = (folder / "a.ttl").write_text('<urn:a> <http://www.w3.org/2000/01/rdf-schema#label> "An A" .')
    >>> with Writer(Home(folder / "loaded"), NoIndex()).session() as session:
    ...     load(session, [folder / "a.ttl"]).added
    1
    """
    target = None
    if graph is not None:
        target = node(graph)
        if target is None:
            raise InputError(f"{graph[:100]!r} is not an IRI.", "Give a full one, such as https://example.org/graph.")
    formats = [format_of(path) for path in files]
    loaded = Loaded(0)

    def work(store: ox.Store) -> Changes:
        nonlocal loaded
        before, entities, empty, large = len(store), _Entities(), list[Path](), False
        for number, (path, rdf_format) in enumerate(zip(files, formats, strict=True)):
            progress(path.name, number, len(files))
            if target is not None and rdf_format in _DATASETS:
                raise BadData(f"{path.name} names graphs of its own.", "Load it without --graph.")
            text = _load_one(store, path, rdf_format, target=target, entities=entities, limits=limits)
            large = large or text.holds_large_terms
            if not text.count:
                empty.append(path)
        progress("publishing", len(files), len(files))
        loaded = Loaded(len(store) - before, tuple(empty))
        return entities.changes(compact=large) if loaded.added else Changes()

    session.change(work, progress=progress)
    return loaded


class _Entities:
    """The entities of the default graph that a load touches."""

    def __init__(self) -> None:
        self._iris: set[str] = set()

    def noted(self, quads: Iterator[ox.Quad]) -> Iterator[ox.Quad]:
        """The quads, each noted as it passes."""
        for quad in quads:
            if len(self._iris) <= _MAX_LISTED_ENTITIES and quad.graph_name == DEFAULT:
                self._iris.update(end.value for end in (quad.subject, quad.object) if isinstance(end, ox.NamedNode))
            yield quad

    def changes(self, *, compact: bool) -> Changes:
        """The index entries that are stale now."""
        if len(self._iris) > _MAX_LISTED_ENTITIES:
            return Changes(everything=True, compact=compact)
        return Changes(entities=frozenset(self._iris), notes={"last_change": "load"}, compact=compact)


@contextmanager
def _opened(path: Path) -> Iterator[IO[bytes]]:
    """The file without gzip and byte order mark."""
    with ExitStack() as stack:
        source: BufferedReader | gzip.GzipFile = stack.enter_context(open(path, "rb"))
        if path.suffix.lower() == ".gz":
            source = stack.enter_context(gzip.GzipFile(fileobj=source))
        skip_byte_order_mark(source)
        yield cast("IO[bytes]", source)


def _load_one(
    store: ox.Store,
    path: Path,
    rdf_format: ox.RdfFormat,
    *,
    target: ox.NamedNode | None,
    entities: _Entities,
    limits: ParseLimits,
) -> ParsedText:
    """Load one file; its text, which has counted what it holds."""
    try:
        size = path.stat().st_size
        limits = replace(limits, unpacked_bytes=limits.unpacked_bytes + size * _MAX_UNPACKING)
        with _opened(path) as source:
            text = ParsedText(source, rdf_format, base=path.resolve().as_uri(), name=path.name, limits=limits)
            quads = iter(text) if target is None else text.into(target, "Load it without --graph.")
            store.bulk_extend(entities.noted(quads))
            return text
    except RdfFault as error:
        raise _bad_data(error, path) from error
    except READ_ERRORS as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UnreadableFile(
            f"{path} cannot be read ({reason}).", "Check the file; nothing was loaded.", path=path
        ) from error


def _bad_data(error: RdfFault, path: Path) -> BadData:
    if error.is_empty:
        return BadData("The file is empty: it holds no statements.", "Nothing was loaded.", path=path)
    remedy = "Name the file by its syntax; nothing was loaded." if error.remark else "Correct it; nothing was loaded."
    return BadData(f"This {error.fault}.{error.remark}", remedy, path=path, line=error.line)
