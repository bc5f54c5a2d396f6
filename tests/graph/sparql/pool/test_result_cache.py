"""ResultCache: bounded, by fingerprint."""

from __future__ import annotations

from graph.sparql.pool.result_cache import CachedResult, ResultCache
from graph.sparql.search_request import SearchClauseRows, SearchRequest, SearchRow


def test_the_cache_keeps_to_its_size() -> None:
    cache = ResultCache(20_000)
    keys = [f"query {number}" for number in range(20)]
    for key in keys:
        cache.put(key, CachedResult("bindings", 1, 1.0, b"x" * 1000))
    cached = [key for key in keys if cache.get(key)]
    assert cached == keys[-len(cached) :]
    assert 12 <= len(cached) <= 20
    cache.put(keys[0], CachedResult("bindings", 1, 1.0, b"x" * 5000))
    assert cache.get(keys[0]) is None, "an eighth of the whole at most"


def test_search_rows_count_as_part_of_a_result() -> None:
    cache = ResultCache(20_000)
    rows = (SearchRow("http://example.org/a", 1.0, "x" * 5000),)
    cache.put("a", CachedResult("bindings", 1, 1.0, b"", (SearchClauseRows(SearchRequest(), rows),)))
    assert cache.get("a") is None


def test_a_replaced_result_gives_its_space_back() -> None:
    cache = ResultCache(8 * 1700)
    for _ in range(100):
        cache.put("same", CachedResult("bindings", 1, 1.0, b"x" * 1000))
    cache.put("other", CachedResult("bindings", 1, 1.0, b"x" * 1000))
    assert cache.get("same") and cache.get("other")
