"""Values of a search index: made once for all views, kept for the last two indexes."""

from __future__ import annotations

import threading
import time

from web.read_model.live_generation import IndexedValues


def test_two_views_of_different_indexes_do_not_evict_each_other() -> None:
    values, made = IndexedValues(), list[str]()

    def value(mark: str) -> str:
        return values.get("searcher", (mark, {"file": mark}), lambda: made.append(mark) or mark)

    assert [value(mark) for mark in ("old", "new", "old", "new")] == ["old", "new", "old", "new"]
    assert made == ["old", "new"]
    value("newest")
    value("new")
    assert made == ["old", "new", "newest"]
    value("old")
    assert made[-1] == "old", "only two are kept"


def test_threads_that_come_together_wait_for_one_value() -> None:
    values, made = IndexedValues(), list[int]()

    def make() -> int:
        made.append(1)
        time.sleep(0.05)
        return len(made)

    threads = [threading.Thread(target=lambda: values.get("gazetteer", "mark", make)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert made == [1]
