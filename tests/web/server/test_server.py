"""The whole server over sockets: slow and half-open clients, large bodies, and its end by a signal."""

from __future__ import annotations

import gzip
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest

from graph.seed_data.build import build
from graph.seed_data.load import load
from graph.write.writer import no_progress
from tests.support.folder import write_folder
from tests.support.paths import ROOT
from web.services import compose
from web.settings import Settings

ASK = "/sparql?query=" + quote("ASK { ?s ?p ?o }")
TOKEN = "a-token-for-tests"
HEADERS = {"Authorization": f"Bearer {TOKEN}"}


def start(
    home: Path, cache: Path, port: int, seconds: str = "2", *, descriptors: int | None = None
) -> subprocess.Popen[bytes]:
    environment = {
        **os.environ, "CREATIVE_ATLAS_HOME": str(home), "CREATIVE_ATLAS_CACHE": str(cache), "PYTHONPATH": str(ROOT),
        "CREATIVE_ATLAS_TOKEN": TOKEN, "CREATIVE_ATLAS_QUERY_TIMEOUT": seconds,
    }  # fmt: skip
    limit = "" if descriptors is None else f"import resource as r; r.setrlimit(r.RLIMIT_NOFILE, ({descriptors},) * 2); "
    command = [sys.executable, "-c", f"{limit}from web.cli.main import main; main()", "serve", "--port", str(port)]
    quiet = subprocess.DEVNULL
    return subprocess.Popen(command, env=environment, cwd=ROOT, stdout=quiet, stderr=quiet)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> Path:
    root = tmp_path_factory.mktemp("served")
    services = compose(Settings(home=root / "atlas", cache=cache))
    with services.writer(no_progress).session() as session:
        build(session, load(write_folder(root / "data")), built={})
    return root / "atlas"


@pytest.fixture(scope="module")
def port(home: Path, cache: Path) -> Iterator[int]:
    number = free_port()
    server = start(home, cache, number)
    try:
        until_answered(number)
        yield number
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(20)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def until_answered(port: int) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}{ASK}", timeout=5).close()
            return
        except OSError:
            time.sleep(0.1)
    raise TimeoutError("the server did not answer")


def ask(
    port: int, path: str = ASK, method: str = "GET", body: bytes | None = None, headers: dict[str, str] | None = None
) -> tuple[int, bytes, http.client.HTTPMessage]:
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", body, headers or {}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.read(), answer.headers
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read(), error.headers


def slug(body: bytes) -> str:
    return str(json.loads(body)["type"]).rsplit("/", 1)[1]


def test_head_and_options(port: int) -> None:
    status, body, headers = ask(port, ASK, "HEAD")
    assert (status, body) == (200, b"")
    assert headers["Content-Type"] == "application/sparql-results+json"
    status, _, headers = ask(port, "/sparql", "OPTIONS")
    assert status == 204
    assert "POST" in headers["Allow"]
    assert ask(port, "/", "HEAD")[0] == 200


def test_one_connection_serves_many_requests_of_both_kinds(port: int) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    statuses = []
    for path in (ASK, "/healthz", ASK + "&format=csv", "/nothing", "/sparql?query=SELECT", ASK):
        connection.request("GET", path)
        answer = connection.getresponse()
        answer.read()
        statuses.append(answer.status)
    connection.request("POST", "/sparql", urlencode({"query": "ASK {}"}), {"Content-Type": FORM})
    statuses.append(connection.getresponse().status)
    connection.close()
    assert statuses == [200, 200, 200, 404, 400, 200, 200]


FORM = "application/x-www-form-urlencoded"


def test_slow_and_half_open_clients_do_not_delay_others(port: int) -> None:
    """More of them than there are threads: some say nothing, some half a head, some half a body."""
    beginnings = (
        b"", b"GET /spar", f"GET {ASK} HTTP/1.1\r\nHost: localhost\r\n".encode(),
        b"POST /sparql HTTP/1.0\r\nContent-Type: application/sparql-query\r\nContent-Length: 99\r\n\r\nASK",
        b"POST /update HTTP/1.0\r\nContent-Type: application/sparql-update\r\nContent-Length: 99\r\n\r\nIN",
    )  # fmt: skip
    connections = [socket.create_connection(("127.0.0.1", port)) for _ in range(120)]
    try:
        for number, connection in enumerate(connections):
            connection.sendall(beginnings[number % len(beginnings)])
        time.sleep(0.3)
        started = time.monotonic()
        for path in (ASK, "/healthz", "/"):
            assert ask(port, path)[0] == 200
        assert time.monotonic() - started < 10
        connections[2].sendall(b"\r\n")
        assert connections[2].recv(1 << 16).startswith(b"HTTP/1.1 200")
    finally:
        for connection in connections:
            connection.close()
    assert ask(port)[0] == 200


def test_abandoned_requests(port: int) -> None:
    slow = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o . ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"
    for path in (f"/sparql?query={quote(slow)}", ASK, "/"):
        for _ in range(4):
            with socket.create_connection(("127.0.0.1", port)) as gone:
                gone.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    assert ask(port)[0] == 200
    time.sleep(3)  # the query's time is up
    assert ask(port, f"/sparql?query={quote('SELECT * { ?s ?p ?o } LIMIT 1')}")[0] == 200


def test_huge_heads(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.settimeout(20)
        try:
            client.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Long: " + b"x" * (2 << 20) + b"\r\n\r\n")
            answer = client.recv(1 << 16)
        except OSError:
            answer = b""
    assert not answer.startswith(b"HTTP/1.1 2")
    assert ask(port)[0] == 200


def test_bodies_over_the_limit(port: int) -> None:
    status, body, _ = ask(port, "/sparql", "POST", b"query=" + b"x" * (2 << 20), {"Content-Type": FORM})
    assert (status, slug(body)) == (413, "request-entity-too-large")
    assert b"1,048,576 bytes" in body
    status, body, _ = ask(port, "/sparql", "POST", b"query=ASK{}%23" + b"x" * 150_000, {"Content-Type": FORM})
    assert (status, slug(body)) == (413, "too-large")
    assert ask(port)[0] == 200


@pytest.mark.parametrize("path", ["/graph-store?default", "/update"])
def test_an_upload_without_the_token_is_told_so(port: int, path: str) -> None:
    """urllib sends its 12 MB to the end before it reads the answer."""
    method = "PUT" if "graph" in path else "POST"
    for _ in range(3):
        status, body, _ = ask(port, path, method, b"x" * (12 << 20), {"Content-Type": "text/turtle"})
        assert (status, slug(body)) == (401, "unauthorized")


@pytest.mark.parametrize("packed", [False, True])
def test_an_upload_above_a_mebibyte(port: int, packed: bool) -> None:
    data = b"".join(b'<http://e/%d> <http://e/p> "value %d, and some more to it" .\n' % (n, n) for n in range(30_000))
    assert len(data) > 1 << 20
    graph = quote(f"http://example.org/{packed}", safe="")
    headers = HEADERS | {"Content-Type": "text/turtle"} | ({"Content-Encoding": "gzip"} if packed else {})
    path = f"/graph-store?graph={graph}"
    for _ in range(60):
        status, body, _ = ask(port, path, "PUT", gzip.compress(data) if packed else data, headers)
        if status != 503:  # another write may be under way: the index follows
            break
        time.sleep(0.5)
    assert status in (201, 204), body
    count = f"SELECT (COUNT(*) AS ?n) {{ GRAPH <http://example.org/{packed}> {{ ?s ?p ?o }} }}"
    status, body, _ = ask(port, f"/sparql?query={quote(count)}&format=csv")
    assert (status, body) == (200, b"n\r\n30000\r\n"), "the next query reads what was written"


def test_a_large_answer_to_a_slow_reader(port: int) -> None:
    query = "SELECT ?s ?p ?o ?a { ?s ?p ?o . ?a a ?b } LIMIT 40000"
    expected_body = ask(port, f"/sparql?query={quote(query)}")[1]
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.settimeout(20)
        client.sendall(
            f"GET /sparql?query={quote(query)} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode()
        )
        time.sleep(0.5)
        assert ask(port)[0] == 200
        received = bytearray()
        while part := client.recv(1 << 16):
            received += part
    head, _, body = bytes(received).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200")
    assert body == expected_body


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="reads /proc")
def test_a_signal_ends_the_workers_too(home: Path, cache: Path) -> None:
    number = free_port()
    server = start(home, cache, number)
    try:
        until_answered(number)
        family = descendants(server.pid)
        workers = [pid for pid in family if "graph.sparql.worker.main" in read(Path(f"/proc/{pid}/cmdline"))]
        assert workers
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(20)
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and any(Path(f"/proc/{pid}").exists() for pid in family):
        time.sleep(0.05)
    assert [pid for pid in family if Path(f"/proc/{pid}").exists()] == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_the_server_and_a_running_query_still_gets_an_answer(
    home: Path, cache: Path, number: signal.Signals
) -> None:
    port = free_port()
    server = start(home, cache, port, "30")
    slow = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o . ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }"
    try:
        until_answered(port)
        with socket.create_connection(("127.0.0.1", port), 60) as client:
            client.sendall(f"GET /sparql?query={quote(slow)} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            ask(port)  # the query has been read by the time that another one is answered
            server.send_signal(number)
            assert client.recv(1 << 16).startswith(b"HTTP/1.1 503")
        assert server.wait(30) == 0
    finally:
        server.kill()


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not keep to these limits")
@pytest.mark.parametrize(
    ("limits", "remedy"),
    [
        ({"RLIMIT_AS": 600 << 20}, "ulimit -v unlimited"),
        ({"RLIMIT_AS": 1_200_000 << 10}, "ulimit -v unlimited"),
        ({"RLIMIT_AS": 3 << 30, "RLIMIT_STACK": 1 << 29}, "ulimit -u"),
    ],
    ids=["very little address space", "little address space", "few threads"],
)
def test_a_limit_of_the_system_is_told_without_a_traceback(
    home: Path, cache: Path, limits: dict[str, int], remedy: str
) -> None:
    setting = "; ".join(f"r.setrlimit(r.{name}, ({limit},) * 2)" for name, limit in limits.items())
    # The size of the main stack, and with it that of threads, is settled when a program starts.
    program = f"import resource as r, os, sys; {setting}; os.execv(sys.executable, [sys.executable, *sys.argv[1:]])"
    serve = ["-c", "from web.cli.main import main; main()", "serve", "--home", str(home), "--port", str(free_port())]
    environment = {**os.environ, "CREATIVE_ATLAS_CACHE": str(cache), "PYTHONPATH": str(ROOT)}
    ended = subprocess.run(
        [sys.executable, "-c", program, *serve], env=environment, cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert (ended.returncode, "Traceback" in ended.stderr) == (1, False), ended.stderr
    assert remedy in ended.stderr


def test_idle_connections_leave_descriptors_for_the_work(home: Path, cache: Path) -> None:
    """As many connections as the system allows the process open files."""
    port = free_port()
    server = start(home, cache, port, descriptors=512)
    connections: list[socket.socket] = []
    try:
        until_answered(port)
        for _ in range(505):
            connections.append(socket.create_connection(("127.0.0.1", port), 20))
        time.sleep(0.5)  # all that the server will accept, it has accepted
        for path in ("/readyz", "/", ASK):
            connections[0].sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            assert connections[0].recv(1 << 20).startswith(b"HTTP/1.1 200")
            time.sleep(0.1)
    finally:
        for connection in connections:
            connection.close()
        server.send_signal(signal.SIGTERM)
        server.wait(20)


def read(path: Path) -> str:
    """The content of a file under /proc; empty where the process has ended meanwhile."""
    try:
        return path.read_text()
    except OSError:
        return ""


def descendants(pid: int) -> list[int]:
    children = [int(number) for task in Path(f"/proc/{pid}/task").glob("*/children") for number in read(task).split()]
    return children + [grandchild for child in children for grandchild in descendants(child)]
