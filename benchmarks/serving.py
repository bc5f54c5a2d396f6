"""A server of an atlas for as long as a measurement takes."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["COMMAND", "ROOT", "environment", "running", "serving"]

ROOT = Path(__file__).resolve().parents[1]
COMMAND = [sys.executable, "-c", "from web.cli import main; main()"]


def environment() -> dict[str, str]:
    """That of a command of ours: this checkout's packages, and its cache unless another is set."""
    cache = os.environ.get("CREATIVE_ATLAS_CACHE") or str(ROOT / ".cache" / "creative-atlas")
    return {**os.environ, "CREATIVE_ATLAS_CACHE": cache, "PYTHONPATH": str(ROOT)}


@contextmanager
def serving(home: str, path: str = "/healthz", **settings: str) -> Iterator[str]:
    """Gives the server's address once `path` is answered; ends the server by its own process id."""
    with running(home, path, **settings) as (site, _):
        yield site


@contextmanager
def running(home: str, path: str = "/healthz", **settings: str) -> Iterator[tuple[str, int]]:
    """As `serving`, with the server's process id."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    command = [*COMMAND, "serve", "--home", home, "--port", str(port)]
    quiet = subprocess.DEVNULL
    server = subprocess.Popen(command, stdout=quiet, stderr=quiet, env={**environment(), **settings}, cwd=ROOT)
    site = f"http://127.0.0.1:{port}"
    try:
        _wait(site + path)
        yield site, server.pid
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(20)


def _wait(address: str) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        try:
            with urllib.request.urlopen(address, timeout=10) as answer:
                answer.read()
            return
        except OSError:
            time.sleep(0.02)
    raise TimeoutError("the server did not answer within a minute")
