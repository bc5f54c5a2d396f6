"""Statistics of a generation: counted when it is written, and stored beside the graph as `figures.json`.

Counting reads all facts (4 to 6 s a million), so no request does it. A small change of a large atlas does not do it
either: it keeps the last figures, and `Figures.generation` names the generation that they describe.
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

__all__ = ["FILE", "MAX_COUNTED_QUADS", "Figures", "count", "read_figures", "write_figures"]

FILE: Final = "figures.json"
FORMAT: Final = 1
"""Rises when this version would misread stored figures of an earlier one; they are then counted again."""

MAX_COUNTED_QUADS: Final = 250_000
"""Atlases up to this size are counted by every write, larger ones by writes that read everything anyway."""

MAX_EXAMPLES: Final = 6
MAX_EXAMPLE_CANDIDATES: Final = 2_000
"""Members of a class among which the most linked-to one is chosen."""

MAX_RECENT_DOCUMENTS: Final = 5


@dataclass(frozen=True, slots=True)
class Figures:
    """Counts of a generation, over the default graph except for `quads`, `graphs` and `claims`.

    `classes`: class → instances; `totals` adds those of subclasses; `kinds` counts entities only (no schema, no
    bookkeeping). `properties`: property → facts. `collections`: collection → documents. `recent`: IRIs of the documents
    with the latest dates. `examples`: the most linked-to entity of each of the largest kinds, with its number of links.
    `links`: (class, relation, class, facts) between the main classes; `graph.metadata.ontology` counts them.
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
        """Number of documents, over all collections."""
        return sum(self.collections.values())

    @property
    def passages(self) -> int:
        """Number of passages."""
        return self.classes.get(expand("ca:Passage"), 0)


def count(snapshot: Snapshot) -> Figures:
    """Count everything but the links, as of the snapshot's generation.

    >>> figures = count(snapshot)
    >>> figures.facts, figures.claims, figures.classes["https://w3id.org/creative-atlas/ontology#Source"]
    (16, 9, 3)
    """
    store = snapshot.store
    properties = _counts(store, "SELECT ?x (COUNT(*) AS ?n) { ?s ?x ?o } GROUP BY ?x")
    members = _members(store)
    kinds = _kinds(members)
    return Figures(
        generation=snapshot.name,
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
    """Store the figures in the directory of their generation."""
    (folder / FILE).write_text(json.dumps(asdict(figures), indent=1) + "\n", "utf-8")


def read_figures(folder: Path) -> Figures | None:
    """Figures stored in the directory of a generation; None where there are none that this version can read.

    >>> read_figures(folder / "no-generation") is None
    True
    """
    try:
        raw: dict[str, Any] = json.loads((folder / FILE).read_bytes())
        if raw.get("format") != FORMAT or set(raw) != {field.name for field in fields(Figures)}:
            return None
        pairs = tuple((str(iri), int(number)) for iri, number in raw["examples"])
        links = tuple((str(start), str(by), str(end), int(number)) for start, by, end, number in raw["links"])
        return Figures(**{**raw, "recent": tuple(raw["recent"]), "examples": pairs, "links": links})
    except (OSError, ValueError, TypeError, AttributeError):
        return None


def _rows(store: ox.Store, query: str) -> ox.QuerySolutions:
    solutions = store.query(query, prefixes=PREFIXES)
    assert isinstance(solutions, ox.QuerySolutions)  # noqa: S101  every query here is a SELECT
    return solutions


def _number(store: ox.Store, query: str) -> int:
    return int(getattr(next(iter(_rows(store, query)))["n"], "value", 0))


def _counts(store: ox.Store, query: str) -> dict[str, int]:
    counted = ((row["x"], row["n"]) for row in _rows(store, query))
    return {x.value: int(n.value) for x, n in counted if isinstance(x, ox.NamedNode) and isinstance(n, ox.Literal)}


def _ranked(counted: Mapping[str, int]) -> dict[str, int]:
    return dict(sorted(counted.items(), key=lambda item: (-item[1], item[0])))


def _members(store: ox.Store) -> dict[str, set[str]]:
    """Class → its instances; blank nodes under their labels, which begin with `_:`."""
    members: dict[str, set[str]] = {}
    for quad in store.quads_for_pattern(None, term("rdf:type"), None, DEFAULT):
        if isinstance(quad.object, ox.NamedNode):
            subject = quad.subject
            name = subject.value if isinstance(subject, ox.NamedNode) else str(subject)
            members.setdefault(quad.object.value, set()).add(name)
    return members


def _kinds(members: Mapping[str, set[str]]) -> dict[str, int]:
    counted = {
        kind: sum(1 for iri in iris if not iri.startswith(("_:", *SCHEMA_NAMESPACES)))
        for kind, iris in members.items()
        if kind not in NOT_LINKED
    }
    return _ranked({kind: number for kind, number in counted.items() if number})


def _totals(snapshot: Snapshot, members: Mapping[str, set[str]]) -> dict[str, int]:
    """Class → number of its instances and those of its subclasses, at any depth."""
    below: dict[str, set[str]] = {}
    for quad in snapshot.store.quads_for_pattern(None, term("rdfs:subClassOf"), None, DEFAULT):
        if isinstance(quad.subject, ox.NamedNode) and isinstance(quad.object, ox.NamedNode):
            below.setdefault(quad.object.value, set()).add(quad.subject.value)
    totals = {kind: len(iris) for kind, iris in members.items()}
    for kind in below:
        reached, waiting = {kind}, [kind]
        while waiting:
            new = below.get(waiting.pop(), set()) - reached
            reached |= new
            waiting += new
        total = len(set().union(*(members.get(subclass, set()) for subclass in reached)))
        if total:
            totals[kind] = total
    return totals


def _collections(store: ox.Store) -> dict[str, int]:
    query = """SELECT ?c (COUNT(*) AS ?n) { ?d a ca:Document OPTIONAL { ?d ca:collection ?c } } GROUP BY ?c"""
    documents: Counter[str] = Counter()
    for row in _rows(store, query):
        documents[getattr(row["c"], "value", "default")] += int(getattr(row["n"], "value", 0))
    return dict(sorted(documents.items()))


def _recent(store: ox.Store) -> Iterator[str]:
    """IRIs of documents by date, latest first, then by title; those without a date come last."""
    query = f"""SELECT ?d {{ ?d a ca:Document ; dcterms:issued ?date OPTIONAL {{ ?d dcterms:title ?title }} }}
        ORDER BY DESC(STR(?date)) LCASE(STR(?title)) ?d LIMIT {MAX_RECENT_DOCUMENTS}"""
    documents = [row["d"] for row in _rows(store, query)]
    if len(documents) < MAX_RECENT_DOCUMENTS:
        query = f"SELECT ?d {{ ?d a ca:Document }} ORDER BY ?d LIMIT {MAX_RECENT_DOCUMENTS * 2}"
        documents += [row["d"] for row in _rows(store, query)]
    yield from list(dict.fromkeys(iri.value for iri in documents if isinstance(iri, ox.NamedNode)))[
        :MAX_RECENT_DOCUMENTS
    ]


def _examples(store: ox.Store, kinds: Mapping[str, int]) -> Iterator[tuple[str, int]]:
    """The most linked-to entity of each of the largest kinds, and its number of links."""
    chosen: set[str] = set()
    for kind in list(kinds)[:MAX_EXAMPLES]:
        candidates = f"SELECT ?x {{ ?x a <{kind}> }} LIMIT {MAX_EXAMPLE_CANDIDATES}"
        query = f"""SELECT ?x (COUNT(*) AS ?n) {{ {{ {candidates} }} ?s ?p ?x }}
            GROUP BY ?x ORDER BY DESC(?n) ?x LIMIT 1"""
        for iri, number in _counts(store, query).items():
            if iri not in chosen:
                chosen.add(iri)
                yield iri, number
