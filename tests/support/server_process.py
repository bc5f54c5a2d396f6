"""`creative-atlas serve` in a process of its own, on a free port of the loopback interface."""

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

from tests.support.paths import ROOT

__all__ = ["server_process"]

MAX_START_SECONDS = 60.0
MAX_STOP_SECONDS = 20.0


@contextmanager
def server_process(home: Path, cache: Path, *arguments: str, **settings: str) -> Iterator[str]:
    """Address of a running server over `home`. `arguments`: of `serve`; `settings`: further environment variables."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    command = [sys.executable, "-c", "from web.cli.main import main; main()", "serve", "--home", str(home)]
    environment = {**os.environ, "CREATIVE_ATLAS_CACHE": str(cache), "PYTHONPATH": str(ROOT), **settings}
    server = subprocess.Popen([*command, "--port", str(port), *arguments], env=environment, stdout=subprocess.DEVNULL)
    try:
        _wait_ready(f"http://127.0.0.1:{port}/healthz")
        yield f"http://127.0.0.1:{port}"
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(MAX_STOP_SECONDS)


def _wait_ready(address: str) -> None:
    deadline = time.monotonic() + MAX_START_SECONDS
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(address, timeout=5):
                return
        except OSError:
            time.sleep(0.1)
    raise TimeoutError("the server did not start within a minute")
