"""The Graph Store HTTP Protocol beyond the W3C cases: statuses, formats, claims, forms, packed and broken bodies."""

from __future__ import annotations

import gzip
import io
import random
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import zstandard
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from graph.write.writer import Writer
from search.indexing.lag import CarriedIndex
from tests.support.small import EX
from tests.support.writable_services import BEARER, ServiceMaker, ask, update
from web.app import create_app
from web.services import Services
from web.writer_process.service import WriteLimits

G = "http://e/g"
TURTLE = "@prefix : <http://e/> . :a :p :b ."


def send(
    writable_client: FlaskClient, method: str, data: Any = TURTLE, kind: str | None = "text/turtle", *,
    graph: str | None = G, headers: Mapping[str, str] | None = None,
) -> TestResponse:  # fmt: skip
    query = {"default": ""} if graph is None else {"graph": graph}
    return writable_client.open(
        "/graph-store", method=method, data=data, content_type=kind, query_string=query,
        headers={**BEARER, **(headers or {})},
    )  # fmt: skip


def test_a_graph_is_put_changed_and_deleted(writable_client: FlaskClient) -> None:
    assert send(writable_client, "GET").status_code == 404
    assert send(writable_client, "PUT").status_code == 201
    assert send(writable_client, "POST", "<http://e/c> <http://e/p> 1 .").status_code == 204
    assert ask(writable_client, f"ASK {{ GRAPH <{G}> {{ <http://e/a> ?p ?o . <http://e/c> ?q 1 }} }}")
    assert send(writable_client, "PUT", "<http://e/c> <http://e/p> 2 .").status_code == 204
    assert ask(writable_client, f"ASK {{ GRAPH <{G}> {{ <http://e/a> ?p ?o }} }}") is False
    assert send(writable_client, "DELETE").status_code == 204
    assert [send(writable_client, method).status_code for method in ("GET", "HEAD", "DELETE")] == [404, 404, 404]


def test_an_empty_graph_exists(writable_client: FlaskClient) -> None:
    assert send(writable_client, "PUT", "").status_code == 201
    answer = send(writable_client, "GET")
    assert (answer.status_code, answer.data) == (200, b"")


@pytest.mark.parametrize(("kind", "body"), [
    ("application/n-triples", "<http://e/a> <http://e/p> <http://e/b> ."),
    ("application/ld+json", '{"@id": "http://e/a", "http://e/p": {"@id": "http://e/b"}}'),
    ("application/rdf+xml", '<r:RDF xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:e="http://e/">'
     '<r:Description r:about="http://e/a"><e:p r:resource="http://e/b"/></r:Description></r:RDF>'),
])  # fmt: skip
def test_every_syntax_is_read_and_written(kind: str, body: str, writable_client: FlaskClient) -> None:
    assert send(writable_client, "PUT", body, kind).status_code == 201
    answer = send(writable_client, "GET", headers={"Accept": kind})
    assert (answer.status_code, answer.mimetype) == (200, kind)
    assert send(writable_client, "PUT", answer.data, kind, graph="http://e/copy").status_code == 201
    assert ask(writable_client, "ASK { GRAPH <http://e/copy> { <http://e/a> <http://e/p> <http://e/b> } }")


def test_reading_negotiates_and_validates(writable_client: FlaskClient) -> None:
    send(writable_client, "PUT")
    assert send(writable_client, "GET", headers={"Accept": "image/png"}).status_code == 406
    first = send(writable_client, "GET", headers={"Accept": "application/n-triples;q=0.5, text/turtle;q=0.1"})
    assert first.mimetype == "application/n-triples"
    repeated = send(
        writable_client, "GET", headers={"Accept": "application/n-triples", "If-None-Match": first.headers["ETag"]}
    )
    assert (repeated.status_code, repeated.data) == (304, b"")
    head = send(writable_client, "HEAD")
    assert (head.data, head.headers["Content-Type"]) == (b"", "text/turtle; charset=utf-8")


@pytest.mark.parametrize("coding", ["gzip", "zstd"])
def test_a_long_graph_is_compressed(coding: str, writable_client: FlaskClient) -> None:
    lines = "".join(f'<http://e/{n}> <http://e/p> "value" .\n' for n in range(300))
    assert send(writable_client, "PUT", lines, "application/n-triples").status_code == 201
    headers = {"Accept-Encoding": coding, "Accept": "application/n-triples"}
    answer = send(writable_client, "GET", headers=headers)
    assert answer.headers["Content-Encoding"] == coding
    assert int(answer.headers["Content-Length"]) == len(answer.data) < len(lines) / 4
    assert {value.strip() for value in answer.headers["Vary"].split(",")} == {"Accept", "Accept-Encoding"}
    unpack = gzip.decompress if coding == "gzip" else zstandard.ZstdDecompressor().decompressobj().decompress
    plain = send(writable_client, "GET", headers={"Accept": "application/n-triples"})
    assert unpack(answer.data) == plain.data
    tag = answer.headers["ETag"]
    assert tag not in ("", plain.headers["ETag"]), "other bytes"
    assert send(writable_client, "GET", headers={**headers, "If-None-Match": tag}).status_code == 304
    assert send(writable_client, "PUT", headers={"If-Match": tag}).status_code == 204, (
        "a strong one, good for a condition"
    )


def test_a_conditional_write(writable_client: FlaskClient) -> None:
    """Two clients read, both write: the second one's tag is out of date, and nothing of the first is lost."""
    send(writable_client, "PUT")
    tag = send(writable_client, "GET", headers={"Accept": "text/turtle"}).headers["ETag"]
    other = send(writable_client, "GET", headers={"Accept": "application/n-triples"}).headers["ETag"]
    assert tag != other
    longer = TURTLE + " :a :p :c ."
    assert send(writable_client, "PUT", longer, headers={"If-Match": tag}).status_code == 204
    late = send(writable_client, "PUT", TURTLE, headers={"If-Match": other})
    assert late.status_code == 412
    assert late.get_json(force=True)["type"].endswith("/precondition-failed")
    assert ask(writable_client, f"ASK {{ GRAPH <{G}> {{ <http://e/a> <http://e/p> <http://e/c> }} }}")
    for method, body, kind in (("DELETE", None, None), ("PATCH", "CLEAR ALL", "application/sparql-update")):
        assert send(writable_client, method, body, kind, headers={"If-Match": tag}).status_code == 412
    fresh = send(writable_client, "GET").headers["ETag"]
    assert send(writable_client, "DELETE", None, None, headers={"If-Match": f'"x", {fresh}'}).status_code == 204


def test_a_new_index_changes_no_tag(writable_client: FlaskClient, writable_services: Services) -> None:
    """It is a separate generation without a write."""
    send(writable_client, "PUT")
    first = send(writable_client, "GET")
    with Writer(writable_services.home, CarriedIndex()).session() as session:
        session.reindex(lambda live, scratch: {})
    repeated = send(writable_client, "GET", headers={"If-None-Match": first.headers["ETag"]})
    assert (repeated.status_code, repeated.headers["ETag"]) == (304, first.headers["ETag"])
    assert repeated.headers["X-Generation"] != first.headers["X-Generation"]
    assert send(writable_client, "PUT", headers={"If-Match": first.headers["ETag"]}).status_code == 204


def test_a_write_only_where_there_is_a_graph_or_none(writable_client: FlaskClient) -> None:
    assert send(writable_client, "PUT", headers={"If-Match": "*"}).status_code == 412
    assert send(writable_client, "PUT", headers={"If-None-Match": "*"}).status_code == 201
    assert send(writable_client, "PUT", headers={"If-None-Match": "*"}).status_code == 412
    assert send(writable_client, "POST", headers={"If-Match": "*"}).status_code == 204


def test_one_of_many_conditional_writers_wins(writable_client: FlaskClient, writable_services: Services) -> None:
    """All read the same state and write at once: the check and the write are one step."""
    send(writable_client, "PUT")
    tag = send(writable_client, "GET").headers["ETag"]
    app = create_app(writable_services)

    def write(number: int) -> int:
        body = f"<http://e/a> <http://e/n> {number} ."
        return send(app.test_client(), "PUT", body, headers={"If-Match": tag}).status_code

    with ThreadPoolExecutor(6) as pool:
        statuses = list(pool.map(write, range(6)))
    assert statuses.count(204) == 1
    assert set(statuses) <= {204, 412, 503}, "503: the wait for the turn to write was too long"


def test_a_large_compressed_body(writable_client: FlaskClient) -> None:
    """More than a mebibyte as sent, and ten times that unpacked: it streams."""
    chance = random.Random(7)
    lines = "".join(f'<http://e/{n}> <http://e/p> "{chance.randbytes(24).hex()}" .\n' for n in range(60_000))
    packed = gzip.compress(lines.encode(), 6)
    assert len(packed) > 1 << 20
    answer = send(writable_client, "PUT", packed, "application/n-triples", headers={"Content-Encoding": "gzip"})
    assert answer.status_code == 201, answer.text
    assert ask(
        writable_client, f"ASK {{ {{ SELECT (COUNT(*) AS ?n) {{ GRAPH <{G}> {{ ?s ?p ?o }} }} }} FILTER(?n = 60000) }}"
    )


@pytest.mark.parametrize("kind", ["application/n-triples", "text/turtle", "application/ld+json"])
def test_a_byte_order_mark_is_skipped(kind: str, writable_client: FlaskClient) -> None:
    body = '{"@id": "http://e/a", "http://e/p": 1}' if kind.endswith("json") else "<http://e/a> <http://e/p> '1' ."
    body = body.replace("'", '"') if kind == "application/n-triples" else body
    assert send(writable_client, "PUT", body.encode("utf-8-sig"), kind).status_code == 201
    headers = {"Content-Encoding": "gzip"}
    packed = gzip.compress(body.encode("utf-8-sig"))
    assert send(writable_client, "PUT", packed, kind, headers=headers).status_code == 204


def test_a_damaged_gzip_body_is_the_fault_of_the_client(writable_client: FlaskClient) -> None:
    send(writable_client, "PUT")
    lines = "".join(f'<http://e/{n}> <http://e/p> "{n * n}" .\n' for n in range(5_000))
    packed = bytearray(gzip.compress(lines.encode()))
    for at in range(2_000, 2_100):
        packed[at] ^= 0x55
    answer = send(writable_client, "PUT", bytes(packed), "application/n-triples", headers={"Content-Encoding": "gzip"})
    assert answer.status_code == 400 and "cannot be read" in answer.text
    assert ask(writable_client, f"ASK {{ GRAPH <{G}> {{ <http://e/a> ?p ?o }} }}")


@pytest.mark.parametrize(("kind", "status"), [
    ("text/plain", 415), ("application/json", 415), ("application/xml", 415), ("application/trig", 415),
    ("application/n-quads", 415), (None, 415), ("text/turtle; charset=latin-1", 415), ("multipart/form-data", 400),
])  # fmt: skip
def test_other_media_types_are_refused(kind: str | None, status: int, writable_client: FlaskClient) -> None:
    assert send(writable_client, "PUT", TURTLE, kind).status_code == status
    assert send(writable_client, "PATCH", TURTLE, "text/turtle").status_code == 415


def test_a_broken_body_says_the_line_and_changes_nothing(writable_client: FlaskClient) -> None:
    send(writable_client, "PUT")
    answer = send(writable_client, "PUT", "<http://e/x> <http://e/p> 1 .\n<http://e/x> <http://e/p> .\n")
    problem = answer.get_json(force=True)
    assert (answer.status_code, problem["line"]) == (400, 2)
    assert ask(writable_client, f"ASK {{ GRAPH <{G}> {{ <http://e/a> ?p ?o }} }}")


@pytest.mark.parametrize("packed", [False, True])
def test_a_body_that_names_graphs_is_refused(packed: bool, writable_client: FlaskClient) -> None:
    """A packed one is written past the transaction log, and looked at all the same."""
    body = b'{"@id": "http://e/other", "@graph": [{"@id": "http://e/a", "http://e/p": "x"}]}'
    headers = {"Content-Encoding": "gzip"} if packed else {}
    answer = send(
        writable_client, "PUT", gzip.compress(body) if packed else body, "application/ld+json", headers=headers
    )
    assert answer.status_code == 400
    assert "names a graph of its own" in answer.get_json(force=True)["detail"]
    assert ask(writable_client, "ASK { GRAPH ?g {} }") is False


def test_the_graph_that_a_request_names(writable_client: FlaskClient) -> None:
    def status(method: str, path: str) -> int:
        return writable_client.open(
            path, method=method, data=TURTLE, content_type="text/turtle", headers=BEARER
        ).status_code

    assert status("GET", "/graph-store") == 400
    assert status("PUT", "/graph-store") == 405
    assert status("PUT", "/graph-store?default&graph=http://e/g") == 400
    assert status("PUT", "/graph-store?graph=relative") == 400
    assert status("PUT", "/graph-store/x?graph=http://e/g") == 400
    assert status("PUT", "/graph-store/people%2f1?x=1") == 400, "else one graph would have two addresses"
    assert status("PUT", "/graph-store/people/1?x=%2F") == 201
    assert ask(writable_client, "ASK { GRAPH <http://localhost/graph-store/people/1> { ?s ?p ?o } }")
    assert writable_client.open("/graph-store", method="TRACE").status_code == 405


def test_a_new_graph_gets_an_address(writable_client: FlaskClient) -> None:
    answer = writable_client.post("/graph-store", data=TURTLE, content_type="text/turtle", headers=BEARER)
    assert answer.status_code == 201
    assert writable_client.get(answer.headers["Location"]).status_code == 200


def test_a_form_with_several_files(writable_client: FlaskClient) -> None:
    files = [(io.BytesIO(TURTLE.encode()), "a.ttl", "text/turtle"),
             (io.BytesIO(b'<http://e/n> <http://e/p> "5" .'), "b.nt", "application/n-triples")]  # fmt: skip
    answer = send(writable_client, "POST", {"file": files}, "multipart/form-data")
    assert answer.status_code == 201, answer.text
    assert ask(writable_client, f"ASK {{ GRAPH <{G}> {{ <http://e/a> ?p ?o . <http://e/n> ?q '5' }} }}")
    named = {"file": [(io.BytesIO(TURTLE.encode()), "a.ttl", "text/turtle")], "graph": "http://e/elsewhere"}
    answer = send(writable_client, "POST", named, "multipart/form-data")
    assert answer.status_code == 400
    assert "‘graph’" in answer.get_json(force=True)["detail"], "a field that is not read is not passed over"
    broken = {"file": [(io.BytesIO(b"<a> b"), "bad.ttl", "text/turtle")]}
    answer = send(writable_client, "POST", broken, "multipart/form-data")
    assert answer.status_code == 400
    assert "bad.ttl" in answer.get_json(force=True)["detail"]


def test_a_patch_sees_its_graph_alone(writable_client: FlaskClient) -> None:
    send(writable_client, "PUT")
    update(writable_client, "INSERT DATA { <http://e/a> <http://e/p> 'elsewhere' }")
    text = "DELETE { ?s ?p ?o } INSERT { ?s ?p 'patched' } WHERE { ?s ?p ?o }"
    assert send(writable_client, "PATCH", text, "application/sparql-update").status_code == 204
    assert ask(writable_client, f"ASK {{ <http://e/a> ?p 'elsewhere' . GRAPH <{G}> {{ <http://e/a> ?q 'patched' }} }}")
    other = "INSERT DATA { GRAPH <http://e/other> { <http://e/a> <http://e/p> 1 } }"
    assert send(writable_client, "PATCH", other, "application/sparql-update").status_code == 400
    assert send(writable_client, "PATCH", text, "application/sparql-update", graph="http://e/none").status_code == 404


def test_a_patch_warns_of_what_the_engine_does_otherwise(writable_client: FlaskClient) -> None:
    send(writable_client, "PUT")
    text = "INSERT DATA { <http://e/a> <http://e/p> 99999999999999999999 }"
    answer = send(writable_client, "PATCH", text, "application/sparql-update")
    assert answer.status_code == 204
    assert "64 bits" in answer.headers["X-Atlas-Warning"]


def test_a_compressed_body(writable_client: FlaskClient) -> None:
    packed = {"Content-Encoding": "gzip"}
    assert send(writable_client, "PUT", gzip.compress(TURTLE.encode()), headers=packed).status_code == 201
    assert ask(writable_client, f"ASK {{ GRAPH <{G}> {{ <http://e/a> ?p ?o }} }}")
    assert send(writable_client, "PUT", b"not gzip", headers=packed).status_code == 400
    assert send(writable_client, "PUT", gzip.compress(b"x" * 9999)[:-20], headers=packed).status_code == 400
    assert send(writable_client, "PUT", headers={"Content-Encoding": "br"}).status_code == 415


def test_a_body_over_the_limit(make_services: ServiceMaker) -> None:
    writable_services = make_services()
    writable_services.writes.limits = WriteLimits(upload_bytes=10_000)
    app = create_app(writable_services).test_client()
    assert send(app, "PUT", "#" * 9_000).status_code == 201
    assert send(app, "PUT", "#" * 20_000).status_code == 413
    form = {"file": [(io.BytesIO(b"#" * 20_000), "a.ttl", "text/turtle")]}
    assert send(app, "PUT", form, "multipart/form-data").status_code == 413


def test_a_small_body_cannot_unpack_beyond_the_limit(make_services: ServiceMaker) -> None:
    writable_services = make_services()
    writable_services.writes.limits = WriteLimits(unpacked_bytes=1_000_000)
    app = create_app(writable_services).test_client()
    answer = send(app, "PUT", gzip.compress(b"# nothing\n" * 200_000), headers={"Content-Encoding": "gzip"})
    assert answer.status_code == 413
    assert "1,000,000 bytes" in answer.get_json(force=True)["detail"]
    assert send(app, "GET").status_code == 404


def test_facts_supported_by_claims_are_not_replaced(make_services: ServiceMaker) -> None:
    app = create_app(make_services(facts=True)).test_client()
    for method in ("PUT", "DELETE"):
        answer = send(app, method, graph=None)
        assert answer.status_code == 409
        assert "claims" in answer.get_json(force=True)["detail"]
    for method in ("PUT", "POST", "DELETE"):
        assert send(app, method, graph=EX + "official").status_code == 409
    assert send(app, "PUT").status_code == 201, "a graph of one's own can be put"
    assert send(app, "POST", graph=None).status_code == 204, "and plain facts be added"
    assert ask(app, f"ASK {{ <http://e/a> ?p ?o . GRAPH <{EX}official> {{ ?c a ?kind }} }}")


def test_the_default_graph_without_claims(writable_client: FlaskClient) -> None:
    assert send(writable_client, "PUT", graph=None).status_code == 204
    assert ask(writable_client, "ASK { <http://e/a> ?p ?o }")
    assert send(writable_client, "DELETE", graph=None).status_code == 204
    assert (send(writable_client, "GET", graph=None).status_code, send(writable_client, "GET", graph=None).data) == (
        200,
        b"",
    )


def test_a_body_of_another_syntax_and_a_context_elsewhere_are_named(writable_client: FlaskClient) -> None:
    answer = send(writable_client, "PUT", TURTLE, "application/rdf+xml")
    assert (answer.status_code, "looks like Turtle" in answer.text) == (400, True)
    answer = send(writable_client, "PUT", '{"@context": "http://e/context", "p": 1}', "application/ld+json")
    assert (answer.status_code, "<http://e/context>" in answer.text) == (400, True)
