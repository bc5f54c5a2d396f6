"""Evaluation of a client's update on a writable store, in a sandboxed process only (see `web.writer_process.service`).

An update acts on the plain dataset: it asserts and retracts triples, and never materialises claims (`graph.claims.
acceptance` does). The caller passes a scratch copy of the store, so that a request of several operations is applied
as a whole or not at all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import pyoxigraph as ox

from graph.claims.write_protection import MAX_REMOVED, ProtectedClaims, holds_claims, refuse_claims, refuse_emptied
from graph.errors import ClaimsHeld, HomeError, QueryError, QueryFailed, QueryRefused, QuerySyntax
from graph.sandbox.seccomp import is_refusal
from graph.sparql.dataset import WHOLE, Dataset
from graph.sparql.limits import Limits
from graph.sparql.syntax.errors import is_clients_fault, syntax_error
from graph.sparql.syntax.guard import Guarded, guard
from graph.sparql.syntax.lexer import decoded, prefixes
from graph.sparql.syntax.update_rewrite import (
    as_insertions,
    only_data,
    whole_graphs,
    with_dataset,
    without_silent_loads,
)
from graph.storage.engine_faults import store_fault
from graph.storage.snapshot import DEFAULT
from graph.write.rdf_parse import check_terms, term_too_long
from graph.write.term_limits import LARGE_TERM_BYTES, MAX_BYTES_PER_CHARACTER, MAX_TERM_BYTES

__all__ = ["MAX_UPDATE_BYTES", "Touched", "apply_update", "touched_by", "update_limits"]

MAX_UPDATE_BYTES: Final = 2 << 20
"""Length of an update's text: about 20,000 triples as INSERT DATA. Larger loads go through the graph store."""

MAX_UPDATE_TOKENS: Final = 400_000

_BUILDERS: Final = frozenset({"CONCAT", "GROUP_CONCAT", "REPLACE", "ENCODE_FOR_URI", "UCASE", "LCASE"})
"""Functions whose result may be longer than what they are given."""


@dataclass(frozen=True, slots=True)
class Touched:
    """IRIs of entities in the default graph whose triples may have changed; None: any of them.

    `large_terms`: the text holds terms after which the store is compacted. `builds_texts`: the update may have made
    terms longer than any in its text. `warnings`: where the engine may have done otherwise than SPARQL says.
    """

    entities: frozenset[str] | None
    warnings: tuple[str, ...] = ()
    large_terms: bool = False
    builds_texts: bool = False


def update_limits(timeout: float) -> Limits:
    """The caps for an update; `timeout` in seconds.

    >>> update_limits(30).timeout
    30
    """
    return Limits(timeout=timeout, text_bytes=MAX_UPDATE_BYTES, tokens=MAX_UPDATE_TOKENS, joints=MAX_UPDATE_TOKENS)


def apply_update(
    store: ox.Store,
    text: str,
    limits: Limits,
    *,
    base: str | None = None,
    dataset: Dataset = WHOLE,
    claims_in: ox.Store | None = None,
    max_term_bytes: int = MAX_TERM_BYTES,
    max_removed: float = MAX_REMOVED,
) -> Touched:
    """Guard the update and run it. `base` resolves relative IRIs; `dataset` is that of the request. `claims_in` is the
    store whose claims must keep their facts, and facts their claims (default: `store`). `max_term_bytes` is the longest
    term that the text may hold; one that the update builds is for the caller to look for. `max_removed` is the share
    of the accepted facts, or claims, that may be gone afterwards.

    Raises InputTooLarge, QueryTooLarge, QuerySyntax and QueryRefused before anything runs; ValueError for a graph of
    the dataset that is no absolute IRI; QueryError for an operation that fails (CREATE of an existing graph);
    QueryFailed where the store fails, HomeError where its files or its disk are the cause; ClaimsHeld as
    `graph.claims.write_protection` does. After an exception the store may hold the effect of some operations of the
    request, or of all.

    >>> store = ox.Store()
    >>> touched = apply_update(store, "INSERT DATA { <urn:a> a <urn:B> }", update_limits(5))
    >>> len(store), sorted(touched.entities)
    (1, ['urn:B', 'urn:a'])
    """
    if len(text) <= limits.text_bytes:
        text = without_silent_loads(text, limits.tokens)
    guarded = guard(text, limits, update=True)
    sent = guard(with_dataset(guarded, dataset), limits, update=True) if dataset.given else guarded
    touched = _touched(guarded, base, max_term_bytes)
    atlas = store if claims_in is None else claims_in
    claims = holds_claims(atlas)
    facts = claims and any(True for _ in store.quads_for_pattern(None, None, None, DEFAULT))
    if claims:
        _refuse_whole_graphs(atlas, guarded, base)
    deletes = claims and "DELETE" in sent.text.upper()
    protected = ProtectedClaims(atlas, store) if deletes else None
    try:
        store.update(sent.text, base_iri=base)
    except SyntaxError as error:
        # In a text that was rewritten, the engine's line and column are not the client's.
        raise syntax_error(str(error), guarded) if sent is guarded else _without_place(error) from error
    except (OSError, RuntimeError, ValueError) as error:
        raise _failed(error) from error
    refuse_emptied(store, facts=facts, claims=claims and atlas is store)
    if protected is not None:
        protected.refuse_removed(max_removed)
    return touched


def _refuse_whole_graphs(atlas: ox.Store, guarded: Guarded, base: str | None) -> None:
    """Refuse an update that changes a graph of claims as a whole."""
    for target in whole_graphs(guarded, base):
        if target is None:
            raise ClaimsHeld("The atlas holds claims: its graphs cannot be cleared together.", "Name the graph.")
        refuse_claims(atlas, target, "cleared, replaced or added to as a whole")


def _failed(error: OSError | RuntimeError | ValueError) -> QueryError | HomeError:
    """The error for an update that the engine could not carry out: the client's fault, or the store's."""
    message = str(error)
    if is_refusal(error):
        return QueryRefused("The update tried to reach the network or a file, which is never allowed.")
    fault = store_fault(error)
    if fault is not None:
        return fault
    sentence = f"The update could not be carried out: {message.rstrip('.')}."
    if not isinstance(error, OSError) and is_clients_fault(message):
        return QueryError(sentence, "Nothing was changed.")
    return QueryFailed(sentence, "Nothing was changed; try again, and report it if it recurs.")


def touched_by(quads: list[ox.Quad]) -> frozenset[str]:
    """Subjects and objects of the quads in the default graph: the entities whose search cards may change."""
    ends = {end for quad in quads if quad.graph_name == DEFAULT for end in (quad.subject, quad.object)}
    return frozenset(end.value for end in ends if isinstance(end, ox.NamedNode))


def _touched(guarded: Guarded, base: str | None, max_term_bytes: int) -> Touched:
    if not only_data(guarded):
        words = {token.text.upper() for token in guarded.tokens if token.kind == "word"}
        large = _holds_large_terms(guarded, max_term_bytes)
        builds = not words.isdisjoint(_BUILDERS)
        return Touched(None, guarded.warnings, large_terms=large, builds_texts=builds)
    named = ox.Store()
    try:
        named.update(as_insertions(guarded), base_iri=base)
    except (SyntaxError, OSError, RuntimeError, ValueError):  # the update itself says what is wrong
        return Touched(None, guarded.warnings)
    quads = list(named)
    longest = max((check_terms(quad, "The update", max_term_bytes) for quad in quads), default=0)
    return Touched(touched_by(quads), guarded.warnings, large_terms=longest > LARGE_TERM_BYTES)


def _holds_large_terms(guarded: Guarded, max_term_bytes: int) -> bool:
    """Whether a constant is large. Raises InputTooLarge for one past the limit."""
    if len(guarded.original) * MAX_BYTES_PER_CHARACTER <= min(LARGE_TERM_BYTES, max_term_bytes):
        return False
    declared = max((len(iri.encode()) for iri in prefixes(guarded.tokens).values()), default=0)
    longest = 0
    for token in guarded.tokens:
        if token.kind in ("string", "iri"):
            longest = max(longest, len(decoded(token).encode()))
        elif token.kind == "pname":
            longest = max(longest, declared + len(token.text.encode()))
    if longest > max_term_bytes:
        raise term_too_long("The update", longest, max_term_bytes)
    return longest > LARGE_TERM_BYTES


def _without_place(error: SyntaxError) -> QuerySyntax:
    return QuerySyntax(f"The update is not valid SPARQL: {error.msg}.", line=1, column=1)
