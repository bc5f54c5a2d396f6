"""Data and queries of `benchmarks/sparql.py`, identical for every system."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Final

import pyoxigraph as ox

from benchmarks.serving import COMMAND, ROOT, environment

__all__ = ["CACHE", "KINDS", "Queries", "Query", "make_home", "multiplied", "starter", "starter_home"]

CACHE: Final = ROOT / ".cache" / "bench"
BASE: Final = "https://w3id.org/creative-atlas/id/"
KINDS: Final = ("point", "star", "path", "aggregate", "repeated", "search")

Query = str
_LABEL: Final = "<http://www.w3.org/2000/01/rdf-schema#label>"
_INSIDE: Final = "<https://schema.org/containedInPlace>"
_SAMPLE: Final = 20_000


def _format() -> str:
    """The formats of the atlas and of its index, as part of the names of stored files."""
    from graph.storage.generations import FORMAT as HOME_FORMAT
    from search.index.manifest import FORMAT

    return f"{HOME_FORMAT}-{FORMAT}"


def starter_home() -> Path:
    """The starter atlas, built once for each format of its index."""
    home = CACHE / f"starter-{_format()}"
    if not (home / "CURRENT").exists():
        subprocess.run([*COMMAND, "build", "--home", str(home)], check=True, env=environment(), cwd=ROOT)
    return home


def generation_of(home: Path) -> Path:
    return home / "generations" / (home / "CURRENT").read_text("ascii").strip()


def _facts() -> list[ox.Triple]:
    store = ox.Store.read_only(str(generation_of(starter_home()) / "graph"))
    facts = [quad.triple for quad in store.quads_for_pattern(None, None, None, ox.DefaultGraph())]
    return sorted(facts, key=str)


def starter() -> Path:
    """N-Triples: the accepted facts of the starter atlas."""
    path = CACHE / f"starter-{_format()}.nt"
    if not path.exists():
        begun = CACHE / "starter.tmp"
        ox.serialize(_facts(), begun, ox.RdfFormat.N_TRIPLES)
        begun.rename(path)
    return path


def multiplied(triples: int) -> Path:
    """N-Triples: the accepted facts of the starter atlas, again and again under other names, cut at `triples`."""
    path = CACHE / f"{triples}.nt"
    if path.exists():
        return path
    facts = _facts()
    begun = path.with_suffix(".tmp")
    remaining = triples
    with begun.open("wb") as file:
        for copy in count():
            part = facts[:remaining]
            ox.serialize((_renamed(fact, copy) for fact in part), file, ox.RdfFormat.N_TRIPLES)
            remaining -= len(part)
            if not remaining:
                break
    begun.rename(path)
    return path


def _renamed(triple: ox.Triple, copy: int) -> ox.Triple:
    if copy == 0:
        return triple
    subject, value = triple.subject, triple.object
    return ox.Triple(
        ox.NamedNode(f"{subject.value}-{copy}") if _ours(subject) else subject,  # type: ignore[union-attr]
        triple.predicate,
        ox.NamedNode(f"{value.value}-{copy}") if _ours(value) else value,  # type: ignore[union-attr]
    )


def _ours(node: object) -> bool:
    return isinstance(node, ox.NamedNode) and node.value.startswith(BASE)


def make_home(data: Path) -> tuple[Path, float]:
    """An atlas of that file with the starter's search index, and the seconds that loading took (stored beside it)."""
    home = CACHE / f"atlas-{data.stem}-{_format()}"
    took = CACHE / f"{home.name}.seconds"
    if not took.exists():
        shutil.rmtree(home, ignore_errors=True)
        shutil.copytree(starter_home(), home, copy_function=os.link)
        graph = generation_of(home) / "graph"
        shutil.rmtree(graph)
        started = time.perf_counter()
        store = ox.Store(str(graph))
        with data.open("rb") as file:
            store.bulk_load(file, ox.RdfFormat.N_TRIPLES)
        store.flush()
        took.write_text(f"{time.perf_counter() - started:.2f}")
        manifest = generation_of(home) / "manifest.json"
        noted = json.loads(manifest.read_bytes()) | {"quads": len(store)}
        manifest.unlink()  # a hard link to the starter's file
        manifest.write_text(json.dumps(noted))
        (home / "CURRENT").unlink()
        (home / "CURRENT").write_text(generation_of(starter_home()).name + "\n")
    return home, float(took.read_text())


class Queries:
    """Queries of each kind, no two alike (but for `repeated`), in an order that depends on nothing but `seed`."""

    def __init__(self, data: Path) -> None:
        pick = random.Random(7)
        store = ox.Store.read_only(str(generation_of(make_home(data)[0]) / "graph"))
        self._labelled = self._column(store, f"SELECT ?s {{ ?s {_LABEL} ?l FILTER(STRSTARTS(STR(?s), '{BASE}')) }}")
        self._pairs = self._column(
            store,
            f"SELECT ?p ?o {{ ?s ?p ?o . ?s {_LABEL} ?l . ?s a ?t FILTER(STRSTARTS(STR(?o), '{BASE}')) }} "
            f"GROUP BY ?p ?o HAVING (COUNT(*) > 1 && COUNT(*) < 60) LIMIT {_SAMPLE}",
        )
        self._places = self._column(store, f"SELECT DISTINCT ?s {{ ?s {_INSIDE} ?o }} LIMIT {_SAMPLE}")
        self._classes = self._column(store, "SELECT DISTINCT ?t { ?s a ?t }")
        for column in (self._labelled, self._pairs, self._places, self._classes):
            pick.shuffle(column)

    def _column(self, store: ox.Store, query: str) -> list[tuple[str, ...]]:
        solutions = store.query(query)
        assert isinstance(solutions, ox.QuerySolutions)
        return sorted(tuple(str(term) for term in row) for row in solutions)

    def stream(self, kind: str, seed: int) -> Iterator[Query]:
        """Endless queries of one kind. A number in each variable name makes every text unique, so no cache helps."""
        makers: dict[str, Callable[[int], Query]] = {
            "point": self._point, "star": self._star, "path": self._path, "aggregate": self._aggregate,
            "repeated": lambda _: self._star(0), "search": self._search,
        }  # fmt: skip
        make = makers[kind]
        return (make(number) for number in count(seed * 1_000_003))

    def _point(self, n: int) -> Query:
        (iri,) = self._labelled[n % len(self._labelled)]
        return f"SELECT ?l{n} {{ {iri} {_LABEL} ?l{n} }}"

    def _star(self, n: int) -> Query:
        predicate, value = self._pairs[n % len(self._pairs)]
        return f"SELECT ?s{n} ?l ?t ?tl {{ ?s{n} {predicate} {value} ; {_LABEL} ?l ; a ?t . ?t {_LABEL} ?tl }}"

    def _path(self, n: int) -> Query:
        (place,) = self._places[n % len(self._places)]
        return f"SELECT ?x{n} ?l {{ {place} {_INSIDE}+ ?x{n} . ?x{n} {_LABEL} ?l }}"

    def _aggregate(self, n: int) -> Query:
        (kind,) = self._classes[n % len(self._classes)]
        return (
            f"SELECT ?p (COUNT(?s) AS ?n{n}) (COUNT(DISTINCT ?o) AS ?m) {{ ?s a {kind} ; ?p ?o }} "
            f"GROUP BY ?p ORDER BY DESC(?n{n}) LIMIT 10"
        )

    def _search(self, n: int) -> Query:
        words = ("finance", "skills", "games", "clusters", "film", "fashion", "research", "growth", "music", "craft")
        text = f"{words[n % 10]} {words[n // 10 % 10]} {words[n // 100 % 10]} {n}"
        clause = f'?h ca:query "{text}" ; ca:score ?s{n} ; ca:limit 20'
        return (
            f"PREFIX ca: <https://w3id.org/creative-atlas/ontology#> SELECT ?h ?l ?s{n} "
            f"{{ SERVICE <urn:creative-atlas:search> {{ {clause} }} OPTIONAL {{ ?h {_LABEL} ?l }} }} "
            f"ORDER BY DESC(?s{n})"
        )
