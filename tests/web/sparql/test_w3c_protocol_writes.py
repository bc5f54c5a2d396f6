"""The W3C cases of the SPARQL 1.1 Protocol and of the Graph Store HTTP Protocol, as HTTP requests to the application.

Their one path for queries and updates is two here: an update goes to /update, all else to /sparql.
"""

from __future__ import annotations

import base64
import json
from typing import Any

import pyoxigraph as ox
import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from graph.sparql.formats import GRAPHS, RESULTS
from tests.support.paths import ROOT, SHARED
from tests.support.writable_services import BEARER

CASES = SHARED / "w3c" / "protocol_cases.json"
STATUS = {"OK": 200, "Created": 201, "NoContent": 204, "NotFound": 404}
NEW = "$LOCATION$"


def cases() -> list[Any]:
    if not CASES.is_file():
        return [pytest.param(None, marks=pytest.mark.skip("the W3C cases are not in `shared` beside the project"))]
    return [pytest.param(case, id=f"{case['suite']}-{case['id']}") for case in json.loads(CASES.read_text())["cases"]]


@pytest.mark.parametrize("case", cases())
def test_case(case: dict[str, Any], writable_client: FlaskClient) -> None:
    for graph in case["graph_data"]:
        loaded = writable_client.put(
            "/graph-store", query_string={"graph": graph["graph"]}, data=graph["ntriples"],
            content_type="application/n-triples", headers=BEARER,
        )  # fmt: skip
        assert loaded.status_code == 201, loaded.text
    location = ""
    for request in case["requests"]:
        answer = send(writable_client, request, location)
        check(answer, request["expect"])
        location = answer.headers.get("Location", location)


def send(writable_client: FlaskClient, request: dict[str, Any], location: str) -> TestResponse:
    body = content(request["body"])
    headers = [*BEARER.items(), *((name, value) for name, value in request["headers"])]
    path = request["path"].replace(NEW, location)
    if path.startswith("/gsp"):
        path = "/graph-store" + path.removeprefix("/gsp")
    else:
        kind = dict(request["headers"]).get("content-type", "")
        update = "sparql-update" in kind or "update=" in path or (body or b"").startswith((b"update=", b"CLEAR"))
        path = ("/update" if update else "/sparql") + path.removeprefix("/sparql/")
    return writable_client.open(
        path, method=request["method"], headers=headers, data=body, base_url="http://www.example"
    )


def content(body: dict[str, Any] | None) -> bytes | None:
    if body is None:
        return None
    if body["bytes"] is not None:
        return base64.b64decode(body["bytes"])
    encoded: bytes = body["chars"].encode(body["encoding"])
    return encoded


def check(answer: TestResponse, expect: dict[str, Any]) -> None:
    shown = f"{answer.status_code} {answer.text[:300]}"
    allowed = expect["status"]
    assert any(answer.status_code == STATUS.get(name) or name == f"StatusCode{answer.status_code // 100}xx"
               for name in allowed), shown  # fmt: skip
    for name, value in expect.get("headers", ()):
        assert answer.headers[name] == value
    if "expectedBoolean" in expect:
        assert answer.get_json(force=True)["boolean"] is expect["expectedBoolean"], shown
    if expect.get("expectedFormat") in ("tabular", "boolean"):
        assert answer.mimetype in {syntax.media_type for syntax in RESULTS}
    if expect.get("expectedFormat") == "RDF":
        assert answer.mimetype in {syntax.media_type for syntax in GRAPHS}
    if "expectedLocation" in expect:
        assert answer.headers["Location"].startswith("http://www.example/")
    if "body" in expect:
        assert canonical(answer.data) == canonical(expect["body"]["chars"].encode())


def canonical(turtle: bytes) -> set[str]:
    graph = ox.Dataset(ox.parse(turtle, ox.RdfFormat.TURTLE))
    graph.canonicalize(ox.CanonicalizationAlgorithm.UNSTABLE)
    return {str(quad) for quad in graph}


def test_the_documented_counts_are_right() -> None:
    if not CASES.is_file():
        pytest.skip("the W3C cases are not in `shared` beside the project")
    suites = [case["suite"] for case in json.loads(CASES.read_text())["cases"]]
    text = (ROOT / "docs" / "reference" / "sparql-writes-conformance.md").read_text("utf-8")
    protocol = suites.count("protocol")
    assert f"SPARQL 1.1 Protocol: {protocol} of {protocol}" in text
    assert f"Graph Store HTTP Protocol: {len(suites) - protocol} of {len(suites) - protocol}" in text
