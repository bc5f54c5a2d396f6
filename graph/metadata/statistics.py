"""A generation in figures: counted once, when it is written, and kept beside the graph as `figures.json`.

Counting reads all facts (4 to 6 s a million), so no request does it. A small change of a large atlas does not do it
either: it carries the last figures on, and `Figures.generation` says as of which generation they are.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Final

import pyoxigraph as ox

from graph.linking.entity_names import NOT_LINKED
from graph.storage.snapshot import DEFAULT, Snapshot, term
from graph.vocabulary import PREFIXES, SCHEMA_NAMESPACES, expand

__all__ = ["COUNTED_AT_ONCE", "FILE", "Figures", "count", "read_figures", "write_figures"]

FILE: Final = "figures.json"
FORMAT: Final = 1
"""Rises when figures of the version before would be misread; they are then counted again."""

COUNTED_AT_ONCE: Final = 250_000
"""Quads up to which every write counts; in a larger atlas, those that look at everything do."""

_EXAMPLES: Final = 6
_SEARCHED: Final = 2_000  # members of a class among which the most linked-to is looked for
_RECENT: Final = 5


@dataclass(frozen=True, slots=True)
class Figures:
    """Counts over the default graph, except `quads`, `graphs` and `claims`.

    `classes` → their instances, `totals` with those of the subclasses, `kinds` → entities only (no schema, no
    bookkeeping). `properties` → their facts. `collections` → documents. `recent`: IRIs of the documents dated last.
    `examples`: the most linked-to entity of each of the largest kinds, with the number of links. `links`: start,
    relation, end and facts between the main classes; see `graph.metadata.ontology`, which counts them.
    """

    generation: str
    facts: int
    quads: int
    graphs: int
    claims: int
    entities: int
    subjects: int
    objects: int
    classes: Mapping[str, int]
    totals: Mapping[str, int]
    kinds: Mapping[str, int]
    properties: Mapping[str, int]
    collections: Mapping[str, int]
    recent: tuple[str, ...]
    examples: tuple[tuple[str, int], ...]
    links: tuple[tuple[str, str, str, int], ...] = ()
    format: int = FORMAT

    @property
    def documents(self) -> int:
        return sum(self.collections.values())

    @property
    def passages(self) -> int:
        return self.classes.get(expand("ca:Passage"), 0)


def count(snapshot: Snapshot, generation: str = "") -> Figures:
    """Count everything. `generation`: as of which, where the snapshot has no name yet."""
    store = snapshot.store
    properties = _counts(store, "SELECT ?x (COUNT(*) AS ?n) { ?s ?x ?o } GROUP BY ?x")
    members = _members(store)
    kinds = _kinds(members)
    return Figures(
        generation=generation or snapshot.name,
        facts=sum(properties.values()),
        quads=len(store),
        graphs=sum(1 for _ in store.named_graphs()),
        claims=_number(store, "SELECT (COUNT(*) AS ?n) { GRAPH ?g { ?c a ca:Claim } }"),
        entities=len({iri for kind, iris in members.items() if kind not in NOT_LINKED for iri in iris}),
        subjects=_number(store, "SELECT (COUNT(DISTINCT ?s) AS ?n) { ?s ?p ?o }"),
        objects=_number(store, "SELECT (COUNT(DISTINCT ?o) AS ?n) { ?s ?p ?o }"),
        classes=_ranked({kind: len(iris) for kind, iris in members.items()}),
        totals=_ranked(_totals(snapshot, members)),
        kinds=kinds,
        properties=_ranked(properties),
        collections=_collections(store),
        recent=tuple(_recent(store)),
        examples=tuple(_examples(store, kinds)),
    )


def write_figures(folder: Path, figures: Figures) -> None:
    (folder / FILE).write_text(json.dumps(asdict(figures), indent=1) + "\n", "utf-8")


def read_figures(folder: Path) -> Figures | None:
    """Those of a generation; None where there are none that this version can read."""
    try:
        raw: dict[str, Any] = json.loads((folder / FILE).read_bytes())
        if raw.get("format") != FORMAT or set(raw) != {each.name for each in fields(Figures)}:
            return None
        pairs = tuple((str(iri), int(number)) for iri, number in raw["examples"])
        links = tuple((str(start), str(by), str(end), int(number)) for start, by, end, number in raw["links"])
        return Figures(**{**raw, "recent": tuple(raw["recent"]), "examples": pairs, "links": links})
    except (OSError, ValueError, TypeError, AttributeError):
        return None


def _rows(store: ox.Store, query: str) -> ox.QuerySolutions:
    found = store.query(query, prefixes=PREFIXES)
    assert isinstance(found, ox.QuerySolutions)  # noqa: S101  every query here is a SELECT
    return found


def _number(store: ox.Store, query: str) -> int:
    return int(getattr(next(iter(_rows(store, query)))["n"], "value", 0))


def _counts(store: ox.Store, query: str) -> dict[str, int]:
    counted = ((row["x"], row["n"]) for row in _rows(store, query))
    return {x.value: int(n.value) for x, n in counted if isinstance(x, ox.NamedNode) and isinstance(n, ox.Literal)}


def _ranked(counted: Mapping[str, int]) -> dict[str, int]:
    return dict(sorted(counted.items(), key=lambda item: (-item[1], item[0])))


def _members(store: ox.Store) -> dict[str, set[str]]:
    """Class → its instances; blank nodes under their labels, which begin with `_:`."""
    found: dict[str, set[str]] = {}
    for quad in store.quads_for_pattern(None, term("rdf:type"), None, DEFAULT):
        if isinstance(quad.object, ox.NamedNode):
            subject = quad.subject
            name = subject.value if isinstance(subject, ox.NamedNode) else str(subject)
            found.setdefault(quad.object.value, set()).add(name)
    return found


def _kinds(members: Mapping[str, set[str]]) -> dict[str, int]:
    counted = {
        kind: sum(1 for iri in iris if not iri.startswith(("_:", *SCHEMA_NAMESPACES)))
        for kind, iris in members.items()
        if kind not in NOT_LINKED
    }
    return _ranked({kind: number for kind, number in counted.items() if number})


def _totals(snapshot: Snapshot, members: Mapping[str, set[str]]) -> dict[str, int]:
    """Instances of each class or of a class below it."""
    below: dict[str, set[str]] = {}
    for quad in snapshot.store.quads_for_pattern(None, term("rdfs:subClassOf"), None, DEFAULT):
        if isinstance(quad.subject, ox.NamedNode) and isinstance(quad.object, ox.NamedNode):
            below.setdefault(quad.object.value, set()).add(quad.subject.value)
    found = {kind: len(iris) for kind, iris in members.items()}
    for kind in below:
        reached, waiting = {kind}, [kind]
        while waiting:
            new = below.get(waiting.pop(), set()) - reached
            reached |= new
            waiting += new
        total = len(set().union(*(members.get(each, set()) for each in reached)))
        if total:
            found[kind] = total
    return found


def _collections(store: ox.Store) -> dict[str, int]:
    query = """SELECT ?c (COUNT(*) AS ?n) { ?d a ca:Document OPTIONAL { ?d ca:collection ?c } } GROUP BY ?c"""
    found: Counter[str] = Counter()
    for row in _rows(store, query):
        found[getattr(row["c"], "value", "default")] += int(getattr(row["n"], "value", 0))
    return dict(sorted(found.items()))


def _recent(store: ox.Store) -> Iterator[str]:
    """By date, latest first; then by title."""
    query = f"""SELECT ?d {{ ?d a ca:Document ; dcterms:issued ?date OPTIONAL {{ ?d dcterms:title ?title }} }}
        ORDER BY DESC(STR(?date)) LCASE(STR(?title)) ?d LIMIT {_RECENT}"""
    found = [row["d"] for row in _rows(store, query)]
    if len(found) < _RECENT:
        query = f"SELECT ?d {{ ?d a ca:Document }} ORDER BY ?d LIMIT {_RECENT * 2}"
        found += [row["d"] for row in _rows(store, query)]
    yield from list(dict.fromkeys(iri.value for iri in found if isinstance(iri, ox.NamedNode)))[:_RECENT]


def _examples(store: ox.Store, kinds: Mapping[str, int]) -> Iterator[tuple[str, int]]:
    seen: set[str] = set()
    for kind in list(kinds)[:_EXAMPLES]:
        query = f"""SELECT ?x (COUNT(*) AS ?n) {{ {{ SELECT ?x {{ ?x a <{kind}> }} LIMIT {_SEARCHED} }} ?s ?p ?x }}
            GROUP BY ?x ORDER BY DESC(?n) ?x LIMIT 1"""
        for iri, number in _counts(store, query).items():
            if iri not in seen:
                seen.add(iri)
                yield iri, number
