"""Offering the claims of a source the quotes that its text holds, once that text is ingested.

A quote is a node in the document's graph, so it goes with the document; the claim itself is not touched:

    <document>/quote/<claim> a ca:Quote ; ca:quoteOf <claim> ; ca:quote "…" ; ca:quotedIn <passage> ;
        ca:quoteStart 12 ; ca:quoteEnd 40 ; ca:mark "0-7" , "20-28" ; ca:status ca:proposed .

`<document> ca:textOf <source>` says, in the default graph, whose text it is. From then on the document is as reliable
as the source is; `ca:ownReliability` keeps what it was given, for the day on which the source is described otherwise.
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

__all__ = ["offer", "offer_again"]

_INTEGER = ox.NamedNode(expand("xsd:integer"))


def offer(store: ox.Store, document: Document, extra: Mapping[str, str], sources: Sources) -> int:
    """Recognise the document, and offer its source's claims what fits. Returns the number of quotes."""
    source = sources.of(document, extra)
    return _offer(store, document.iri, source) if source else 0


def offer_again(store: ox.Store, *, without: str) -> int:
    """After a change of the sources: all documents but those of one collection. Returns the number of quotes."""
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
            count += _offer(store, document.iri, source)
    return count


def _offer(store: ox.Store, document: str, source: str) -> int:
    snapshot = Snapshot(store)
    store.add(ox.Quad(ox.NamedNode(document), term("ca:textOf"), ox.NamedNode(source), DEFAULT))
    _rank(store, document, snapshot.source(source).reliability)
    held = sentences(snapshot, document)
    found = list(match_claims(snapshot, source, claims_in(store, ox.NamedNode(source)), held))
    for claim, quote in found:
        node = ox.NamedNode(quote_iri(document, claim.iri.value))
        if not _reviewed(store, node):
            store.extend(_quads(node, claim.iri, quote, ox.NamedNode(document)))
    return len(found)


def _rank(store: ox.Store, document: str, reliability: str) -> None:
    """Give the document the reliability of its source."""
    own, kept = (list(Snapshot(store).objects(document, f"ca:{name}")) for name in ("reliability", "ownReliability"))
    if own and not kept:
        store.add(ox.Quad(ox.NamedNode(document), term("ca:ownReliability"), own[0], DEFAULT))
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


def _reviewed(store: ox.Store, node: ox.NamedNode) -> bool:
    """Someone has decided on it: that stands."""
    return any(quad.object != term("ca:proposed") for quad in store.quads_for_pattern(node, term("ca:status"), None))


def _withdraw(store: ox.Store, document: str) -> None:
    """Take back what was offered and not yet decided on, and whose text the document is."""
    graph = ox.NamedNode(document)
    for quad in list(store.quads_for_pattern(None, term("rdf:type"), term("ca:Quote"), graph)):
        if isinstance(quad.subject, ox.NamedNode) and not _reviewed(store, quad.subject):
            for each in list(store.quads_for_pattern(quad.subject, None, None, graph)):
                store.remove(each)
    for quad in list(store.quads_for_pattern(graph, term("ca:textOf"), None, DEFAULT)):
        store.remove(quad)
    for quad in list(store.quads_for_pattern(graph, term("ca:ownReliability"), None, DEFAULT)):
        store.remove(quad)
        if isinstance(quad.object, ox.Literal):
            _set_reliability(store, document, quad.object)
