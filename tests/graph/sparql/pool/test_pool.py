"""The pool as its callers see it: results, errors, generations, the cache, and that no worker outlives its parent."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pyoxigraph as ox
import pytest

from graph.deadline import Deadline
from graph.errors import (
    HomeError,
    Overloaded,
    QueryError,
    QueryRefused,
    QuerySyntax,
    QueryTimeout,
    QueryTooLarge,
)
from graph.sparql.dataset import Dataset
from graph.sparql.formats import GRAPHS, RESULTS
from graph.sparql.limits import Limits
from graph.sparql.pool.pool import QueryPool
from graph.sparql.search_request import SearchRequest, SearchRow
from tests.support.event_loop import run_coroutine
from tests.support.paths import ROOT
from tests.support.query_pool import EX, make_generation

LOOK_UP = f"SELECT ?o {{ <{EX}s7> <{EX}p> ?o }}"


def test_select_answers_json_by_default(pool: QueryPool, generation: Path) -> None:
    with pool.run(generation, LOOK_UP) as result:
        assert (result.kind, result.rows, result.media_type) == ("bindings", 1, "application/sparql-results+json")
        assert json.loads(result.read())["results"]["bindings"] == [{"o": {"type": "literal", "value": "value 7"}}]
        assert result.generation == generation
        assert result.ms > 0


@pytest.mark.parametrize("form", RESULTS, ids=lambda form: form.name)
def test_every_result_format_counts_its_rows(pool: QueryPool, generation: Path, form: object) -> None:
    query = f'SELECT ?s ?o ?u {{ ?s <{EX}p> ?n BIND(CONCAT(?n, "\\n\\"}},{{<result> \\\\\\\\") AS ?o) }}'
    with pool.run(generation, query, media_type=form.media_type) as result:  # type: ignore[attr-defined]
        assert result.rows == 500
    with pool.run(generation, "ASK {}", media_type=form.media_type) as result:  # type: ignore[attr-defined]
        assert (result.kind, result.rows) == ("boolean", 1)


@pytest.mark.parametrize("form", GRAPHS, ids=lambda form: form.name)
def test_every_graph_format_reads_back(pool: QueryPool, generation: Path, form: object) -> None:
    media_type: str = form.media_type  # type: ignore[attr-defined]
    with pool.run(generation, "CONSTRUCT { ?s ?p ?o } { ?s ?p ?o }", media_type=media_type) as result:
        triples = list(ox.parse(result.read(), format=ox.RdfFormat.from_media_type(media_type)))
        assert (result.kind, result.rows, len(triples)) == ("graph", 500, 500)


def test_errors_of_the_engine(pool: QueryPool, generation: Path) -> None:
    with pytest.raises(QuerySyntax) as caught:
        pool.run(generation, "SELECT * {\n  ?s ?p }")
    assert (caught.value.line, caught.value.column) == (2, 9)
    with pytest.raises(QuerySyntax, match="WHER") as caught:
        pool.run(generation, "SELECT ?x WHER { ?x ?p ?o }")
    assert (caught.value.line, caught.value.column) == (1, 11)
    with pytest.raises(QuerySyntax, match="unbound"):
        pool.run(generation, "SELECT ?s (COUNT(?o) AS ?n) { ?s ?p ?o }")
    with pytest.raises(QuerySyntax, match="too early"):
        pool.run(generation, "SELECT * { ?s ?p ?o")
    with pytest.raises(QueryError, match="custom function"):
        pool.run(generation, f"SELECT (<{EX}f>(1) AS ?x) {{}}")
    with pytest.raises(QueryRefused, match="not a format"):
        pool.run(generation, "ASK {}", media_type="text/turtle")


def test_dataset(pool: QueryPool, generation: Path) -> None:
    def rows(dataset: Dataset, query: str = "SELECT * { ?s ?p ?o }") -> int:
        return pool.run(generation, query, dataset=dataset).rows

    named = "SELECT * { GRAPH ?g { ?s ?p ?o } }"
    graph = f"{EX}g"
    assert (rows(Dataset()), rows(Dataset(), named)) == (500, 1)
    assert (rows(Dataset.of([graph])), rows(Dataset.of([graph]), named)) == (1, 0)
    assert (rows(Dataset.of(named=[graph])), rows(Dataset.of(named=[graph]), named)) == (0, 1)
    assert rows(Dataset.of([graph]), f"SELECT * FROM <{EX}none> {{ ?s ?p ?o }}") == 1
    assert rows(Dataset(), f"SELECT * FROM <{graph}> {{ ?s ?p ?o }}") == 1


def test_a_new_generation_is_picked_up_and_an_old_one_still_answers(pool: QueryPool, tmp_path: Path) -> None:
    generations = [make_generation(tmp_path / f"{n:06}", 10, word=f"g{n}") for n in range(4)]
    for _ in range(2):
        for number, path in enumerate(generations):
            with pool.run(path, LOOK_UP, media_type="text/csv") as result:
                assert result.read() == f"o\r\ng{number} 7\r\n".encode()
    with pytest.raises(HomeError, match="nowhere"):
        pool.run(tmp_path / "nowhere", LOOK_UP)


def test_the_cache_knows_generation_query_dataset_and_format(pool: QueryPool, tmp_path: Path) -> None:
    old, new = (make_generation(tmp_path / name, 10, word=name) for name in ("one", "two"))
    first = pool.run(old, LOOK_UP)
    again = pool.run(old, LOOK_UP)
    assert (first.cached, again.cached) == (False, True)
    assert first.read() == again.read()
    assert first.fingerprint == again.fingerprint == pool.request(old, pool.check(LOOK_UP)).fingerprint
    others = [
        pool.run(new, LOOK_UP),
        pool.run(old, LOOK_UP, media_type="text/csv"),
        pool.run(old, LOOK_UP + " "),
        pool.run(old, LOOK_UP, dataset=Dataset.of([f"{EX}g"])),
        pool.run(old, "SELECT (<x> AS ?y) {}", base=f"{EX}1"),
        pool.run(old, "SELECT (<x> AS ?y) {}", base=f"{EX}2"),
    ]
    assert not any(other.cached for other in others)
    assert len({other.fingerprint for other in (first, *others)}) == 7
    assert pool.run(old, "SELECT (RAND() AS ?r) {}").fingerprint is None


def test_a_result_is_shared_by_all_bases_that_the_query_does_not_use(pool: QueryPool, tmp_path: Path) -> None:
    """A client chooses the base with its Host header; 300 different bases used to evict every result."""
    generation = make_generation(tmp_path / "000001", 10)
    query = f"SELECT ?o {{ <{EX}s3> <{EX}p> ?o }}"
    relative = "SELECT (<x> AS ?y) {}"
    first = pool.run(generation, relative, base="http://first/")
    assert not pool.run(generation, query, base="http://first/").cached
    for number in range(300):
        assert pool.run(generation, query, base=f"http://host-{number}/").cached
        pool.request(generation, pool.check(relative), base=f"http://host-{number}/")
    again = pool.run(generation, relative, base="http://first/")
    assert again.cached and again.fingerprint == first.fingerprint
    assert b"http://first/x" in again.read()


def test_only_rows_whose_order_matters_are_ordered(pool: QueryPool, generation: Path) -> None:
    query = f"SELECT ?s ?o {{ ?s <{EX}p> ?o }}"
    assert not pool.run(generation, query).ordered
    assert pool.run(generation, f"{query} LIMIT 5").ordered
    assert pool.run(generation, "CONSTRUCT { ?s ?p ?o } { ?s ?p ?o }").ordered


def test_a_query_that_was_checked_is_not_guarded_again(generation: Path) -> None:
    """The second pool would refuse both, the short query itself and the long one by a worker."""
    for length in (1500, 15_000):
        query = f"SELECT ?o {{ <{EX}s7> <{EX}p> ?o }} # {'x' * length}"
        with QueryPool() as generous, QueryPool(Limits(text_bytes=1000)) as strict:
            guarded = generous.check(query)
            with pytest.raises(QueryTooLarge):
                strict.run(generation, query)
            assert strict.run(generation, guarded).rows == 1
            assert strict.run_request(strict.request(generation, guarded)).rows == 1


def test_a_query_ends_when_the_task_that_awaits_it_is_cancelled(generation: Path) -> None:
    slow = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o . ?a ?b ?c . ?d ?e ?f }"

    async def main() -> None:
        with QueryPool(Limits(timeout=60)) as pool:
            pool.attach(asyncio.get_running_loop())
            waiting = asyncio.ensure_future(pool.evaluate(pool.request(generation, pool.check(slow))))
            while not pool.busy():
                await asyncio.sleep(0.01)
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
            assert pool.load() == (0, 0)
            result = await pool.evaluate(pool.request(generation, pool.check(LOOK_UP)))
            assert result.rows == 1

    run_coroutine(main())


def test_a_search_inside_a_query_is_given_the_time_of_the_query(generation: Path) -> None:
    deadlines: list[Deadline] = []

    def search(_: Path, request: SearchRequest, deadline: Deadline) -> list[SearchRow]:
        deadlines.append(deadline)
        while True:
            deadline.check()
            time.sleep(0.01)

    clause = '{ ?hit <https://w3id.org/creative-atlas/ontology#query> "x" }'
    query = f"SELECT * {{ SERVICE <urn:creative-atlas:search> {clause} }}"
    with QueryPool(search=search) as pool:
        with pytest.raises(QueryTimeout):
            pool.run(generation, query, timeout=0.3)
        assert pool.run(generation, LOOK_UP).rows == 1
    assert deadlines[0].remaining() == 0.0


def test_a_directory_replaced_under_its_name_is_another_generation(pool: QueryPool, tmp_path: Path) -> None:
    path = make_generation(tmp_path / "000001", 10, word="old")
    assert b"old 7" in pool.run(path, LOOK_UP).read()
    path.rename(tmp_path / "away")
    make_generation(path, 10, word="new")
    assert b"new 7" in pool.run(path, LOOK_UP).read()


def eight_at_once(run: Callable[[int], None], step: int) -> None:
    """Call `run` in eight threads with 0, `step`, 2 × `step` …; wait for all."""
    threads = [threading.Thread(target=run, args=(step * number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_many_threads(pool: QueryPool, generation: Path) -> None:
    wrong: list[object] = []

    def run(offset: int) -> None:
        for n in range(offset, offset + 40):
            query = f"SELECT ?o {{ <{EX}s{n}> <{EX}p> ?o }}"
            body = pool.run(generation, query, media_type="text/csv").read()
            if body != f"o\r\nvalue {n}\r\n".encode():
                wrong.append((n, body))

    eight_at_once(run, 40)
    assert wrong == []
    assert pool.load() == (0, 0)


PARENT = """
import os, signal, sys, threading, time
from pathlib import Path
from graph.sparql.limits import Limits
from graph.sparql.pool.pool import QueryPool
pool = QueryPool(Limits(timeout=2, workers=1))
generation = Path(sys.argv[1])
pool.run(generation, "ASK {}")
slow = "SELECT * { ?s ?p ?o . ?a ?b ?c . ?d ?e ?f } ORDER BY ?f"
def run():
    try: pool.run(generation, slow)
    except Exception as error: print("slow:", type(error).__name__, flush=True)
threading.Thread(target=run, daemon=True).start()
while not pool.busy(): time.sleep(0.01)
while not pool.idle(): time.sleep(0.01)
print(*pool.busy(), *pool.idle(), flush=True)
sys.stdin.readline()
if sys.argv[2] == "kill": os.kill(os.getpid(), signal.SIGKILL)
"""


def gone(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return True
    return state == "Z"


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads /proc")
@pytest.mark.parametrize("how", ["exit", "kill"])
def test_no_worker_outlives_its_parent(generation: Path, how: str) -> None:
    """Idle ones see the end of their stream, a busy one is ended by its own alarm."""
    command = [sys.executable, "-c", PARENT, str(generation), how]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pids = [int(pid) for pid in parent.stdout.readline().split()]
        assert len(pids) >= 2
        parent.communicate("\n", timeout=60)
        assert parent.returncode == (-signal.SIGKILL if how == "kill" else 0)
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and not all(map(gone, pids)):
        time.sleep(0.05)
    assert [pid for pid in pids if not gone(pid)] == []


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads /proc")
def test_a_query_ends_at_its_deadline_while_the_parent_is_stopped(generation: Path) -> None:
    """The worker's own alarm sees to that, and leaves those alone that only wait."""
    command = [sys.executable, "-c", PARENT, str(generation), "exit"]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        busy, *idle = [int(pid) for pid in parent.stdout.readline().split()]
        parent.send_signal(signal.SIGSTOP)
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and not gone(busy):
            time.sleep(0.05)
        surviving = [pid for pid in idle if not gone(pid)]
        ended = gone(busy)
        parent.send_signal(signal.SIGCONT)
        parent.communicate("\n", timeout=60)
    assert ended
    assert surviving == idle


def test_the_worker_imports_little() -> None:
    """Its start is on the path of every replacement."""
    script = "import sys, graph.sparql.worker.main; print(*sorted(m for m in sys.modules if m in sys.argv[1:]))"
    heavy = [
        "flask",
        "subprocess",
        "rdflib",
        "numpy",
        "torch",
        "tempfile",
        "graph.sparql.pool.pool",
        "graph.sparql.syntax.guard",
    ]
    child = subprocess.run([sys.executable, "-c", script, *heavy], cwd=ROOT, capture_output=True, text=True, check=True)
    assert child.stdout.strip() == ""


def test_limits_check_themselves() -> None:
    with pytest.raises(ValueError, match="1 GiB"):
        Limits(memory=1000)
    with pytest.raises(ValueError, match="timeout"):
        Limits(timeout=0)
    with pytest.raises(ValueError, match="queue"):
        Limits(queue=-1)


def test_queries_sent_ahead_behind_a_slow_one_are_all_answered(generation: Path) -> None:
    """Queries sent ahead behind a slow query go to other workers, and no slot is lost."""
    with QueryPool(Limits(cache_bytes=0, quantum=0.1, timeout=120, wait=60)) as pool:
        failed: list[BaseException] = []

        def run(offset: int) -> None:
            for n in range(offset, offset + 60):
                slow = n % 20 == 7
                query = f"SELECT (COUNT(*) AS ?n{n}) {{ ?s ?p ?o{' . ?a ?b ?c . ?d ?e ?f' if slow else ''} }}"
                try:
                    pool.run(generation, query, timeout=0.3 if slow else None).close()
                except BaseException as error:
                    if not (slow and isinstance(error, (QueryTimeout, Overloaded))):  # still waiting by then
                        failed.append(error)

        eight_at_once(run, 60)
        assert failed == []
        assert pool.load() == (0, 0)
        assert pool.run(generation, LOOK_UP).rows == 1


def test_spooled_results_and_small_ones_sent_ahead_are_not_mixed_up(generation: Path) -> None:
    """Each spool file goes with the answer that was written to it, however many questions the worker was sent."""
    with QueryPool(Limits(cache_bytes=0, inline_bytes=1000, workers=1)) as pool:
        wrong: list[object] = []

        def run(offset: int) -> None:
            for n in range(offset, offset + 30):
                large = n % 3 == 0
                query = f"SELECT ?o {{ {'?s' if large else f'<{EX}s{n}>'} <{EX}p> ?o{n} BIND(?o{n} AS ?o) }}"
                with pool.run(generation, query) as result:
                    rows = json.loads(result.read())["results"]["bindings"]
                    fits = len(rows) == 500 if large else rows == [{"o": {"type": "literal", "value": f"value {n}"}}]
                    if not fits or result.spooled != large or result.rows != len(rows):
                        wrong.append((n, rows[:2], result.rows))

        eight_at_once(run, 30)
        assert wrong == []


def test_look_ups_sent_together_are_each_answered(tmp_path: Path) -> None:
    """With their own rows, whichever of them turn out to be the engine's, and beside queries that are no look-ups."""
    home = tmp_path / "000001"
    home.mkdir()
    store = ox.Store(str(home / "graph"))
    s, p = ox.NamedNode(f"{EX}s"), ox.NamedNode(f"{EX}p")
    store.extend(ox.Quad(ox.NamedNode(f"{EX}s{n}"), p, ox.Literal(f"value {n}")) for n in range(200))
    store.extend(ox.Quad(s, p, ox.Literal(n)) for n in range(1200))
    store.add(ox.Quad(s, ox.NamedNode(f"{EX}q"), ox.BlankNode("b")))
    store.flush()
    del store
    wrong: list[object] = []
    with QueryPool(Limits(cache_bytes=0, inline_bytes=50_000)) as pool:

        def run(offset: int) -> None:
            for n in range(offset, offset + 25):
                query = f"SELECT ?o{n} {{ <{EX}s{n}> <{EX}p> ?o{n} }}"
                with pool.run(home, query) as result:
                    values = [row[f"o{n}"]["value"] for row in json.loads(result.read())["results"]["bindings"]]
                    wrong.extend([(n, values)] * (values != [f"value {n}"]))
                if n % 5 == 0:
                    query = f"SELECT ?x{n} {{ <{EX}s> <{EX}{'pq'[n % 2]}> ?x{n} }}"
                    with pool.run(home, query, timeout=5) as result:
                        wrong.extend([(n, result.rows)] * (result.rows != (1200, 1)[n % 2]))
                if n % 7 == 0:
                    with pool.run(home, f"SELECT (COUNT(*) AS ?n{n}) {{ ?s ?p ?o }}") as result:
                        wrong.extend([n] * (b'"1401"' not in result.read()))

        eight_at_once(run, 25)
        assert wrong == []
        assert pool.load() == (0, 0)


def test_a_look_up_in_another_dataset_or_format_is_a_query(pool: QueryPool, generation: Path) -> None:
    query = f"SELECT ?o {{ <{EX}in-g> <{EX}p> ?o }}"
    assert pool.run(generation, query).rows == 0
    assert pool.run(generation, query, dataset=Dataset((f"{EX}g",), ())).rows == 1
    with pool.run(generation, LOOK_UP, media_type="text/csv") as result:
        assert result.read() == b"o\r\nvalue 7\r\n"
