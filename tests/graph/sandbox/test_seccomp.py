"""What a fenced process cannot do. Each escape is tried for real in a child that has entered the fences."""

from __future__ import annotations

import errno
import json
import os
import resource
import select
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from pyoxigraph import Literal, NamedNode, Quad, Store

from graph.sandbox import seccomp
from graph.sparql.formats import RESULTS, Format
from graph.sparql.limits import Limits
from graph.sparql.worker import protocol
from graph.sparql.worker.process import WorkerProcess, query_settings
from tests.graph.sparql.syntax.test_guard import disguises
from tests.support.paths import ROOT
from tests.support.query_pool import Listener, make_generation

needs_seccomp = pytest.mark.skipif(not seccomp.available(), reason="this system has no seccomp")

ESCAPES = r"""
import ctypes, json, os, socket, subprocess, sys, threading
parent, folder, port = os.getppid(), sys.argv[1], int(sys.argv[2])
inherited = socket.socket()
kept = open(folder + "/kept", "wb")
from graph.sandbox.enter import SandboxLimits, enter
enter(SandboxLimits("query", 1 << 20, address_bytes=2 << 30))
import pyoxigraph
libc = ctypes.CDLL(None, use_errno=True)

def call(number, *arguments):
    if libc.syscall(number, *arguments) < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))

def threads():
    done = []
    thread = threading.Thread(target=lambda: done.append(1))
    thread.start(); thread.join()
    if not done: raise OSError("no thread")

def resolve():
    socket.getaddrinfo("localhost.example", 80)

def limits():
    import resource
    resource.prlimit(parent, resource.RLIMIT_NOFILE)

tries = {
    "socket": lambda: socket.socket(),
    "socketpair": lambda: socket.socketpair(),
    "connect an inherited socket": lambda: inherited.connect(("127.0.0.1", port)),
    "sendto on an inherited socket": lambda: inherited.sendto(b"x", 0, ("127.0.0.1", port)),
    "bind": lambda: inherited.bind(("127.0.0.1", 0)),
    "name look-up": resolve,
    "fork": lambda: os.fork() or os._exit(0),
    "spawn": lambda: subprocess.run(["/bin/true"], check=True),
    "exec": lambda: os.execv("/bin/true", ["/bin/true"]),
    "signal the parent": lambda: os.kill(parent, 0),
    "limits of the parent": limits,
    "memory of the parent": lambda: open(f"/proc/{parent}/mem", "r+b"),
    "ptrace": lambda: call({"x86_64": 101, "aarch64": 117}[os.uname().machine], 16, parent, 0, 0),
    "process_vm_readv": lambda: call({"x86_64": 310, "aarch64": 270}[os.uname().machine], parent, 0, 0, 0, 0, 0),
    "io_uring_setup": lambda: call(425, 8, 0),
    "openat2": lambda: call(437, -100, b"/etc/passwd", 0, 0),
    "clone3": lambda: call(435, 0, 0),
    "pidfd_open": lambda: call(434, parent, 0),
    "a call of the future": lambda: call(600),
    "write a file": lambda: open(folder + "/new", "wb"),
    "append to a file": lambda: open(folder + "/kept", "ab"),
    "delete a file": lambda: os.unlink(folder + "/kept"),
    "rename a file": lambda: os.rename(folder + "/kept", folder + "/other"),
    "make a folder": lambda: os.mkdir(folder + "/sub"),
    "change a mode": lambda: os.chmod(folder + "/kept", 0o777),
    "memfd": lambda: os.memfd_create("x"),
    "LOAD": lambda: pyoxigraph.Store().update(f"LOAD <http://127.0.0.1:{port}/>"),
    "SERVICE": lambda: list(pyoxigraph.Store().query(f"SELECT * {{ SERVICE <http://127.0.0.1:{port}> {{}} }}")),
    "SERVICE by name": lambda: list(pyoxigraph.Store().query("SELECT * { SERVICE <http://localhost/> { ?s ?p ?o } }")),
    "more memory than allowed": lambda: bytearray(4 << 30),
    "more spool than allowed": lambda: (kept.write(bytes(2 << 20)), kept.flush()),
    "allowed: threads": threads,
    "allowed: reading": lambda: open("/proc/self/status").read(),
    "allowed: writing what is open": lambda: (os.lseek(kept.fileno(), 0, 0), os.write(kept.fileno(), b"x")),
}
outcome = {}
for name, attempt in tries.items():
    try:
        attempt()
        outcome[name] = "done"
    except (OSError, MemoryError, subprocess.SubprocessError) as error:
        outcome[name] = type(error).__name__
print(json.dumps(outcome), flush=True)
os._exit(0)
"""


@needs_seccomp
def test_a_fenced_worker_reaches_nothing_outside(tmp_path: Path, listener: Listener) -> None:
    port = listener.url.rsplit(":", 1)[1].rstrip("/")
    child = subprocess.run(
        [sys.executable, "-c", ESCAPES, str(tmp_path), port],
        cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    outcome = json.loads(child.stdout)
    assert {name for name, how in outcome.items() if how == "done"} == {
        "allowed: threads", "allowed: reading", "allowed: writing what is open",
    }  # fmt: skip
    assert listener.connections == 0
    assert sorted(file.name for file in tmp_path.iterdir()) == ["kept"]


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="the x32 numbers exist on x86_64 only")
@needs_seccomp
def test_numbers_of_another_architecture_end_the_process() -> None:
    script = (
        "import ctypes; from graph.sandbox.enter import SandboxLimits, enter; enter(SandboxLimits('query', 1 << 20));"
        "ctypes.CDLL(None).syscall(0x40000000 + 41)"
    )
    child = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, timeout=60, check=False)
    assert child.returncode == -31, "killed by SIGSYS"


@pytest.fixture(
    scope="module", params=[pytest.param(True, marks=needs_seccomp, id="seccomp"), pytest.param(False, id="nofile")]
)
def worker(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WorkerProcess]:
    """A worker without a guard before it: behind seccomp, and with the cap on descriptors that stands in for it."""
    process = WorkerProcess(Limits(), tmp_path_factory.mktemp("spool"), seccomp=request.param)
    process.wait_ready()
    assert process.seccomp is request.param
    yield process
    process.kill("closed")
    process.close()


def answer_of(worker: WorkerProcess, generation: Path, query: str, form: Format = RESULTS[0]) -> protocol.Answer:
    settings = query_settings(str(generation), form, Limits())
    assert worker.ask(protocol.pack_question("query", 10.0, settings, query.encode()))
    answers: list[protocol.Answer] = []
    while not answers:
        assert select.select([worker], [], [], 20)[0], "no answer within 20 seconds"
        answers = worker.read()
    assert len(answers) == 1
    return answers[0]


def test_calls_that_pass_no_guard_reach_nobody(worker: WorkerProcess, generation: Path, listener: Listener) -> None:
    """Where descriptors alone are short, the engine fails as it would over any table that it cannot open."""
    errors: Counter[str] = Counter()
    for query in disguises(listener.url):
        answer = answer_of(worker, generation, query)
        errors[json.loads(answer.body)["error"] if answer.outcome == "failed" else ""] += 1
    assert listener.connections == 0
    assert errors["memory"] == 0
    tried = errors["refused" if worker.seccomp else "failed"]
    assert tried >= 8, "the engine did try; the rest does not parse, is SILENT or finds nothing to join"
    assert worker.seccomp or not errors["refused"], "a full table of descriptors is no refusal"


@needs_seccomp
def test_a_worker_behind_seccomp_may_open_the_tables_that_the_engine_opens_later(
    tmp_path: Path, generation: Path
) -> None:
    """The engine opens tables when a query first reads them: a limit counted at opening failed sound queries."""
    worker = WorkerProcess(Limits(), tmp_path)
    try:
        worker.wait_ready()
        assert answer_of(worker, generation, "ASK {}").outcome == "done"
        soft, hard = resource.prlimit(worker.pid, resource.RLIMIT_NOFILE)
        assert soft == hard >= 1024
    finally:
        worker.close()


@pytest.mark.parametrize(
    ("error", "refusal"),
    [
        (OSError(errno.EPERM, "Operation not permitted"), True),
        (OSError("Operation not permitted (os error 1)"), True),
        (OSError("Function not implemented (os error 38)"), True),
        (OSError(errno.EMFILE, "Too many open files"), False),
        (OSError("IO error: While open a file: Too many open files (os error 24)"), False),
        (OSError("Permission denied (os error 13)"), False),
        (ValueError("Operation not permitted (os error 1)"), False),
    ],
)
def test_only_a_refused_call_is_a_refusal(error: Exception, refusal: bool) -> None:
    assert seccomp.is_refusal(error) is refusal


def test_the_same_calls_do_connect_without_fences(generation: Path, listener: Listener) -> None:
    """Else the two tests above would prove nothing."""
    store = Store.read_only(str(generation / "graph"))
    with pytest.raises(OSError, match=r".+"):
        list(store.query(f"SELECT * {{ SERVICE <{listener.url}> {{ ?s ?p ?o }} }}"))  # type: ignore[arg-type]
    assert listener.connections > 0


def test_a_fenced_worker_can_open_further_generations(worker: WorkerProcess, tmp_path: Path) -> None:
    for number in range(4):
        path = make_generation(tmp_path / f"{number:06}", 20, word=f"round{number}")
        query = "SELECT ?o { <http://example.org/s3> ?p ?o }"
        assert answer_of(worker, path, query, RESULTS[2]).body == f"o\r\nround{number} 3\r\n".encode()


def test_a_store_of_many_files_answers_inside_the_fences(worker: WorkerProcess, tmp_path: Path) -> None:
    """The engine opens some table files only when a query reads them; the descriptor fence leaves room for these."""
    path = tmp_path / "many"
    path.mkdir()
    for number in range(14):
        store = Store(str(path / "graph"))
        subject, predicate = NamedNode(f"http://example.org/{number}"), NamedNode("http://example.org/p")
        store.add(Quad(subject, predicate, Literal(number), NamedNode("http://example.org/g") if number % 2 else None))
        store.flush()
        del store
    assert len(list((path / "graph").glob("*.sst"))) > 16
    query = "SELECT (COUNT(*) AS ?n) { { ?s ?p ?o } UNION { GRAPH ?g { ?s ?p ?o } } }"
    assert answer_of(worker, path, query, RESULTS[2]).body == b"n\r\n14\r\n"


def test_generations_that_share_files_are_read_inside_the_fences(worker: WorkerProcess, tmp_path: Path) -> None:
    """Each store opens the shared files for itself, most of them only when a query reads them: a count must not go on
    for ever over a file that cannot be opened, nor leave out what is in it."""
    store = Store(str(tmp_path / "graph"))
    for number in range(3):
        subject, predicate = NamedNode(f"http://example.org/{number}"), NamedNode("http://example.org/p")
        long = Literal(f"a literal that is too long to be kept in the key, number {number}")
        store.extend(
            [Quad(subject, predicate, long), Quad(subject, predicate, long, NamedNode("http://example.org/g"))]
        )
        store.flush()
    for name in "abcd":
        (tmp_path / name).mkdir()
        store.backup(str(tmp_path / name / "graph"))
    del store
    assert len(list((tmp_path / "a" / "graph").glob("*.sst"))) > 20
    bound = ("?s ?p ?o", "<http://example.org/1> ?p ?o", "?s <http://example.org/p> ?o", "?s ?p ?o FILTER(?o != 1)")
    parts = [
        part
        for variable in bound
        for part in (variable, f"GRAPH ?g {{ {variable} }}", f"GRAPH <http://example.org/g> {{ {variable} }}")
    ]
    objects = [f"{part} VALUES ?o {{ 'none' }}" for part in parts[:3]]
    query = f"SELECT (COUNT(*) AS ?n) {{ {{ {' } UNION { '.join(parts + objects)} }} }}"
    for name in "abcd":
        assert answer_of(worker, tmp_path / name, query, RESULTS[2]).body == b"n\r\n30\r\n"


def test_a_worker_ends_with_its_control_stream(tmp_path: Path) -> None:
    worker = WorkerProcess(Limits(), tmp_path)
    worker.wait_ready()
    worker.close()
    assert not worker.alive


def test_several_questions_at_once_are_answered_in_turn(worker: WorkerProcess, tmp_path: Path) -> None:
    path = make_generation(tmp_path / "000001", 20)
    settings = query_settings(str(path), RESULTS[2], Limits())
    texts = [f"SELECT ?o {{ <http://example.org/s{number}> ?p ?o }}" for number in range(12)]
    for text in texts:
        assert worker.ask(protocol.pack_question("query", 10.0, settings, text.encode()))
    answers: list[protocol.Answer] = []
    while len(answers) < len(texts):
        assert select.select([worker], [], [], 20)[0]
        answers += worker.read()
    assert [answer.body for answer in answers] == [f"o\r\nvalue {number}\r\n".encode() for number in range(12)]
