"""Searches in worker processes: same results, every search once, and an answer even if workers die."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from graph.deadline import Deadline
from graph.errors import InputError, QueryCancelled, QueryTimeout
from search.types import Query, Results
from search.workers.pool import SearchProcessPool
from tests.support.paths import ROOT
from tests.support.search_pool import busy_here
from tests.support.waiting import is_running, wait_until
from web.services import Services, compose

TEXTS = ["access to finance", "games makers in Dundee", "who paid for Creative Scale-Up?", "£25 million", "studios"]


@pytest.fixture
def many(services: Services) -> Iterator[Services]:
    """The same atlas, with two search workers."""
    several = compose(replace(services.settings, search_processes=2))
    yield several
    several.search_pool.close()


def at_once(services: Services, times: int) -> list[Results]:
    """The results of each text so many times, eight searches at a time."""
    with ThreadPoolExecutor(8) as threads:
        return list(threads.map(services.atlas.search, [Query(text, facets=True) for text in TEXTS] * times))


def plain(results: Results) -> Results:
    """Without the time that it took, and with the terms of explanations as tuples, whatever sequence they came in."""
    hits = [replace(hit, explain=replace(hit.explain, terms=tuple(hit.explain.terms))) for hit in results.hits]
    return replace(results, took_ms=0.0, hits=tuple(hits))


def started(services: Services) -> tuple[int, ...]:
    """The process ids of the workers, once there are two."""

    def are_two() -> bool:
        at_once(services, 2)
        return len(services.search_pool.processes) == 2

    wait_until(are_two)
    return services.search_pool.processes


class Pool:
    """A pool of one ready worker over an atlas. `runs_here` counts the searches that were made in this process."""

    def __init__(self, services: Services, max_seconds: float) -> None:
        settings = services.settings
        opening = {"model": settings.model, "cache": str(settings.cache), "reranker": None}
        self.pool = SearchProcessPool(1, opening, max_seconds=max_seconds)
        self.generation = services.home.require().path
        self.runs_here = 0

    def start(self) -> int:
        """Its worker's process id."""
        with busy_here(self.pool, self.generation), ThreadPoolExecutor(1) as threads:
            future = threads.submit(self.answer, "warm")
            wait_until(lambda: bool(self.pool.processes))
            future.result()
        return self.pool.processes[0]

    def answer(self, text: str, generation: Path | None = None, deadline: Deadline | None = None) -> bytes:
        """A search while the place here is taken."""
        return self.pool.answer(generation or self.generation, Query(text), self.here, deadline)

    def here(self) -> bytes:
        self.runs_here += 1
        return b"here"


@pytest.fixture
def alone(services: Services) -> Iterator[Pool]:
    pool = Pool(services, 60.0)
    yield pool
    pool.pool.close()


def test_one_search_at_a_time_needs_no_worker(many: Services) -> None:
    for text in TEXTS:
        many.atlas.search(Query(text))
    assert many.search_pool.processes == ()


def test_a_search_here_knows_whether_workers_are_busy(alone: Pool) -> None:
    pid = alone.start()
    wait_until(alone.pool.is_quiet)
    with busy_here(alone.pool, alone.generation), ThreadPoolExecutor(1) as threads:
        os.kill(pid, signal.SIGSTOP)
        future = threads.submit(alone.answer, "studios")
        wait_until(lambda: not alone.pool.is_quiet())
        os.kill(pid, signal.SIGCONT)
        future.result()
        assert alone.pool.is_quiet()


def test_the_results_are_the_same_wherever_a_search_runs(services: Services, many: Services) -> None:
    started(many)
    expected = [plain(services.atlas.search(Query(text, facets=True))) for text in TEXTS]
    assert expected * 6 == [plain(results) for results in at_once(many, 6)]


def test_the_answers_are_the_same_wherever_they_are_written(services: Services, many: Services) -> None:
    started(many)
    queries = [Query(text, facets=True) for text in TEXTS]
    expected = [json.loads(services.atlas.answer(query)) | {"took_ms": 0} for query in queries]
    with ThreadPoolExecutor(8) as threads:
        answers = [json.loads(body) | {"took_ms": 0} for body in threads.map(many.atlas.answer, queries * 6)]
    assert expected * 6 == answers


def test_workers_do_search(alone: Pool) -> None:
    """Else the tests of equal results would compare this process with itself."""
    alone.start()
    with busy_here(alone.pool, alone.generation):
        for text in TEXTS:
            assert json.loads(alone.answer(text))["hits"]
            assert alone.pool.search(alone.generation, Query(text), lambda: pytest.fail("not in a worker")).hits
    assert alone.runs_here == 0


def test_a_search_that_fails_in_a_worker_is_not_repeated(alone: Pool) -> None:
    alone.start()
    with busy_here(alone.pool, alone.generation), pytest.raises(InputError) as caught:
        alone.answer("!!!")
    assert caught.value.remedy
    assert alone.runs_here == 0


def test_a_search_past_its_time_ends_its_worker_and_is_not_repeated(services: Services) -> None:
    pool = Pool(services, 5.0)
    pid = pool.start()
    try:
        with busy_here(pool.pool, pool.generation):
            os.kill(pid, signal.SIGSTOP)
            with pytest.raises(QueryTimeout):
                pool.answer("studios")
        assert pool.runs_here == 0
        assert not is_running(pid)
    finally:
        pool.pool.close()


def test_a_deadline_ends_a_search_in_a_worker_before_the_limit_of_all(alone: Pool) -> None:
    pid = alone.start()
    with busy_here(alone.pool, alone.generation):
        os.kill(pid, signal.SIGSTOP)
        began = time.monotonic()
        with pytest.raises(QueryTimeout):
            alone.answer("studios", deadline=Deadline.after(0.2))
        assert time.monotonic() - began < 20
    assert not is_running(pid), "it did not end by itself"


def test_a_cancelled_search_ends_in_its_worker_which_takes_the_next_one(alone: Pool) -> None:
    """The worker reads that it was cancelled before it begins, having been stopped until then."""
    pid, deadline = alone.start(), Deadline.after(60)
    with busy_here(alone.pool, alone.generation), ThreadPoolExecutor(1) as threads:
        os.kill(pid, signal.SIGSTOP)
        future = threads.submit(alone.answer, "studios", None, deadline)
        wait_until(lambda: not alone.pool.is_quiet())
        deadline.cancel()
        time.sleep(0.5)
        os.kill(pid, signal.SIGCONT)
        with pytest.raises(QueryCancelled):
            future.result(30)
        assert json.loads(alone.answer("studios"))["hits"]
    assert alone.pool.processes == (pid,)
    assert alone.runs_here == 0


def test_a_cancelled_search_whose_worker_does_not_listen_frees_its_place(alone: Pool) -> None:
    pid, deadline = alone.start(), Deadline.after(60)
    with busy_here(alone.pool, alone.generation), ThreadPoolExecutor(1) as threads:
        os.kill(pid, signal.SIGSTOP)
        future = threads.submit(alone.answer, "studios", None, deadline)
        wait_until(lambda: not alone.pool.is_quiet())
        deadline.cancel()
        with pytest.raises(QueryCancelled):
            future.result(30)
    assert not is_running(pid)


def test_a_search_that_waits_for_a_place_ends_at_its_deadline(alone: Pool) -> None:
    pid = alone.start()
    with busy_here(alone.pool, alone.generation), ThreadPoolExecutor(1) as threads:
        os.kill(pid, signal.SIGSTOP)
        other = threads.submit(alone.answer, "studios")
        wait_until(lambda: not alone.pool.is_quiet())
        with pytest.raises(QueryTimeout):
            alone.answer("games", deadline=Deadline.after(0.1))
        os.kill(pid, signal.SIGCONT)
        assert json.loads(other.result(60))["hits"]


def test_a_search_clause_of_sparql_runs_in_a_worker(many: Services) -> None:
    """A search with a deadline, as the query pool makes it, goes to a worker while the place here is taken."""
    started(many)
    view = many.live.view()
    with busy_here(many.search_pool, view.generation.path), ThreadPoolExecutor(1) as threads:
        future = threads.submit(many.atlas.index.search, view, Query("studios"), Deadline.after(60))
        assert future.result(30).hits


def test_a_search_whose_worker_died_runs_once_more_in_the_one_place_here(alone: Pool) -> None:
    pid = alone.start()
    with ThreadPoolExecutor(1) as threads:
        with busy_here(alone.pool, alone.generation):
            os.kill(pid, signal.SIGSTOP)
            future = threads.submit(alone.answer, "studios")
            wait_until(lambda: not alone.pool.is_quiet())
            os.kill(pid, signal.SIGKILL)
            wait_until(lambda: not alone.pool.processes)
            assert alone.runs_here == 0, "the place here is taken"
        assert future.result(60) == b"here"
    assert alone.runs_here == 1


def test_a_generation_that_a_worker_cannot_open_is_searched_here(alone: Pool) -> None:
    alone.start()
    with ThreadPoolExecutor(1) as threads:
        with busy_here(alone.pool, alone.generation):
            future = threads.submit(alone.answer, "studios", alone.generation.with_name("999999"))
        assert future.result(60) == b"here"
    assert alone.runs_here == 1
    assert alone.pool.processes, "it goes on"


def test_a_text_that_cannot_be_sent_is_searched_here(alone: Pool) -> None:
    alone.start()
    with ThreadPoolExecutor(1) as threads:
        with busy_here(alone.pool, alone.generation):
            future = threads.submit(alone.answer, "half of a pair: \ud83c")
        assert future.result(60) == b"here"


def test_workers_that_die_are_replaced(many: Services) -> None:
    first = started(many)
    for pid in first:
        os.kill(pid, signal.SIGKILL)
    assert all(results.hits for results in at_once(many, 4))
    wait_until(lambda: not set(first) & set(many.search_pool.processes))


def test_closing_ends_the_workers_and_searches_go_on(many: Services) -> None:
    pids = started(many)
    many.search_pool.close()
    assert not any(is_running(pid) for pid in pids)
    assert all(results.hits for results in at_once(many, 1))


ALONE = """
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from search.types import Query
from web.services import compose
from web.settings import Settings

services = compose(Settings(home=Path(sys.argv[1]), cache=Path(sys.argv[2]), search_processes=1))
while not services.search_pool.processes:
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(services.atlas.search, [Query("finance")] * 8))
print(services.search_pool.processes[0], flush=True)
sys.stdin.read()
"""


def test_a_killed_server_leaves_no_worker_behind(services: Services) -> None:
    command = [sys.executable, "-c", ALONE, str(services.settings.home), str(services.settings.cache)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as server:
        assert server.stdout is not None
        pid = int(server.stdout.readline())
        assert is_running(pid)
        server.kill()
    wait_until(lambda: not is_running(pid))
