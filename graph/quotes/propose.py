"""Proposal of quotes for the claims of a source, once its text is ingested.

A quote is a node in the document's graph, so it is removed with the document; the claim itself does not change:

    <document>/quote/<claim> a ca:Quote ; ca:quoteOf <claim> ; ca:quote "…" ; ca:quotedIn <passage> ;
        ca:quoteStart 12 ; ca:quoteEnd 40 ; ca:mark "0-7" , "20-28" ; ca:status ca:proposed .

`<document> ca:textOf <source>`, in the default graph, names the source. From then on the document has the reliability
of the source; `ca:ownReliability` keeps its own, in case the source is described differently later.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pyoxigraph as ox

from graph.claims.acceptance import Object, claims_in
from graph.iri import quote_iri
from graph.model import Document
from graph.quotes.identify_source import Sources
from graph.quotes.match_sentence import Quote, match_claims
from graph.quotes.quote_sentences import sentences
from graph.storage.snapshot import DEFAULT, Snapshot, term
from graph.vocabulary import expand

__all__ = ["propose_again", "propose_quotes"]

_INTEGER = ox.NamedNode(expand("xsd:integer"))


def propose_quotes(store: ox.Store, document: Document, extra: Mapping[str, str], sources: Sources) -> int:
    """Identify the document's source, and propose quotes for the source's claims. Returns the number of quotes."""
    source = sources.of(document, extra)
    return _propose(store, document.iri, source) if source else 0


def propose_again(store: ox.Store, *, without: str) -> int:
    """Propose quotes anew after a change of the sources, from all documents but those of the collection `without`.

    Returns the number of quotes.
    """
    snapshot = Snapshot(store)
    sources = Sources(snapshot)
    count = 0
    for document in list(snapshot.documents()):
        if document.collection == without:
            continue
        known = snapshot.value(document.iri, "ca:textOf")
        source = known if known in sources else sources.of(document, {})
        _withdraw(store, document.iri)
        if source:
            count += _propose(store, document.iri, source)
    return count


def _propose(store: ox.Store, document: str, source: str) -> int:
    snapshot = Snapshot(store)
    store.add(ox.Quad(ox.NamedNode(document), term("ca:textOf"), ox.NamedNode(source), DEFAULT))
    _take_reliability(store, document, snapshot.source(source).reliability)
    claims = claims_in(store, ox.NamedNode(source))
    matches = list(match_claims(snapshot, source, claims, sentences(snapshot, document)))
    for claim, quote in matches:
        node = ox.NamedNode(quote_iri(document, claim.iri.value))
        if not _is_reviewed(store, node):
            store.extend(_quads(node, claim.iri, quote, ox.NamedNode(document)))
    return len(matches)


def _take_reliability(store: ox.Store, document: str, reliability: str) -> None:
    """Give the document the reliability of its source."""
    current, own = (list(Snapshot(store).objects(document, f"ca:{name}")) for name in ("reliability", "ownReliability"))
    if current and not own:
        store.add(ox.Quad(ox.NamedNode(document), term("ca:ownReliability"), current[0], DEFAULT))
    _set_reliability(store, document, ox.Literal(reliability))


def _set_reliability(store: ox.Store, document: str, value: ox.NamedNode | ox.Literal) -> None:
    subject = ox.NamedNode(document)
    for quad in list(store.quads_for_pattern(subject, term("ca:reliability"), None, DEFAULT)):
        store.remove(quad)
    store.add(ox.Quad(subject, term("ca:reliability"), value, DEFAULT))


def _quads(node: ox.NamedNode, claim: ox.NamedNode, quote: Quote, graph: ox.NamedNode) -> Iterator[ox.Quad]:
    values: tuple[tuple[str, Object], ...] = (
        ("rdf:type", term("ca:Quote")),
        ("ca:quoteOf", claim),
        ("ca:quote", ox.Literal(quote.text)),
        ("ca:quotedIn", ox.NamedNode(quote.passage)),
        ("ca:quoteStart", ox.Literal(str(quote.start), datatype=_INTEGER)),
        ("ca:quoteEnd", ox.Literal(str(quote.end), datatype=_INTEGER)),
        ("ca:status", term("ca:proposed")),
        *(("ca:mark", ox.Literal(f"{start}-{end}")) for start, end in quote.marks),
    )
    for name, value in values:
        yield ox.Quad(node, term(name), value, graph)


def _is_reviewed(store: ox.Store, node: ox.NamedNode) -> bool:
    """Whether a reviewer has decided on the quote."""
    return any(quad.object != term("ca:proposed") for quad in store.quads_for_pattern(node, term("ca:status"), None))


def _withdraw(store: ox.Store, document: str) -> None:
    """Remove the quotes without a decision, and the link from the document to its source."""
    graph = ox.NamedNode(document)
    for quad in list(store.quads_for_pattern(None, term("rdf:type"), term("ca:Quote"), graph)):
        if isinstance(quad.subject, ox.NamedNode) and not _is_reviewed(store, quad.subject):
            for statement in list(store.quads_for_pattern(quad.subject, None, None, graph)):
                store.remove(statement)
    for quad in list(store.quads_for_pattern(graph, term("ca:textOf"), None, DEFAULT)):
        store.remove(quad)
    for quad in list(store.quads_for_pattern(graph, term("ca:ownReliability"), None, DEFAULT)):
        store.remove(quad)
        if isinstance(quad.object, ox.Literal):
            _set_reliability(store, document, quad.object)
