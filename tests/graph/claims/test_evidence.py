"""Evidence of facts: its kind, its order, its quote, and the claims behind an edge."""

from __future__ import annotations

import pyoxigraph as ox
import pytest

from graph.claims.acceptance import claim_named, claims_in, claims_on
from graph.claims.evidence import CLAIMS_QUERY, by_edge, claims_about, evidence_of, evidence_of_fact, order, quote_in
from graph.model import Evidence
from graph.storage.snapshot import DEFAULT, Snapshot, term
from tests.support.small import claim, describe_source, ex

TEXT = "The Radar was published by PEC in 2020."


@pytest.fixture
def snapshot(snapshot: Snapshot) -> Snapshot:
    """The small atlas in memory, with one passage of a document, so that a test may add quotes to it."""
    store = ox.Store()
    store.extend(list(snapshot.store))
    store.add(ox.Quad(ex("p0"), term("dcterms:isPartOf"), ex("report"), DEFAULT))
    store.add(ox.Quad(ex("p0"), term("ca:text"), ox.Literal(TEXT), DEFAULT))
    store.add(ox.Quad(ex("p0"), term("ca:page"), ox.Literal("7"), DEFAULT))
    return Snapshot(store)


def publisher_claims(snapshot: Snapshot, source: str) -> list[Evidence]:
    claims = claims_in(snapshot.store, ex(source))
    return [
        evidence_of(snapshot, statement) for statement in claims if statement.predicate == term("dcterms:publisher")
    ]


def add_quote(store: ox.Store, of: ox.NamedNode, text: str, start: int, status: str) -> ox.NamedNode:
    quote = ex(f"quote-{start}-{status}")
    for name, value in (
        ("rdf:type", term("ca:Quote")),
        ("ca:quoteOf", of),
        ("ca:quote", ox.Literal(text)),
        ("ca:quotedIn", ex("p0")),
        ("ca:quoteStart", ox.Literal(str(start))),
        ("ca:quoteEnd", ox.Literal(str(start + len(text)))),
        ("ca:mark", ox.Literal("4-9")),
        ("ca:mark", ox.Literal("0-3")),
        ("ca:mark", ox.Literal("no span")),
        ("ca:status", term(f"ca:{status}")),
    ):
        store.add(ox.Quad(quote, term(name), value, ex("report")))
    return quote


def test_a_source_is_cited_and_background_is_not(snapshot: Snapshot) -> None:
    (official,) = publisher_claims(snapshot, "official")
    assert (official.kind, official.status, official.quote, official.page) == ("cited", "accepted", None, 0)
    assert official.source.title == "Source official"
    assert sorted(item.status for item in publisher_claims(snapshot, "blog")) == ["accepted", "proposed"]
    background = [evidence_of(snapshot, statement) for statement in claims_in(snapshot.store, ex("memory"))]
    assert {item.kind for item in background} == {"background"}


def test_details_of_a_claim_are_part_of_its_evidence(snapshot: Snapshot) -> None:
    node = next(claims_in(snapshot.store, ex("official"))).iri
    details = {"note": "n", "confidence": "0.5", "validFrom": "2018", "validTo": "2019", "asOf": "2020"}
    for name, value in details.items():
        snapshot.store.add(ox.Quad(node, term(f"ca:{name}"), ox.Literal(value), ex("official")))
    snapshot.store.add(ox.Quad(node, term("ca:note"), ox.Literal("z"), ex("official")))
    changed = claim_named(snapshot.store, node)
    assert changed is not None and changed.accepted
    item = evidence_of(snapshot, changed)
    assert (item.note, item.confidence, item.valid_from, item.valid_to, item.as_of) == tuple(details.values())
    assert item.claim == node.value


@pytest.mark.parametrize(
    ("status", "kind", "offered"),
    [("proposed", "quoted", True), ("accepted", "quoted", False), ("rejected", "cited", False)],
)
def test_a_proposed_quote_supports_a_claim_until_it_is_rejected(
    snapshot: Snapshot, status: str, kind: str, offered: bool
) -> None:
    target = next(statement for statement in claims_in(snapshot.store, ex("official")) if statement.object == ex("pec"))
    quote = add_quote(snapshot.store, target.iri, TEXT[4:20], 4, status)
    item = evidence_of(snapshot, target)
    assert (item.kind, item.offered) == (kind, offered)
    if kind == "quoted":
        assert (item.quote, item.passage, item.document, item.page) == (
            TEXT[4:20],
            ex("p0").value,
            ex("report").value,
            7,
        )
        assert item.highlights == ((0, 3), (4, 9))
    in_graph = quote_in(snapshot, quote, ex("report"))
    assert in_graph is not None and in_graph.text == TEXT[4:20] and in_graph.offered


def test_the_own_quote_of_a_claim_comes_before_proposed_ones_and_is_not_offered(snapshot: Snapshot) -> None:
    store = snapshot.store
    target = next(statement for statement in claims_in(store, ex("official")) if statement.object == ex("pec"))
    add_quote(store, target.iri, TEXT[4:20], 4, "proposed")
    store.add(ox.Quad(target.iri, term("ca:quote"), ox.Literal(TEXT[4:9]), ex("official")))
    store.add(ox.Quad(target.iri, term("ca:quotedIn"), ex("p0"), ex("official")))
    changed = claim_named(store, target.iri)
    assert changed is not None
    item = evidence_of(snapshot, changed)
    assert (item.quote, item.offered) == (TEXT[4:9], False)


def test_a_quote_must_stand_in_its_passage(snapshot: Snapshot) -> None:
    target = next(statement for statement in claims_in(snapshot.store, ex("official")) if statement.object == ex("pec"))
    moved = add_quote(snapshot.store, target.iri, TEXT[4:20], 5, "proposed")
    assert quote_in(snapshot, moved, ex("report")) is None
    assert evidence_of(snapshot, target).kind == "cited"
    for name in ("ca:quoteStart", "ca:quoteEnd"):
        for quad in list(snapshot.store.quads_for_pattern(moved, term(name), None, None)):
            snapshot.store.remove(quad)
    without_offsets = quote_in(snapshot, moved, ex("report"))
    assert without_offsets is not None and without_offsets.passage == ex("p0").value
    assert quote_in(snapshot, ex("none"), ex("report")) is None


def test_the_best_evidence_comes_first(snapshot: Snapshot) -> None:
    store = snapshot.store
    for name, reliability, date in (
        ("press", "press", "2020"),
        ("older", "official", "2019"),
        ("newer", "official", "2021"),
    ):
        store.extend(describe_source(name, reliability))
        store.add(ox.Quad(ex(name), term("dcterms:issued"), ox.Literal(date), DEFAULT))
        store.extend(claim(name, ex("radar"), term("dcterms:publisher"), ex("pec")))
    store.extend(claim("memory", ex("radar"), term("dcterms:publisher"), ex("pec")))
    quoted = next(statement for statement in claims_in(store, ex("press")))
    add_quote(store, quoted.iri, TEXT[4:20], 4, "accepted")
    items = evidence_of_fact(Snapshot(store), ex("radar").value, term("dcterms:publisher").value, ex("pec"))
    names = [item.source.iri.removeprefix("https://example.org/") for item in items]
    assert names == ["press", "newer", "older", "official", "blog", "memory"]
    assert order(reversed(items)) == items


def test_the_evidence_of_an_edge_that_nothing_claims_is_empty(snapshot: Snapshot) -> None:
    publisher = term("dcterms:publisher").value
    assert evidence_of_fact(snapshot, ex("pec").value, publisher, ex("radar")) == ()
    assert evidence_of_fact(snapshot, "no iri", publisher, ex("pec")) == ()
    assert evidence_of_fact(snapshot, ex("radar").value, "no iri", ex("pec")) == ()


def test_the_same_statement_about_another_thing_is_no_evidence(snapshot: Snapshot) -> None:
    publisher = term("dcterms:publisher")
    snapshot.store.extend(claim("official", ex("report"), publisher, ex("pec")))
    (item,) = evidence_of_fact(snapshot, ex("report").value, publisher.value, ex("pec"))
    assert item.source.title == "Source official"


def test_a_quote_has_the_words_of_its_own_graph(snapshot: Snapshot) -> None:
    of = next(claims_in(snapshot.store, ex("official"))).iri
    quote = add_quote(snapshot.store, of, TEXT[4:20], 4, "proposed")
    snapshot.store.add(ox.Quad(quote, term("ca:quote"), ox.Literal("Another text"), ex("blog")))
    item = quote_in(snapshot, quote, ex("report"))
    assert item is not None and item.text == TEXT[4:20]


def test_claims_of_an_entity_are_grouped_by_what_they_say(snapshot: Snapshot) -> None:
    claims = claims_about(snapshot, ex("pec"), 100)
    assert len({statement.iri for statement in claims}) == len(claims) == 3
    groups = by_edge(snapshot, claims)
    edge = (str(ex("radar")), str(term("dcterms:publisher")), str(ex("pec")))
    assert [item.source.reliability for item in groups[edge]] == ["official", "low"]
    assert len(groups) == 2
    assert len(claims_about(snapshot, ex("pec"), 1)) == 2  # one for statement end
    assert len(claims_about(snapshot, ex("radar"), 2)) == 2


def test_claims_are_listed_by_subject_object_or_both(snapshot: Snapshot) -> None:
    store = snapshot.store
    assert {statement.object for statement in claims_on(store, subject=ex("radar"), obj=ex("nesta"))} == {ex("nesta")}
    assert len(list(claims_on(store, subject=ex("radar")))) == 5
    assert len(list(claims_on(store, subject=ex("radar"), limit=2))) == 2
    assert len(list(claims_on(store, obj=ex("pec")))) == 2
    with pytest.raises(ValueError, match="subject or an object"):
        list(claims_on(store))


def test_a_node_without_a_statement_is_no_claim(snapshot: Snapshot) -> None:
    store = snapshot.store
    store.add(ox.Quad(ex("half"), term("rdf:subject"), ex("radar"), ex("official")))
    store.add(ox.Quad(ex("half"), term("rdf:predicate"), term("rdfs:label"), ex("official")))
    assert claim_named(store, ex("half")) is None
    assert claim_named(store, ex("none")) is None


def test_the_documented_query_lists_the_claims_behind_an_edge(snapshot: Snapshot) -> None:
    edge = f"VALUES (?s ?p ?o) {{ ({ex('radar')} {term('dcterms:publisher')} {ex('pec')}) }}"
    rows = snapshot.store.query(CLAIMS_QUERY.replace("WHERE {", f"WHERE {{ {edge}", 1))
    assert isinstance(rows, ox.QuerySolutions)
    assert {row["source"] for row in rows} == {ex("official"), ex("blog")}
