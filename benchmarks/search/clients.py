"""Clients of a search over HTTP, in a process of their own: each asks its next question when it has its answer.

python -m benchmarks.search.clients ADDRESS QUERIES.json CLIENTS SECONDS

ADDRESS ends where the query is to be put. Prints JSON: answers a second, p50 and p95 in milliseconds, errors.

They share the cores with the server, so they spend as little as they can: of an answer only its status and its length
are read. The library's client takes a millisecond of processor time for each.
"""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import NamedTemporaryFile
from urllib.parse import quote, urlsplit

import numpy as np

from benchmarks.serving import ROOT, environment

__all__ = ["hammer"]

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)\r\n", re.IGNORECASE)


def hammer(address: str, texts: Sequence[str], clients: int, seconds: float) -> dict[str, float]:
    """What this many clients get. Every text is asked for once before one is asked again."""
    with NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(list(texts), file)
        file.flush()
        command = [sys.executable, "-m", "benchmarks.search.clients", address, file.name, str(clients), str(seconds)]
        done = subprocess.run(command, env=environment(), cwd=ROOT, capture_output=True, text=True, check=True)
    answer: dict[str, float] = json.loads(done.stdout)
    return answer


def main() -> None:
    address, file, clients, seconds = sys.argv[1:]
    texts = json.loads(Path(file).read_text("utf-8"))
    parts = urlsplit(address)
    start = f"{parts.path}?{parts.query}"
    times: list[float] = []
    errors: list[int] = []
    numbers = iter(range(10**9))
    end = time.perf_counter() + float(seconds)

    def client() -> None:
        with socket.create_connection((parts.hostname or "", parts.port or 80), timeout=60) as connection:
            while time.perf_counter() < end:
                target = start + quote(texts[next(numbers) % len(texts)])
                began = time.perf_counter()
                status = _asked(connection, f"GET {target} HTTP/1.1\r\nHost: {parts.netloc}\r\n\r\n".encode())
                times.append(time.perf_counter() - began)
                if status != 200:
                    errors.append(status)

    threads = [threading.Thread(target=client) for _ in range(int(clients))]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took = time.perf_counter() - began
    p50, p95 = (float(value) for value in 1000 * np.quantile(times, (0.5, 0.95)))
    print(json.dumps({"rate": len(times) / took, "p50": p50, "p95": p95, "errors": len(errors)}))


def _asked(connection: socket.socket, request: bytes) -> int:
    """The status of the answer, once it is there. Raises OSError where the connection ends or no length is told."""
    connection.sendall(request)
    said, whole = bytearray(), 0
    while not whole or len(said) < whole:
        part = connection.recv(1 << 16)
        if not part:
            raise ConnectionError("the server closed the connection")
        said += part
        end = said.find(b"\r\n\r\n") if not whole else -1
        if end >= 0:
            length = _LENGTH.search(said, 0, end + 2)
            if length is None:
                raise ConnectionError("the answer does not say how long it is")
            whole = end + 4 + int(length[1])
    return int(said[9:12])


if __name__ == "__main__":
    main()
