"""Hits name the entities that they mention: from the cards, else from the item, else from the IRI."""

from __future__ import annotations

from pathlib import Path

import pytest

from graph.vocabulary import expand
from search.index.entity_names import EntityNames
from search.index.index import Index, build, update
from search.item import EntityRef, Item
from search.searcher import Searcher
from search.types import Query
from tests.search.conftest import WordEncoder

PLACE, CITY, CLUSTER = expand("schema:Place"), expand("schema:City"), expand("ca:Cluster")
ROLE = EntityRef("urn:role", "chair", "role")


def card(name: str, title: str, **types: str) -> Item:
    """A card whose `types` are given as label=IRI."""
    labels = tuple(label.replace("_", " ") for label in types)
    return Item(f"urn:{name}", "entity", title, types=tuple(types.values()), type_labels=labels)


def passage(name: str, *entities: str, names: tuple[EntityRef, ...] = ()) -> Item:
    iris = tuple(f"urn:{entity}" for entity in entities)
    return Item(f"urn:{name}", "passage", "Report", "film and music", entities=iris, names=names)


CARDS = [
    card("leeds", "Leeds", place=PLACE, city_or_town=CITY),
    card("kent", "Kent", place=PLACE),
    card("hub", "The hub", conference=expand("schema:Event"), cluster=CLUSTER),
    card("bare", "Nothing more"),
]


@pytest.fixture
def generation(tmp_path: Path) -> Path:
    texts = [passage("1", "leeds", "kent", "hub"), passage("2", "bare", "role", "none", names=(ROLE,))]
    build([*CARDS, *texts], tmp_path / "one", WordEncoder())
    return tmp_path / "one"


def hits(generation: Path) -> dict[str, tuple[EntityRef, ...]]:
    searcher = Searcher(Index.open(generation), WordEncoder)
    results = searcher.search(Query("film and music"))
    assert {hit.iri: hit.entities for hit in searcher.search(Query("film and music")).hits} == {
        hit.iri: hit.entities for hit in results.hits
    }
    return {hit.iri: hit.entities for hit in results.hits}


def test_a_hit_names_its_entities_by_label_and_main_class(generation: Path) -> None:
    assert hits(generation)["urn:1"] == (
        EntityRef("urn:leeds", "Leeds", "city or town"),  # there are fewer cities than places
        EntityRef("urn:kent", "Kent", "place"),
        EntityRef("urn:hub", "The hub", "cluster"),  # of equally rare classes, the one of the atlas's vocabulary
    )


def test_without_a_card_the_item_knows_the_name_and_else_the_iri_stands_for_it(generation: Path) -> None:
    assert hits(generation)["urn:2"] == (
        EntityRef("urn:bare", "Nothing more"),
        ROLE,
        EntityRef("urn:none", "urn:none"),
    )


def test_a_changed_card_changes_the_name(generation: Path, tmp_path: Path) -> None:
    new = card("kent", "County of Kent", county=expand("schema:AdministrativeArea"))
    update(generation, tmp_path / "two", [new], remove=[], encoder=WordEncoder())
    assert EntityRef("urn:kent", "County of Kent", "county") in hits(tmp_path / "two")["urn:1"]
    assert EntityRef("urn:kent", "Kent", "place") in hits(generation)["urn:1"]


def test_cards_of_an_older_index_name_the_class_by_its_prefixed_name(tmp_path: Path) -> None:
    old = Item("urn:leeds", "entity", "Leeds", types=(CITY,))
    build([old, passage("1", "leeds")], tmp_path / "one", WordEncoder())
    assert hits(tmp_path / "one")["urn:1"] == (EntityRef("urn:leeds", "Leeds", "schema:City"),)


@pytest.mark.parametrize("max_names", [0, 1, 3, 100])
def test_the_cache_does_not_change_the_names(generation: Path, max_names: int) -> None:
    lexical = Index.open(generation).lexical
    items = [stored.item for stored in lexical.everything()]
    names = EntityNames(lexical, max_names=max_names)
    expected = EntityNames(lexical).of(items)
    assert [names.of([item])[0] for item in [*items, *items]] == [*expected, *expected]


def test_the_names_of_an_item_survive_storage() -> None:
    item = passage("2", "role", names=(ROLE,))
    assert Item.from_json(item.to_json()) == item
