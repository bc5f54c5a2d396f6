"""Comparison of Creative Atlas with five other search engines on the same passages and queries.

The other engines are installed into their own virtual environment on top of ours, so that torch and the weights exist
once. The indexing rate of an engine with a slow encoder comes from 300 passages (marked ~). Every row is stored. With
`keep`, the rows of the other engines come from an earlier run if nothing that decides them has changed; they are marked
(*), and their speeds are not comparable, because the machine may have been different.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.search.engines import ENGINES, RATE_SAMPLE_PASSAGES, TURN
from benchmarks.search.homes import CACHE
from benchmarks.search.passages import SciFact
from benchmarks.search.stored_rows import store_row, stored_row, versions
from benchmarks.search.subset import digest
from benchmarks.serving import ROOT, end_orderly, environment, with_parent
from search.evaluation.measures import ndcg

__all__ = ["compare"]

OURS = "Creative Atlas"
TXTAI = "txtai, hybrid"
_PEERS = ("txtai==9.14.0", "bm25s==0.3.16", "PyStemmer==3.1.0", "msgpack==1.2.4")
MAX_ENGINE_SECONDS = 3600.0
"""Time limit of one engine for everything: the first encodes all passages for the others."""

_QUIET = {"TOKENIZERS_PARALLELISM": "false", "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": str(os.cpu_count())}

Row = dict[str, Any]


def compare(source: Path, names: list[str], *, keeping: bool, turns: int) -> None:
    """Print the table. `names`: the engines, all where there are none."""
    end_orderly()
    scifact, place = SciFact(source), CACHE.parent / "peers"
    work = place / digest(source)
    work.mkdir(parents=True, exist_ok=True)
    print(
        f"{len(scifact.items):,} passages, {len(scifact.queries)} queries, {os.cpu_count()} cores\n{_head()}",
        flush=True,
    )
    rows: dict[str, Row] = {}
    old: dict[str, str] = {}
    version = versions(_PEERS)
    for name in names or [OURS, *ENGINES]:
        earlier = stored_row(work / "rows", name, version) if keeping and name != OURS else None
        if earlier is not None:
            rows[name], old[name] = earlier
        else:
            result = _measured(name, source, work)
            if isinstance(result, str):
                print(f"{name:24}failed: {result}", flush=True)
                continue
            rows[name] = result
            store_row(work / "rows", name, version, result)
        print(_row(f"{name}{'*' if name in old else ''}", rows[name], scifact), flush=True)
    print(_notes(rows, old))
    if turns and {OURS, TXTAI} <= set(rows):
        _in_turn(source, work, turns)
    print(_figures(rows, old, scifact))
    if len(rows) < len(names or [OURS, *ENGINES]):
        sys.exit("Not every engine could be measured.")


def _head() -> str:
    cells = ("nDCG@10", "indexed/s", "p50 ms", "p95 ms", "CPU ms", "HTTP×1/s", "p95", "HTTP×8/s", "p95", "MB held",
             "MB peak", "disk MB")  # fmt: skip
    return f"{'':24}" + "".join(f"{cell:>10}" for cell in cells)


def _quality(result: Row, scifact: SciFact) -> float:
    return float(np.mean([
        ndcg([f"urn:doc:{identifier}" for identifier in result["run"].get(judged.id, ())], judged.grades)
        for judged in scifact.queries
    ]))  # fmt: skip


def _over(result: Row, clients: int) -> dict[str, float]:
    """`clients` is text where the row came through JSON."""
    figures: dict[str, float] = result["http"][str(clients)]
    return figures


def _row(name: str, result: Row, scifact: SciFact) -> str:
    rate = f"{'~' if result['partly'] else ''}{result['rate']:,.0f}"
    cells = [f"{_quality(result, scifact):.4f}", rate, *(f"{result[key]:.1f}" for key in ("p50", "p95", "cpu"))]
    for clients in (1, 8):
        over = _over(result, clients)
        cells += [f"{over['rate']:.0f}{'!' if over['errors'] else ''}", f"{over['p95']:.0f}"]
    cells += [f"{result['held']:,.0f}", f"{result['peak']:,.0f}", f"{result['disk']:.1f}"]
    return f"{name:24}" + "".join(f"{cell:>10}" for cell in cells)


def _notes(rows: dict[str, Row], old: dict[str, str]) -> str:
    lines = [
        "p50, p95, CPU: one search after the other in the process that indexed, each text for the first time for "
        "ours. MB held: during the searches; MB peak: including indexing.",
        f"~ of the first {RATE_SAMPLE_PASSAGES} passages, or all if there are fewer. ! answers other than 200.",
    ]
    if OURS in rows:
        ours = rows[OURS]
        lines.append(
            f"{OURS}: {ours['part']:.0f} of the first {RATE_SAMPLE_PASSAGES} passages a second; "
            f"its server, with all its processes: {ours['server']:,.0f} MB"
        )
    lines += [f"* {name}: from an earlier run, {when}; speeds are not comparable" for name, when in old.items()]
    return "\n".join(lines)


def _in_turn(source: Path, work: Path, turns: int) -> None:
    """Indexing rates of ours and of txtai, one after the other, so that a change of the machine's speed meets both."""
    ours: list[float] = []
    theirs: list[float] = []
    for _ in range(turns):
        for name, rates in ((OURS, ours), (TXTAI, theirs)):
            result = _measured(name, source, work, "rate")
            if isinstance(result, str):
                print(f"in turn: {name} failed: {result}")
                return
            rates.append(float(result["rate"]))
    shown = [", ".join(f"{rate:.1f}" for rate in rates) for rates in (ours, theirs)]
    ratio = float(np.median(np.array(ours) / np.array(theirs)))
    print(
        f"Indexing in turn, the first {TURN} passages, passages a second: {OURS} {shown[0]}; {TXTAI} {shown[1]}: "
        f"{ratio:.1f} times as fast",
        flush=True,
    )


def _figures(rows: dict[str, Row], old: dict[str, str], scifact: SciFact) -> str:
    """Required figures beside the measured ones of this run."""
    lines = ["Figures"]
    if OURS in rows:
        lines.append(f"  nDCG@10 {_quality(rows[OURS], scifact):.4f} (required ≥ .735 on all of SciFact)")
    if {OURS, TXTAI} <= set(rows) and TXTAI not in old:
        ours, theirs = rows[OURS], rows[TXTAI]
        lines.append(
            f"  indexing {ours['part'] / theirs['rate']:.1f} × txtai on the first {RATE_SAMPLE_PASSAGES} passages (≥ 3)"
        )
        for clients in (1, 8):
            ratio = _over(ours, clients)["rate"] / _over(theirs, clients)["rate"]
            lines.append(f"  over HTTP, {clients} clients: {ratio:.1f} × txtai, hybrid (≥ 3)")
    return "\n".join(lines)


def _measured(name: str, source: Path, work: Path, *only: str) -> Row | str:
    """Figures from the process of one engine, or its error message."""
    if name == OURS:
        command = [sys.executable, "-m", "benchmarks.search.ours", str(source.resolve()), str(work), *only]
    else:
        command = [str(_installed()), "-m", "benchmarks.search.engines", name, str(source.resolve()), str(work), *only]
    env = {**environment(), **({} if name == OURS else _QUIET)}
    process = subprocess.Popen(
        command, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=with_parent
    )
    try:
        output, errors = process.communicate(timeout=MAX_ENGINE_SECONDS)
    except subprocess.TimeoutExpired:
        return f"not within {MAX_ENGINE_SECONDS:.0f} s"
    finally:
        if process.poll() is None:  # SIGTERM lets it end its own server
            process.terminate()
            process.wait(30)
    if process.returncode:
        return errors[-1500:]
    answer: Row = json.loads(output.splitlines()[-1])
    return answer


def _installed() -> Path:
    """The peers' Python. A path file makes our packages (torch, FAISS, tantivy) importable."""
    folder = CACHE.parent / "peers-venv"
    python = folder / "bin" / "python"
    marker = folder / "installed"
    if not marker.exists() or marker.read_text() != " ".join(_PEERS):
        venv.create(folder, with_pip=True, clear=True)
        site = next((folder / "lib").glob("python*")) / "site-packages"
        (site / "project.pth").write_text(sysconfig.get_paths()["purelib"] + "\n")
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", "--no-deps", *_PEERS], check=True)
        marker.write_text(" ".join(_PEERS))
    return python
