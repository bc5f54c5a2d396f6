"""Facet counts: how many results have each value of a field, by aggregation in tantivy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from search.types import FacetValue

if TYPE_CHECKING:
    import tantivy

__all__ = ["count_facets"]

_COUNTED_VALUES: Final = 20_000  # values of a facet counted in each segment, so that the counts shown are exact


def count_facets(
    searcher: tantivy.Searcher, query: tantivy.Query, fields: Sequence[str], *, size: int
) -> dict[str, tuple[FacetValue, ...]]:
    """Field → its `size` most frequent values over all items that match `query`; equal counts by value."""
    terms = {name: {"terms": {"field": name, "size": size, "segment_size": _COUNTED_VALUES}} for name in fields}
    counts = searcher.aggregate(query, terms)
    return {name: _values(counts[name]) for name in fields}


def _values(counts: Mapping[str, Any]) -> tuple[FacetValue, ...]:
    values = [FacetValue(str(bucket["key"]), int(bucket["doc_count"])) for bucket in counts["buckets"]]
    return tuple(sorted(values, key=lambda value: (-value.count, value.value)))
