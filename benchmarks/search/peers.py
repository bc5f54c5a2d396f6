"""The comparison: the same passages and queries for Creative Atlas and five other ways to search them.

The others are installed into a virtual environment of their own, on top of ours, so that torch and the weights are
there once. Where an encoder makes indexing slow, its rate is taken from 300 passages (marked ~).
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
import sysconfig
import time
import venv
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.search.clients import hammer
from benchmarks.search.engines import ENGINES, SECONDS
from benchmarks.search.homes import CACHE, of_units
from benchmarks.search.measure import children, disk, latency, memory
from benchmarks.search.passages import SciFact
from benchmarks.serving import ROOT, environment, running
from search.encoder import DEFAULT_MODEL, open_encoder
from search.evaluate import ndcg
from search.index import Index, build
from search.searcher import Searcher
from search.types import Query

__all__ = ["compare"]

_PEERS = ("txtai==9.14.0", "bm25s==0.3.16", "PyStemmer==3.1.0", "msgpack==1.2.4")
_MODEL = ROOT / ".cache" / "creative-atlas"


def compare(source: Path, names: list[str]) -> None:
    """Print the table. `names`: the engines, all where there are none."""
    scifact, work = SciFact(source), CACHE / "peers"
    work.mkdir(parents=True, exist_ok=True)
    print(
        f"{len(scifact.units):,} passages, {len(scifact.queries)} queries, {os.cpu_count()} cores\n{_head()}",
        flush=True,
    )
    for name in names or ["Creative Atlas", *ENGINES]:
        result = _ours(scifact, work) if name == "Creative Atlas" else _peer(name, source, work)
        print(_row(name, result, scifact), flush=True)


def _head() -> str:
    cells = ("nDCG@10", "indexed/s", "p50 ms", "p95 ms", "CPU ms", "HTTP×1/s", "HTTP×8/s", "8: p95", "MB", "disk MB")
    return f"{'':24}" + "".join(f"{cell:>11}" for cell in cells)


def _row(name: str, result: dict[str, Any], scifact: SciFact) -> str:
    quality = np.mean([
        ndcg([f"urn:doc:{found}" for found in result["run"].get(judged.id, ())], judged.grades)
        for judged in scifact.queries
    ])  # fmt: skip
    over = {int(clients): figures for clients, figures in result["http"].items()}
    rate = f"{'~' if result['partly'] else ''}{result['rate']:,.0f}"
    cells = [f"{quality:.4f}", rate, *(f"{result[key]:.1f}" for key in ("p50", "p95", "cpu"))]
    cells += [f"{over[1]['rate']:.0f}", f"{over[8]['rate']:.0f}", f"{over[8]['p95']:.0f}"]
    cells += [f"{result['memory']:,.0f}", f"{result['disk']:.1f}"]
    return f"{name:24}" + "".join(f"{cell:>11}" for cell in cells)


def _ours(scifact: SciFact, work: Path) -> dict[str, Any]:
    """Indexed on all cores; searched as shipped. Over HTTP it is the real server, with snippets and explanations."""
    target = work / "ours"
    shutil.rmtree(target, ignore_errors=True)
    began = time.perf_counter()
    build(scifact.units, target, open_encoder(DEFAULT_MODEL, _MODEL, threads=os.cpu_count() or 1))
    rate = len(scifact.units) / (time.perf_counter() - began)
    encoder = open_encoder(DEFAULT_MODEL, _MODEL)
    searcher = Searcher(Index.open(target), lambda: encoder)
    searcher.search(Query("warm"))
    texts = [judged.text for judged in scifact.queries]
    p50, p95, cpu = latency(lambda text: searcher.search(Query(text)), texts)
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    run = {
        j.id: [hit.iri.removeprefix("urn:doc:") for hit in searcher.search(Query(j.text)).hits] for j in scifact.queries
    }
    with running(str(of_units("scifact", scifact.units, target))) as (site, process):
        over = {clients: hammer(f"{site}/api/v1/search?q=", texts, clients, SECONDS) for clients in (1, 8)}
        served = memory(children(process))["resident"]
    return {
        "rate": rate, "partly": False, "run": run, "p50": p50, "p95": p95, "cpu": cpu, "http": over,
        "memory": min(used, served) if served else used, "disk": disk(target),
    }  # fmt: skip


def _peer(name: str, source: Path, work: Path) -> dict[str, Any]:
    command = [str(_installed()), "-m", "benchmarks.search.engines", name, str(source.resolve()), str(work)]
    quiet = {"TOKENIZERS_PARALLELISM": "false", "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": str(os.cpu_count())}
    done = subprocess.run(
        command, cwd=ROOT, env={**environment(), **quiet}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        sys.exit(f"{name}: {done.stderr[-1500:]}")
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


def _installed() -> Path:
    """The peers' Python. What we have ourselves (torch, FAISS, tantivy) is found by a path file."""
    folder = CACHE / "peers-venv"
    python = folder / "bin" / "python"
    done = folder / "installed"
    if not done.exists() or done.read_text() != " ".join(_PEERS):
        venv.create(folder, with_pip=True, clear=True)
        site = next((folder / "lib").glob("python*")) / "site-packages"
        (site / "project.pth").write_text(sysconfig.get_paths()["purelib"] + "\n")
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", "--no-deps", *_PEERS], check=True)
        done.write_text(" ".join(_PEERS))
    return python
