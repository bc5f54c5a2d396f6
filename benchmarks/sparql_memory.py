"""rdflib in memory, without HTTP: the least that anything on top of it can take. In a process of its own, which can be
ended where a query takes too long."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from benchmarks.sparql_clients import Load
from benchmarks.sparql_servers import MAX_LOAD_SECONDS, Running

__all__ = ["InMemory", "rdflib_in_memory"]

_MOST = 5_000


class InMemory(Running):
    """Implements what `benchmarks.sparql` asks of a system, for one client."""

    def __init__(self, pipe: Connection, load: float, pid: int) -> None:
        super().__init__("", load, pid)
        self._pipe = pipe

    def drive(self, texts: Iterator[str], seconds: float, patience: float) -> Load:
        """What is answered `patience` seconds after the end counts; if the last one is not, none is."""
        self._pipe.send((list(islice(texts, _MOST)), seconds))
        try:
            times: list[float] = _receive(self._pipe, seconds + patience)
        except TimeoutError:
            return Load(0, 0, seconds + patience, [], 0.0, unanswered=1)
        return Load(len(times), 0, sum(times), times, 0.0, server=sum(times) / len(times))


@contextmanager
def rdflib_in_memory(data: Path) -> Iterator[InMemory]:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_work, args=(theirs, str(data)), daemon=True)
    process.start()
    theirs.close()
    try:
        assert process.pid is not None
        yield InMemory(ours, _receive(ours, MAX_LOAD_SECONDS), process.pid)
    finally:
        process.kill()
        process.join()


def _receive(pipe: Connection, seconds: float) -> Any:
    if not pipe.poll(seconds):
        raise TimeoutError(f"not within {seconds:g} s")
    return pipe.recv()


def _work(pipe: Connection, data: str) -> None:
    import rdflib

    started = time.perf_counter()
    graph = rdflib.Graph().parse(data, format="nt")
    pipe.send(time.perf_counter() - started)
    while True:
        texts, seconds = pipe.recv()
        times: list[float] = []
        began = time.perf_counter()
        for text in texts:
            began = time.perf_counter()
            list(graph.query(text))
            times.append(time.perf_counter() - began)
            if time.perf_counter() - began > seconds:
                break
        pipe.send(times)
