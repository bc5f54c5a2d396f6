"""Server of an atlas in a child process, for the duration of a measurement."""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

__all__ = ["COMMAND", "ROOT", "end_orderly", "ended", "environment", "running", "serving", "with_parent"]

ROOT = Path(__file__).resolve().parents[1]
_PARENT_DEATH_SIGNAL = 1  # prctl(2)
COMMAND = [sys.executable, "-c", "from web.cli.main import main; main()"]


def environment() -> dict[str, str]:
    """The environment of a command: the packages of this checkout, and its cache unless another is set."""
    cache = os.environ.get("CREATIVE_ATLAS_CACHE") or str(ROOT / ".cache" / "creative-atlas")
    return {**os.environ, "CREATIVE_ATLAS_CACHE": cache, "PYTHONPATH": str(ROOT)}


@contextmanager
def serving(home: str, path: str = "/healthz", **settings: str) -> Iterator[str]:
    """Address of a server that already answers `path`. The server ends with the `with` block."""
    with running(home, path, **settings) as (site, _):
        yield site


@contextmanager
def running(home: str, path: str = "/healthz", **settings: str) -> Iterator[tuple[str, int]]:
    """Address and process id of a server; otherwise like `serving`."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    command = [*COMMAND, "serve", "--home", home, "--port", str(port)]
    site, env = f"http://127.0.0.1:{port}", {**environment(), **settings}
    with TemporaryFile() as stderr:
        server = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=stderr, env=env, cwd=ROOT, start_new_session=True,
            preexec_fn=with_parent,
        )  # fmt: skip
        try:
            _wait(site + path, server, stderr)
            yield site, server.pid
        finally:
            ended(server)


def with_parent() -> None:
    """Ask the kernel, in a child before exec, to kill the child when this program ends for any reason."""
    ctypes.CDLL(None).prctl(_PARENT_DEATH_SIGNAL, signal.SIGKILL)


def ended(server: subprocess.Popen[bytes], patience: float = 20) -> None:
    """End a server that leads a session of its own, and every other process of that session."""
    server.terminate()
    try:
        server.wait(patience)
    except subprocess.TimeoutExpired:
        server.kill()  # it did not end in time
        server.wait()
    with suppress(ProcessLookupError):
        os.killpg(server.pid, signal.SIGKILL)


def end_orderly() -> None:
    """Make SIGTERM end this program as Ctrl-C does, so that the `finally` blocks stop its servers."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))


def _wait(address: str, server: subprocess.Popen[bytes], stderr: IO[bytes]) -> None:
    end = time.monotonic() + 120
    while time.monotonic() < end:
        if server.poll() is not None:
            stderr.seek(0)
            last = stderr.read().decode(errors="replace").strip().rpartition("\n")[2]
            raise RuntimeError(f"the server ended with status {server.returncode} before it answered: {last}")
        try:
            with urllib.request.urlopen(address, timeout=10) as answer:
                answer.read()
            return
        except OSError:
            time.sleep(0.02)
    raise TimeoutError("the server did not answer within two minutes")
