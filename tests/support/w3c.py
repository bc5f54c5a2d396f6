"""Reads the manifests of the W3C SPARQL 1.1 suite and compares results the way the suite means it."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyoxigraph as ox

MF = "http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#"
QT = "http://www.w3.org/2001/sw/DataAccess/tests/test-query#"

_CASES = f"""
SELECT ?test ?kind ?action ?query ?data ?result WHERE {{
  ?test a ?kind ; <{MF}action> ?action .
  OPTIONAL {{ ?action <{QT}query> ?query }} OPTIONAL {{ ?action <{QT}data> ?data }}
  OPTIONAL {{ ?test <{MF}result> ?result }}
}}"""


@dataclass(frozen=True)
class Case:
    """One entry of a manifest. `graphs` are the files of named graphs."""

    name: str
    kind: str
    query: Path
    data: Path | None
    graphs: tuple[Path, ...]
    result: Path | None


def _path(term: Any) -> Path | None:
    return None if term is None else Path(term.value.removeprefix("file://"))


def cases(folder: Path) -> list[Case]:
    """All tests of one folder of the suite, by name."""
    store = ox.Store()
    manifest = folder / "manifest.ttl"
    store.load(path=str(manifest), format=ox.RdfFormat.TURTLE, base_iri=manifest.as_uri())
    cases_by_name: dict[str, Case] = {}
    for row in store.query(_CASES):  # type: ignore[union-attr]
        name = f"{folder.name}/{row['test'].value.rpartition('#')[2]}"
        action = row["action"]
        query = _path(row["query"]) or _path(action)
        if query is None or not query.is_file():
            continue
        named = store.quads_for_pattern(action, ox.NamedNode(QT + "graphData"), None)
        graphs = tuple(path for quad in named if (path := _path(quad.object)))
        kind = row["kind"].value.rpartition("#")[2]
        cases_by_name[name] = Case(name, kind, query, _path(row["data"]), tuple(sorted(graphs)), _path(row["result"]))
    return [cases_by_name[name] for name in sorted(cases_by_name)]


def load(case: Case, folder: Path) -> Path:
    """A generation in `folder` with the data of the case; the same data is loaded once."""
    key = json.dumps([str(case.data), *map(str, case.graphs)])
    generation = folder / f"{abs(hash(key)):x}"
    if not generation.exists():
        generation.mkdir(parents=True)
        store = ox.Store(str(generation / "graph"))
        for path, graph in [(case.data, None), *((file, ox.NamedNode(file.as_uri())) for file in case.graphs)]:
            if path is not None:
                form = ox.RdfFormat.from_extension(path.suffix[1:])
                store.load(path=str(path), format=form, base_iri=path.as_uri(), to_graph=graph)
        store.flush()
        del store
    return generation


def wanted_type(case: Case) -> str | None:
    """The media type that the expected result is written in, where the suite tests that format."""
    suffix = case.result.suffix if case.result else ""
    return {".csv": "text/csv", ".tsv": "text/tab-separated-values", ".srj": "application/sparql-results+json"}.get(
        suffix
    )


def same(case: Case, actual: bytes, media_type: str) -> bool:
    """True where the answer equals the expected result up to the names of blank nodes and the order of rows."""
    assert case.result is not None
    expected = case.result.read_bytes()
    if media_type == "text/csv":
        return _csv(expected) == _csv(actual)
    if case.result.suffix in (".ttl", ".rdf", ".nt"):
        base = case.result.as_uri()
        form = ox.RdfFormat.from_extension(case.result.suffix[1:])
        graph = list(ox.parse(expected, format=form, base_iri=base))
        if media_type == "text/turtle":
            return _canonical(graph) == _canonical(list(ox.parse(actual, format=ox.RdfFormat.TURTLE)))
        return _canonical(_result_set(graph)) == _canonical(_solutions(actual, media_type))
    form = ox.QueryResultsFormat.from_extension(case.result.suffix[1:])
    assert form is not None
    expected_rows = ox.parse_query_results(expected, format=form)
    right = ox.parse_query_results(actual, format=ox.QueryResultsFormat.from_media_type(media_type))
    if isinstance(expected_rows, ox.QueryBoolean) or isinstance(right, ox.QueryBoolean):
        return (
            isinstance(expected_rows, ox.QueryBoolean)
            and isinstance(right, ox.QueryBoolean)
            and bool(expected_rows) == bool(right)
        )
    return _canonical(_rows(expected_rows)) == _canonical(_rows(right))


def _csv(text: bytes) -> list[tuple[str, ...]]:
    """Rows with blank nodes numbered in order of appearance and the columns by name."""
    rows = list(csv.DictReader(io.StringIO(text.decode(), newline="")))
    names: dict[str, str] = {}

    def plain(value: str) -> str:
        return names.setdefault(value, f"_:{len(names)}") if value.startswith("_:") else value

    return sorted(tuple(f"{key}={plain(row[key])}" for key in sorted(row)) for row in rows)


def _solutions(actual: bytes, media_type: str) -> list[Any]:
    parsed = ox.parse_query_results(actual, format=ox.QueryResultsFormat.from_media_type(media_type))
    assert isinstance(parsed, ox.QuerySolutions)
    return _rows(parsed)


def _rows(solutions: ox.QuerySolutions) -> list[Any]:
    """Each solution as a blank node with a triple per bound variable: equality of result sets is that of graphs."""
    return [
        ox.Quad(row, ox.NamedNode(f"var:{variable.value}"), value)
        for solution in solutions
        for row in [ox.BlankNode()]
        for variable in [ox.Variable("row"), *solutions.variables]
        if (value := ox.Literal("row") if variable.value == "row" else solution[variable]) is not None
    ]


def _result_set(graph: list[Any]) -> list[Any]:
    """A result set that is written as RDF (the DAWG vocabulary), in the same form."""
    rs = "http://www.w3.org/2001/sw/DataAccess/tests/result-set#"
    store = ox.Store()
    store.extend(graph)
    rows: list[Any] = []
    for quad in store.quads_for_pattern(None, ox.NamedNode(rs + "solution"), None):
        rows.append(ox.Quad(quad.object, ox.NamedNode("var:row"), ox.Literal("row")))
        for binding in store.quads_for_pattern(quad.object, ox.NamedNode(rs + "binding"), None):
            name = next(store.quads_for_pattern(binding.object, ox.NamedNode(rs + "variable"), None)).object
            value = next(store.quads_for_pattern(binding.object, ox.NamedNode(rs + "value"), None)).object
            rows.append(ox.Quad(quad.object, ox.NamedNode(f"var:{name.value}"), value))
    return rows


def _canonical(quads: list[Any]) -> set[str]:
    dataset = ox.Dataset(_stored(quads))
    dataset.canonicalize(ox.CanonicalizationAlgorithm.UNSTABLE)
    return {str(quad) for quad in dataset}


def _stored(quads: list[Any]) -> Iterator[ox.Quad]:
    """Through a store, which writes numbers in one way: the suite compares values, and 2 is 2.0 to no one else."""
    store = ox.Store()
    store.extend(quads)
    yield from store
