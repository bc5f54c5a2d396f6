"""The order of an entity's relations; codes and coordinates come separately."""

from __future__ import annotations

import pytest

from graph.model import Fact, FactGroup, Value
from graph.vocabulary import expand
from web.pages.relation_order import label_from_here, relations


def _group(name: str, *values: str, direction: str = "out") -> FactGroup:
    label = name.partition(":")[2]
    facts = tuple(Fact(expand(name), label, direction, Value("literal", v, v)) for v in values)  # type: ignore[arg-type]
    return FactGroup(expand(name), label, direction, facts, len(facts))  # type: ignore[arg-type]


def test_relations_come_as_people_read_them_and_the_rest_by_name() -> None:
    groups = ("ca:zeal", "ca:partner", "ca:hasAmount", "schema:location", "schema:funder", "ca:ant", "ca:ledBy",
              "dcterms:isPartOf")  # fmt: skip
    ordered = relations(tuple(_group(name, "x") for name in groups), {})
    assert [group.label for group in ordered.stated] == [
        "isPartOf", "ledBy", "funder", "location", "hasAmount", "partner", "ant", "zeal",
    ]  # fmt: skip


def test_a_director_reads_as_a_fact_where_the_relation_has_a_name_at_this_end() -> None:
    incoming = _group("ca:directorOf", "Sean Taylor", direction="in")
    funder = _group("schema:funder", "AHRC")
    ordered = relations((funder, incoming), {incoming.predicate: "director"})
    assert [group.label for group in ordered.stated] == ["directorOf", "funder"] and ordered.named == ()
    ordered = relations((funder, incoming), {})
    assert ordered.stated == (funder,) and ordered.named == (incoming,)


def test_position_is_one_line_and_codes_stand_before_it() -> None:
    ordered = relations(
        (_group("schema:longitude", "-2.97489"), _group("schema:latitude", "56.46"), _group("ca:onsCode", "S12000042")),
        {},
    )
    assert ordered.stated == ()
    assert [(code.label, code.text) for code in ordered.codes] == [
        ("onsCode", "S12000042"), ("position", "56.46 N, 2.97 W"),
    ]  # fmt: skip


@pytest.mark.parametrize("halves", [("north", "1"), ("1",)])
def test_a_position_that_is_no_pair_of_numbers_is_shown_as_it_is(halves: tuple[str, ...]) -> None:
    names = ("schema:latitude", "schema:longitude")
    ordered = relations(tuple(_group(name, half) for name, half in zip(names, halves, strict=False)), {})
    assert [code.text for code in ordered.codes] == list(halves)


def test_an_incoming_relation_is_named_by_the_ontology_first() -> None:
    office = expand("org:organization")
    assert label_from_here(office, {}) == "offices"
    assert label_from_here(office, {office: "posts"}) == "posts"
    assert label_from_here(expand("ca:unheardOf"), {}) is None
