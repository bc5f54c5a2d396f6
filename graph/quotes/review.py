"""Review of proposed quotes: their list, their content, and the decision of a reviewer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pyoxigraph as ox

from graph.claims.acceptance import Claim, claim_named
from graph.claims.evidence import quote_in
from graph.entities.entity_facts import value_of
from graph.errors import InputError
from graph.model import Passage, Source, Value
from graph.storage.snapshot import Snapshot, node, term
from graph.vocabulary import PREFIXES

__all__ = ["ProposedQuote", "decision", "proposed_quotes", "read_proposed_quotes", "require_proposed_quote"]


@dataclass(frozen=True, slots=True)
class ProposedQuote:
    """A proposed quote and the claim that it would support. `marks` are [start, end) offsets into `quote`."""

    iri: str
    document: str
    subject: Value
    predicate: Value
    object: Value
    source: Source
    quote: str
    passage: Passage
    marks: tuple[tuple[int, int], ...]


def proposed_quotes(snapshot: Snapshot, document: str | None = None) -> list[str]:
    """IRIs of the quotes that wait for a decision, of one document or of all, sorted.

    >>> proposed_quotes(snapshot)
    []
    """
    graph = node(document) if document else None
    if document and graph is None:
        return []
    quads = snapshot.store.quads_for_pattern(None, term("ca:status"), term("ca:proposed"), graph)
    return sorted(
        quad.subject.value
        for quad in quads
        if isinstance(quad.subject, ox.NamedNode) and _is_quote(snapshot, quad.subject, quad.graph_name)
    )


def read_proposed_quote(snapshot: Snapshot, iri: str) -> ProposedQuote | None:
    """A proposed quote; None where the IRI is no quote, or its passage or claim has changed."""
    quote = node(iri)
    quads = snapshot.store.quads_for_pattern(quote, term("ca:quoteOf"), None, None) if quote else ()
    quad = next(iter(quads), None)
    if quad is None or not isinstance(quad.object, ox.NamedNode) or not isinstance(quad.graph_name, ox.NamedNode):
        return None
    claim = claim_named(snapshot.store, quad.object)
    quoted = quote_in(snapshot, quad.subject, quad.graph_name)
    passage = snapshot.passage(quoted.passage) if quoted else None
    if claim is None or quoted is None or passage is None:
        return None
    subject, predicate, obj = _ends(snapshot, claim)
    source = snapshot.source(claim.graph.value)
    return ProposedQuote(
        iri,
        quoted.document,
        subject,
        predicate=predicate,
        object=obj,
        source=source,
        quote=quoted.text,
        passage=passage,
        marks=quoted.marks,
    )


def read_proposed_quotes(snapshot: Snapshot, iris: list[str]) -> Iterator[ProposedQuote]:
    """Proposed quotes by their IRIs, without those whose passage or claim has changed.

    >>> list(read_proposed_quotes(snapshot, ["https://example.org/no-quote"]))
    []
    """
    yield from (proposal for iri in iris if (proposal := read_proposed_quote(snapshot, iri)))


def require_proposed_quote(snapshot: Snapshot, iri: str) -> None:
    """Raise InputError where the IRI is no quote.

    >>> require_proposed_quote(snapshot, "https://example.org/no-quote")
    Traceback (most recent call last):
    graph.errors.InputError: https://example.org/no-quote is no proposed quote. See the list: ...
    """
    quote = node(iri)
    if quote is None or not _is_quote(snapshot, quote, None):
        raise InputError(
            f"{iri[:200]} is no proposed quote.", "See the list: creative-atlas quotes, or the page /quotes."
        )


def decision(iri: str, *, accept: bool) -> str:
    """SPARQL update that accepts or rejects a quote. A rejected one is no longer shown; both stay in the graph.

    >>> "ca:accepted" in decision("https://example.org/quote", accept=True)
    True
    """
    status = "accepted" if accept else "rejected"
    return f"""PREFIX ca: <{PREFIXES["ca"]}>
DELETE {{ GRAPH ?g {{ <{iri}> ca:status ?old }} }} INSERT {{ GRAPH ?g {{ <{iri}> ca:status ca:{status} }} }}
WHERE {{ GRAPH ?g {{ <{iri}> a ca:Quote ; ca:status ?old }} }}"""


def _is_quote(snapshot: Snapshot, quote: ox.NamedNode, graph: object) -> bool:
    pattern = (quote, term("rdf:type"), term("ca:Quote"), graph)
    return any(True for _ in snapshot.store.quads_for_pattern(*pattern))  # type: ignore[arg-type]


def _ends(snapshot: Snapshot, claim: Claim) -> tuple[Value, Value, Value]:
    subject, predicate, obj = (value_of(snapshot, part) for part in claim.triple)
    return subject, predicate, obj
