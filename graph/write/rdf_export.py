"""Export of the atlas, or of one of its graphs, to a file: streamed, so that memory does not grow with the graph.

Canonical N-Quads (N-Triples for one graph) have one sorted line for each quad and canonical names for blank nodes
(RDFC-1.0, https://www.w3.org/TR/rdf-canon/), so that equal datasets give equal bytes. Other formats follow the store's
order, which is the same for the same generation.
"""

from __future__ import annotations

import gzip
import heapq
import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import islice
from pathlib import Path
from typing import IO, Final, cast

import pyoxigraph as ox

from graph import serialisation
from graph.errors import InputError, UnknownGraph, UnreadableFile
from graph.storage.snapshot import DEFAULT, node
from graph.vocabulary import PREFIXES

__all__ = ["CANONICAL", "FORMATS", "export", "format_for", "opened"]

CANONICAL: Final = "canonical"
FORMATS: Final[dict[str, ox.RdfFormat]] = {
    "nquads": ox.RdfFormat.N_QUADS,
    "trig": ox.RdfFormat.TRIG,
    "turtle": ox.RdfFormat.TURTLE,
    "ntriples": ox.RdfFormat.N_TRIPLES,
    "rdfxml": ox.RdfFormat.RDF_XML,
    "jsonld": ox.RdfFormat.JSON_LD,
    CANONICAL: ox.RdfFormat.N_QUADS,
}
_ENDINGS: Final = {".nq": "nquads", ".trig": "trig", ".ttl": "turtle", ".nt": "ntriples", ".rdf": "rdfxml",
                   ".jsonld": "jsonld"}  # fmt: skip
_WHOLE: Final = ("nquads", "trig", "jsonld", CANONICAL)
_PREFIXED: Final = ("turtle", "trig", "rdfxml")
_NARROW: Final = ("rdfxml", "jsonld")
"""Formats that cannot hold every term."""

MAX_LINES_IN_MEMORY: Final = 500_000


def format_for(name: str | None, output: Path | None, one_graph: bool) -> str:
    """Name of the format to export in: `name`, else that of the file's ending, else N-Quads (N-Triples for one graph).

    Raises InputError for an unknown format, and for one that cannot hold several graphs.

    >>> format_for(None, Path("atlas.ttl.gz"), one_graph=True)
    'turtle'
    """
    if name is None and output is not None:
        stem = output.name.removesuffix(".gz")
        name = _ENDINGS.get(Path(stem).suffix.lower())
    name = name or ("ntriples" if one_graph else "nquads")
    if name not in FORMATS:
        raise InputError(f"{name[:40]!r} is no format to export in.", f"Use one of: {', '.join(FORMATS)}.")
    if not one_graph and name not in _WHOLE:
        raise InputError(
            f"{name} holds one graph, and an atlas has many.", f"Add --graph, or use one of: {', '.join(_WHOLE)}."
        )
    return name


def export(
    store: ox.Store, output: IO[bytes], name: str, graph: str | None = None, *, at_once: int = MAX_LINES_IN_MEMORY
) -> None:
    """Write the whole dataset, or one graph: its IRI, or "default". `name` is one of `FORMATS`.

    `at_once`: lines of about 200 bytes that are sorted in memory. Raises UnknownGraph, and UnwritableTerm for a
    term that the format cannot hold.

    >>> import io
    >>> output = io.BytesIO()
    >>> export(snapshot.store, output, "canonical", "default")
    >>> output.getvalue().decode().splitlines()[0]
    '<https://example.org/blog> <http://purl.org/dc/terms/title> "Source blog" .'
    """
    target = _target(store, graph) if graph is not None else None
    if name == CANONICAL:
        for line in _canonical(store, target, at_once):
            output.write(line)
    else:
        prefixes = PREFIXES if name in _PREFIXED else None
        if name in _NARROW:
            serialisation.write(_statements(store, target), output, FORMATS[name], prefixes=prefixes)
        else:
            store.dump(output, FORMATS[name], from_graph=target, prefixes=prefixes)


@contextmanager
def opened(output: Path) -> Iterator[IO[bytes]]:
    """Open a file for writing, gzipped where its name ends in .gz. It gets its name when all is written.

    Raises UnreadableFile where it cannot be written.

    >>> with opened(folder / "atlas.nq") as file:
    ...     _ = file.write(b"...")
    >>> (folder / "atlas.nq").exists()
    True
    """
    part = output.with_name(f"{output.name}.{os.getpid()}.part")
    try:
        with ExitStack() as stack:
            raw: IO[bytes] = stack.enter_context(open(part, "wb"))
            if output.suffix == ".gz":
                # No name and no time in it: the same export gives the same bytes.
                packed = gzip.GzipFile(filename="", mode="wb", fileobj=raw, compresslevel=6, mtime=0)
                yield cast("IO[bytes]", stack.enter_context(packed))
            else:
                yield raw
        part.replace(output)
    except OSError as error:
        raise UnreadableFile(
            f"{output} cannot be written ({error.strerror or error}).", "Choose another place.", path=output
        ) from error
    finally:
        part.unlink(missing_ok=True)


def _target(store: ox.Store, graph: str) -> ox.NamedNode | ox.DefaultGraph:
    if graph == "default":
        return DEFAULT
    target = node(graph)
    if target is None or not store.contains_named_graph(target):
        raise UnknownGraph(f"There is no graph <{graph[:200]}>.", "Name one by its IRI, or say default.")
    return target


def _statements(store: ox.Store, target: ox.NamedNode | ox.DefaultGraph | None) -> Iterator[ox.Quad]:
    """The quads of the store, or those of one graph as quads of the default graph."""
    for quad in store.quads_for_pattern(None, None, None, target):
        yield quad if target is None else ox.Quad(quad.subject, quad.predicate, quad.object)


def _canonical(store: ox.Store, target: ox.NamedNode | ox.DefaultGraph | None, at_once: int) -> Iterator[bytes]:
    """Distinct lines in code-point order; more than fit into memory are sorted in parts and merged."""
    with ExitStack() as stack:
        raw = stack.enter_context(tempfile.TemporaryFile())
        store.dump(raw, ox.RdfFormat.N_QUADS if target is None else ox.RdfFormat.N_TRIPLES, from_graph=target)
        lines = _relabelled(raw)
        parts: list[Iterator[bytes]] = []
        while part := sorted(set(islice(lines, at_once))):
            if len(part) < at_once and not parts:
                yield from part
                return
            file = stack.enter_context(tempfile.TemporaryFile())
            file.writelines(part)
            file.seek(0)
            parts.append(iter(file))
        previous = b""
        for line in heapq.merge(*parts):
            if line != previous:
                yield line
            previous = line


def _relabelled(raw: IO[bytes]) -> Iterator[bytes]:
    """The lines; where there may be blank nodes, with canonical names, which needs the dataset in memory."""
    raw.seek(0)
    has_blank_nodes = any(line.startswith(b"_:") or b"> _:" in line for line in raw)
    raw.seek(0)
    if not has_blank_nodes:
        yield from raw
        return
    dataset = ox.Dataset(ox.parse(raw, ox.RdfFormat.N_QUADS))
    dataset.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
    for quad in dataset:
        yield f"{quad} .\n".encode()
