"""The workers of a pool: none outlives it, whatever it was doing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from graph.sparql.limits import Limits
from graph.sparql.pool.pool import QueryPool
from tests.support.waiting import is_running

MAX_WAIT_SECONDS = 20.0


def query_workers() -> set[int]:
    """The process ids of the query workers of this process that have begun to run their own code."""
    pids: set[int] = set()
    for thread in Path("/proc/self/task").iterdir():
        for pid in map(int, (thread / "children").read_text().split()):
            if b"graph.sparql.worker.main" in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0"):
                pids.add(pid)
    return pids


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="reads /proc")
def test_closing_a_pool_ends_a_worker_that_is_still_starting() -> None:
    """In a process of its own, where no other pool starts workers."""
    subprocess.run([sys.executable, "-m", __name__], check=True, timeout=3 * MAX_WAIT_SECONDS)


def close_while_a_worker_starts() -> None:
    """A worker that is stopped stands for one that starts slowly on a loaded machine."""
    end = time.monotonic() + MAX_WAIT_SECONDS
    pool = QueryPool(Limits(workers=1))
    pool.warm()
    while not (starting := query_workers()):
        assert time.monotonic() < end
    for pid in starting:
        os.kill(pid, signal.SIGSTOP)
    try:
        pool.close()
        while any(map(is_running, starting)):
            assert time.monotonic() < end, "a worker outlives its pool"
            time.sleep(0.02)
    finally:
        for pid in starting & query_workers():
            os.kill(pid, signal.SIGKILL)


if __name__ == "__main__":
    close_while_a_worker_starts()
