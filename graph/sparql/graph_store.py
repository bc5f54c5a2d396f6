"""Operations of the SPARQL 1.1 Graph Store HTTP Protocol on a writable store: replace, merge, delete, patch.

They act on the plain dataset. A graph that holds claims, and the default graph of an atlas with any claims, cannot be
replaced or deleted here: facts would lose their claims, or claims their facts
(https://www.w3.org/TR/sparql11-http-rdf-update/).
"""

from __future__ import annotations

import gzip
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final, cast

import pyoxigraph as ox

from graph.claims.write_protection import MAX_REMOVED, refuse_claims
from graph.errors import BadData, QueryRefused, UnknownGraph, UnreadableFile
from graph.sparql.limits import Limits
from graph.sparql.update import apply_update, touched_by
from graph.storage.engine_faults import store_fault
from graph.storage.snapshot import DEFAULT
from graph.write.rdf_parse import READ_ERRORS, ParsedText, ParseLimits, long_quads, skip_byte_order_mark
from graph.write.syntax_fault import RdfFault
from graph.write.term_limits import MAX_TERM_BYTES

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
"""Size to which a gzipped upload may unpack."""

_BULK_BYTES: Final = 8 << 20
"""A larger upload is loaded in bulk, past the transaction log, in bounded memory."""


@dataclass(frozen=True, slots=True)
class Upload:
    """An uploaded file. `name` is used in errors; if it is gzipped (`packed`), at most `limit` bytes are unpacked.
    `term_bytes` is the longest term that it may hold."""

    path: Path
    media_type: str
    name: str = "The body"
    packed: bool = False
    limit: int = UNPACKED_BYTES
    term_bytes: int = MAX_TERM_BYTES


@dataclass(frozen=True, slots=True)
class Outcome:
    """Effect of an operation. `created`: the graph is new. `touched`: entities of the default graph; None = any.

    `warnings`: where the engine may have done otherwise than SPARQL says. `large_terms`: it brought terms after which
    the store is compacted.
    """

    created: bool
    touched: frozenset[str] | None = frozenset()
    warnings: tuple[str, ...] = ()
    large_terms: bool = False


def target_of(graph: str | None) -> Target:
    """The graph of this IRI, or the default graph.

    >>> target_of("http://example.org/g"), target_of(None)
    (<NamedNode value=http://example.org/g>, <DefaultGraph>)
    """
    return DEFAULT if graph is None else ox.NamedNode(graph)


def holds(store: ox.Store, target: Target) -> bool:
    """Whether the graph exists; the default graph always does.

    >>> holds(ox.Store(), ox.NamedNode("urn:g")), holds(ox.Store(), ox.DefaultGraph())
    (False, True)
    """
    return target == DEFAULT or store.contains_named_graph(cast("ox.NamedNode", target))


def replace(store: ox.Store, target: Target, uploads: Sequence[Upload], base: str) -> Outcome:
    """PUT: replace the graph by the uploads. Raises ClaimsHeld, and what `merge` raises."""
    refuse_claims(store, target, "replaced")
    created = not holds(store, target)
    old = _ends(store, target)
    store.clear_graph(target)
    merged = merge(store, target, uploads, base, checked=True)
    return Outcome(created, _both(old, _ends(store, target)), large_terms=merged.large_terms)


def merge(store: ox.Store, target: Target, uploads: Sequence[Upload], base: str, *, checked: bool = False) -> Outcome:
    """POST: add the triples of the uploads. Their blank nodes are new ones.

    Raises BadData with the line, InputTooLarge, UnreadableFile, and ClaimsHeld for a source's graph.
    """
    if not checked and target != DEFAULT:
        refuse_claims(store, target, "added to")
    created = not holds(store, target)
    if target != DEFAULT:
        store.add_graph(target)
    touched: set[str] | None = set()
    large_terms = False
    for upload in uploads:
        loaded, large = _load(store, target, upload, base)
        large_terms = large_terms or large
        touched = None if touched is None or loaded is None else touched | loaded
    return Outcome(created, None if touched is None else frozenset(touched), large_terms=large_terms)


def delete(store: ox.Store, target: Target) -> Outcome:
    """DELETE: remove the graph. Raises UnknownGraph and ClaimsHeld."""
    _require(store, target)
    refuse_claims(store, target, "deleted")
    old = _ends(store, target)
    store.remove_graph(target)
    return Outcome(False, old)


def patch(
    store: ox.Store,
    target: Target,
    text: str,
    limits: Limits,
    base: str,
    *,
    max_term_bytes: int = MAX_TERM_BYTES,
    max_removed: float = MAX_REMOVED,
) -> Outcome:
    """PATCH with a SPARQL update, in which the graph is the default graph and the only one.

    Raises UnknownGraph, QueryRefused for an update that writes to another graph, and what `apply_update` raises: the
    claims of the whole store protect the default graph, a graph's own claims protect any other.
    """
    _require(store, target)
    alone = ox.Store()
    before = {_in(quad, DEFAULT) for quad in store.quads_for_pattern(None, None, None, target)}
    alone.extend(before)
    applied = apply_update(
        alone,
        text,
        limits,
        base=base,
        claims_in=store if target == DEFAULT else alone,
        max_term_bytes=max_term_bytes,
        max_removed=max_removed,
    )
    if any(True for _ in alone.named_graphs()):
        raise QueryRefused("This patch writes to another graph.", "Send it to /update, where all graphs can be named.")
    after = set(alone)
    large_terms = long_quads(after - before, "The patched graph", max_term_bytes, store)
    for quad in before - after:
        store.remove(_in(quad, target))
    store.extend(_in(quad, target) for quad in after - before)
    touched = touched_by([_in(quad, target) for quad in before ^ after])
    return Outcome(False, touched, applied.warnings, large_terms)


def _require(store: ox.Store, target: Target) -> None:
    if not holds(store, target):
        raise UnknownGraph(f"There is no graph <{cast('ox.NamedNode', target).value[:200]}>.", "PUT it first.")


def _ends(store: ox.Store, target: Target, limit: int = 20_000) -> frozenset[str] | None:
    """Entities of the default graph, None for more than the limit. Entities of other graphs have no search cards."""
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


def _load(store: ox.Store, target: Target, upload: Upload, base: str) -> tuple[set[str] | None, bool]:
    """Load one upload; the entities that it touches, None where it is too large for a list, and whether it brought
    large terms."""
    rdf_format = ox.RdfFormat.from_media_type(upload.media_type)
    assert rdf_format is not None  # noqa: S101  the caller knows the formats
    limits = ParseLimits(term_bytes=upload.term_bytes, unpacked_bytes=upload.limit)
    try:
        with open(upload.path, "rb") as raw:
            packed = gzip.GzipFile(fileobj=raw) if upload.packed else raw
            skip_byte_order_mark(packed)
            text = ParsedText(cast("IO[bytes]", packed), rdf_format, base=base, name=upload.name, limits=limits)
            triples = text.into(target, "Send plain triples, one graph a request.")
            if upload.packed or upload.path.stat().st_size > _BULK_BYTES:
                store.bulk_extend(triples)
                return (None if target == DEFAULT else set()), text.holds_large_terms
            quads = list(triples)
            store.extend(quads)
            return set(touched_by(quads)), text.holds_large_terms
    except RdfFault as error:
        where = f", line {error.line}" if error.line else ""
        bad_data = BadData(f"{upload.name}{where}: this {error.fault}.{error.remark}", "Nothing was changed.")
        bad_data.line = error.line
        raise bad_data from error
    except READ_ERRORS as error:
        # The store's files or its disk may be the cause; the client can do nothing about those.
        failure = UnreadableFile(f"{upload.name} cannot be read ({error}).", "Nothing was changed.")
        raise store_fault(error) or failure from error


def _in(quad: ox.Quad, target: Target) -> ox.Quad:
    return ox.Quad(quad.subject, quad.predicate, quad.object, target)
