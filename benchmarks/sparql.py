"""SPARQL over HTTP, Creative Atlas beside others: throughput, latency, load time, memory and behaviour.

python -m benchmarks.sparql [--sizes starter 100000 1000000] [--systems …] [--kinds …] [--clients 1 8]
                            [--seconds 1.5] [--rounds 2] [--most-rdflib 100000] [--budget 6]

The data are the starter atlas's accepted facts, as they are and multiplied; data and other systems are kept in
.cache/bench. Every system gets the same bytes and the same queries, by the same load generator, which shares the
processor with it. The systems of a size run at the same time and are asked in turn, round by round, so that a change of
the machine's speed meets them all. What is not answered `PATIENCE` seconds after the end of a measurement is given up,
and the system is started again. rdflib holds all in memory and takes minutes to load a million triples, so it is asked
for less. Each hostile query is given `--budget` seconds, on the smallest data, and another system 6 GiB of address
space.
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
            if outcome.said[:3] == "200":
                break
        self.running.settle(20)
        return f"first search: {outcome.said[:3]} after {outcome.seconds:.1f} s"

    def warm(self, queries: Queries) -> None:
        """As when it has been asked for a while: caches are filled, and what is worth a copy is copied."""
        if not self.failed:
            self._drive(queries, "star", 1, _WARM, 901)

    def stop(self) -> None:
        self._context.__exit__(None, None, None)

    def measure(self, queries: Queries, kind: str, clients: int, seconds: float, number: int) -> Load | None:
        """None where the system fails, which is told in `failed`."""
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
    found: Measured = {}
    try:
        for name in options.systems:
            if not small and name in (RDFLIB, RDFLIB_ENDPOINT):
                places.append(Place(shown, name, said="not measured: takes minutes to load, and gigabytes"))
                continue
            try:
                served.append(Served(name, data))
            except (OSError, RuntimeError) as error:
                places.append(Place(shown, name, said=f"does not start: {error}"))
        before = {each.name: each.running.resident() for each in served}
        searching = "search" in options.kinds
        first = {each.name: each.first(queries) for each in served if searching and each.name == OURS}
        for each in served:
            each.warm(queries)
        for kind in options.kinds:
            for clients in options.clients:
                _ask_all(served, queries, shown, kind, clients, options, found)
        for each in served:
            running = each.running
            places.append(Place(shown, each.name, running.load, before[each.name], running.resident(),
                                each.failed or first.get(each.name, "")))  # fmt: skip
    finally:
        for each in served:
            each.stop()
    return found, places


def _ask_all(
    served: list[Served],
    queries: Queries,
    shown: str,
    kind: str,
    clients: int,
    options: argparse.Namespace,
    found: Measured,
) -> None:
    """Each system in turn, `rounds` times; once those that take a quarter of a second for a query."""
    loads: dict[str, list[Load]] = {}
    for number in range(options.rounds):
        for each in served:
            if (kind == "search" and each.name != OURS) or (each.name == RDFLIB and clients > 1):
                continue
            if number and (each.name not in loads or loads[each.name][0].rate < 4 * clients):
                continue
            load = each.measure(queries, kind, clients, options.seconds, number)
            if load is not None:
                loads.setdefault(each.name, []).append(load)
    for name, some in loads.items():
        load = found[shown, kind, clients, name] = Load.joined(some)
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
        for each in FIVE:
            try:
                with bounded(), SYSTEMS[name](data) as running:
                    running.settle(10)
                    outcome = ask(running.url, HOSTILE[each], options.budget, timeout=options.budget / 2)
                    after = ask(running.url, "ASK {}", 2.0).said
            except (OSError, RuntimeError) as error:
                table.add_row(name, each, f"{type(error).__name__}: {error}", "", "")
                continue
            answers = "yes" if after[:3] == "200" else after
            table.add_row(name, each, outcome.said, f"{outcome.seconds:.1f}", answers)
            print(f"hostile  {name}  {each}  {outcome.said}  {outcome.seconds:.1f} s  {answers}", file=sys.stderr)
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
    found: Measured = {}
    places: list[Place] = []
    for size in options.sizes:
        data = starter() if size == "starter" else multiplied(int(size))
        shown = "starter" if size == "starter" else f"{int(size):,}"
        some, held = compare(data, shown, size == "starter" or int(size) <= options.most_rdflib, options)
        found |= some
        places += held
        details(console, some, held, f"{shown} triples, {os.cpu_count()} cores shared by servers and load generator")
    if options.budget:
        hostile(console, starter() if options.sizes[0] == "starter" else multiplied(int(options.sizes[0])), options)
    summary(console, found)
    figures(console, found)


if __name__ == "__main__":
    main()
