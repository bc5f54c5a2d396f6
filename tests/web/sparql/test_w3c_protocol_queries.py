"""The W3C cases of the SPARQL 1.1 Protocol that concern queries, as HTTP requests to the endpoint."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest
from flask import Flask

from graph.sparql.pool.pool import QueryPool
from web.http.error_handlers import install_errors
from web.sparql.endpoint import blueprint


@pytest.fixture(scope="module")
def pool() -> Iterator[QueryPool]:
    with QueryPool() as query_pool:
        yield query_pool


def body(request: dict[str, Any]) -> bytes | None:
    content = request["body"]
    if content is None:
        return None
    if content["chars"] is not None:
        return str(content["chars"]).encode(content["encoding"])
    return base64.b64decode(content["bytes"])


def failures(case: dict[str, Any], app: Flask) -> list[str]:
    """The answers to the requests of a case that are not as expected."""
    wrong = []
    for request in case["requests"]:
        path = request["path"].replace("/sparql/", "/sparql", 1)
        response = app.test_client().open(
            path, method=request["method"], headers=request["headers"], data=body(request)
        )
        expected = request["expect"]
        allowed = {name.removeprefix("StatusCode")[0] for name in expected["status"]}
        if str(response.status_code)[0] not in allowed:
            wrong.append(f"{response.status_code}, not {expected['status']}")
        answer = expected.get("expectedBoolean")
        if answer is not None and (response.json or {}).get("boolean") is not answer:
            wrong.append(f"{response.data[:80]!r}, not {answer}")
    return wrong


def test_protocol_cases(shared: Path, pool: QueryPool, tmp_path: Path) -> None:
    file = shared / "w3c" / "protocol_cases.json"
    if not file.is_file():
        pytest.skip("the W3C protocol cases are not in the folder `shared` beside the project")
    cases = [case for case in json.loads(file.read_text(encoding="utf-8"))["cases"] if case["suite"] == "protocol"]
    # Updates are refused at this address; the cases that expect a refusal remain.
    cases = [case for case in cases if not case["id"].startswith("update_")]
    assert len(cases) == 27
    live: list[Path] = []
    app = Flask(__name__)
    install_errors(app)
    app.register_blueprint(blueprint(pool, lambda: live[-1]))
    failed = {}
    for case in cases:
        live.append(tmp_path / case["id"])
        live[-1].mkdir()
        store = ox.Store(str(live[-1] / "graph"))
        for graph in case["graph_data"]:
            store.load(graph["ntriples"], format=ox.RdfFormat.N_TRIPLES, to_graph=ox.NamedNode(graph["graph"]))
        store.flush()
        del store
        if wrong := failures(case, app):
            failed[case["id"]] = wrong
    assert failed == {}
