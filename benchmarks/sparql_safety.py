"""Safety of the SPARQL endpoint under hostile queries: `python -m benchmarks.sparql_safety`.

Prints the guard's time on texts of doubled length, the overhead of a worker process for a point look-up, the time to
replace a killed worker, the outcome of each hostile query over HTTP while other clients send look-ups, and the rate of
look-ups before and after many hostile queries.
"""

from __future__ import annotations

import argparse
import socket
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import pairwise
from pathlib import Path

import pyoxigraph as ox
from rich.console import Console
from rich.table import Table

from benchmarks.serving import end_orderly
from benchmarks.sparql_clients import drive
from benchmarks.sparql_data import Queries, multiplied
from benchmarks.sparql_hostile import BRIEF, EXPECTED, HOSTILE, BackgroundLoad, many, repeatedly
from benchmarks.sparql_servers import SYSTEMS
from graph.errors import AtlasError
from graph.sandbox.seccomp import available
from graph.sparql.limits import Limits
from graph.sparql.pool.pool import QueryPool
from graph.sparql.syntax.guard import guard

EX = "http://example.org/"
_PAUSE, _ALONE = 1.5, 1.2
"""Seconds between two hostile queries, and those just before and after one in which others are counted alone."""

_PARTS = ("guard", "workers", "hostile", "many")

SHAPES: dict[str, Callable[[int], str]] = {
    "unterminated string": lambda n: "SELECT * { ?s ?p '" + "a" * n,
    "unterminated long string": lambda n: 'SELECT * { ?s ?p """' + '""a' * (n // 3),
    "backslashes in a string": lambda n: 'SELECT * { ?s ?p "' + "\\" * n,
    "escaped quotes": lambda n: 'SELECT * { ?s ?p "' + '\\"' * (n // 2) + '" }',
    "nested braces": lambda n: "SELECT * " + "{" * (n // 2) + "}" * (n // 2),
    "open brackets": lambda n: "SELECT * { " + "(" * n,
    "long comment": lambda n: "SELECT * {} #" + "x" * n,
    "many comments": lambda n: "SELECT * {} " + "#\n" * (n // 2),
    "angle brackets": lambda n: "SELECT * { FILTER(1" + "<a" * (n // 2) + ") }",
    "double angles": lambda n: "SELECT * { FILTER(1" + "<<a" * (n // 3) + ") }",
    "words and dots": lambda n: "SELECT * { " + "a." * (n // 2) + "}",
    "names and dots": lambda n: "PREFIX a: <u:> SELECT * { " + "a:b..." * (n // 6) + "}",
    "digits": lambda n: "SELECT * { ?s ?p " + "1" * n + "}",
    "one long VALUES": lambda n: "SELECT * { VALUES ?x { " + "<u:a#b> " * (n // 8) + "} }",
    "not operators": lambda n: "ASK { FILTER(" + "!" * n + "true) }",
}


def look_up(number: int) -> str:
    return f"SELECT ?o {{ <{EX}s{number}> <{EX}p0> ?o }}"


def make_generation(folder: Path, triples: int) -> Path:
    generation = folder / "000001"
    generation.mkdir()
    store = ox.Store(str(generation / "graph"))
    store.bulk_extend(
        ox.Quad(ox.NamedNode(f"{EX}s{n // 10}"), ox.NamedNode(f"{EX}p{n % 10}"), ox.Literal(f"value {n} " + "a" * 20))
        for n in range(triples)
    )
    store.flush()
    del store
    return generation


def best(work: Callable[[], object], rounds: int) -> float:
    """Shortest of `rounds` runs, in seconds of processor time, which other programs on the machine do not change."""
    times = []
    for _ in range(rounds):
        started = time.thread_time()
        work()
        times.append(time.thread_time() - started)
    return min(times)


def guarded(text: str, limits: Limits) -> None:
    try:
        guard(text, limits)
    except AtlasError:
        return


def guard_growth(console: Console) -> None:
    limits = Limits(text_bytes=1 << 20, tokens=1 << 20)
    table = Table(
        "text", "10 kB", "20 kB", "40 kB", "80 kB", "greatest growth", title="Guard, ms (growth per doubling ≤ 2.5)"
    )
    worst = 0.0
    for name, make in SHAPES.items():
        texts = [make(size) for size in (10_000, 20_000, 40_000, 80_000)]
        # Measures the sizes in turn, so that a change of the machine's speed affects all of them.
        rounds = [[best(partial(guarded, text, limits), 1) * 1000 for text in texts] for _ in range(10)]
        times = [min(seconds) for seconds in zip(*rounds, strict=True)]
        # Below 0.1 ms, clock resolution and fixed costs dominate.
        growth = max((b / a for a, b in pairwise(times) if a > 0.1), default=0.0)
        worst = max(worst, growth)
        table.add_row(name, *(f"{seconds:.2f}" for seconds in times), f"{growth:.2f}" if growth else "–")
    console.print(table, f"greatest growth: {worst:.2f}")


def overhead(console: Console, pool: QueryPool, generation: Path, rounds: int) -> None:
    store = ox.Store.read_only(str(generation / "graph"))
    json = ox.QueryResultsFormat.JSON

    def inside(number: int) -> None:
        store.query(look_up(number)).serialize(format=json)  # type: ignore[arg-type]

    def outside(number: int) -> None:
        pool.run(generation, look_up(number)).read()

    table = Table("point look-up", "p50 ms", "p95 ms", title="Overhead of a worker")
    medians = []
    for name, work in (("in process", inside), ("through the pool", outside)):
        times = []
        for number in range(rounds):
            started = time.perf_counter()
            work(number % 500)
            times.append((time.perf_counter() - started) * 1000)
        cuts = statistics.quantiles(times, n=20)
        medians.append(statistics.median(times))
        table.add_row(name, f"{medians[-1]:.3f}", f"{cuts[18]:.3f}")
    console.print(table, f"overhead: {medians[1] - medians[0]:.3f} ms")


def respawn(console: Console, generation: Path) -> None:
    """No spare and one worker, so that the next query has to wait for the new process."""
    from graph.sparql.worker.process import WorkerProcess

    starts = []
    for _ in range(7):
        started = time.perf_counter()
        worker = WorkerProcess(Limits(), Path(tempfile.gettempdir()))
        worker.wait_ready()
        starts.append((time.perf_counter() - started) * 1000)
        worker.kill("closed")
        worker.close()
    table = Table("what", "p50 ms", "max ms", title="Replacing a worker")
    table.add_row("start to ready", f"{statistics.median(starts):.0f}", f"{max(starts):.0f}")
    waits = []
    with QueryPool(Limits(cache_bytes=0)) as pool:
        pool.run(generation, look_up(1))
        for number in range(5):
            time.sleep(0.3)  # time for a new spare to start
            try:
                pool.run(generation, HOSTILE["7,000 unions"])
            except AtlasError:
                started = time.perf_counter()
                pool.run(generation, look_up(number))
                waits.append((time.perf_counter() - started) * 1000)
    table.add_row("look-up right after a crash, with the spare", f"{statistics.median(waits):.1f}", f"{max(waits):.1f}")
    console.print(table)


@contextmanager
def listener() -> Iterator[tuple[int, list[int]]]:
    """Loopback port, and a list with one entry for each connection to it."""
    came: list[int] = []
    stop = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.1)

        def run() -> None:
            while not stop.is_set():
                try:
                    server.accept()[0].close()
                    came.append(1)
                except TimeoutError:
                    continue

        thread = threading.Thread(target=run)
        thread.start()
        try:
            yield server.getsockname()[1], came
        finally:
            stop.set()
            thread.join()


def hostile(console: Console, triples: int, limit: float, clients: int) -> None:
    """Send each hostile query over HTTP while other clients send look-ups, and print the rates of both."""
    data = multiplied(triples)
    queries = Queries(data)
    with SYSTEMS["Creative Atlas"](data) as running, listener() as (port, came):
        running.settle()
        drive(running.url, queries.stream("point", 900), clients, 2)
        length = 4 + len(HOSTILE) * (limit + 2.5 + _PAUSE) + _PAUSE  # some exceed the limit
        others = BackgroundLoad(running.url, queries.stream("point", 1), clients, length)
        others.wait_begun()
        outcomes = {}
        for name, query in HOSTILE.items():
            time.sleep(_PAUSE)
            outcomes[name] = repeatedly(running.url, query.replace("PORT", str(port)), limit)
        time.sleep(_PAUSE)
        load = others.wait()
    table = Table("query", "ends with", "seconds", "look-ups/s alone", "during", title=f"Hostile, limit {limit:g} s")
    shares = []
    for name, outcome in outcomes.items():
        before = load.rate_between(outcome.began - _ALONE, outcome.began)
        # Counted after a pause: the server first frees the memory of the query.
        after = load.rate_between(outcome.ended + _PAUSE - _ALONE, outcome.ended + _PAUSE)
        alone = (before + after) / 2
        rate = load.rate_between(outcome.began, outcome.ended)
        expected = EXPECTED.get(name, "")
        status = outcome.status if expected in outcome.status else f"{outcome.status} (NOT {expected})"
        shares.append(rate / alone if alone else float("nan"))
        cells = (f"{outcome.seconds:.2f}", f"{alone:,.0f}", f"{rate:,.0f} ({shares[-1]:.0%})")
        table.add_row(name, status, *cells)
    console.print(table)
    timely = sum(outcome.seconds <= limit + 0.5 for outcome in outcomes.values())
    console.print(f"ended within the limit + 0.5 s: {timely} of {len(outcomes)} (required: all)")
    console.print(
        f"look-up rate during hostile queries: min {min(shares):.0%}, median {statistics.median(shares):.0%} "
        "(required: ≥ 50%)"
    )
    console.print(f"{clients} clients of look-ups; errors that they saw: {load.errors}; given up: {load.unanswered}")
    console.print(f"connections to the listening port (must be 0): {len(came)}")


def endurance(console: Console, triples: int, number: int, seconds: float, window: float) -> None:
    """Rate of look-ups on one server before and after many hostile queries."""
    data = multiplied(triples)
    queries = Queries(data)
    table = Table("8 clients, point look-ups", "per second", "p95 ms", "server µs each", "memory", title="Many")
    with SYSTEMS["Creative Atlas"](data) as running:

        def look_ups(when: str, seeds: range) -> float:
            rates = []
            for seed in seeds:
                used = running.processor()
                load = drive(running.url, queries.stream("point", seed), 8, window)
                used = (running.processor() - used) / max(load.requests, 1)
                rates.append(load.rate)
                memory, errors = f"{running.resident() >> 20} MiB", f", {load.errors} ERRORS" if load.errors else ""
                p95 = f"{load.percentile(95):.1f}"
                table.add_row(when, f"{load.rate:,.0f}{errors}", p95, f"{used * 1e6:,.0f}", memory)
            return max(rates)

        running.settle()
        drive(running.url, queries.stream("point", 900), 8, window / 2)
        before = look_ups("before", range(1, 4))
        started = time.perf_counter()
        ended, longest, largest = many(running, number, seconds)
        took = time.perf_counter() - started
        running.settle()
        after = look_ups("after", range(4, 7))
    console.print(f"{ended.total()} hostile queries in {took:.0f} s, the longest {longest:.2f} s (limit {BRIEF} s):")
    for status, count in ended.most_common():
        console.print(f"  {count:5}  {status}")
    console.print(f"most memory of one process of the server, its peak: {largest >> 20} MiB")
    console.print(table, f"the best of the rates after, as a share of the best before: {after / before:.0%}")


def main() -> None:
    end_orderly()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--triples", type=int, default=100_000)
    parser.add_argument("--limit", type=float, default=2.0, help="seconds per hostile query")
    parser.add_argument("--rounds", type=int, default=3000, help="point look-ups timed")
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--many", type=int, default=1000, help="hostile queries one after the other")
    parser.add_argument("--seconds", type=float, default=300.0, help="for these, at most")
    parser.add_argument("--window", type=float, default=3.0, help="seconds that look-ups are counted before and after")
    parser.add_argument("--parts", nargs="+", default=_PARTS, choices=_PARTS)
    options = parser.parse_args()
    console = Console(width=120)
    console.print(f"seccomp: {'yes' if available() else 'no'}")
    if "guard" in options.parts:
        guard_growth(console)
    if "workers" in options.parts:
        with tempfile.TemporaryDirectory() as folder:
            generation = make_generation(Path(folder), 20_000)
            respawn(console, generation)
            with QueryPool(Limits(cache_bytes=0)) as pool:
                pool.run(generation, look_up(1))
                overhead(console, pool, generation, options.rounds)
    if "hostile" in options.parts:
        hostile(console, options.triples, options.limit, options.clients)
    if "many" in options.parts:
        endurance(console, options.triples, options.many, options.seconds, options.window)


if __name__ == "__main__":
    main()
