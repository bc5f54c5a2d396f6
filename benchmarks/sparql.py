"""SPARQL over HTTP, Creative Atlas beside others: throughput, latency, load time, memory and behaviour.

python -m benchmarks.sparql [--sizes starter 100000 1000000] [--systems …] [--kinds …] [--clients 1 8]
                            [--seconds 1.5] [--rounds 2] [--most-rdflib 100000] [--budget 6]

The data are the starter atlas's accepted facts, as they are and multiplied; data and other systems are stored in
.cache/bench. Every system gets the same bytes and the same queries, from the same load generator, which shares the
processor with it. The systems of a size run at the same time and are measured in turn, round by round, so that a change
of the machine's speed affects all. A query that is not answered `PATIENCE` seconds after the end of a measurement is
given up, and the system is started again. rdflib has everything in memory and takes minutes to load a million triples,
so it gets smaller data. Each hostile query has `--budget` seconds, on the smallest data, and another system 6 GiB of
address space.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.serving import end_orderly
from benchmarks.sparql_clients import Load, drive
from benchmarks.sparql_data import KINDS, Queries, multiplied, starter
from benchmarks.sparql_hostile import FIVE, HOSTILE, ask
from benchmarks.sparql_memory import InMemory, rdflib_in_memory
from benchmarks.sparql_servers import SYSTEMS, Running, bounded
from benchmarks.sparql_tables import OURS, RDFLIB, RDFLIB_ENDPOINT, Measured, Place, details, figures, summary

_SMALL = 100_000
PATIENCE = 10.0
_FIRST = 60.0
"""Seconds that a first search may take."""

_WARM = 3.0
"""Seconds for which each system is asked before the clock starts."""

_ALL: dict[str, Callable[[Path], AbstractContextManager[Running]]] = {**SYSTEMS, RDFLIB: rdflib_in_memory}


class Served:
    """A system that is at hand, started again after it was left with queries that nobody waits for."""

    def __init__(self, name: str, data: Path) -> None:
        self.name, self._data = name, data
        self.failed = ""
        self._start()

    def _start(self) -> None:
        self._context = _ALL[self.name](self._data)
        self.running = self._context.__enter__()
        self.running.settle()

    def first(self, queries: Queries) -> str:
        """How long the first search takes: what is read for it is read once."""
        for _ in range(4):
            outcome = ask(self.running.url, next(queries.stream("search", 900)), _FIRST)
            if outcome.status[:3] == "200":
                break
        self.running.settle(20)
        return f"first search: {outcome.status[:3]} after {outcome.seconds:.1f} s"

    def warm(self, queries: Queries) -> None:
        """Send queries for a while: caches are filled, and a small graph is copied into memory."""
        if not self.failed:
            self._drive(queries, "star", 1, _WARM, 901)

    def stop(self) -> None:
        self._context.__exit__(None, None, None)

    def measure(self, queries: Queries, kind: str, clients: int, seconds: float, number: int) -> Load | None:
        """None where the system fails; `failed` then has the reason."""
        if self.failed:
            return None
        try:
            seed = clients + 100 * number
            if number == 0:
                self._drive(queries, kind, clients, seconds / 3, seed + 500)
            before = self.running.processor()
            load = self._drive(queries, kind, clients, seconds, seed)
            used = self.running.processor() - before
            if load.unanswered:
                self.stop()
                self._start()
            return load if load.server else replace(load, server=used / max(load.requests, 1))
        except (OSError, RuntimeError) as error:
            print(f"{self.name}, {kind}: {type(error).__name__}: {error}", file=sys.stderr)
            self._again(f"{type(error).__name__}: {error}")
            return None

    def _again(self, why: str) -> None:
        self.stop()
        try:
            self._start()
        except (OSError, RuntimeError):
            self.failed = why

    def _drive(self, queries: Queries, kind: str, clients: int, seconds: float, seed: int) -> Load:
        texts = queries.stream(kind, seed)
        if isinstance(self.running, InMemory):
            return self.running.drive(texts, seconds, PATIENCE)
        return drive(self.running.url, texts, clients, seconds, patience=PATIENCE)


def compare(data: Path, shown: str, small: bool, options: argparse.Namespace) -> tuple[Measured, list[Place]]:
    """What every system does with the data of one size, and what loading and holding them costs it."""
    queries = Queries(data)
    served: list[Served] = []
    places: list[Place] = []
    measured: Measured = {}
    try:
        for name in options.systems:
            if not small and name in (RDFLIB, RDFLIB_ENDPOINT):
                places.append(Place(shown, name, note="not measured: takes minutes to load, and gigabytes"))
                continue
            try:
                served.append(Served(name, data))
            except (OSError, RuntimeError) as error:
                places.append(Place(shown, name, note=f"does not start: {error}"))
        before = {system.name: system.running.resident() for system in served}
        searching = "search" in options.kinds
        first = {system.name: system.first(queries) for system in served if searching and system.name == OURS}
        for system in served:
            system.warm(queries)
        for kind in options.kinds:
            for clients in options.clients:
                _measure_all(served, queries, shown, kind, clients, options, measured)
        for system in served:
            running = system.running
            places.append(Place(shown, system.name, running.load, before[system.name], running.resident(),
                                system.failed or first.get(system.name, "")))  # fmt: skip
    finally:
        for system in served:
            system.stop()
    return measured, places


def _measure_all(
    served: list[Served],
    queries: Queries,
    shown: str,
    kind: str,
    clients: int,
    options: argparse.Namespace,
    measured: Measured,
) -> None:
    """Each system in turn, `rounds` times; once those that take a quarter of a second for a query."""
    loads: dict[str, list[Load]] = {}
    for number in range(options.rounds):
        for system in served:
            if (kind == "search" and system.name != OURS) or (system.name == RDFLIB and clients > 1):
                continue
            if number and (system.name not in loads or loads[system.name][0].rate < 4 * clients):
                continue
            load = system.measure(queries, kind, clients, options.seconds, number)
            if load is not None:
                loads.setdefault(system.name, []).append(load)
    for name, rounds in loads.items():
        load = measured[shown, kind, clients, name] = Load.joined(rounds)
        p50, p95 = load.percentile(50), load.percentile(95)
        print(
            f"{shown}  {name}  {kind}  {clients}  {load.rate:,.1f}/s  {p50:.2f}  {p95:.2f} ms  "
            f"{load.errors} errors  {load.unanswered} given up",
            file=sys.stderr,
        )  # tables come at the end


def hostile(console: Console, data: Path, options: argparse.Namespace) -> None:
    """What each system makes of five hostile queries, and whether it answers a plain one after that."""
    table = Table("system", "query", "ends with", "seconds", "then answers", title="Hostile queries")
    for name in options.systems:
        if name == RDFLIB:
            continue
        for title in FIVE:
            try:
                with bounded(), SYSTEMS[name](data) as running:
                    running.settle(10)
                    outcome = ask(running.url, HOSTILE[title], options.budget, timeout=options.budget / 2)
                    after = ask(running.url, "ASK {}", 2.0).status
            except (OSError, RuntimeError) as error:
                table.add_row(name, title, f"{type(error).__name__}: {error}", "", "")
                continue
            answers = "yes" if after[:3] == "200" else after
            table.add_row(name, title, outcome.status, f"{outcome.seconds:.1f}", answers)
            print(f"hostile  {name}  {title}  {outcome.status}  {outcome.seconds:.1f} s  {answers}", file=sys.stderr)
        table.add_section()
    console.print(table)


def main() -> None:
    end_orderly()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", nargs="+", default=["starter", str(_SMALL), "1000000"])
    parser.add_argument("--systems", nargs="+", default=list(_ALL), choices=list(_ALL))
    parser.add_argument("--kinds", nargs="+", default=list(KINDS), choices=KINDS)
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 8])
    parser.add_argument("--seconds", type=float, default=1.5, help="for each system, kind and number of clients")
    parser.add_argument("--rounds", type=int, default=2, help="how many times that")
    parser.add_argument("--most-rdflib", type=int, default=_SMALL, help="triples that rdflib is given at most")
    parser.add_argument("--budget", type=float, default=6.0, help="seconds for a hostile query; 0: none are asked")
    options = parser.parse_args()
    console = Console(width=180)
    measured: Measured = {}
    places: list[Place] = []
    for size in options.sizes:
        data = starter() if size == "starter" else multiplied(int(size))
        shown = "starter" if size == "starter" else f"{int(size):,}"
        results, costs = compare(data, shown, size == "starter" or int(size) <= options.most_rdflib, options)
        measured |= results
        places += costs
        details(
            console,
            results,
            costs,
            f"{shown} triples, {os.cpu_count()} cores shared by servers and load generator",
        )
    if options.budget:
        hostile(console, starter() if options.sizes[0] == "starter" else multiplied(int(options.sizes[0])), options)
    summary(console, measured)
    figures(console, measured)


if __name__ == "__main__":
    main()
