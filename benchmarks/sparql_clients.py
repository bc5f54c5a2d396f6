"""Load generator with little overhead: one or two processes with raw keep-alive sockets. Each socket sends its next
query when it has its answer."""

from __future__ import annotations

import multiprocessing
import selectors
import socket
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any
from urllib.parse import quote, urlsplit

__all__ = ["Load", "drive"]

_ACCEPT = "application/sparql-results+json"


@dataclass(frozen=True, slots=True)
class Load:
    """`latencies` in seconds; `unanswered`: requests that the clients gave up waiting for; `generator` and `server` are
    processor time per request, in seconds; `ended`: when each answer had come, by the clock of `time.perf_counter`,
    which all processes of a machine share; `failed`: the statuses of those that count as errors."""

    requests: int
    errors: int
    seconds: float
    latencies: list[float]
    generator: float
    server: float = 0.0
    ended: tuple[float, ...] = ()
    unanswered: int = 0
    failed: frozenset[int] = frozenset()

    def rate_between(self, start: float, end: float) -> float:
        """Requests per second answered in that time."""
        return sum(start <= moment < end for moment in self.ended) / (end - start)

    @property
    def rate(self) -> float:
        """Requests a second; those that were given up count as answered at that moment: the rate is that or less."""
        return (self.requests + self.unanswered) / self.seconds

    @classmethod
    def joined(cls, loads: Sequence[Load]) -> Load:
        """One load from several measurements of the same queries."""
        requests = sum(load.requests for load in loads)
        return cls(
            requests,
            sum(load.errors for load in loads),
            sum(load.seconds for load in loads),
            [latency for load in loads for latency in load.latencies],
            sum(load.generator * load.requests for load in loads) / max(requests, 1),
            sum(load.server * load.requests for load in loads) / max(requests, 1),
            unanswered=sum(load.unanswered for load in loads),
            failed=frozenset().union(*(load.failed for load in loads)),
        )

    def percentile(self, percent: int) -> float:
        """In milliseconds; not a number where nothing was answered."""
        if not self.latencies:
            return float("nan")
        cuts = statistics.quantiles(self.latencies, n=100) if len(self.latencies) > 1 else self.latencies * 99
        return cuts[percent - 1] * 1000


def drive(
    url: str,
    texts: Iterator[str],
    clients: int,
    seconds: float,
    most: int = 40_000,
    begun: Callable[[], None] | None = None,
    patience: float = 60.0,
) -> Load:
    """Ask the queries of `texts` with that many connections in one or two processes; `begun` is called at the start.

    A request without an answer `patience` seconds after the end counts as unanswered. Raises `RuntimeError` if the
    clients fail.
    """
    processes = min(clients, 2)
    queries = [next(texts) for _ in range(min(most, int(seconds * 20_000)))]
    context = multiprocessing.get_context("spawn")
    pipes, workers = [], []
    for number in range(processes):
        ours, theirs = context.Pipe()
        own = clients // processes + (number < clients % processes)
        own_queries = queries[number::processes]
        worker = context.Process(target=_work, args=(theirs, url, own_queries, own, seconds, patience), daemon=True)
        worker.start()
        theirs.close()  # so that the end of the worker is the end of the pipe
        pipes.append(ours)
        workers.append(worker)
    try:
        for pipe in pipes:
            _receive(pipe, 60)
        for pipe in pipes:
            pipe.send("go")
        if begun is not None:
            begun()
        answers = [_receive(pipe, seconds + patience + 60) for pipe in pipes]
    finally:
        for worker in workers:
            worker.join(5)
            worker.kill()
    latencies = [latency for answer in answers for latency in answer[0]]
    cost = sum(answer[3] for answer in answers) / max(len(latencies), 1)
    ended = tuple(sorted(moment for answer in answers for moment in answer[4]))
    errors, unanswered = sum(a[1] for a in answers), sum(a[5] for a in answers)
    failed: frozenset[int] = frozenset().union(*(a[6] for a in answers))
    took = max(a[2] for a in answers)
    return Load(len(latencies), errors, took, latencies, cost, ended=ended, unanswered=unanswered, failed=failed)


def _receive(pipe: Connection, seconds: float) -> Any:
    if not pipe.poll(seconds):
        raise RuntimeError(f"the clients sent nothing for {seconds:g} s")
    try:
        return pipe.recv()
    except EOFError:
        raise RuntimeError("the clients failed (their message is above)") from None


class _Client:
    """One connection; `begin` sends the next request, `read` is called when there is something to read."""

    def __init__(self, host: str, port: int) -> None:
        self.socket = socket.create_connection((host, port), timeout=60)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.began = 0.0
        self._data = b""

    def begin(self, request: bytes) -> None:
        self._data = b""
        self.began = time.perf_counter()
        self.socket.sendall(request)

    def read(self) -> int:
        """The status once the answer is complete, else 0."""
        part = self.socket.recv(1 << 18)
        if not part:
            raise ConnectionError("the server closed the connection")
        self._data = self._data + part if self._data else part
        head = self._data.find(b"\r\n\r\n")
        if head < 0:
            return 0
        headers = self._data[:head].lower()
        at = headers.find(b"content-length:")
        if at >= 0:
            complete = len(self._data) >= head + 4 + int(headers[at + 15 :].split(b"\r\n", 1)[0])
        else:
            complete = self._data.endswith(b"\r\n0\r\n\r\n")
        return int(headers[9:12]) if complete else 0


def _work(pipe: Connection, url: str, queries: list[str], clients: int, seconds: float, patience: float) -> None:
    parts = urlsplit(url)
    assert parts.hostname is not None
    assert parts.port is not None
    tail = f" HTTP/1.1\r\nHost: {parts.netloc}\r\nAccept: {_ACCEPT}\r\n\r\n"
    requests = [f"GET {parts.path}?query={quote(query)}{tail}".encode() for query in queries]
    chooser = selectors.DefaultSelector()
    open_clients = [_Client(parts.hostname, parts.port) for _ in range(clients)]
    for client in open_clients:
        chooser.register(client.socket, selectors.EVENT_READ, client)
    pipe.send("ready")
    pipe.recv()
    latencies: list[float] = []
    ended: list[float] = []
    errors: list[int] = []
    worked, started = time.process_time(), time.perf_counter()
    following = iter(requests)
    busy = 0
    for client in open_clients:
        client.begin(next(following))
        busy += 1
    while busy and (remaining := started + seconds + patience - time.perf_counter()) > 0:
        for key, _ in chooser.select(remaining):
            client = key.data
            status = client.read()
            if not status:
                continue
            now = time.perf_counter()
            latencies.append(now - client.began)
            ended.append(now)
            if status != 200:
                errors.append(status)
            request = next(following, None) if now - started < seconds else None
            if request is None:
                busy -= 1
            else:
                client.begin(request)
    took = time.perf_counter() - started
    pipe.send((latencies, len(errors), took, time.process_time() - worked, ended, busy, set(errors)))
