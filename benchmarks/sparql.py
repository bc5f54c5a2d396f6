"""SPARQL over HTTP, Creative Atlas beside others: throughput, latency, load time, memory and behaviour.

python -m benchmarks.sparql [--sizes starter 100000 1000000] [--systems …] [--kinds …] [--clients 1 8] [--seconds 3]
                            [--budget 8]

The data are the starter atlas's accepted facts, as they are and multiplied; data and other systems are kept in
.cache/bench. Every system gets the same bytes and the same queries, by the same load generator, which shares the
processor with it. rdflib holds all in memory and takes minutes to load a million triples, so it is measured on less.
Each hostile query is given `--budget` seconds, on the smallest data, and another system 6 GiB of address space.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from dataclasses import replace
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.sparql_clients import Load, drive
from benchmarks.sparql_data import KINDS, Queries, multiplied, starter
from benchmarks.sparql_hostile import FIVE, HOSTILE, ask
from benchmarks.sparql_servers import SYSTEMS, Running, bounded

_SMALL = 100_000
_RDFLIB = "rdflib in memory"
_OURS = "Creative Atlas"
_TOO_LONG = "not measured: takes minutes to load, and gigabytes"

Rates = dict[tuple[str, str, int], float]
"""Queries per second of (system, kind, clients)."""


def measure(running: Running, queries: Queries, kind: str, clients: int, seconds: float, seed: int) -> Load:
    drive(running.url, queries.stream(kind, seed + 500), clients, min(seconds / 3, 1.0))
    before = running.processor()
    load = drive(running.url, queries.stream(kind, seed), clients, seconds)
    return replace(load, server=(running.processor() - before) / max(load.requests, 1))


def rdflib_in_memory(data: Path, queries: Queries, kinds: list[str], seconds: float, table: Table) -> Rates:
    """In this process, without HTTP: the least that anything on top of it can take."""
    import rdflib

    rates: Rates = {}
    started = time.perf_counter()
    graph = rdflib.Graph().parse(data, format="nt")
    table.add_row(_RDFLIB, "load", "", "", "", "", f"{time.perf_counter() - started:.1f} s to load")
    for kind in kinds:
        if kind == "search":
            continue
        stream, times = queries.stream(kind, 1), []
        began = time.perf_counter()
        while time.perf_counter() - began < seconds:
            asked = time.perf_counter()
            list(graph.query(next(stream)))
            times.append(time.perf_counter() - asked)
        load = Load(len(times), 0, sum(times), times, 0.0)
        rates[_RDFLIB, kind, 1] = load.rate
        _row(table, _RDFLIB, kind, 1, load)
    return rates


def _row(table: Table, system: str, kind: str, clients: int, load: Load) -> None:
    notes = f"{load.server * 1e6:,.0f} + {load.generator * 1e6:.0f} µs" + (
        f", {load.errors} ERRORS" if load.errors else ""
    )
    p50, p95 = f"{load.percentile(50):.2f}", f"{load.percentile(95):.2f}"
    cells = (system, kind, str(clients), f"{load.rate:,.0f}", p50, p95, notes)
    table.add_row(*cells)
    print(*cells, sep="  ", file=sys.stderr)  # tables come at the end of a size


def compare(console: Console, data: Path, title: str, small: bool, options: argparse.Namespace) -> None:
    queries = Queries(data)
    table = Table(
        "system", "queries", "clients", "per second", "p50 ms", "p95 ms", "processor: server + generator", title=title
    )
    rates: Rates = {}
    for name in options.systems:
        if not small and name in (_RDFLIB, "rdflib-endpoint"):
            table.add_row(name, "", "", "", "", "", _TOO_LONG)
        elif name == _RDFLIB:
            rates |= rdflib_in_memory(data, queries, options.kinds, options.seconds, table)
        else:
            rates |= _serve_and_measure(name, data, queries, table, options)
        table.add_section()
    console.print(table)
    _shares(console, rates, options)


def _serve_and_measure(name: str, data: Path, queries: Queries, table: Table, options: argparse.Namespace) -> Rates:
    rates: Rates = {}
    with SYSTEMS[name](data) as running:
        running.settle()
        before = running.resident()
        for kind in options.kinds:
            if kind == "search" and name != _OURS:
                continue
            for clients in options.clients:
                load = measure(running, queries, kind, clients, options.seconds, clients)
                rates[name, kind, clients] = load.rate
                _row(table, name, kind, clients, load)
        memory = f"{before >> 20} → {running.resident() >> 20} MiB"
        table.add_row(name, "load, memory", "", "", "", "", f"{running.load:.1f} s to load, {memory}")
    return rates


def _shares(console: Console, rates: Rates, options: argparse.Namespace) -> None:
    """How many times as many queries as each of the others."""
    others = [name for name in options.systems if name != _OURS and any(each == name for each, _, _ in rates)]
    if _OURS not in options.systems or not others:
        return
    table = Table("queries", "clients", *others, title=f"{_OURS}: its throughput as a multiple of")
    for kind in options.kinds:
        for clients in options.clients:
            ours = rates.get((_OURS, kind, clients), 0.0)
            theirs = [rates.get((each, kind, clients)) for each in others]
            if any(theirs):
                table.add_row(kind, str(clients), *(f"{ours / each:.2f}" if each else "–" for each in theirs))
    console.print(table)


def hostile(console: Console, data: Path, options: argparse.Namespace) -> None:
    """What each system makes of five hostile queries, and whether it answers a plain one after that."""
    table = Table("system", "query", "ends with", "seconds", "then answers", title="Hostile queries")
    for name in options.systems:
        if name == _RDFLIB:
            continue
        for each in FIVE:
            with bounded(), SYSTEMS[name](data) as running:
                outcome = ask(running.url, HOSTILE[each], options.budget, timeout=options.budget / 2)
                after = ask(running.url, "ASK {}", 2.0).said
            table.add_row(name, each, outcome.said, f"{outcome.seconds:.1f}", "yes" if after[:3] == "200" else after)
        table.add_section()
    console.print(table)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", nargs="+", default=["starter", str(_SMALL), "1000000"])
    parser.add_argument("--systems", nargs="+", default=[*SYSTEMS, _RDFLIB], choices=[*SYSTEMS, _RDFLIB])
    parser.add_argument("--kinds", nargs="+", default=list(KINDS), choices=KINDS)
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 8])
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--budget", type=float, default=8.0, help="seconds for a hostile query; 0: none are asked")
    options = parser.parse_args()
    console = Console(width=120)
    for number, size in enumerate(options.sizes):
        data = starter() if size == "starter" else multiplied(int(size))
        shown = "the starter atlas" if size == "starter" else f"{int(size):,} triples"
        title = f"{shown}, {os.cpu_count()} cores shared by servers and load generator"
        compare(console, data, title, size == "starter" or int(size) <= _SMALL, options)
        if options.budget and number == 0:
            hostile(console, data, options)


if __name__ == "__main__":
    main()
