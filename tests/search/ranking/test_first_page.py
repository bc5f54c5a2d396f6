"""What the first page shows: answers before boilerplate, a text once, more than one document; and counts that agree."""

from __future__ import annotations

from typing import Any

import pytest

from search.index.index import Index, build
from search.item import Item
from search.searcher import Searcher
from search.types import Filters, Hit, Query

_PROSE = (
    "Regional screen agencies lend studios money for virtual production stages and train crews in the new craft. The "
    "loans are small, they run for five years, and they are paid back from the hire of the stage. Where a college is "
    "near, its students work as runners in the first season and as operators in the second, which keeps them in the "
    "region. Two agencies have stopped lending since, because the banks took over once the first stages had paid."
)
_CONTENTS = "Contents\n" + "\n".join(
    f"{n}. Virtual production stages and studios in the regions {'.' * 12} {n * 7}" for n in range(1, 9)
)
_REFERENCES = "References\n" + "\n".join(
    f"Smith et al (20{n}) Virtual production stages for studios, pp. {n}-{n + 9}. https://example.org/{n}"
    for n in range(10, 18)
)


def _item(name: str, text: str, document: str, **more: Any) -> Item:
    return Item(f"p/{name}", "passage", f"Report {document}", text, document=f"d/{document}", **more)


@pytest.fixture(scope="module")
def searcher(tmp_path_factory: pytest.TempPathFactory, word_encoder: Any) -> Searcher:
    places = {"a": ("north",), "b": ("north", "leeds"), "c": ("south",)}
    items = [
        _item("contents", _CONTENTS, "a", places=places["a"]),
        _item("references", _REFERENCES, "a", places=places["a"]),
        _item("answer", _PROSE, "b", places=places["b"]),
        _item("copy", f"{_PROSE} Reprinted.", "c", places=places["c"]),
        *(
            _item(f"many-{n}", f"Virtual production stages number {n} opened at studios {n * 3} miles from town.", "a")
            for n in range(12)
        ),
        _item("other", "A college teaches virtual production to people who leave studios for stages.", "d"),
    ]
    folder = tmp_path_factory.mktemp("page") / "generation"
    encoder = word_encoder()
    build(items, folder, encoder)
    return Searcher(Index.open(folder), lambda: encoder)


def _first(searcher: Searcher, text: str, **more: Any) -> list[Hit]:
    return list(searcher.search(Query(text, **more)).hits)


def test_contents_pages_and_reference_lists_come_after_answers(searcher: Searcher) -> None:
    hits = _first(searcher, "virtual production stages studios", limit=20)
    places = {hit.iri: at for at, hit in enumerate(hits)}
    assert max(places["p/answer"], places["p/other"]) < min(places["p/contents"], places["p/references"])
    assert dict(hits[places["p/contents"]].explain.boosts)["contents or references"] < 0


def test_a_text_stands_on_the_first_page_once(searcher: Searcher) -> None:
    hits = _first(searcher, "screen agencies lend money virtual production crews", limit=20)
    places = {hit.iri: at for at, hit in enumerate(hits)}
    first, second = sorted((places["p/answer"], places["p/copy"]))
    assert first == 0 and second >= 2


def test_one_document_does_not_fill_the_first_page(searcher: Searcher) -> None:
    hits = _first(searcher, "virtual production stages opened at studios")
    documents = [hit.document.iri for hit in hits[:5] if hit.document]
    assert len(set(documents)) >= 3 and documents.count("d/a") <= 3


def test_a_facet_counts_what_its_filter_lets_pass(searcher: Searcher) -> None:
    results = searcher.search(Query("studios", facets=True, limit=50))
    assert {value.value for value in results.facets["place"]} == {"north", "leeds", "south"}
    for value in results.facets["place"]:
        chosen = searcher.search(Query("studios", filters=Filters(place=(value.value,)), limit=50))
        assert chosen.total == value.count == len(chosen.hits)
