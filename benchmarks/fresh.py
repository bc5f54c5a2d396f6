"""Seconds from a fresh clone to a served page, and of a second set-up. Downloads packages: takes minutes.

python -m benchmarks.fresh
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import tempfile
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        clone = Path(folder) / "clone"
        ours = ("CREATIVE_ATLAS", "VIRTUAL_ENV", "PYTHON")
        environment = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        began = time.perf_counter()
        subprocess.run(["git", "clone", "-q", str(ROOT), str(clone)], check=True)
        command = ["make", "run", f"PORT={port}"]
        quiet = subprocess.DEVNULL
        server = subprocess.Popen(command, cwd=clone, env=environment, start_new_session=True, stdout=quiet)
        try:
            served = _first_page(port, began, server)
        finally:
            os.killpg(server.pid, signal.SIGTERM)
            server.wait(20)
        print(f"fresh clone to a served page      {served:7.1f} s   required: ≤ 300")
        began = time.perf_counter()
        subprocess.run(["make", "setup"], cwd=clone, env=environment, check=True, stdout=subprocess.DEVNULL)
        print(f"set-up again, nothing to do       {time.perf_counter() - began:7.1f} s   required: ≤ 5")


def _first_page(port: int, began: float, server: subprocess.Popen[bytes]) -> float:
    while time.perf_counter() - began < 1800:
        if server.poll() is not None:
            raise RuntimeError(f"make run ended with status {server.returncode}")
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=10) as answer:
                answer.read()
            return time.perf_counter() - began
        except OSError:
            time.sleep(0.2)
    raise TimeoutError("no page within half an hour")


if __name__ == "__main__":
    main()
