"""Hostile queries: each ends with its own error, in time, and the service goes on."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from graph.errors import (
    ClientOverloaded,
    Overloaded,
    QueryCancelled,
    QueryError,
    QueryFailed,
    QueryMemory,
    QueryRefused,
    QueryTimeout,
    QueryTooLarge,
)
from graph.sparql.limits import Limits
from graph.sparql.pool.pool import QueryPool
from graph.sparql.worker.process import interpret_death
from tests.support.query_pool import make_generation
from tests.support.waiting import wait_until

CARTESIAN = "SELECT * { ?s ?p ?o . ?a ?b ?c . ?d ?e ?f } ORDER BY ?f"
LOOK_UP = "SELECT ?o { <http://example.org/s7> <http://example.org/p> ?o }"
DOUBLING = " ".join(f"BIND(CONCAT(?a{n}, ?a{n}) AS ?a{n + 1})" for n in range(40))
BOMB = f'SELECT * {{ BIND("{"x" * 1000}" AS ?a0) {DOUBLING} }}'
SORT_ALL = "SELECT * { ?s ?p ?o . ?a ?b ?c } ORDER BY DESC(CONCAT(STR(?o), STR(?c), STR(RAND())))"


@pytest.fixture(scope="module")
def pool() -> Iterator[QueryPool]:
    with QueryPool(Limits(cache_bytes=0, quantum=0.1, timeout=120, wait=60)) as pool:
        pool.warm()
        yield pool


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_generation(tmp_path_factory.mktemp("large") / "000001", 4000)


class Running:
    """A query that runs in a thread; `end` gives the error that it ended with."""

    def __init__(self, pool: QueryPool, generation: Path, query: str, query_id: str, client: str | None = None) -> None:
        self._pool, self._query_id, self._client = pool, query_id, client
        self._errors: list[QueryError] = []

        def run() -> None:
            try:
                pool.run(generation, query, query_id=query_id, client=client)
            except QueryError as error:
                self._errors.append(error)

        self._thread = threading.Thread(target=run)
        self._thread.start()

    def wait(self) -> QueryError:
        self._thread.join(60)
        assert not self._thread.is_alive()
        return self._errors[0]

    def cancel(self) -> QueryError:
        assert self._pool.cancel(self._query_id, self._client)
        return self.wait()


def test_look_ups_are_answered_while_slow_queries_hold_every_slow_slot(pool: QueryPool, large: Path) -> None:
    slow = [Running(pool, large, CARTESIAN, str(number)) for number in range(3)]
    wait_until(lambda: sum(pool.load()) == 3 and len(pool.busy()) >= 2)
    for _ in range(20):
        with pool.run(large, LOOK_UP) as result:
            assert result.rows == 1
    assert [type(query.cancel()) for query in slow] == [QueryCancelled] * 3


def test_a_query_ends_at_its_deadline(pool: QueryPool, large: Path) -> None:
    with pytest.raises(QueryTimeout) as caught:
        pool.run(large, CARTESIAN, timeout=1)
    assert caught.value.seconds == 1


@pytest.mark.parametrize(
    ("query", "errors"),
    [
        (BOMB, (QueryMemory, QueryTimeout)),
        (SORT_ALL, (QueryMemory, QueryTimeout)),
        ("SELECT * " + "{" * 10_000 + "}" * 10_000, (QueryRefused,)),
        ("SELECT * { " + "{} UNION " * 7000 + "{} }", (QueryRefused,)),
        ("ASK { FILTER(" + "1 + " * 12000 + "1) }", (QueryRefused,)),
        ("SELECT * {" + " " * (5 << 20) + "}", (QueryTooLarge,)),
        ("LOAD <http://127.0.0.1:9/>", (QueryError,)),
        (
            "SELECT * { ?s (<u:p>|!<u:p>)* ?o . ?o (<u:p>|!<u:p>)* ?x . ?y (<u:p>|!<u:p>)* ?z } ORDER BY ?z",
            (QueryTimeout, QueryMemory),
        ),
    ],
    ids=["concat", "sort", "groups", "unions", "sums", "5 MB", "LOAD", "paths"],
)
def test_each_ends_with_its_own_error(
    pool: QueryPool, large: Path, query: str, errors: tuple[type[QueryError], ...]
) -> None:
    with pytest.raises(errors):
        pool.run(large, query, timeout=4)
    with pool.run(large, LOOK_UP) as result:
        assert result.rows == 1


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * { " + "{} UNION " * 7000 + "{} }",
        "ASK { FILTER(" + "1 + " * 12000 + "1) }",
        "SELECT " + " ".join(f"(1 AS ?a{n})" for n in range(4000)) + " {}",
        "ASK { ?s " + "<u:p>/" * 9000 + "<u:p> ?o }",
        "SELECT * {" + " " * 20_000 + "SERVICE <http://127.0.0.1:9/> {} }",
    ],
    ids=["unions", "sums", "columns", "steps", "SERVICE"],
)
def test_a_long_text_that_is_refused_costs_no_worker(pool: QueryPool, large: Path, query: str) -> None:
    """They are read by a worker, and would end it if they were run."""
    assert pool.run(large, LOOK_UP).rows == 1
    _spare(pool)
    before = set(pool.idle())
    with pytest.raises(QueryRefused):
        pool.run(large, query)
    assert before <= set(pool.idle())


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="reads /proc")
def test_a_worker_that_takes_the_place_of_another_has_the_generation_open(pool: QueryPool, large: Path) -> None:
    pool.run(large, LOOK_UP).close()
    _spare(pool)
    before = set(pool.idle())
    for pid in before:
        os.kill(pid, signal.SIGKILL)
    pool.run(large, LOOK_UP).close()
    _spare(pool)
    new = set(pool.idle()) - before
    assert len(new) >= 2
    for pid in new:
        links = [str(descriptor.readlink()) for descriptor in Path(f"/proc/{pid}/fd").iterdir()]
        assert any(link.startswith(str(large / "graph")) for link in links)


def _spare(pool: QueryPool) -> None:
    """Wait until as many workers are idle as the pool keeps."""
    wait_until(lambda: len(pool.idle()) > pool.limits.workers)


def test_results_have_caps(large: Path, tmp_path: Path) -> None:
    with QueryPool(Limits(result_rows=100, result_bytes=200_000, inline_bytes=1000), tmp_path) as pool:
        with pytest.raises(QueryTooLarge, match="rows"):
            pool.run(large, "SELECT * { ?s ?p ?o } LIMIT 101")
        with pytest.raises(QueryTooLarge, match="triples"):
            pool.run(large, "CONSTRUCT { ?s ?p ?o } { ?s ?p ?o }")
        with pytest.raises(QueryTooLarge, match="bytes"):
            pool.run(
                large,
                f"SELECT ?x {{ VALUES ?x {{ '{'x' * 1000}' }} ?s ?p ?o }} LIMIT 100".replace(
                    "?x {", "(CONCAT(?x, ?x, ?x) AS ?y) {", 1
                ),
            )
        with pool.run(large, "SELECT * { ?s ?p ?o } LIMIT 100") as result:
            assert (result.rows, result.spooled) == (100, True)
            assert len(result.read()) == result.size
        assert list(tmp_path.iterdir()) == [], "spool files have no name"


def test_a_worker_killed_from_outside(pool: QueryPool, large: Path) -> None:
    running = Running(pool, large, CARTESIAN, "victim")
    wait_until(lambda: bool(pool.busy()))
    time.sleep(0.3)  # past the quantum: before it the query would run again with another worker
    os.kill(pool.busy()[0], signal.SIGKILL)
    assert isinstance(running.wait(), QueryMemory), "as a rule it is the system that kills, for want of memory"
    assert pool.run(large, LOOK_UP).rows == 1


def test_idle_workers_killed_from_outside_are_replaced(pool: QueryPool, large: Path) -> None:
    for _ in range(3):
        for pid in pool.idle():
            os.kill(pid, signal.SIGKILL)
        assert pool.run(large, LOOK_UP).rows == 1


def test_cancel(pool: QueryPool, large: Path) -> None:
    running = Running(pool, large, CARTESIAN, "mine")
    wait_until(lambda: bool(pool.busy()))
    with pytest.raises(QueryRefused, match="mine"):
        pool.run(large, LOOK_UP, query_id="mine")
    assert isinstance(running.cancel(), QueryCancelled)
    assert not pool.cancel("mine")
    assert pool.run(large, LOOK_UP, query_id="mine").rows == 1


def test_overload(large: Path) -> None:
    limits = Limits(workers=1, queue=1, wait=100, timeout=100, quantum=100, per_client=2, memory=1 << 30)
    with QueryPool(limits) as pool:
        both = [Running(pool, large, CARTESIAN, str(number), "one") for number in range(2)]
        wait_until(lambda: pool.load() == (1, 1))
        with pytest.raises(ClientOverloaded):
            pool.run(large, LOOK_UP.replace("s7", "s8 "), client="one")
        with pytest.raises(Overloaded, match="1 more query waits") as caught:
            pool.run(large, "SELECT * { ?s ?p ?o . ?a ?b ?c }", client="another")
        assert type(caught.value) is Overloaded, "no room in the queue"
        assert [type(query.cancel()) for query in both] == [QueryCancelled] * 2


def test_close_ends_what_runs(large: Path) -> None:
    pool = QueryPool(Limits(memory=1 << 30))
    running = Running(pool, large, CARTESIAN, "runs")
    wait_until(lambda: bool(pool.busy()))
    pids = [*pool.busy(), *pool.idle()]
    pool.close()
    assert isinstance(running.wait(), QueryCancelled)
    assert not [pid for pid in pids if Path(f"/proc/{pid}").exists()]
    with pytest.raises(QueryCancelled):
        pool.run(large, LOOK_UP)


@pytest.mark.parametrize(
    ("status", "reason", "stderr", "error"),
    [
        (-signal.SIGALRM, None, "", QueryTimeout),
        (-signal.SIGKILL, "deadline", "", QueryTimeout),
        (-signal.SIGKILL, "cancelled", "", QueryCancelled),
        (-signal.SIGSEGV, None, "", QueryRefused),
        (-signal.SIGABRT, None, "thread 'main' has overflowed its stack", QueryRefused),
        (-signal.SIGABRT, None, "memory allocation of 99 bytes failed", QueryMemory),
        (-signal.SIGSYS, None, "", QueryRefused),
        (-signal.SIGXFSZ, None, "", QueryTooLarge),
        (3, None, "", QueryFailed),
    ],
)
def test_deaths(status: int, reason: str | None, stderr: str, error: type[QueryError]) -> None:
    assert type(interpret_death(status, reason, stderr, 1.0)) is error  # type: ignore[arg-type]


def test_overloaded_says_when_to_come_back() -> None:
    assert Overloaded("x", retry_after=3).retry_after == 3
