"""Writes from outside never tear facts from their claims: each test compares what is stored before and after.

`REFUSED` holds every form of clearing, replacing or adding to whole graphs; the engine alone would carry each out.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import product
from pathlib import Path

import pyoxigraph as ox
import pytest

from graph.claims.acceptance import accept_graph
from graph.claims.write_protection import ProtectedClaims
from graph.errors import ClaimsHeld, QueryError
from graph.sparql import graph_store
from graph.sparql.update import apply_update, update_limits
from graph.storage.generations import Home
from graph.storage.snapshot import DEFAULT, Snapshot
from graph.write.writer import Changes, Session
from tests.support.small import EX, claim, ex, few_facts
from tests.support.writable_services import BEARER, ServiceMaker, update
from web.app import create_app

LIMITS = update_limits(5)
SOURCE = f"<{EX}official>"
PLAIN = "<http://e/g>"
PLAIN_QUAD = ox.Quad(ox.NamedNode("a:a"), ox.NamedNode("a:b"), ox.Literal("zero"), ox.NamedNode("http://e/g"))

CLEARED = tuple(
    f"{verb} {silent}{target}"
    for verb, silent, target in product(
        ("CLEAR", "DROP", "clear", "Drop"), ("", "SILENT "), ("DEFAULT", "NAMED", "ALL", f"GRAPH {SOURCE}", "default")
    )
)
REPLACED = tuple(
    f"{verb} {silent}{pair}"
    for verb, silent, pair in product(
        ("COPY", "MOVE"),
        ("", "SILENT "),
        (f"{PLAIN} TO DEFAULT", f"GRAPH {PLAIN} TO DEFAULT", f"{PLAIN} TO {SOURCE}", f"DEFAULT TO {SOURCE}",
         f"{SOURCE} TO DEFAULT"),
    )
)  # fmt: skip
EMPTIED = (f"MOVE DEFAULT TO {PLAIN}", f"MOVE {SOURCE} TO <http://e/n>", f"MOVE SILENT GRAPH {SOURCE} TO {PLAIN}")
ADDED_TO = (f"ADD DEFAULT TO {SOURCE}", f"ADD SILENT GRAPH {PLAIN} TO GRAPH {SOURCE}")
NAMED_INDIRECTLY = (
    f"PREFIX e: <{EX}> CLEAR GRAPH e:official", f"BASE <{EX}> CLEAR GRAPH <official>",
    f"PREFIX e: <{EX}> COPY {PLAIN} TO e:official", "CLEAR # all of it\n DEFAULT",
)  # fmt: skip
AMONG_OTHERS = (
    "INSERT DATA { <a:a> <a:b> 1 } ; CLEAR DEFAULT", "CREATE GRAPH <http://e/n> ; # and\n DROP DEFAULT ;",
)  # fmt: skip
UNPARSED = f"INSERT DATA {{ <a:a> <a:b> 1 }} ; PREFIX e: <{EX}> DROP GRAPH e:official ; INSERT DATA {{ <a:a> <a:b> 2 }}"
"""SPARQL that this release of the engine does not parse; a later one may."""

REFUSED = (*CLEARED, *REPLACED, *EMPTIED, *ADDED_TO, *NAMED_INDIRECTLY, *AMONG_OTHERS)

BY_PATTERN = (
    "DELETE WHERE { ?s ?p ?o }",
    "DELETE { ?s ?p ?o } WHERE { ?s ?p ?o }",
    "DELETE WHERE { GRAPH ?g { ?s ?p ?o } }",
    "DELETE { GRAPH ?g { ?s ?p ?o } } WHERE { GRAPH ?g { ?s ?p ?o } }",
    "INSERT DATA { GRAPH <http://e/n> { <a:a> <a:b> 1 } } ; DELETE WHERE { ?s ?p ?o }",
    "DELETE { GRAPH ?g { ?c a <https://w3id.org/creative-atlas/ontology#Claim> } } "
    "WHERE { GRAPH ?g { ?c a <https://w3id.org/creative-atlas/ontology#Claim> } }",
)
DISGUISED = (
    "CLEAR SILENTDEFAULT", "COPY <http://e/g> TODEFAULT", "INSERT DATA {} ; CLEARDEFAULT",
    "PREFIX MOVE: <x:> PREFIX : <http://e/> MOVE:g TO DEFAULT", "PREFIX TO: <x:> PREFIX : <x:> MOVE DEFAULT TO:g",
    f"PREFIX GRAPH: <x:> PREFIX : <{EX}> DROP GRAPH:official",
)  # fmt: skip

Quads = frozenset[ox.Quad]
Expectation = Callable[[Quads], Quads]


def moved(quads: Quads, source: ox.NamedNode | ox.DefaultGraph, target: ox.NamedNode | ox.DefaultGraph) -> Quads:
    """The triples of `source` as quads of `target`."""
    return frozenset(ox.Quad(q.subject, q.predicate, q.object, target) for q in quads if q.graph_name == source)


def of_pec(quads: Quads) -> Quads:
    return frozenset(quad for quad in quads if quad.graph_name == DEFAULT and quad.subject == ex("pec"))


ALLOWED: dict[str, Expectation] = {
    "": lambda before: before,
    "CLEAR SILENT GRAPH <http://e/none>": lambda before: before,
    "VERSION '1.2' CREATE GRAPH <http://e/n>": lambda before: before,
    f"DROP GRAPH {PLAIN}": lambda before: before - {PLAIN_QUAD},
    f"CLEAR GRAPH {PLAIN}": lambda before: before - {PLAIN_QUAD},
    "COPY DEFAULT TO <http://e/n>": lambda before: before | moved(before, DEFAULT, ox.NamedNode("http://e/n")),
    f"ADD {PLAIN} TO DEFAULT": lambda before: before | moved(before, ox.NamedNode("http://e/g"), DEFAULT),
    f"COPY {SOURCE} TO <http://e/n>": lambda before: before | moved(before, ex("official"), ox.NamedNode("http://e/n")),
    f"MOVE {PLAIN} TO <http://e/n>": lambda before: (
        (before - {PLAIN_QUAD}) | moved(before, ox.NamedNode("http://e/g"), ox.NamedNode("http://e/n"))
    ),
    f"DELETE DATA {{ <{EX}pec> <http://www.w3.org/2000/01/rdf-schema#label> 'Creative PEC' }}": lambda before: (
        before - of_pec(before)
    ),
    f"DELETE WHERE {{ <{EX}pec> ?p ?o }}": lambda before: before - of_pec(before),
    f"WITH {PLAIN} DELETE {{ ?s ?p ?o }} INSERT {{ ?s ?p 'DROP ALL' }} WHERE {{ ?s ?p ?o }}": lambda before: (
        (before - {PLAIN_QUAD})
        | {ox.Quad(PLAIN_QUAD.subject, PLAIN_QUAD.predicate, ox.Literal("DROP ALL"), PLAIN_QUAD.graph_name)}
    ),
}


def plain_and_claimed(store: ox.Store) -> Changes:
    """The small atlas of claims, and one graph without claims."""
    few_facts(store)
    store.add(PLAIN_QUAD)
    return Changes(everything=True)


def content(store: ox.Store) -> tuple[Quads, frozenset[str]]:
    """Everything in the store: its quads, and the names of its graphs, the empty ones too."""
    return frozenset(store), frozenset(name.value for name in store.named_graphs() if isinstance(name, ox.NamedNode))


@pytest.fixture
def store() -> ox.Store:
    store = ox.Store()
    plain_and_claimed(store)
    return store


@pytest.mark.parametrize("text", [*REFUSED, *BY_PATTERN])
def test_the_engine_alone_would_carry_out_what_is_refused(text: str, store: ox.Store) -> None:
    before = content(store)
    store.update(text)
    assert content(store) != before


@pytest.mark.parametrize("text", [*REFUSED, UNPARSED])
def test_whole_graphs_that_claims_rest_on_stay_as_they_are(text: str, store: ox.Store) -> None:
    before = content(store)
    with pytest.raises(ClaimsHeld):
        apply_update(store, text, LIMITS)
    assert content(store) == before


@pytest.mark.parametrize("text", BY_PATTERN)
def test_a_pattern_that_empties_the_facts_or_the_claims_publishes_nothing(
    text: str, home: Home, session: Session
) -> None:
    session.change(plain_and_claimed)
    before = home.require()
    published = content(Snapshot.open(before).store)

    def work(store: ox.Store) -> Changes:
        apply_update(store, text, LIMITS)
        return Changes(everything=True)

    with pytest.raises(ClaimsHeld):
        session.change(work)
    assert home.require() == before
    assert content(Snapshot.open(home.require()).store) == published


@pytest.mark.parametrize("text", DISGUISED)
def test_what_only_the_engine_reads_as_an_operation_is_refused(text: str, store: ox.Store) -> None:
    before = content(store)
    with pytest.raises(QueryError):
        apply_update(store, text, LIMITS)
    assert content(store) == before


@pytest.mark.parametrize("text", ALLOWED)
def test_other_updates_do_what_they_say_and_no_more(text: str, store: ox.Store) -> None:
    before, _ = content(store)
    apply_update(store, text, LIMITS)
    assert content(store)[0] == ALLOWED[text](before)


@pytest.mark.parametrize(
    ("text", "remaining"),
    [
        ("CLEAR ALL", 0),
        ("DROP DEFAULT", 1),
        (f"MOVE {PLAIN} TO DEFAULT", 1),
        ("DELETE WHERE { ?s ?p ?o }", 1),
        ("DROP NAMED", 1),
    ],
)
def test_a_store_without_claims_can_be_cleared(text: str, remaining: int) -> None:
    store = ox.Store()
    store.update(f"INSERT DATA {{ <a:a> <a:b> 1 . GRAPH {PLAIN} {{ <a:a> <a:b> 2 }} }}")
    apply_update(store, text, LIMITS)
    assert len(store) == remaining


@pytest.mark.parametrize("text", ["CLEAR DEFAULT ; INSERT DATA { <a:a> <a:b> 1 }", "DELETE WHERE { ?s ?p ?o }"])
def test_a_patch_cannot_empty_the_default_graph(text: str, store: ox.Store) -> None:
    before = content(store)
    with pytest.raises(ClaimsHeld):
        graph_store.patch(store, DEFAULT, text, LIMITS, "http://e/")
    assert content(store) == before


def test_a_patch_changes_its_own_graph_alone(store: ox.Store) -> None:
    before, _ = content(store)
    graph_store.patch(store, ox.NamedNode("http://e/g"), "CLEAR DEFAULT", LIMITS, "http://e/")
    graph_store.patch(store, DEFAULT, "INSERT DATA { <a:a> <a:b> 'one' }", LIMITS, "http://e/")
    added = ox.Quad(ox.NamedNode("a:a"), ox.NamedNode("a:b"), ox.Literal("one"), DEFAULT)
    assert content(store)[0] == (before - {PLAIN_QUAD}) | {added}


@pytest.mark.parametrize("target", [DEFAULT, ex("official")], ids=["default", "source"])
def test_a_graph_that_claims_rest_on_is_neither_replaced_nor_deleted(
    target: graph_store.Target, store: ox.Store, tmp_path: Path
) -> None:
    body = tmp_path / "body.ttl"
    body.write_text("<a:a> <a:b> 1 .")
    before = content(store)
    with pytest.raises(ClaimsHeld):
        graph_store.replace(store, target, [graph_store.Upload(body, "text/turtle")], "http://e/")
    with pytest.raises(ClaimsHeld):
        graph_store.delete(store, target)
    assert content(store) == before


def test_over_http_a_refused_write_is_a_conflict_and_changes_nothing(make_services: ServiceMaker) -> None:
    services = make_services(facts=True)
    client = create_app(services).test_client()
    before = services.home.require()
    published = content(Snapshot.open(before).store)
    answers = [
        *(
            client.post("/update", data=text, content_type="application/sparql-update", headers=BEARER)
            for text in ("CLEAR DEFAULT", f"DROP GRAPH {SOURCE}", "DELETE WHERE { ?s ?p ?o }")
        ),
        client.put("/graph-store?default", data="<a:a> <a:b> 1 .", content_type="text/turtle", headers=BEARER),
        client.delete("/graph-store?default", headers=BEARER),
        client.delete(f"/graph-store?graph={EX}official", headers=BEARER),
    ]
    for answer in answers:
        problem = answer.get_json(force=True)
        assert (answer.status_code, problem["type"].rpartition("/")[2]) == (409, "claims-held"), answer.request.path
        assert "claims" in problem["detail"]
    assert services.home.require() == before
    assert update(client, "INSERT DATA { <http://e/a> <http://e/b> 1 }") == 204
    quads, graphs = content(Snapshot.open(services.home.require()).store)
    assert quads - published[0] == set(ox.parse("<http://e/a> <http://e/b> 1 .", format=ox.RdfFormat.TURTLE))
    assert published[0] < quads and graphs == published[1]


FILLER = "".join(f"<a:{number}> <a:b> {number} . " for number in range(100))
CLAIM = "<https://w3id.org/creative-atlas/ontology#Claim>"
STATUS = "<https://w3id.org/creative-atlas/ontology#status>"
ACCEPTED = "<https://w3id.org/creative-atlas/ontology#accepted>"
LABEL = "<http://www.w3.org/2000/01/rdf-schema#label>"

MOST_TAKEN_OUT = (
    f"DELETE {{ ?s ?p ?o }} WHERE {{ ?s ?p ?o }} ; INSERT DATA {{ {FILLER} }}",
    f"INSERT DATA {{ {FILLER} }} ; DELETE WHERE {{ <{EX}radar> ?p ?o }} ; DELETE WHERE {{ ?s {LABEL} ?o }}",
    f"DELETE {{ ?s ?p ?o }} INSERT {{ ?o ?p ?s }} WHERE {{ ?s ?p ?o FILTER(isIRI(?o)) }} ; "
    f"DELETE WHERE {{ ?s {LABEL} ?o }}",
    f"DELETE {{ ?s {LABEL} ?o }} INSERT {{ ?s <a:label> ?o }} WHERE {{ ?s {LABEL} ?o }} ; "
    f"DELETE WHERE {{ <{EX}radar> ?p ?o }}",
    f"DELETE {{ GRAPH ?g {{ ?c a {CLAIM} }} }} WHERE {{ GRAPH ?g {{ ?c a {CLAIM} }} }} ; "
    f"INSERT DATA {{ GRAPH <a:g> {{ <a:c> a {CLAIM} ; {STATUS} {ACCEPTED} }} }}",
    f"DELETE {{ GRAPH ?g {{ ?c {STATUS} ?x }} }} WHERE {{ GRAPH ?g {{ ?c {STATUS} ?x }} }}",
)


@pytest.mark.parametrize("text", MOST_TAKEN_OUT)
def test_what_is_put_in_does_not_make_up_for_what_is_taken_out(text: str, store: ox.Store) -> None:
    """More than half of the facts or claims that were accepted before are gone."""
    with pytest.raises(ClaimsHeld, match="would take out"):
        apply_update(store, text, LIMITS)


def test_filler_of_an_earlier_write_does_not_count_as_facts(store: ox.Store) -> None:
    apply_update(store, f"INSERT DATA {{ {FILLER} }}", LIMITS)
    with pytest.raises(ClaimsHeld, match="would take out"):
        apply_update(store, "DELETE { ?s ?p ?o } WHERE { ?s ?p ?o FILTER(?p != <a:b>) }", LIMITS)
    assert len(store) > 0


def test_own_data_beside_the_facts_can_be_taken_out(store: ox.Store) -> None:
    before, _ = content(store)
    apply_update(store, f"INSERT DATA {{ {FILLER} }}", LIMITS)
    apply_update(store, "DELETE { ?s <a:b> ?o } WHERE { ?s <a:b> ?o }", LIMITS)
    apply_update(store, "DELETE { ?s ?p ?o } INSERT { ?s ?p ?o } WHERE { ?s ?p ?o }", LIMITS)
    assert content(store)[0] == before


def test_how_much_may_be_taken_out_is_a_setting(store: ox.Store) -> None:
    text = f"DELETE WHERE {{ <{EX}radar> ?p ?o }}"  # three of seven
    with pytest.raises(ClaimsHeld, match="43% of the accepted facts; 40% are allowed"):
        apply_update(store, text, LIMITS, max_removed=0.4)
    store.clear()
    plain_and_claimed(store)
    apply_update(store, text, LIMITS, max_removed=0.45)
    apply_update(store, f"DELETE {{ ?s {LABEL} ?o }} WHERE {{ ?s {LABEL} ?o }}", LIMITS, max_removed=1.0)


def test_a_patch_cannot_take_most_facts_out(store: ox.Store) -> None:
    before = content(store)
    for text in MOST_TAKEN_OUT[:4]:
        with pytest.raises(ClaimsHeld, match="would take out"):
            graph_store.patch(store, DEFAULT, text, LIMITS, "http://e/")
    with pytest.raises(ClaimsHeld, match="would take out"):
        text = f"DELETE {{ ?c {STATUS} ?x }} WHERE {{ ?c {STATUS} ?x }}"
        graph_store.patch(store, ex("official"), text, LIMITS, "http://e/")
    assert content(store) == before


def test_a_large_atlas_is_judged_by_a_sample() -> None:
    store = ox.Store()
    graph = ex("official")
    for number in range(3_000):
        store.extend(claim("official", ex(f"e{number}"), ox.NamedNode("a:p"), ox.Literal(str(number))))
    accept_graph(store, graph)
    share = dict.fromkeys(("2", "[0-7]"), 0.0)
    for digits in share:
        protected = ProtectedClaims(store, store, sample=500)
        gone = [
            quad
            for quad in store.quads_for_pattern(None, None, None, DEFAULT)
            if re.search(f'{digits}"$', str(quad.object))
        ]
        for quad in gone:
            store.remove(quad)
        share[digits] = protected.share_gone("facts")
        store.extend(gone)
    assert 0.04 < share["2"] < 0.17 and 0.7 < share["[0-7]"] < 0.9
