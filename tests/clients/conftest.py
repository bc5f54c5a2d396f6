"""A server that takes writes, in a process of its own, over an atlas of a few facts."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from graph.storage.generations import Home
from graph.storage.snapshot import Snapshot
from graph.write.writer import Writer
from search.indexing.lag import CarriedIndex
from tests.support.paths import ROOT
from tests.support.small import few_facts

TOKEN = "a-long-random-text"
LABELS = "SELECT ?s ?label { ?s <http://www.w3.org/2000/01/rdf-schema#label> ?label } ORDER BY ?s ?label"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    made = Home(tmp_path_factory.mktemp("javascript") / "atlas")
    with Writer(made, CarriedIndex()).session() as session:
        session.change(few_facts)
    return made


@pytest.fixture(scope="module")
def site(home: Home, cache: Path) -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    command = [sys.executable, "-c", "from web.cli.main import main; main()", "serve", "--home", str(home.root)]
    settings = {"CREATIVE_ATLAS_CACHE": str(cache), "CREATIVE_ATLAS_TOKEN": TOKEN, "PYTHONPATH": str(ROOT)}
    server = subprocess.Popen(
        [*command, "--port", str(port)], env={**os.environ, **settings}, stdout=subprocess.DEVNULL
    )
    try:
        _wait(f"http://127.0.0.1:{port}/healthz")
        yield f"http://127.0.0.1:{port}"
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(20)


def _wait(address: str) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(address, timeout=5):
                return
        except OSError:
            time.sleep(0.1)
    raise TimeoutError("the server did not start within a minute")


@pytest.fixture(scope="module")
def labels(home: Home) -> list[list[str]]:
    found = Snapshot.open(home.require()).store.query(LABELS)
    return [[row["s"].value, row["label"].value] for row in found]  # type: ignore[union-attr]
