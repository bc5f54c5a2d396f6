"""BM25 over the tantivy index of one generation: ranking, scoring of given units, filters, facets, look-ups.

A unit is named here by its slot, the number that the dense index knows it by.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from search.index.item_store import Stored, StoredUnits
from search.index.schema import build_schema, register
from search.index.stemmer import Stems
from search.types import FacetValue

if TYPE_CHECKING:
    import tantivy

__all__ = ["LexicalIndex", "Ranked", "open_index", "open_unwritable"]

_BATCH = 500
_LOOKED_UP = 1_000
_FREQUENCIES = 20_000  # words whose numbers of units are kept
_UNITS = 4_000  # units that are kept, of some 4 kB each
_COUNTED = 20_000  # values of a facet that are counted in each segment, so that the counts of the shown ones are exact
_SCORE, _ADDRESS = itemgetter(0), itemgetter(1)  # of a hit


@dataclass(frozen=True, slots=True)
class Ranked:
    """Slots with their scores (float32[n], BM25, higher is better), best first, and where tantivy keeps them."""

    slots: npt.NDArray[np.int64]
    scores: npt.NDArray[np.float32]
    addresses: list[tantivy.DocAddress]
    total: int


def open_index(path: Path) -> tantivy.Index:
    """An existing index with its tokenisers; readers see the state of this moment. Raises ValueError or OSError."""
    if os.access(path, os.W_OK):
        try:
            return _opened(path)
        except ValueError as error:
            if "PermissionDenied" not in str(error):  # which a sandbox answers to what access(2) allows
                raise
    return open_unwritable(path)


def open_unwritable(path: Path) -> tantivy.Index:
    """An index where nothing can be written: tantivy makes a lock file for a moment, so it is opened through links.

    What it has opened it holds; the links are gone afterwards.
    """
    with tempfile.TemporaryDirectory() as beside:
        for file in path.resolve(strict=True).iterdir():
            if file.suffix != ".lock":
                (Path(beside) / file.name).symlink_to(file)
        return _opened(Path(beside))


def _opened(path: Path) -> tantivy.Index:
    import tantivy

    index = tantivy.Index.open(str(path))
    register(index)
    index.config_reader("manual")
    return index


class LexicalIndex:
    """Read access, safe to share between threads. Raises ValueError or OSError when there is no sound index."""

    def __init__(self, path: Path, units: StoredUnits) -> None:
        self._searcher = open_index(path).searcher()
        self.schema = build_schema()
        self.stems = Stems()
        self._statistics: dict[str, tuple[float, float]] = {}
        # What is asked again and again, by one search and by the next. An opened index never changes.
        self._frequency = lru_cache(maxsize=_FREQUENCIES)(partial(_frequency, self._searcher))
        self._held = lru_cache(maxsize=_UNITS)(units.at)

    def __len__(self) -> int:
        return int(self._searcher.num_docs)

    def search(self, query: tantivy.Query, limit: int) -> Ranked:
        """The best `limit` units for `query`; `total` counts all that match."""
        result = self._searcher.search(query, max(limit, 1), count=True)
        hits = result.hits[:limit]
        addresses = [address for _, address in hits]
        slots = self._searcher.fast_field_values("slot", addresses) if addresses else []
        count = int(getattr(result, "count", len(hits)))
        return Ranked(np.array(slots, dtype=np.int64), np.array([s for s, _ in hits], np.float32), addresses, count)

    def best(self, query: tantivy.Query, limit: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]:
        """Slots and scores as from `search`; without the count, tantivy passes over what cannot be among them."""
        hits = self._searcher.search(query, limit, count=False).hits
        if not hits:
            return np.empty(0, np.int64), np.empty(0, np.float32)
        slots = self._searcher.fast_field_values("slot", list(map(_ADDRESS, hits)))
        return np.fromiter(slots, np.int64, len(slots)), np.fromiter(map(_SCORE, hits), np.float32, len(hits))

    def score(
        self, slots: Sequence[int] | npt.NDArray[np.int64], scoring: tantivy.Query, must: tantivy.Query | None
    ) -> Ranked:
        """BM25 of the given units under `scoring` (0 where no word matches); those that fail `must` are left out."""
        from tantivy import Occur, Query

        among = Query.const_score_query(self.among(slots), 0.0)
        clauses = [(Occur.Must, among), (Occur.Should, scoring)]
        if must is not None:
            clauses.append((Occur.Must, must))
        return self.search(Query.boolean_query(clauses), len(slots))

    def among(self, slots: Iterable[int]) -> tantivy.Query:
        """Matches these. A look-up for each is faster than one automaton for all (200 in 1.4 ms instead of 5.2), up to
        about a thousand."""
        from tantivy import Occur, Query

        wanted = [int(slot) for slot in slots]
        if len(wanted) > _LOOKED_UP:
            return Query.term_set_query(self.schema, "slot", wanted)
        one_by_one = (Query.term_query(self.schema, "slot", slot, index_option="basic") for slot in wanted)
        return Query.boolean_query([(Occur.Should, each) for each in one_by_one])

    def count(self, query: tantivy.Query) -> int:
        return int(getattr(self._searcher.search(query, 1, count=True), "count", 0))

    def facets(self, query: tantivy.Query, fields: Sequence[str], size: int) -> dict[str, tuple[FacetValue, ...]]:
        """Counts per value of each field over everything that matches `query`, most frequent first."""
        wanted = {name: {"terms": {"field": name, "size": size, "segment_size": _COUNTED}} for name in fields}
        counted = self._searcher.aggregate(query, wanted)
        return {name: _values(counted[name]) for name in fields}

    def stored(self, addresses: list[tantivy.DocAddress]) -> Iterator[Stored]:
        """What is stored of the units at these addresses, in their order."""
        slots = self._searcher.fast_field_values("slot", addresses) if addresses else []
        return (self.stored_at(int(slot)) for slot in slots if slot is not None)

    def stored_at(self, slot: int) -> Stored:
        """What is stored under this slot. Raises KeyError where nothing ever was."""
        return self._held(slot)

    def statistics(self, field: str, word: str) -> tuple[float, float] | None:
        """What BM25 takes for the number of units and the average length of the field. `word`: any that occurs in it.

        tantivy tells it nowhere but in the account of a score. None where that has none: the units are deleted.
        """
        from tantivy import Query

        held = self._statistics.get(field)
        if held is None:
            term = Query.term_query(self.schema, field, word, index_option="freq")
            hits = self._searcher.search(term, 1, count=False).hits
            if not hits:
                return None
            told = dict(_leaves(self.explain(term, hits[0][1])))
            held = self._statistics[field] = (told["N"], told["avgdl"])
        return held

    def explain(self, query: tantivy.Query, address: tantivy.DocAddress) -> Mapping[str, Any]:
        """tantivy's own account of the score, as it gives it."""
        explained: dict[str, Any] = json.loads(query.explain(self._searcher, address).to_json())
        return explained

    def everywhere(self) -> list[tantivy.DocAddress]:
        """Where every unit is kept."""
        from tantivy import Query

        return self.search(Query.all_query(), len(self)).addresses

    def by_iri(self, iris: Sequence[str]) -> dict[str, Stored]:
        """What is stored under these IRIs; unknown ones are left out."""
        from tantivy import Query

        found: dict[str, Stored] = {}
        for start in range(0, len(iris), _BATCH):
            batch = list(iris[start : start + _BATCH])
            addresses = self.search(Query.term_set_query(self.schema, "iri", batch), len(batch)).addresses
            found |= {stored.unit.iri: stored for stored in self.stored(addresses)}
        return found

    def words(self, prefix: str) -> list[str]:
        """The exact words of the collection that begin so, the most frequent first."""
        return [str(word) for word, _ in self._searcher.terms_with_prefix("exact", prefix)]

    def document_frequency(self, field: str, term: str) -> int:
        return self._frequency(field, term)


def _frequency(searcher: tantivy.Searcher, field: str, term: str) -> int:
    return int(searcher.doc_freq(field, term))


def _leaves(account: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    """The numbers that a score was worked out from, by the first word of what they are."""
    yield str(account["description"]).split(",")[0], float(account["value"])
    for detail in account.get("details") or ():
        yield from _leaves(detail)


def _values(counted: Mapping[str, Any]) -> tuple[FacetValue, ...]:
    values = [FacetValue(str(bucket["key"]), int(bucket["doc_count"])) for bucket in counted["buckets"]]
    return tuple(sorted(values, key=lambda value: (-value.count, value.value)))
