"""Longest term that a write may bring, by whatever way; and the compaction after large ones."""

from __future__ import annotations

import gzip
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest
from flask.testing import FlaskClient

from graph.sparql import graph_store
from graph.sparql.update import apply_update, update_limits
from graph.storage.generations import Generation, Home
from graph.storage.snapshot import DEFAULT, Snapshot
from graph.write.rdf_load import load
from graph.write.writer import Changes, NoIndex, Progress, Writer
from tests.support.writable_services import BEARER, ServiceMaker, ask, update
from web.app import create_app

LIMIT = 4_000
LONG = "é" * (LIMIT // 2 + 1)
SHORT = "é" * (LIMIT // 2)
PIECES = ", ".join(f'"{"x" * 1_000}"' for _ in range(5))
NAMED = "http://e/named"
LARGE = f'<a:a> <a:b> "{"x" * 100_000}" .'

TOO_LONG = {
    "data": f'INSERT DATA {{ <a:a> <a:b> "{LONG}" }}',
    "data in a graph": f'INSERT DATA {{ GRAPH <a:g> {{ <a:a> <a:b> "{LONG}"@en }} }}',
    "IRI": f"INSERT DATA {{ <a:{LONG}> <a:b> 1 }}",
    "prefix": f"PREFIX p: <a:{'x' * (LIMIT - 10)}> INSERT DATA {{ p:{'y' * 20} <a:b> 1 }}",
    "prefix in a template": f"PREFIX p: <a:{'x' * (LIMIT - 10)}> INSERT {{ p:{'y' * 20} <a:b> 1 }} WHERE {{}}",
    "template": f'INSERT {{ <a:a> <a:b> "{LONG}" }} WHERE {{}}',
    "pattern": f'INSERT {{ <a:a> <a:b> ?x }} WHERE {{ BIND("{LONG}" AS ?x) }}',
    "values": f'INSERT {{ <a:a> <a:b> ?x }} WHERE {{ VALUES ?x {{ "{LONG}" }} }}',
    "triple term": f'INSERT DATA {{ <a:a> <a:b> <<( <a:a> <a:b> "{LONG}" )>> }}',
    "concatenation": f"INSERT {{ <a:a> <a:b> ?x }} WHERE {{ BIND(CONCAT({PIECES}) AS ?x) }}",
    "replacement": f'INSERT {{ <a:a> <a:b> ?x }} WHERE {{ BIND(REPLACE("{"x" * 100}", "x", "{"y" * 50}") AS ?x) }}',
    "group": f"INSERT {{ <a:a> <a:b> ?x }} WHERE {{ {{ SELECT (GROUP_CONCAT(?y) AS ?x) {{ VALUES ?y {{ "
    f"{PIECES.replace(',', '')} {PIECES.replace(',', '').replace('x', 'y')} }} }} }} }}",
    "graph name": f"INSERT {{ GRAPH ?g {{ <a:a> <a:b> 1 }} }} WHERE {{ BIND(IRI(CONCAT('a:', {PIECES})) AS ?g) }}",
}  # fmt: skip


@pytest.fixture(scope="module")
def client(make_services: ServiceMaker) -> FlaskClient:
    return create_app(make_services(max_term_bytes=LIMIT)).test_client()


@pytest.mark.parametrize("text", TOO_LONG.values(), ids=TOO_LONG)
def test_an_update_may_not_bring_a_longer_term(text: str, client: FlaskClient) -> None:
    assert update(client, text) == 413
    assert not ask(client, "ASK { { ?s <a:b> ?o } UNION { GRAPH ?g { ?s <a:b> ?o } } }")


@pytest.mark.parametrize("graph", ["default", f"graph={NAMED}"])
@pytest.mark.parametrize("packed", [False, True])
def test_an_upload_may_not_bring_a_longer_term(graph: str, packed: bool, client: FlaskClient) -> None:
    body = f'<a:c> <a:d> "{LONG}" .'.encode()
    headers = {**BEARER, "Content-Encoding": "gzip"} if packed else BEARER
    for method in ("PUT", "POST"):
        answer = client.open(
            f"/graph-store?{graph}", method=method, data=gzip.compress(body) if packed else body,
            content_type="text/turtle", headers=headers,
        )  # fmt: skip
        assert (answer.status_code, "4,000 are allowed" in answer.text) == (413, True)
    assert not ask(client, "ASK { { ?s <a:d> ?o } UNION { GRAPH ?g { ?s <a:d> ?o } } }")


def test_a_patch_may_not_bring_a_longer_term(client: FlaskClient) -> None:
    address = f"/graph-store?graph={NAMED}"
    assert client.put(address, data="<a:a> <a:b> 1 .", content_type="text/turtle", headers=BEARER).status_code == 201
    for text in (TOO_LONG["data"], TOO_LONG["concatenation"]):
        answer = client.patch(address, data=text, content_type="application/sparql-update", headers=BEARER)
        assert answer.status_code == 413
    assert client.delete(address, headers=BEARER).status_code == 204


def test_terms_that_are_there_already_stop_no_update(make_services: ServiceMaker) -> None:
    """They were written when the limit was another."""
    services = make_services()
    client = create_app(services).test_client()
    assert update(client, f'INSERT DATA {{ <a:old> <a:b> "{LONG}" }}') == 204
    services.writes.limits = replace(services.writes.limits, term_bytes=LIMIT)
    many = "".join(f"<a:{number}> <a:b> {number} . " for number in range(500))
    assert update(client, f"INSERT DATA {{ {many} }}") == 204
    assert update(client, 'INSERT { ?s <a:c> ?x } WHERE { ?s <a:b> ?o BIND(CONCAT("a", STR(?s)) AS ?x) }') == 204
    assert ask(client, 'ASK { <a:old> <a:c> "aa:old" }')


def test_a_term_of_just_that_length_is_written(client: FlaskClient) -> None:
    assert update(client, f'INSERT DATA {{ <a:a> <a:just> "{SHORT}" }}') == 204
    assert ask(client, f"ASK {{ <a:a> <a:just> ?x FILTER(STRLEN(?x) = {LIMIT // 2}) }}")


class RecordedIndex(NoIndex):
    """Keeps what it is told of each change."""

    def __init__(self) -> None:
        self.changes: list[Changes] = []

    def update(
        self, live: Generation | None, target: Path, snapshot: Snapshot, changes: Changes, progress: Progress
    ) -> dict[str, Any]:
        self.changes.append(changes)
        return super().update(live, target, snapshot, changes, progress)


def test_a_load_of_a_large_term_compacts_the_store(home: Home, tmp_path: Path) -> None:
    index = RecordedIndex()
    with Writer(home, index).session() as session:
        for text in (LARGE, "<a:c> <a:b> <a:a> .", LARGE.replace("a:a", "a:d")):
            (tmp_path / "file.nt").write_text(text)
            assert load(session, [tmp_path / "file.nt"]).added == 1
    assert [changes.compact for changes in index.changes] == [True, False, True]
    assert len(Snapshot.open(home.require()).store) == 3


def test_other_writes_of_large_terms_are_noticed(tmp_path: Path) -> None:
    (tmp_path / "large.nt").write_text(LARGE)
    upload = graph_store.Upload(tmp_path / "large.nt", "application/n-triples")
    limits = update_limits(5)
    for write in (graph_store.replace, graph_store.merge):
        assert write(ox.Store(), ox.NamedNode(NAMED), [upload], "http://e/").large_terms
    assert graph_store.patch(ox.Store(), DEFAULT, f"INSERT DATA {{ {LARGE} }}", limits, "http://e/").large_terms
    for text in (f"INSERT DATA {{ {LARGE} }}", f"INSERT {{ {LARGE} }} WHERE {{}}"):
        assert apply_update(ox.Store(), text, limits).large_terms
        assert not apply_update(ox.Store(), text.replace("x", ""), limits).large_terms
