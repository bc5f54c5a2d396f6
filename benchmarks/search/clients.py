"""Load generator for search over HTTP, in its own process. Each client sends its next query when it has its answer.

python -m benchmarks.search.clients ADDRESS QUERIES.json CLIENTS SECONDS

The client appends the query to ADDRESS. Prints JSON: answers a second, p50 and p95 in milliseconds, errors.

The clients share the cores with the server, so they parse only the status and the length of an answer. `http.client`
would take 1 ms of processor time for each.
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
    """Rate, latencies and errors of so many clients. They send every text once before they repeat one."""
    with NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(list(texts), file)
        file.flush()
        command = [sys.executable, "-m", "benchmarks.search.clients", address, file.name, str(clients), str(seconds)]
        process = subprocess.run(command, env=environment(), cwd=ROOT, capture_output=True, text=True, check=True)
    answer: dict[str, float] = json.loads(process.stdout)
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
                status = _status(connection, f"GET {target} HTTP/1.1\r\nHost: {parts.netloc}\r\n\r\n".encode())
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


def _status(connection: socket.socket, request: bytes) -> int:
    """Status of the complete answer. Raises OSError if the connection ends early or the answer has no length."""
    connection.sendall(request)
    answer, expected_bytes = bytearray(), 0
    while not expected_bytes or len(answer) < expected_bytes:
        part = connection.recv(1 << 16)
        if not part:
            raise ConnectionError("the server closed the connection")
        answer += part
        end = answer.find(b"\r\n\r\n") if not expected_bytes else -1
        if end >= 0:
            length = _LENGTH.search(answer, 0, end + 2)
            if length is None:
                raise ConnectionError("the answer has no Content-Length")
            expected_bytes = end + 4 + int(length[1])
    return int(answer[9:12])


if __name__ == "__main__":
    main()
