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

CARTESIAN = "SELECT * { ?s ?p ?o . ?a ?b ?c . ?d ?e ?f } ORDER BY ?f"
LOOK_UP = "SELECT ?o { <http://example.org/s7> <http://example.org/p> ?o }"
DOUBLING = " ".join(f"BIND(CONCAT(?a{n}, ?a{n}) AS ?a{n + 1})" for n in range(40))
BOMB = f'SELECT * {{ BIND("{"x" * 1000}" AS ?a0) {DOUBLING} }}'
SORT_ALL = "SELECT * { ?s ?p ?o . ?a ?b ?c } ORDER BY DESC(CONCAT(STR(?o), STR(?c), STR(RAND())))"


@pytest.fixture(scope="module")
def pool() -> Iterator[QueryPool]:
    with QueryPool(Limits(cache_bytes=0, quantum=0.1)) as each:
        each.warm()
        yield each


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_generation(tmp_path_factory.mktemp("large") / "000001", 4000)


def test_look_ups_go_on_while_a_query_runs_into_its_limit(pool: QueryPool, large: Path) -> None:
    started = time.monotonic()
    errors: list[BaseException] = []

    def hostile() -> None:
        try:
            pool.run(large, CARTESIAN, timeout=2)
        except QueryError as error:
            errors.append(error)

    threads = [threading.Thread(target=hostile) for _ in range(3)]
    for thread in threads:
        thread.start()
    answered = 0
    while any(thread.is_alive() for thread in threads) and time.monotonic() - started < 2:
        with pool.run(large, LOOK_UP) as result:
            assert result.rows == 1
            answered += 1
    for thread in threads:
        thread.join()
    assert len(errors) == 3
    assert any(isinstance(each, QueryTimeout) and each.seconds == 2 for each in errors)
    assert answered > 20


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


def test_a_look_up_overtakes_long_texts(pool: QueryPool, large: Path) -> None:
    pool.run(large, LOOK_UP).close()
    _spare(pool)
    ended: list[int] = []

    def read(number: int) -> None:
        with pytest.raises(QueryRefused):
            pool.run(large, f"SELECT * {{ {'{} UNION ' * 7000} {{}} }} # {number}")
        ended.append(number)

    threads = [threading.Thread(target=read, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    while sum(pool.load()) < len(threads) and not ended:
        time.sleep(0.001)
    assert pool.load()[0] == 1, "one is read, the others wait"
    assert pool.run(large, LOOK_UP).rows == 1
    assert len(ended) < len(threads)
    for thread in threads:
        thread.join()
    assert len(ended) == len(threads)


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
        links = [str(each.readlink()) for each in Path(f"/proc/{pid}/fd").iterdir()]
        assert any(each.startswith(str(large / "graph")) for each in links)


def _spare(pool: QueryPool) -> None:
    """Until as many workers are idle as the pool keeps."""
    deadline = time.monotonic() + 20
    while len(pool.idle()) <= pool.limits.workers:
        assert time.monotonic() < deadline, "no spare came"
        time.sleep(0.01)


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
    caught: list[BaseException] = []

    def run() -> None:
        try:
            pool.run(large, CARTESIAN, timeout=8)
        except QueryError as error:
            caught.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    _busy_worker(pool)
    time.sleep(0.3)  # at once, and the query would be run again with another worker
    victim = _busy_worker(pool)
    os.kill(victim, signal.SIGKILL)
    thread.join(5)
    assert not thread.is_alive()
    assert isinstance(caught[0], QueryMemory), "what kills from outside is as a rule the system, for want of memory"
    assert pool.run(large, LOOK_UP).rows == 1


def _busy_worker(pool: QueryPool) -> int:
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        busy = pool.busy()
        if busy:
            return busy[0]
        time.sleep(0.01)
    raise AssertionError("no worker became busy")


def test_idle_workers_killed_from_outside_are_replaced(pool: QueryPool, large: Path) -> None:
    for _ in range(3):
        for pid in pool.idle():
            os.kill(pid, signal.SIGKILL)
        assert pool.run(large, LOOK_UP).rows == 1


def test_cancel(pool: QueryPool, large: Path) -> None:
    caught: list[BaseException] = []

    def run() -> None:
        try:
            pool.run(large, CARTESIAN, timeout=8, query_id="mine")
        except QueryError as error:
            caught.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    _busy_worker(pool)
    with pytest.raises(QueryRefused, match="mine"):
        pool.run(large, LOOK_UP, query_id="mine")
    assert pool.cancel("mine")
    thread.join(5)
    assert isinstance(caught[0], QueryCancelled)
    assert not pool.cancel("mine")
    assert pool.run(large, LOOK_UP, query_id="mine").rows == 1


def test_overload(large: Path) -> None:
    limits = Limits(workers=1, queue=1, wait=1.5, timeout=3, quantum=5, per_client=2, memory=1 << 30)
    endless = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o . ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"
    outcomes: list[str] = []
    with QueryPool(limits) as pool:

        def run(client: str) -> str:
            with pytest.raises(QueryError) as raised:
                pool.run(large, endless, client=client)
            outcomes.append(type(raised.value).__name__ + str(getattr(raised.value, "status", "")))
            return outcomes[-1]

        threads = [threading.Thread(target=run, args=("one",)) for _ in range(2)]
        for thread in threads:
            thread.start()
        deadline = time.monotonic() + 5
        while pool.load() != (1, 1):
            assert time.monotonic() < deadline, "one runs and one waits"
            time.sleep(0.01)
        assert run("one") == "Overloaded429", "a client past its own cap"
        assert run("another") == "Overloaded503", "no place in the queue"
        for thread in threads:
            thread.join()
    assert outcomes[2:] == ["Overloaded503", "QueryTimeout503"], "no place in time, and the one that ran to its limit"


def test_close_ends_what_runs(large: Path) -> None:
    pool = QueryPool(Limits(memory=1 << 30))
    caught: list[BaseException] = []

    def run() -> None:
        try:
            pool.run(large, CARTESIAN)
        except QueryError as error:
            caught.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    pids = [_busy_worker(pool), *pool.idle()]
    pool.close()
    thread.join(5)
    assert isinstance(caught[0], QueryCancelled)
    assert not [pid for pid in pids if Path(f"/proc/{pid}").exists()]
    with pytest.raises(QueryCancelled):
        pool.run(large, LOOK_UP)


@pytest.mark.parametrize(
    ("status", "reason", "said", "error"),
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
def test_deaths(status: int, reason: str | None, said: str, error: type[QueryError]) -> None:
    assert type(interpret_death(status, reason, said, 1.0)) is error  # type: ignore[arg-type]


def test_overloaded_says_when_to_come_back() -> None:
    assert Overloaded("x", retry_after=3).retry_after == 3
