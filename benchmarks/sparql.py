"""SPARQL over HTTP, Creative Atlas beside others: throughput, latency, load time and memory on the same triples.

python -m benchmarks.sparql [--triples 100000 1000000] [--systems …] [--kinds …] [--clients 1 8] [--seconds 4]
                            [--hostile N]

The data are the starter atlas's accepted facts, multiplied; data and other systems are kept in .cache/bench.
`--hostile N` sends that many hostile queries between two measurements of point look-ups, to Creative Atlas alone.
rdflib and rdflib-endpoint are measured on up to 100,000 triples: they hold all in memory and take minutes to load more.
"""

from __future__ import annotations

import argparse
import os
import time
import urllib.error
import urllib.parse
import urllib.request
from collections import Counter
from dataclasses import replace
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.sparql_clients import Load, drive
from benchmarks.sparql_data import KINDS, Queries, multiplied
from benchmarks.sparql_safety import HOSTILE
from benchmarks.sparql_servers import SYSTEMS, Running

_SMALL = 100_000
_RDFLIB = "rdflib in memory"


def measure(running: Running, queries: Queries, kind: str, clients: int, seconds: float, seed: int) -> Load:
    drive(running.url, queries.stream(kind, seed + 500), clients, min(seconds / 4, 1.0))
    before = running.processor()
    load = drive(running.url, queries.stream(kind, seed), clients, seconds)
    return replace(load, server=(running.processor() - before) / max(load.requests, 1))


def rdflib_in_memory(data: Path, queries: Queries, kinds: list[str], seconds: float, table: Table) -> None:
    """In this process, without HTTP: the least that anything on top of it can take."""
    import rdflib

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
        _row(table, _RDFLIB, kind, 1, load)


def _row(table: Table, system: str, kind: str, clients: int, load: Load) -> None:
    notes = f"{load.server * 1e6:,.0f} + {load.generator * 1e6:.0f} µs" + (
        f", {load.errors} ERRORS" if load.errors else ""
    )
    p50, p95 = f"{load.percentile(50):.2f}", f"{load.percentile(95):.2f}"
    table.add_row(system, kind, str(clients), f"{load.rate:,.0f}", p50, p95, notes)


def compare(console: Console, triples: int, options: argparse.Namespace) -> None:
    data = multiplied(triples)
    queries = Queries(data)
    title = f"{triples:,} triples, {os.cpu_count()} cores shared by servers and load generator"
    table = Table(
        "system", "queries", "clients", "per second", "p50 ms", "p95 ms", "processor: server + generator", title=title
    )
    for name in options.systems:
        if name == _RDFLIB or (name == "rdflib-endpoint" and triples > _SMALL):
            continue
        with SYSTEMS[name](data) as running:
            running.settle()
            before = running.resident()
            for kind in options.kinds:
                if kind == "search" and name != "Creative Atlas":
                    continue
                for clients in options.clients:
                    _row(table, name, kind, clients, measure(running, queries, kind, clients, options.seconds, clients))
            memory = f"{before >> 20} → {running.resident() >> 20} MiB"
            table.add_row(name, "load, memory", "", "", "", "", f"{running.load:.1f} s to load, {memory}")
        table.add_section()
    if _RDFLIB in options.systems and triples <= _SMALL:
        rdflib_in_memory(data, queries, options.kinds, options.seconds, table)
    console.print(table)


def hostile(console: Console, triples: int, number: int) -> None:
    """The same server before, during and after."""
    data = multiplied(triples)
    queries, ended = Queries(data), Counter[str]()
    texts = [text for name, text in HOSTILE.items() if "PORT" not in text]
    with SYSTEMS["Creative Atlas"](data) as running:
        running.settle()
        before = measure(running, queries, "point", 8, 4, 1)
        memory = running.resident()
        started = time.perf_counter()
        for each in range(number):
            ended[_ask(running.url, texts[each % len(texts)])] += 1
        took = time.perf_counter() - started
        after = measure(running, queries, "point", 8, 4, 2)
        console.print(f"{number} hostile queries in {took:.0f} s: {dict(ended)}")
        console.print(f"point look-ups, 8 clients: {before.rate:,.0f}/s before, {after.rate:,.0f}/s after")
        console.print(f"p95 {before.percentile(95):.1f} ms before, {after.percentile(95):.1f} ms after")
        console.print(f"memory: {memory >> 20} MiB before, {running.resident() >> 20} MiB after")


def _ask(url: str, query: str) -> str:
    """How the service ended it: the status and the problem's type."""
    import json

    form = urllib.parse.urlencode({"query": query, "timeout": "0.5"}).encode()
    try:
        with urllib.request.urlopen(url, form, timeout=30) as answer:
            answer.read()
            return str(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return f"{error.code} {json.loads(error.read())['type'].rsplit('/', 1)[1]}"
    except urllib.error.URLError as error:
        # A body over the cap is answered before it is read; a client that goes on sending may miss the answer.
        return f"connection closed ({error.reason})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--triples", type=int, nargs="+", default=[_SMALL, 1_000_000])
    parser.add_argument("--systems", nargs="+", default=[*SYSTEMS, _RDFLIB], choices=[*SYSTEMS, _RDFLIB])
    parser.add_argument("--kinds", nargs="+", default=list(KINDS), choices=KINDS)
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 8])
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--hostile", type=int, default=0)
    options = parser.parse_args()
    console = Console(width=120)
    for triples in options.triples:
        if options.hostile:
            hostile(console, triples, options.hostile)
        else:
            compare(console, triples, options)


if __name__ == "__main__":
    main()
