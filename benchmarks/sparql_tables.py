"""Tables that `benchmarks/sparql.py` prints."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from rich.console import Console
from rich.table import Table

from benchmarks.sparql_clients import Load

__all__ = ["OURS", "OXIGRAPH", "RDFLIB", "RDFLIB_ENDPOINT", "Measured", "Place", "details", "figures", "summary"]

OURS: Final = "Creative Atlas"
OXIGRAPH: Final = "oxigraph"
RDFLIB_ENDPOINT: Final = "rdflib-endpoint"
RDFLIB: Final = "rdflib in memory"

Measured = dict[tuple[str, str, int, str], Load]
"""By size, kind of query, number of clients and system."""


REQUIRED_TIMES_OXIGRAPH: Final = {"point": 0.33, "star": 0.4, "aggregate": 0.8, "repeated": 2.0}
"""Kind of query → how many times the throughput of oxigraph's server is required, at a million triples."""

REQUIRED_TIMES_RDFLIB_ENDPOINT: Final = 10


@dataclass(frozen=True, slots=True)
class Place:
    """Cost of the data for one system: seconds to load, bytes of memory before and after the queries.

    `note`: why there is no measurement."""

    size: str
    system: str
    load: float = 0.0
    before: int = 0
    after: int = 0
    note: str = ""


def details(console: Console, results: Measured, places: list[Place], title: str) -> None:
    """Print one row for each system at one size of the data."""
    table = Table(
        "queries", "clients", "system", "per second", "p50 ms", "p95 ms", "processor µs", "notes", title=title
    )
    last = ("", 0)
    for (_, kind, clients, name), load in results.items():
        if last != (kind, clients):
            table.add_section()
            last = kind, clients
        notes = [f"{load.errors} ERRORS: {', '.join(map(str, sorted(load.failed)))}"] if load.errors else []
        notes += [f"{load.unanswered} given up"] if load.unanswered else []
        p50, p95 = f"{load.percentile(50):.2f}", f"{load.percentile(95):.2f}"
        used = f"{load.server * 1e6:,.0f} + {load.generator * 1e6:,.0f}"
        table.add_row(kind, str(clients), name, _rate(load), p50, p95, used, ", ".join(notes))
    console.print(table, "processor µs: of the server and of the load generator, for each query")
    costs = Table("system", "seconds to load", "memory before", "memory after the queries", "notes")
    for place in places:
        if place.before:
            cells = (f"{place.load:.1f}", f"{place.before >> 20} MiB", f"{place.after >> 20} MiB")
        else:
            cells = ("–", "–", "–")
        costs.add_row(place.system, *cells, place.note)
    console.print(costs)


def _rate(load: Load) -> str:
    return f"{'≤ ' if load.unanswered else ''}{load.rate:,.0f}" if load.rate >= 10 else f"{load.rate:.2f}"


def _times(ours: Load | None, theirs: Load | None) -> str:
    """How many times as many queries a second."""
    if ours is None or theirs is None:
        return "–"
    return f"{'≥ ' if theirs.unanswered else ''}{ours.rate / theirs.rate:,.2f}"


def summary(console: Console, results: Measured) -> None:
    """All sizes in one table: our throughput, and how many times that of the others it is."""
    table = Table(
        "triples", "queries", "clients", "per second", "p95 ms", "oxigraph: per second", "p95 ms", "x oxigraph",
        "rdflib-endpoint", "x rdflib-endpoint", "rdflib in memory", "x rdflib", title=f"{OURS} and the others",
    )  # fmt: skip
    size = ""
    for place in dict.fromkeys((size, kind, clients) for size, kind, clients, _ in results):
        ours, oxigraph, endpoint, memory = (results.get((*place, n)) for n in (OURS, OXIGRAPH, RDFLIB_ENDPOINT, RDFLIB))
        if size != place[0]:
            table.add_section()
            size = place[0]
        table.add_row(
            *map(str, place), *_cells(ours), *_cells(oxigraph), _times(ours, oxigraph), *_cells(endpoint)[:1],
            _times(ours, endpoint), *_cells(memory)[:1], _times(ours, memory),
        )  # fmt: skip
    console.print(table)


def _cells(load: Load | None) -> tuple[str, str]:
    return ("–", "–") if load is None else (_rate(load), f"{load.percentile(95):.2f}")


def figures(console: Console, results: Measured) -> None:
    """The required figures beside those that were measured at the largest size of each pair."""
    table = Table("figure", "required", "measured", "where", title="Figures")
    sizes = list(dict.fromkeys(size for size, *_ in results))
    for kind, least in REQUIRED_TIMES_OXIGRAPH.items():
        for clients in dict.fromkeys(clients for _, _, clients, _ in results):
            place = (sizes[-1], kind, clients)
            measured = _times(results.get((*place, OURS)), results.get((*place, OXIGRAPH)))
            table.add_row(f"{kind}, x oxigraph", f"≥ {least}", measured, f"{sizes[-1]}, {clients} clients")
    star = results.get((sizes[-1], "star", 8, OURS))
    if star is not None:
        table.add_row("star, p95 ms", "≤ 15", f"{star.percentile(95):.1f}", f"{sizes[-1]}, 8 clients")
    ratios = [
        (load.rate / theirs.rate, f"{size}, {kind}, {clients} clients")
        for (size, kind, clients, name), load in results.items()
        if name == OURS and (theirs := results.get((size, kind, clients, RDFLIB_ENDPOINT))) is not None
    ]
    if ratios:
        least_of_all, where = min(ratios)
        table.add_row("least x rdflib-endpoint", f"≥ {REQUIRED_TIMES_RDFLIB_ENDPOINT}", f"{least_of_all:,.1f}", where)
    if any(load.errors for load in results.values()):
        table.add_row("answers other than 200", "0", str(sum(load.errors for load in results.values())), "all systems")
    console.print(table)
