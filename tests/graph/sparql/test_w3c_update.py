"""The update evaluation tests of the W3C SPARQL 1.1 suite, through the function that the writer child calls."""

from __future__ import annotations

from pathlib import Path

import pyoxigraph as ox
import pytest

from graph.sparql.update import apply_update, update_limits
from tests.support.paths import SHARED

SUITE = SHARED / "w3c" / "sparql11"
FOLDERS = ("add", "basic-update", "clear", "copy", "delete", "delete-data", "delete-insert", "delete-where", "drop",
           "move", "update-silent")  # fmt: skip
TOTAL = 94

_CASES = """
PREFIX mf: <http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#>
PREFIX ut: <http://www.w3.org/2009/sparql/tests/test-update#>
SELECT ?test ?action ?request ?result WHERE {
  ?test a ?kind ; mf:action ?action ; mf:result ?result . ?action ut:request ?request
  FILTER(STRENDS(STR(?kind), "UpdateEvaluationTest"))
}"""
_UT = "http://www.w3.org/2009/sparql/tests/test-update#"
_LABEL = ox.NamedNode("http://www.w3.org/2000/01/rdf-schema#label")

Case = tuple[str, ox.Store, Path, ox.Store]


def read(folder: Path) -> list[Case]:
    """Name, data before, request and data after of each test of a folder."""
    manifest = ox.Store()
    file = folder / "manifest.ttl"
    manifest.load(path=str(file), format=ox.RdfFormat.TURTLE, base_iri=file.as_uri())
    tests = {}
    for row in manifest.query(_CASES):  # type: ignore[union-attr]
        name = f"{folder.name}/{row['test'].value.rpartition('#')[2]}"
        request = Path(row["request"].value.removeprefix("file://"))
        tests[name] = (name, dataset(manifest, row["action"]), request, dataset(manifest, row["result"]))
    return [tests[name] for name in sorted(tests)]


def dataset(manifest: ox.Store, node: ox.NamedNode | ox.BlankNode) -> ox.Store:
    store = ox.Store()
    for quad in manifest.quads_for_pattern(node, ox.NamedNode(f"{_UT}data"), None):
        put(store, quad.object, None)
    for quad in manifest.quads_for_pattern(node, ox.NamedNode(f"{_UT}graphData"), None):
        file = next(manifest.quads_for_pattern(quad.object, ox.NamedNode(f"{_UT}graph"), None)).object
        name = next(manifest.quads_for_pattern(quad.object, _LABEL, None)).object
        put(store, file, ox.NamedNode(name.value))
    return store


def put(store: ox.Store, file: ox.NamedNode, graph: ox.NamedNode | None) -> None:
    store.load(path=file.value.removeprefix("file://"), format=ox.RdfFormat.TURTLE, base_iri=file.value, to_graph=graph)


def canonical(store: ox.Store) -> set[str]:
    quads = ox.Dataset(store)
    quads.canonicalize(ox.CanonicalizationAlgorithm.UNSTABLE)
    return {str(quad) for quad in quads}


def cases() -> list[Case]:
    if not SUITE.is_dir():
        pytest.skip("the W3C suite is not in the folder `shared` beside the project")
    return [case for folder in FOLDERS for case in read(SUITE / folder)]


def test_every_update_leaves_what_the_suite_says() -> None:
    failed = {}
    every = cases()
    for name, store, request, expected in every:
        apply_update(store, request.read_text("utf-8"), update_limits(5), base=request.as_uri())
        if canonical(store) != canonical(expected):
            failed[name] = canonical(store) ^ canonical(expected)
    assert failed == {}
    assert len(every) == TOTAL
