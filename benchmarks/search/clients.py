"""Clients of a search over HTTP, in a process of their own: each asks its next question when it has its answer.

python -m benchmarks.search.clients ADDRESS QUERIES.json CLIENTS SECONDS

ADDRESS ends where the query is to be put. Prints JSON: answers a second, p50 and p95 in milliseconds, errors.
"""

from __future__ import annotations

import http.client
import json
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
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)
        while time.perf_counter() < end:
            text = texts[next(numbers) % len(texts)]
            began = time.perf_counter()
            connection.request("GET", start + quote(text))
            answer = connection.getresponse()
            answer.read()
            times.append(time.perf_counter() - began)
            if answer.status != 200:
                errors.append(answer.status)

    threads = [threading.Thread(target=client) for _ in range(int(clients))]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took = time.perf_counter() - began
    p50, p95 = (float(value) for value in 1000 * np.quantile(times, (0.5, 0.95)))
    print(json.dumps({"rate": len(times) / took, "p50": p50, "p95": p95, "errors": len(errors)}))


if __name__ == "__main__":
    main()
