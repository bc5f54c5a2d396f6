"""The Allow header of every route names the methods that are allowed there, and no other."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from flask.testing import FlaskClient

from web.server.request_head import METHODS

PATHS = (
    "/", "/search", "/sparql", "/sparql/queries/none", "/update", "/graph-store", "/graph-store?default", "/healthz",
    f"/graph-store?graph={quote('http://example.org/g')}", "/api/v1/search", "/api/v1/entity", "/dataset", "/quotes",
    "/dataset.nq.gz", "/data/organisation/nesta", "/id/organisation/nesta", "/static/none", "/ontology.ttl",
)  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
def test_the_allow_header_names_what_is_allowed(client: FlaskClient, path: str) -> None:
    answers = {method: client.open(path, method=method) for method in METHODS}
    allowed = {method for method, answer in answers.items() if answer.status_code != 405}
    for method, answer in answers.items():
        if answer.status_code == 405 or method == "OPTIONS":
            assert set(answer.headers["Allow"].split(", ")) == allowed, method
