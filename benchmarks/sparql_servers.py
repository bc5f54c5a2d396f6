"""Servers of the systems that `benchmarks/sparql.py` compares."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import quote

from benchmarks.serving import ended, with_parent
from benchmarks.serving import running as serving
from benchmarks.sparql_data import CACHE, make_home

__all__ = ["MAX_LOAD_SECONDS", "MAX_MEMORY_BYTES", "SYSTEMS", "Running", "bounded"]

_TOOLS: Final = CACHE / "venv"
MAX_MEMORY_BYTES: Final = 6 << 30
"""Bytes of address space that another system may have while it is asked hostile queries: the machine is shared."""

_PINNED: Final = ("oxigraph==0.5.13", "rdflib==7.6.0", "rdflib-endpoint==0.6.3", "uvicorn")


class Running:
    """`url` takes `?query=`; `load` is the seconds that loading took; `pid` that of the server's first process."""

    def __init__(self, url: str, load: float, pid: int) -> None:
        self.url, self.load, self.pid = url, load, pid

    def resident(self) -> int:
        """Bytes that the server's processes hold now; pages that they share count once (PSS)."""
        return sum(_pss(pid) for pid in _family(self.pid))

    def largest(self) -> int:
        """Peak memory in bytes of the process of the server that needed the most."""
        return max((_peak(pid) for pid in _family(self.pid)), default=0)

    def settle(self, most: float = 60) -> None:
        """Wait until the server is idle (it may still be filling its caches), at most `most` seconds."""
        end = time.monotonic() + most
        while time.monotonic() < end:
            before = self.processor()
            time.sleep(1)
            if self.processor() - before < 0.05:
                return

    def processor(self) -> float:
        """Seconds of processor time that the server's processes have used. Unlike throughput, other programs on the
        machine hardly change it."""
        return sum(_ticks(pid) for pid in _family(self.pid)) / os.sysconf("SC_CLK_TCK")


def _family(pid: int) -> Iterator[int]:
    """The process and its living descendants."""
    yield pid
    for listed in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in _text(listed).split():
            yield from _family(int(child))


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:  # the thread or the process has ended meanwhile
        return ""


def _ticks(pid: int) -> int:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0
    # Its own, and that of the children that have ended: a worker may not live to the end of a measurement.
    return sum(int(ticks) for ticks in fields[11:15])


def _pss(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) << 10 for line in lines if line.startswith("Pss:"))


def _peak(pid: int) -> int:
    lines = _text(Path(f"/proc/{pid}/status")).splitlines()
    return sum(int(line.split()[1]) << 10 for line in lines if line.startswith("VmHWM:"))


MAX_LOAD_SECONDS: Final = 240.0
"""Seconds that a system may take to load."""

_bounded = False


@contextmanager
def bounded() -> Iterator[None]:
    """Limit the address space of other systems that start inside the block to `MAX_MEMORY_BYTES`."""
    global _bounded  # for the length of a measurement
    _bounded = True
    try:
        yield
    finally:
        _bounded = False


def tool(name: str) -> str:
    """A program of the other systems, installed beside the data on first use."""
    path = _TOOLS / "bin" / name
    if not path.exists():
        subprocess.run([sys.executable, "-m", "venv", str(_TOOLS)], check=True)
        subprocess.run([str(_TOOLS / "bin" / "pip"), "install", "-q", *_PINNED], check=True)
    return str(path)


@contextmanager
def creative_atlas(data: Path) -> Iterator[Running]:
    home, seconds = make_home(data)
    with serving(str(home)) as (site, pid):
        yield Running(f"{site}/sparql", seconds, pid)


@contextmanager
def oxigraph(data: Path) -> Iterator[Running]:
    place, took = CACHE / f"oxigraph-{data.stem}", CACHE / f"oxigraph-{data.stem}.seconds"
    if not took.exists():
        shutil.rmtree(place, ignore_errors=True)
        started = time.perf_counter()
        load = [tool("oxigraph"), "load", "--location", str(place), "--file", str(data)]
        subprocess.run(load, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        took.write_text(f"{time.perf_counter() - started:.2f}")
    port = _free()
    command = [tool("oxigraph"), "serve-read-only", "--location", str(place), "--bind", f"127.0.0.1:{port}"]
    with _child(command, f"http://127.0.0.1:{port}/query") as pid:
        yield Running(f"http://127.0.0.1:{port}/query", float(took.read_text()), pid)


@contextmanager
def rdflib_endpoint(data: Path) -> Iterator[Running]:
    port = _free()
    command = [tool("rdflib-endpoint"), "serve", "--host", "127.0.0.1", "--port", str(port), str(data)]
    started = time.perf_counter()
    with _child(command, f"http://127.0.0.1:{port}/") as pid:
        yield Running(f"http://127.0.0.1:{port}/", time.perf_counter() - started, pid)


System = Callable[[Path], AbstractContextManager[Running]]
SYSTEMS: Final[dict[str, System]] = {
    "Creative Atlas": creative_atlas, "oxigraph": oxigraph, "rdflib-endpoint": rdflib_endpoint,
}  # fmt: skip


def _free() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def _child(command: list[str], url: str) -> Iterator[int]:
    """Process id of a server that already answers `url`."""
    if _bounded:
        command = ["prlimit", f"--as={MAX_MEMORY_BYTES}", *command]
    quiet = subprocess.DEVNULL
    server = subprocess.Popen(command, stdout=quiet, stderr=quiet, start_new_session=True, preexec_fn=with_parent)
    try:
        end = time.monotonic() + MAX_LOAD_SECONDS
        while not _answers(f"{url}?query={quote('ASK {}')}"):
            if time.monotonic() > end or server.poll() is not None:
                raise TimeoutError(f"{command[0]} did not answer")
            time.sleep(0.1)
        yield server.pid
    finally:
        ended(server, 5)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            answer.read()
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True
