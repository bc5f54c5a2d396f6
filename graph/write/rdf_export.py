"""Writing the atlas, or one of its graphs, to a file: streamed, so that memory does not grow with the graph.

Canonical N-Quads (N-Triples for one graph) are one sorted line a quad with canonical names for blank nodes
(RDFC-1.0, https://www.w3.org/TR/rdf-canon/), so that equal datasets give equal bytes. Other formats come in the
store's order, which is the same for the same generation.
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
_SORTED_AT_ONCE: Final = 500_000


def format_for(name: str | None, output: Path | None, one_graph: bool) -> str:
    """The format asked for, else that of the file's ending, else N-Quads (N-Triples for one graph).

    Raises InputError for one that is not known, or that cannot hold several graphs.
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
    store: ox.Store, output: IO[bytes], name: str, graph: str | None = None, *, at_once: int = _SORTED_AT_ONCE
) -> None:
    """Write the whole dataset, or one graph: its IRI, or "default". `name` as `format_for` gives it.

    `at_once`: lines that are sorted in memory, 200 bytes each. Raises UnknownGraph.
    """
    target = _target(store, graph) if graph is not None else None
    if name == CANONICAL:
        for line in _canonical(store, target, at_once):
            output.write(line)
    else:
        prefixes = PREFIXES if name in _PREFIXED else None
        store.dump(output, FORMATS[name], from_graph=target, prefixes=prefixes)


@contextmanager
def opened(output: Path) -> Iterator[IO[bytes]]:
    """The file to write to, gzipped where its name says so; it appears under its name when all is written.

    Raises UnreadableFile where it cannot be written.
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
    found = node(graph)
    if found is None or not store.contains_named_graph(found):
        raise UnknownGraph(f"There is no graph <{graph[:200]}>.", "Name one by its IRI, or say default.")
    return found


def _canonical(store: ox.Store, target: ox.NamedNode | ox.DefaultGraph | None, at_once: int) -> Iterator[bytes]:
    """Lines in code-point order, each once; what does not fit into memory is sorted in pieces and merged."""
    with ExitStack() as stack:
        raw = stack.enter_context(tempfile.TemporaryFile())
        store.dump(raw, ox.RdfFormat.N_QUADS if target is None else ox.RdfFormat.N_TRIPLES, from_graph=target)
        lines = _relabelled(raw)
        pieces: list[Iterator[bytes]] = []
        while piece := sorted(set(islice(lines, at_once))):
            if len(piece) < at_once and not pieces:
                yield from piece
                return
            file = stack.enter_context(tempfile.TemporaryFile())
            file.writelines(piece)
            file.seek(0)
            pieces.append(iter(file))
        last = b""
        for line in heapq.merge(*pieces):
            if line != last:
                yield line
            last = line


def _relabelled(raw: IO[bytes]) -> Iterator[bytes]:
    """The lines; where there may be blank nodes, with canonical names, for which the dataset has to be in memory."""
    raw.seek(0)
    blank = any(line.startswith(b"_:") or b"> _:" in line for line in raw)
    raw.seek(0)
    if not blank:
        yield from raw
        return
    held = ox.Dataset(ox.parse(raw, ox.RdfFormat.N_QUADS))
    held.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
    for quad in held:
        yield f"{quad} .\n".encode()
