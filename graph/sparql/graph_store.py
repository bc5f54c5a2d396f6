"""The operations of the SPARQL 1.1 Graph Store HTTP Protocol on a writable store: replace, merge, delete, patch.

They act on the plain dataset. A graph that holds claims, and the default graph of an atlas that holds any, cannot be
replaced or deleted here: the facts that rest on the claims would stay without ground, or lose their facts
(https://www.w3.org/TR/sparql11-http-rdf-update/).
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final, cast

import pyoxigraph as ox

from graph.claims.protection import refuse_claims
from graph.errors import BadData, InputTooLarge, QueryRefused, UnknownGraph, UnreadableFile
from graph.sparql.limits import Limits
from graph.sparql.update import apply_update, touched_by
from graph.storage.snapshot import DEFAULT
from graph.write.rdf_load import NAMING, into

__all__ = [
    "UNPACKED_BYTES",
    "Outcome",
    "Store",
    "Target",
    "Upload",
    "delete",
    "holds",
    "merge",
    "patch",
    "replace",
    "target_of",
]

Store = ox.Store
Target = ox.NamedNode | ox.DefaultGraph

UNPACKED_BYTES: Final = 1 << 30
"""A gzipped upload may unpack to this many bytes."""

_BULK_BYTES: Final = 8 << 20
"""From here on an upload is written past the transaction log, in bounded memory."""

_LINE: Final = re.compile(r"line (\d+)")


@dataclass(frozen=True, slots=True)
class Upload:
    """A file to read: `name` is what errors call it; where it is gzipped (`packed`), `limit` bytes are unpacked."""

    path: Path
    media_type: str
    name: str = "The body"
    packed: bool = False
    limit: int = UNPACKED_BYTES


@dataclass(frozen=True, slots=True)
class Outcome:
    """`created`: the graph was not there before. `touched`: entities of the default graph, None = any."""

    created: bool
    touched: frozenset[str] | None = frozenset()


def target_of(graph: str | None) -> Target:
    """The graph of this IRI, or the default graph.

    >>> target_of("http://example.org/g"), target_of(None)
    (<NamedNode value=http://example.org/g>, <DefaultGraph>)
    """
    return DEFAULT if graph is None else ox.NamedNode(graph)


def holds(store: ox.Store, target: Target) -> bool:
    """Whether there is such a graph; the default graph always is."""
    return target == DEFAULT or store.contains_named_graph(cast("ox.NamedNode", target))


def replace(store: ox.Store, target: Target, uploads: Sequence[Upload], base: str) -> Outcome:
    """PUT. Raises ClaimsHeld, and as `merge`."""
    refuse_claims(store, target, "replaced")
    created = not holds(store, target)
    old = _ends(store, target)
    store.clear_graph(target)
    merge(store, target, uploads, base, checked=True)
    return Outcome(created, _both(old, _ends(store, target)))


def merge(store: ox.Store, target: Target, uploads: Sequence[Upload], base: str, *, checked: bool = False) -> Outcome:
    """POST: add what the uploads hold; a blank node of theirs is never one that is here already.

    Raises BadData with the line, InputTooLarge, UnreadableFile, and ClaimsHeld for a source's graph.
    """
    if not checked and target != DEFAULT:
        refuse_claims(store, target, "added to")
    created = not holds(store, target)
    if target != DEFAULT:
        store.add_graph(target)
    known: set[str] | None = set()
    for upload in uploads:
        found = _load(store, target, upload, base)
        known = None if known is None or found is None else known | found
    return Outcome(created, None if known is None else frozenset(known))


def delete(store: ox.Store, target: Target) -> Outcome:
    """DELETE. Raises UnknownGraph and ClaimsHeld."""
    _require(store, target)
    refuse_claims(store, target, "deleted")
    old = _ends(store, target)
    store.remove_graph(target)
    return Outcome(False, old)


def patch(store: ox.Store, target: Target, text: str, limits: Limits, base: str) -> Outcome:
    """PATCH with a SPARQL update, in which the graph is the default graph and the only one.

    Raises UnknownGraph, QueryRefused for an update that touches another graph, and as `apply_update`: the default graph
    rests on the claims of the whole store, any other on its own.
    """
    _require(store, target)
    alone = ox.Store()
    before = {_in(quad, DEFAULT) for quad in store.quads_for_pattern(None, None, None, target)}
    alone.extend(before)
    apply_update(alone, text, limits, base=base, claims_in=store if target == DEFAULT else alone)
    if any(True for _ in alone.named_graphs()):
        raise QueryRefused("This patch writes to another graph.", "Send it to /update, where all graphs can be named.")
    after = set(alone)
    for quad in before - after:
        store.remove(_in(quad, target))
    store.extend(_in(quad, target) for quad in after - before)
    return Outcome(False, touched_by([_in(quad, target) for quad in before ^ after]))


def _require(store: ox.Store, target: Target) -> None:
    if not holds(store, target):
        raise UnknownGraph(f"There is no graph <{cast('ox.NamedNode', target).value[:200]}>.", "PUT it first.")


def _ends(store: ox.Store, target: Target, limit: int = 20_000) -> frozenset[str] | None:
    """Entities of the default graph, None past the limit; other graphs have no cards."""
    if target != DEFAULT:
        return frozenset()
    quads: list[ox.Quad] = []
    for quad in store.quads_for_pattern(None, None, None, DEFAULT):
        quads.append(quad)
        if len(quads) > limit:
            return None
    return touched_by(quads)


def _both(first: frozenset[str] | None, second: frozenset[str] | None) -> frozenset[str] | None:
    return None if first is None or second is None else first | second


def _load(store: ox.Store, target: Target, upload: Upload, base: str) -> set[str] | None:
    """Returns the entities that are touched, None where the upload is too large to say."""
    rdf_format = ox.RdfFormat.from_media_type(upload.media_type)
    try:
        with open(upload.path, "rb") as raw:
            packed = gzip.GzipFile(fileobj=raw) if upload.packed else raw
            source = _Counted(cast("IO[bytes]", packed), upload.limit)
            bulk = upload.packed or upload.path.stat().st_size > _BULK_BYTES
            if bulk and rdf_format not in NAMING:
                store.bulk_load(cast("IO[bytes]", source), rdf_format, base_iri=base, to_graph=target)
                return None if target == DEFAULT else set()
            parsed = ox.parse(cast("IO[bytes]", source), rdf_format, base_iri=base, rename_blank_nodes=True)
            triples = into(target, parsed, upload.name, "Send plain triples, one graph a request.")
            if bulk:
                store.bulk_extend(triples)
                return None if target == DEFAULT else set()
            quads = list(triples)
            store.extend(quads)
            return set(touched_by(quads))
    except SyntaxError as error:
        found = _LINE.search(str(error))
        line = error.lineno or (int(found[1]) if found else None)
        where = f", line {line}" if line else ""
        failure = BadData(f"{upload.name}{where}: this does not parse ({error.msg}).", "Nothing was changed.")
        failure.line = line
        raise failure from error
    except (OSError, EOFError, ValueError) as error:
        raise UnreadableFile(f"{upload.name} cannot be read ({error}).", "Nothing was changed.") from error


def _in(quad: ox.Quad, target: Target) -> ox.Quad:
    return ox.Quad(quad.subject, quad.predicate, quad.object, target)


class _Counted:
    """A reader that stops at the cap, so that a small gzip file cannot grow without end."""

    def __init__(self, source: IO[bytes], limit: int) -> None:
        self._source, self._left, self._limit = source, limit, limit

    def read(self, size: int = -1) -> bytes:
        data = self._source.read(1 << 16 if size < 0 else size)
        self._left -= len(data)
        if self._left < 0:
            raise InputTooLarge(f"The body unpacks to more than {self._limit:,} bytes.", "Send it in parts.")
        return data
