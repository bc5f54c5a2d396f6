"""Concurrent updates and reads: updates a minute, and whether a reader sees a partial update or an older state.

python -m benchmarks.updates [RATE] [MINUTES] [READERS]      RATE: updates a minute, 0 = no pause

Runs on a copy of the starter atlas with two writers. Every fourth update of a writer is a DELETE/INSERT … WHERE, every
tenth a PUT to the graph store. Each update advances its writer's counter and keeps two invariants that readers check:
one `left` for each `right`, and a constant sum over all accounts. Some readers search, so that the index must follow.
"""

from __future__ import annotations

import http.client
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, urlsplit

from benchmarks.serving import COMMAND, ROOT, end_orderly, environment
from benchmarks.serving import running as serving
from benchmarks.sparql_data import starter_home
from benchmarks.sparql_servers import Running

TOKEN = "benchmark"
WRITERS = 2
ACCOUNTS, EACH = 10, 100
NAMES = "PREFIX : <http://example.org/> PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#> "
CHECK = (
    NAMES
    + """SELECT ?what ?n {
  { SELECT ("left" AS ?what) (COUNT(?pair) AS ?n) { ?pair :left ?value } }
  UNION { SELECT ("right" AS ?what) (COUNT(?pair) AS ?n) { ?pair :right ?value } }
  UNION { SELECT ("sum" AS ?what) (SUM(?held) AS ?n) { ?account :held ?held } }
  UNION { VALUES (?writer ?what) { (:writer0 "c0") (:writer1 "c1") } ?writer :counter ?n } }"""
)


@dataclass
class Tally:
    """Measurements of all clients. Appending and counting need no lock."""

    latencies: list[float] = field(default_factory=list)
    reads: list[float] = field(default_factory=list)
    inconsistent: list[str] = field(default_factory=list)
    errors: Counter[str] = field(default_factory=Counter)
    done: threading.Event = field(default_factory=threading.Event)


class Client:
    """HTTP client with one connection, which it reopens after the server closes it."""

    def __init__(self, site: str) -> None:
        self._connection = http.client.HTTPConnection(urlsplit(site).netloc, timeout=60)

    def ask(self, method: str, path: str, body: str = "", media_type: str = "") -> tuple[int, bytes, int]:
        """Status, body and generation (0 if the answer names none)."""
        headers = {"Authorization": f"Bearer {TOKEN}", "Accept": "application/sparql-results+json"}
        headers |= {"Content-Type": media_type} if body else {}
        try:
            self._connection.request(method, path, body.encode(), headers)
            answer = self._connection.getresponse()
            return answer.status, answer.read(), int(answer.headers.get("X-Generation", 0))
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            raise OSError(f"{type(error).__name__}: {error}") from error

    def state(self) -> tuple[dict[str, int], int]:
        status, body, generation = self.ask("GET", f"/sparql?query={quote(CHECK)}")
        if status != 200:
            raise OSError(f"read: {status} {json.loads(body).get('detail', '')}")
        rows = json.loads(body)["results"]["bindings"]
        return {row["what"]["value"]: int(row["n"]["value"]) for row in rows}, generation


def write(site: str, number: int, rate: float, end: float, tally: Tally) -> None:
    client, chance, step = Client(site), random.Random(number), 0
    due = time.monotonic()
    while due < end and time.monotonic() < end:
        step += 1
        started = time.monotonic()
        try:
            if step % 10 == 0:
                graph = quote(f"http://example.org/graph{number}")
                response = client.ask("PUT", f"/graph-store?graph={graph}", f"<a:a> <a:n> {step} .", "text/turtle")
            else:
                text = update(number, step, chance)
                response = client.ask("POST", "/update", text, "application/sparql-update")
            if response[0] not in (201, 204):
                tally.errors[f"write: {response[0]} {response[1][:300].decode(errors='replace')}"] += 1
            else:
                tally.latencies.append(time.monotonic() - started)
                state, generation = client.state()
                if generation < response[2] or (step % 10 and state.get(f"c{number}") != step):
                    tally.inconsistent.append(f"writer {number} wrote {step} and read {state}")
        except OSError as error:
            tally.errors[str(error)] += 1
        due = due + 60 * WRITERS / rate if rate else time.monotonic()
        tally.done.wait(max(0.0, due - time.monotonic()))


def update(number: int, step: int, chance: random.Random) -> str:
    """Update of the writer's counter with a new pair, or, every fourth step, with a transfer between two accounts."""
    me = f":writer{number}"
    counted = f"DELETE WHERE {{ {me} :counter ?n }} ; INSERT DATA {{ {me} :counter {step} }}"
    if step % 4 == 0:
        source, target = chance.sample(range(ACCOUNTS), 2)
        moved = f""" ; DELETE {{ :a{source} :held ?x . :a{target} :held ?y }}
          INSERT {{ :a{source} :held ?less . :a{target} :held ?more }}
          WHERE {{ :a{source} :held ?x . :a{target} :held ?y BIND(?x - 1 AS ?less) BIND(?y + 1 AS ?more) }}"""
        return NAMES + counted + moved
    # Names the old value of the counter too, so that the index learns which entities changed.
    before = max(n for n in range(step) if n == 0 or n % 10)
    pair = f":pair{number}-{step}"
    return NAMES + (
        f"DELETE DATA {{ {me} :counter {before} }} ; INSERT DATA {{ {me} :counter {step} . {pair} :left {step} }} ; "
        f'INSERT DATA {{ {pair} :right {step} ; rdfs:label "pair {number} {step}" }}'
    )


def read(site: str, number: int, tally: Tally) -> None:
    """Search in one of five reads; in the others check the invariants and that the state never goes back."""
    client, last, newest = Client(site), dict[str, int](), 0
    while not tally.done.is_set():
        started = time.monotonic()
        try:
            if len(tally.reads) % 5 == number % 5:
                status, _, _ = client.ask("GET", f"/api/v1/search?q=pair+{len(tally.reads)}")
                tally.errors.update([f"search: {status}"] if status != 200 else [])
            else:
                seen, generation = client.state()
                if seen["left"] != seen["right"] or seen["sum"] != ACCOUNTS * EACH or generation < newest:
                    tally.inconsistent.append(f"{seen} in generation {generation} after {newest}")
                if any(seen[name] < last.get(name, 0) for name in ("c0", "c1") if name in seen):
                    tally.inconsistent.append(f"{seen} after {last}")
                last, newest = seen, generation
            tally.reads.append(time.monotonic() - started)
        except OSError as error:
            tally.errors[str(error)] += 1
        tally.done.wait(0.02)


def main() -> None:
    end_orderly()
    rate, minutes, readers = (float(sys.argv[at]) if len(sys.argv) > at else default for at, default in
                              ((1, 0.0), (2, 1.0), (3, 4.0)))  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        shutil.copytree(starter_home(), home)
        # Its index may be of an older version; a server would repair it during the measurement.
        subprocess.run([*COMMAND, "build", "--home", str(home)], check=True, env=environment(), cwd=ROOT)
        with serving(str(home), CREATIVE_ATLAS_TOKEN=TOKEN) as (site, pid):
            run(Running(site, 0.0, pid), home, rate, minutes, int(readers))


def run(running: Running, home: Path, rate: float, minutes: float, readers: int) -> None:
    site = running.url
    first = Client(site)
    balances = " . ".join(f":a{number} :held {EACH}" for number in range(ACCOUNTS))
    start = f"INSERT DATA {{ {balances} . :writer0 :counter 0 . :writer1 :counter 0 }}"
    assert first.ask("POST", "/update", NAMES + start, "application/sparql-update")[0] == 204
    first.ask("GET", "/api/v1/search?q=pair")
    running.settle()
    rows = [(0.0, running.resident(), *_on_disk(home))]
    tally, began = Tally(), time.monotonic()
    end, used = began + 60 * minutes, running.processor()
    threads = [threading.Thread(target=write, args=(site, n, rate, end, tally)) for n in range(WRITERS)]
    threads += [threading.Thread(target=read, args=(site, n, tally)) for n in range(readers)]
    for thread in threads:
        thread.start()
    for part in range(1, 6):
        time.sleep(max(0.0, began + part * 12 * minutes - time.monotonic()))
        rows.append((time.monotonic() - began, running.resident(), *_on_disk(home)))
    tally.done.set()
    for thread in threads:
        thread.join()
    took = time.monotonic() - began
    report(tally, took, running.processor() - used)
    print(f"index up to date {_followed(home):.1f} s after the last update")
    print(f"\n{'s':>6}{'memory MB':>11}{'disk MB':>9}{'generations':>13}")
    for seconds, memory, disk, generations in rows:
        print(f"{seconds:6.0f}{memory / 1e6:11.0f}{disk / 1e6:9.0f}{generations:13}")


def report(tally: Tally, took: float, processor: float) -> None:
    print(f"{len(tally.latencies)} updates in {took:.0f} s: {len(tally.latencies) * 60 / took:.0f} a minute")
    print(f"{'ms':10}{'p50':>8}{'p95':>8}{'max':>8}")
    for name, times in (("updates", tally.latencies), ("reads", tally.reads)):
        if len(times) < 2:
            continue
        cuts = statistics.quantiles(times, n=100)
        print(f"{name:10}{cuts[49] * 1000:8.0f}{cuts[94] * 1000:8.0f}{max(times) * 1000:8.0f}")
    print(f"{len(tally.reads)} reads; {len(tally.inconsistent)} inconsistent; errors: {dict(tally.errors) or 'none'}")
    print(f"processor: {processor:.0f} s")
    for observation in tally.inconsistent[:5]:
        print(f"  {observation}")


def _on_disk(home: Path) -> tuple[int, int]:
    """Bytes in the home, hard links counted once, and number of generations. Files may disappear during the count."""
    sizes = {}
    for folder, _, names in os.walk(home):
        for name in names:
            with suppress(OSError):
                status = (Path(folder) / name).lstat()
                sizes[status.st_ino] = status.st_blocks * 512
    return sum(sizes.values()), sum(path.name.isdigit() for path in (home / "generations").iterdir())


def _followed(home: Path) -> float:
    """Seconds until the manifest says that the index is up to date."""
    began = time.monotonic()
    while time.monotonic() < began + 120:
        manifest = home / "generations" / (home / "CURRENT").read_text("ascii") / "manifest.json"
        try:
            if "behind" not in json.loads(manifest.read_text("utf-8"))["index"]:
                break
        except OSError:
            continue
        time.sleep(0.2)
    return time.monotonic() - began


if __name__ == "__main__":
    main()
