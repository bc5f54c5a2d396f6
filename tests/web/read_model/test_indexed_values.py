"""IndexedValues: made once for each index, without keeping others waiting."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from web.read_model.indexed_values import IndexedValues


def test_two_indexes_in_turn_keep_their_values() -> None:
    """During an update requests of two generations alternate."""
    values, made = IndexedValues(), list[str]()

    def value(mark: str) -> str:
        return values.get("searcher", mark, lambda: made.append(mark) or mark)

    assert [value(mark) for mark in "ababab"] == list("ababab")
    assert made == ["a", "b"]
    assert value("c") == "c" and value("b") == "b"
    assert made == ["a", "b", "c"], "the oldest of three gave way"


def test_many_threads_make_a_value_once() -> None:
    values, made, begin = IndexedValues(), list[int](), threading.Barrier(8)

    def get(number: int) -> int:
        begin.wait()
        return values.get("gazetteer", "mark", lambda: made.append(number) or number)

    with ThreadPoolExecutor(8) as threads:
        results = set(threads.map(get, range(8)))
    assert results == set(made) and len(made) == 1


def test_a_value_that_is_being_made_keeps_no_other_waiting() -> None:
    values, begun, go = IndexedValues(), threading.Event(), threading.Event()

    def slow() -> str:
        begun.set()
        assert go.wait(60)
        return "slow"

    with ThreadPoolExecutor(1) as threads:
        future = threads.submit(values.get, "searcher", "new index", slow)
        assert begun.wait(60)
        assert values.get("searcher", "old index", lambda: "at once") == "at once"
        go.set()
        assert future.result() == "slow"


def test_what_fails_is_tried_again() -> None:
    values = IndexedValues()
    with pytest.raises(ZeroDivisionError):
        values.get("searcher", "mark", lambda: 1 / 0)
    assert values.get("searcher", "mark", lambda: 2.0) == 2.0
