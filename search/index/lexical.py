"""BM25 over the tantivy index of one generation: ranking, scoring of given items, counts, facets and look-ups.

An item is named by its slot, the number under which the dense index knows it.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache, partial
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from search.index.facet_counts import count_facets
from search.index.item_store import ItemStore, StoredItem
from search.index.schema import build_schema, register
from search.index.stemmer import Stems
from search.index.tantivy_query import QueryTranslator
from search.index.terms import EVERYTHING, AnyValue, Clause, Term
from search.types import FacetValue

if TYPE_CHECKING:
    import tantivy

__all__ = ["LexicalIndex", "open_index", "open_read_only"]

_IRIS_AT_ONCE: Final = 500
_CACHED_FREQUENCIES: Final = 20_000
_CACHED_ITEMS: Final = 4_000  # of some 4 kB each
_SCORE, _ADDRESS = itemgetter(0), itemgetter(1)  # of tantivy's hits

Slots = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]


def open_index(path: Path) -> tantivy.Index:
    """An existing index with its tokenisers. Readers see its state at this moment. Raises ValueError or OSError."""
    if os.access(path, os.W_OK):
        try:
            return _open(path)
        except ValueError as error:
            if "PermissionDenied" not in str(error):  # a sandbox may deny what access(2) allows
                raise
    return open_read_only(path)


def open_read_only(path: Path) -> tantivy.Index:
    """An index in a folder that cannot be written to.

    tantivy makes a lock file while it opens an index, so the index is opened through links in a temporary folder.
    tantivy keeps the files open; the links can go afterwards.
    """
    with tempfile.TemporaryDirectory() as links:
        for file in path.resolve(strict=True).iterdir():
            if file.suffix != ".lock":
                (Path(links) / file.name).symlink_to(file)
        return _open(Path(links))


def _open(path: Path) -> tantivy.Index:
    import tantivy

    index = tantivy.Index.open(str(path))
    register(index)
    index.config_reader("manual")
    return index


class LexicalIndex:
    """Read access, safe to share between threads. Raises ValueError or OSError when there is no sound index."""

    def __init__(self, path: Path, items: ItemStore) -> None:
        self._searcher = open_index(path).searcher()
        self._translator = QueryTranslator(build_schema())
        self.stems = Stems()
        self._statistics: dict[str, tuple[float, float]] = {}
        # Several steps of a search need these, and an opened index never changes.
        self._frequency = lru_cache(maxsize=_CACHED_FREQUENCIES)(partial(_frequency, self._searcher))
        self._item = lru_cache(maxsize=_CACHED_ITEMS)(items.at)

    def __len__(self) -> int:
        return int(self._searcher.num_docs)

    def best(self, query: Clause, limit: int) -> tuple[Slots, Floats]:
        """Slots (int64[n]) and scores (float32[n], BM25, higher is better) of the best `limit` items, best first."""
        return self._best(self._translator.translate(query), limit)

    def score(self, slots: Slots, scoring: Clause, condition: Clause | None = None) -> tuple[Slots, Floats]:
        """Slots and scores, best first, of those of the given items that match `condition`.

        The score is BM25 under `scoring`, and 0 where that does not match.
        """
        return self._best(self._translator.score_of(slots, scoring, condition), len(slots))

    def _best(self, query: tantivy.Query, limit: int) -> tuple[Slots, Floats]:
        hits = self._searcher.search(query, max(limit, 1), count=False).hits[:limit]
        if not hits:
            return np.empty(0, np.int64), np.empty(0, np.float32)
        slots = self._searcher.fast_field_values("slot", list(map(_ADDRESS, hits)))
        return np.fromiter(slots, np.int64, len(slots)), np.fromiter(map(_SCORE, hits), np.float32, len(hits))

    def count(self, query: Clause) -> int:
        """Number of items that match."""
        return int(getattr(self._searcher.search(self._translator.translate(query), 1, count=True), "count", 0))

    def facets(self, query: Clause, fields: Sequence[str], size: int) -> dict[str, tuple[FacetValue, ...]]:
        """Counts per value of each field over all items that match `query`, most frequent first, `size` at most."""
        return count_facets(self._searcher, self._translator.translate(query), fields, size=size)

    def matching(self, query: Clause, limit: int) -> list[StoredItem]:
        """The best `limit` items for `query`, as they are stored."""
        return [self.stored_at(slot) for slot in self.best(query, limit)[0].tolist()]

    def stored_at(self, slot: int) -> StoredItem:
        """The item stored under this slot. Raises KeyError if there never was one."""
        return self._item(slot)

    def everything(self) -> Iterator[StoredItem]:
        """Every item, as it is stored."""
        return (self.stored_at(slot) for slot in self.best(EVERYTHING, len(self))[0].tolist())

    def slots_by_segment(self) -> dict[int, list[int]]:
        """Number of each of tantivy's segments → slots of the items in it."""
        slots: dict[int, list[int]] = {}
        if len(self):
            addresses = list(
                map(_ADDRESS, self._searcher.search(self._translator.translate(EVERYTHING), len(self)).hits)
            )
            for address, slot in zip(addresses, self._searcher.fast_field_values("slot", addresses), strict=True):
                slots.setdefault(address.segment_ord, []).append(int(slot or 0))
        return slots

    def by_iri(self, iris: Sequence[str]) -> dict[str, StoredItem]:
        """IRI → item. Unknown IRIs are left out."""
        items: dict[str, StoredItem] = {}
        for start in range(0, len(iris), _IRIS_AT_ONCE):
            batch = tuple(iris[start : start + _IRIS_AT_ONCE])
            items |= {stored.item.iri: stored for stored in self.matching(AnyValue("iri", batch), len(batch))}
        return items

    def statistics(self, field: str, word: str) -> tuple[float, float] | None:
        """The number of items and the average length of the field that BM25 uses. `word`: any word of the field.

        tantivy gives them only in its explanation of a score. None if it explains none, since all items with the word
        are deleted.
        """
        if field not in self._statistics:
            query = self._translator.translate(Term(field, word))
            hits = self._searcher.search(query, 1, count=False).hits
            if not hits:
                return None
            explanation = json.loads(query.explain(self._searcher, hits[0][1]).to_json())
            values = dict(_leaves(explanation))
            self._statistics[field] = (values["N"], values["avgdl"])
        return self._statistics[field]

    def words(self, prefix: str) -> list[str]:
        """The exact words of the collection that begin with `prefix`, most frequent first."""
        return [str(word) for word, _ in self._searcher.terms_with_prefix("exact", prefix)]

    def document_frequency(self, field: str, term: str) -> int:
        """Number of items with this term in this field. Deleted items count until tantivy merges them away."""
        return self._frequency(field, term)


def _frequency(searcher: tantivy.Searcher, field: str, term: str) -> int:
    return int(searcher.doc_freq(field, term))


def _leaves(explanation: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    """Name and value of every number in tantivy's explanation of a score."""
    yield str(explanation["description"]).split(",")[0], float(explanation["value"])
    for detail in explanation.get("details") or ():
        yield from _leaves(detail)
