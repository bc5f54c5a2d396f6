"""Tiny generations, a query pool over them, and a loopback port that counts connections."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pyoxigraph import Literal, NamedNode, Quad, Store

from graph.sparql.limits import Limits
from graph.sparql.pool.pool import QueryPool

EX = "http://example.org/"

GenerationMaker = Callable[[Path, int], Path]


def make_generation(folder: Path, triples: int, word: str = "value") -> Path:
    """A generation with `triples` statements `s<n> p "<word> <n>"` and one more in the named graph `g`."""
    folder.mkdir(parents=True)
    store = Store(str(folder / "graph"))
    predicate = NamedNode(f"{EX}p")
    store.extend(Quad(NamedNode(f"{EX}s{n}"), predicate, Literal(f"{word} {n}")) for n in range(triples))
    store.add(Quad(NamedNode(f"{EX}in-g"), predicate, Literal("named"), NamedNode(f"{EX}g")))
    store.flush()
    del store
    return folder


@pytest.fixture(scope="session")
def generation(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_generation(tmp_path_factory.mktemp("home") / "000001", 500)


@pytest.fixture(scope="session")
def pool() -> Iterator[QueryPool]:
    """One pool for all tests that do not change it."""
    with QueryPool(Limits()) as query_pool:
        yield query_pool


class Listener:
    """A loopback port that counts connections and answers none."""

    def __init__(self) -> None:
        self.connections = 0
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._socket.settimeout(0.05)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._socket.getsockname()[1]}/"

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                connection, _ = self._socket.accept()
            except TimeoutError:
                continue
            self.connections += 1
            connection.close()

    def close(self) -> None:
        self._stop.set()
        self._thread.join()
        self._socket.close()


@pytest.fixture
def listener() -> Iterator[Listener]:
    listener = Listener()
    yield listener
    listener.close()
