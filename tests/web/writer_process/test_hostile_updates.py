"""Hostile writes end within their limit plus 0.5 s, change nothing, and open no connection."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient

from graph.errors import AtlasError
from tests.support.query_pool import Listener
from tests.support.writable_services import BEARER, ServiceMaker, ask, update
from web.app import create_app
from web.services import Services
from web.writer_process.service import WriteLimits, Writes

LIMIT_SECONDS = 1.0
NINE = "{ 1 2 3 4 5 6 7 8 9 }"
SPARE_SECONDS = 0.5
PATIENCE_SECONDS = 8.0
"""The machine may be busy: what is asserted of time is that nothing runs on, not how fast it ends."""


@pytest.fixture(scope="module")
def small(make_services: ServiceMaker) -> Services:
    writable_services = make_services()
    writable_services.writes.limits = WriteLimits(timeout=LIMIT_SECONDS, upload_timeout=LIMIT_SECONDS, memory=1 << 30)
    return writable_services


@pytest.fixture(scope="module")
def writable_client(small: Services) -> FlaskClient:
    return create_app(small).test_client()


@pytest.fixture
def listener() -> Iterator[Listener]:
    fake_listener = Listener()
    yield fake_listener
    fake_listener.close()


LOADS = [
    "LOAD <URL>", "load <URL> INTO GRAPH <http://e/g>", "LOAD SILENT <URL>", "INSERT DATA {} ; LOAD <URL>",
    "PREFIX LOAD: <URL> LOAD LOAD:x", "INSERT DATA {};LOAD<URL>", "PREFIX : <URL> INSERT DATA {} ; LOAD:x",
    "INSERT { ?s ?p ?o } WHERE { SERVICE <URL> { ?s ?p ?o } }", "DELETE WHERE { SERVICE SILENT <URL> { ?s ?p ?o } }",
    "PREFIX : <URL> INSERT { ?s ?p 1 } WHERE { SERVICE:x { ?s ?p ?o } }",
    "INSERT { ?s ?p 1 } WHERE { VALUES ?u { <URL> } SERVICE ?u { ?s ?p ?o } }",
    "INSERT { ?s ?p 1 } WHERE { FILTER(?a <'>')SERVICE <URL> { ?s ?p ?o } #'>\n) }",
    "INSERT { ?s ?p \"x\\u005C\" . SERVICE <URL> { } } WHERE { }",
    "INSERT { ?s ?p 1 } WHERE { { SELECT * { SERVICE <URL> { ?s ?p ?o } } } }",
]  # fmt: skip


@pytest.mark.parametrize("text", LOADS)
def test_no_address_is_called(text: str, writable_client: FlaskClient, listener: Listener) -> None:
    status = update(writable_client, text.replace("URL", listener.url))
    assert status == (204 if "LOAD SILENT" in text else 400)
    assert listener.connections == 0


def test_the_fences_hold_without_the_guard(small: Services, listener: Listener) -> None:
    """The engine in a sandboxed child, without the guard, opens no connection either."""
    import subprocess
    import sys

    script = (
        "import sys; from graph.sandbox.enter import SandboxLimits, enter\n"
        "enter(SandboxLimits('writer', 1 << 30, address_bytes=2 << 30, writable=[sys.argv[2]]))\n"
        "import pyoxigraph as ox, socket, os, tempfile, pathlib\n"
        "folder = pathlib.Path(sys.argv[2]); s = ox.Store(str(folder / 'store'))\n"
        "s.update('INSERT DATA { <a:b> <a:c> 1 }'); s.flush(); print(len(s))\n"
        "for attempt in (lambda: s.update(f'LOAD <{sys.argv[1]}>'), lambda: socket.socket(), lambda: os.fork(),\n"
        "             lambda: os.execv('/bin/true', ['x']), lambda: os.kill(os.getppid(), 0)):\n"
        "    try: attempt(); print('went through')\n"
        "    except OSError as error: print('refused')\n"
    )
    from graph.sandbox.seccomp import available

    if not available():
        pytest.skip("this system has no seccomp")
    folder = small.home.root.parent / "fenced"
    folder.mkdir()
    ran = subprocess.run(
        [sys.executable, "-c", script, listener.url, str(folder)],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert ran.stdout.split("\n")[:6] == ["1", *["refused"] * 5], ran.stdout + ran.stderr
    assert listener.connections == 0


BOMBS = {
    "cartesian": "INSERT { <a:b> <a:c> ?z } WHERE { " + "".join(f"VALUES ?v{i} {NINE} " for i in range(12))
    + " BIND(?v0 + ?v11 AS ?z) }",
    "concat": "INSERT { <a:b> <a:c> ?v20 } WHERE { BIND('0123456789' AS ?v0) "
    + "".join(f"BIND(CONCAT(?v{i}, ?v{i}, ?v{i}, ?v{i}) AS ?v{i + 1}) " for i in range(20)) + "}",
    "product of inserts": "INSERT { ?a ?p ?b } WHERE { "
    + "".join(f"VALUES ?x{i} {NINE} " for i in range(8))
    + " BIND(IRI(CONCAT('a:', STR(?x0), STR(?x1), STR(?x2))) AS ?a) BIND(<a:p> AS ?p) BIND(STRUUID() AS ?b) }",
    "regex": "INSERT { <a:b> <a:c> ?v } WHERE { BIND(REGEX('" + "a" * 30_000 + "', '(a*)*(a*)*(a*)*b{1000}') AS ?v) }",
}  # fmt: skip


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_ends_in_time_and_changes_nothing(name: str, writable_client: FlaskClient, small: Services) -> None:
    before = small.home.require().name
    started = time.monotonic()
    status = update(writable_client, BOMBS[name])
    assert time.monotonic() - started < LIMIT_SECONDS + SPARE_SECONDS + PATIENCE_SECONDS
    if name != "regex":
        assert status == 503
        assert small.home.require().name == before
    assert [path.name for path in small.home.generations.glob("tmp-*")] == []
    assert ask(writable_client, "ASK { FILTER NOT EXISTS { ?s <a:p> ?o } }")


@pytest.mark.parametrize(("text", "status"), [
    ("INSERT DATA { " + "<a:b> <a:c> 'x' . " * 200_000 + "}", 413),
    ("INSERT { ?s ?p 1 } WHERE " + "{ " * 5_000 + "} " * 5_000, 400),
    ("INSERT { ?s ?p 1 } WHERE { " + "?s ?p ?o . " * 500 + "}", 400),
    ("INSERT DATA { <a:b> <a:c> " + "(" * 5_000 + ")" * 5_000 + " }", 400),
])  # fmt: skip
def test_too_long_too_deep_too_wide(text: str, status: int, writable_client: FlaskClient) -> None:
    assert update(writable_client, text) == status


HOSTILE_UPLOADS = {
    "billion laughs": ("application/rdf+xml", '<?xml version="1.0"?><!DOCTYPE r [<!ENTITY a0 "ha">'
    + "".join(f'<!ENTITY a{i} "{f"&a{i - 1};" * 10}">' for i in range(1, 12))
    + ']><r:RDF xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><r:Description r:about="http://e/a">'
    '<e xmlns="http://e/">&a11;</e></r:Description></r:RDF>'),
    "outside entity": ("application/rdf+xml", '<?xml version="1.0"?><!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
    '<r:RDF xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><r:Description r:about="http://e/a">'
    '<e xmlns="http://e/">&x;</e></r:Description></r:RDF>'),
    "deep Turtle": ("text/turtle", "<http://e/a> <http://e/p> " + "[ <http://e/p> " * 200_000),
    "deep JSON-LD": ("application/ld+json", "[" * 200_000 + "]" * 200_000),
    "outside context": ("application/ld+json", '{"@context": "http://127.0.0.1:9/context", "name": "x"}'),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE_UPLOADS)
def test_hostile_uploads(name: str, writable_client: FlaskClient, small: Services) -> None:
    before = small.home.require().name
    kind, body = HOSTILE_UPLOADS[name]
    answer = writable_client.put("/graph-store?graph=http://e/g", data=body, content_type=kind, headers=BEARER)
    assert answer.status_code in (400, 413, 503), answer.text
    assert answer.mimetype == "application/problem+json"
    assert small.home.require().name == before


def test_without_seccomp_the_guard_still_refuses(small: Services) -> None:
    bare = Writes(small.home, WriteLimits(timeout=LIMIT_SECONDS), seccomp=False)
    with pytest.raises(AtlasError):
        bare.update("LOAD <http://127.0.0.1:9/>", base="http://e/")
    bare.close()
