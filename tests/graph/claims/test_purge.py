"""Removal of an entity: each test states the whole atlas before and after, and what the removal reports."""

from __future__ import annotations

import pyoxigraph as ox
import pytest

from graph.claims.purge import Purged, purge
from graph.vocabulary import PREFIXES
from tests.support.small import EX

PROLOGUE = "".join(
    f"PREFIX {prefix}: <{namespace}> " for prefix, namespace in {**PREFIXES, "e": EX, "": f"{EX}p/"}.items()
)


def quads(text: str) -> set[ox.Quad]:
    return set(ox.parse(PROLOGUE + text, format=ox.RdfFormat.TRIG))


def removal(text: str, *names: str) -> tuple[set[ox.Quad], Purged]:
    """Quads that are left of an atlas without the entities of these names, and the report."""
    store = ox.Store()
    store.extend(quads(text))
    purged = purge(store, [EX + name for name in names or ("nesta",)])
    return set(store), purged


def names(purged: Purged) -> set[str]:
    return {iri.removeprefix(EX) for iri in purged.entities}


def test_its_facts_leave_every_graph_and_others_stay() -> None:
    rest = "e:dcms :funds e:pec . e:g { e:london :in e:uk . e:uk :largest e:london }"
    left, purged = removal(
        "e:nesta rdfs:label 'Nesta' ; :funds e:pec . e:dcms :funds e:nesta . e:g { e:nesta :in e:london }" + rest
    )
    assert left == quads(rest)
    assert names(purged) == {"nesta", "pec", "dcms", "london"}
    assert purged.documents == set()


def test_what_is_no_iri_is_passed_over() -> None:
    left, purged = removal("e:nesta :funds e:pec . e:pec :in e:uk .", " no iri", "nesta", "pec")
    assert left == set()
    assert names(purged) == {"nesta", "pec", "uk"}


def test_claims_on_it_go_with_their_quotes() -> None:
    rest = """
        e:official { e:other rdf:subject e:pec ; rdf:object e:dcms . }
        e:report { e:quote-of-other ca:quoteOf e:other . }
    """
    left, purged = removal(
        """
        e:official { e:one rdf:subject e:nesta ; rdf:object 'Nesta' ; ca:status ca:accepted .
                     e:two rdf:subject e:pec ; rdf:object e:nesta . [] rdf:subject e:nesta }
        e:report { e:quote ca:quoteOf e:one ; ca:quote 'words' . [] ca:quoteOf e:two ; ca:quote 'more' }
        """
        + rest
    )
    assert left == quads(rest)
    assert names(purged) == {"nesta"}


def test_mentions_go_and_the_passage_stays() -> None:
    rest = "e:p0 dcterms:isPartOf e:report ; ca:text 'Nesta' . e:p1 dcterms:isPartOf e:note ."
    left, purged = removal(
        "e:p0 schema:mentions e:nesta . e:p1 :cites e:nesta . e:report { e:mention oa:hasBody e:nesta ; ca:start 0 }"
        + rest
    )
    assert left == quads(rest)
    assert purged.documents == {EX + "report"}
    assert names(purged) == {"nesta", "p1"}


def test_a_mention_in_no_document_is_a_change_of_the_thing_that_mentions() -> None:
    left, purged = removal("e:blog schema:mentions e:nesta . e:g { e:blog dcterms:isPartOf e:site }")
    assert left == quads("e:g { e:blog dcterms:isPartOf e:site }")
    assert (purged.documents, names(purged)) == (set(), {"nesta", "blog"})


def test_an_office_goes_with_the_person_whatever_it_is_called() -> None:
    left, purged = removal("e:office a org:Membership ; rdfs:label 'Chair' ; org:member e:nesta ; :of e:pec .")
    assert left == set()
    assert names(purged) == {"nesta", "office", "pec"} | {PREFIXES["org"] + "Membership"}


@pytest.mark.parametrize("kind", ["org:Membership", "schema:MonetaryAmount", "ca:Statistic", "qb:Observation"])
@pytest.mark.parametrize("link", ["e:nesta :has e:figure .", "e:figure :of e:nesta ."])
def test_an_office_amount_or_figure_that_bears_the_name_goes_too(kind: str, link: str) -> None:
    left, _ = removal(f"e:nesta rdfs:label 'NESTA' . {link} e:figure a {kind} ; rdfs:label 'Spending of Nesta' .")
    assert left == set()


@pytest.mark.parametrize("name", ["rdfs:label", "skos:prefLabel", "skos:altLabel", "schema:name", "foaf:name"])
def test_any_name_of_three_letters_counts(name: str) -> None:
    left, _ = removal(f"e:nesta {name} 'PEC' ; :has e:sum . e:sum a schema:MonetaryAmount ; rdfs:label '£1 of pec' .")
    assert left == set()


@pytest.mark.parametrize(
    "rest",
    [
        "e:sum a schema:MonetaryAmount ; rdfs:label '£1 of DCMS, UK' .",
        "e:sum a schema:MonetaryAmount ; :label '£1 of Nesta' .",
        "e:sum a schema:MonetaryAmount ; rdfs:label '£1 for innovation' .",
        "e:sum a schema:MonetaryAmount .",
        "e:sum a ca:Programme ; rdfs:label 'The Nesta programme' .",
        "e:sum rdfs:label 'The Nesta programme' .",
        "e:sum :kind schema:MonetaryAmount ; rdfs:label '£1 of Nesta' .",
    ],
    ids=["name of another", "no label", "another literal", "nameless", "another class", "no class", "no type"],
)
def test_a_neighbour_that_makes_sense_without_it_stays(rest: str) -> None:
    left, purged = removal(
        "e:nesta rdfs:label 'Nesta' ; skos:altLabel 'UK', e:uk ; :aim 'innovation' ; :has e:sum . " + rest
    )
    assert left == quads(rest)
    assert names(purged) == {"nesta", "sum", "uk"}


def test_what_bears_the_name_and_has_no_link_with_it_stays() -> None:
    rest = "e:sum a schema:MonetaryAmount ; rdfs:label '£1 of Nesta' ; :of e:pec ."
    assert removal("e:nesta rdfs:label 'Nesta' ; :has e:pec . " + rest)[0] == quads(rest)


@pytest.mark.parametrize(
    "link",
    ["e:c rdf:subject e:nesta ; rdf:object e:sum .", "e:c rdf:subject e:sum ; rdf:object e:nesta ."],
)
def test_links_types_and_labels_may_be_mere_claims(link: str) -> None:
    left, purged = removal(
        f"""
        e:nesta rdfs:label 'Nesta' .
        e:official {{
            {link}
            e:a rdf:subject e:sum ; rdf:predicate rdf:type ; rdf:object schema:MonetaryAmount .
            e:b rdf:subject e:sum ; rdf:predicate rdfs:label ; rdf:object '£1 of Nesta' .
        }}
        """
    )
    assert left == set()
    assert names(purged) == {"nesta", "sum"}


def test_a_claim_of_another_property_gives_no_type() -> None:
    rest = """e:official {
        e:a rdf:subject e:sum ; rdf:predicate :near ; rdf:object schema:MonetaryAmount .
        e:c rdf:subject e:sum ; rdf:predicate rdf:type ; rdf:object ca:Programme ; :near schema:MonetaryAmount .
        e:b rdf:subject e:sum ; rdf:predicate rdfs:label ; rdf:object '£1 of Nesta' . }
        e:blog { e:a rdf:predicate rdf:type . }"""
    assert removal("e:nesta rdfs:label 'Nesta' ; :has e:sum . " + rest)[0] == quads(rest)


def test_a_disagreement_about_nothing_else_goes_with_its_positions() -> None:
    rest = "e:both a ca:Disagreement ; ca:about e:pec ; ca:position e:third . e:third :says 'maybe' ."
    left, _ = removal(
        """
        e:alone a ca:Disagreement ; ca:about e:nesta ; ca:position e:first, e:second, 'in words' .
        e:first :says 'yes' . e:second :says 'no' .
        e:both ca:about e:nesta .
        """
        + rest
    )
    assert left == quads(rest)


def test_nodes_without_a_name_go_with_what_alone_used_them() -> None:
    left, purged = removal("e:nesta :address [ :street [ :name 'High Street' ] ; :in e:london ] .")
    assert left == set()
    assert names(purged) == {"nesta", "london"}
    left, _ = removal("e:nesta :address _:house . e:pec :address _:house . _:house :street 'High Street' .")
    assert len(left) == 2
