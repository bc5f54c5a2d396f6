from __future__ import annotations

import pyoxigraph as ox
from hypothesis import given, settings
from hypothesis import strategies as st

from graph.claims.acceptance import accept_graph, claims_in, is_supported, retract_graph
from graph.storage.snapshot import DEFAULT, term
from tests.support.small import claim, ex

PUBLISHER = term("dcterms:publisher")


def facts(store: ox.Store) -> set[tuple[str, str, str]]:
    return {
        (str(q.subject), str(q.predicate), str(q.object)) for q in store.quads_for_pattern(None, None, None, DEFAULT)
    }


def test_a_fact_lives_as_long_as_one_accepted_claim() -> None:
    store = ox.Store()
    for source in ("a", "b"):
        store.extend(claim(source, ex("radar"), PUBLISHER, ex("pec")))
        accept_graph(store, ex(source))
    assert len(facts(store)) == 1
    retract_graph(store, ex("a"))
    assert len(facts(store)) == 1
    touched = retract_graph(store, ex("b"))
    assert facts(store) == set()
    assert touched == {ex("radar").value, ex("pec").value}


def test_a_proposed_claim_is_no_fact() -> None:
    store = ox.Store()
    store.extend(claim("blog", ex("radar"), PUBLISHER, ex("nesta"), "proposed"))
    accept_graph(store, ex("blog"))
    assert facts(store) == set()
    assert len(list(claims_in(store, ex("blog")))) == 1
    assert not is_supported(store, ex("radar"), PUBLISHER, ex("nesta"))


def test_a_claim_is_read_from_its_own_graph_and_without_nodes_that_have_no_name() -> None:
    store = ox.Store()
    store.extend(claim("blog", ex("radar"), PUBLISHER, ex("nesta"), "proposed"))
    (before,) = claims_in(store, ex("blog"))
    store.add(ox.Quad(before.iri, term("ca:status"), term("ca:accepted"), ex("elsewhere")))
    for name in ("rdf:value", "rdf:type", "ca:note", "ca:status", "rdf:subject", "rdf:object"):
        store.add(ox.Quad(before.iri, term(name), ox.BlankNode(), ex("blog")))
    assert list(claims_in(store, ex("blog"))) == [before, before]  # one for each rdf:subject


CLAIMS = st.lists(
    st.tuples(st.sampled_from("abc"), st.sampled_from("xyz"), st.sampled_from("pq"), st.booleans()), max_size=12
)


@settings(deadline=None, max_examples=60)
@given(CLAIMS, st.sampled_from("abc"))
def test_facts_are_exactly_what_accepted_claims_say(claims: list[tuple[str, str, str, bool]], retracted: str) -> None:
    store = ox.Store()
    for source, subject, predicate, accepted in claims:
        status = "accepted" if accepted else "proposed"
        store.extend(claim(source, ex(subject), ex(predicate), ox.Literal("1" if accepted else "2"), status))
    for source in "abc":
        accept_graph(store, ex(source))
    retract_graph(store, ex(retracted))
    expected = {
        (str(ex(s)), str(ex(p)), '"1"') for source, s, p, accepted in claims if accepted and source != retracted
    }
    assert facts(store) == expected
