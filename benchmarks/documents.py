"""Time to cut and link one text file against the names of a JSON Lines file of entities, and to build a gazetteer.

python benchmarks/documents.py FILE ENTITIES
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

from graph.documents.read import read
from graph.linking.linker import Entry, Gazetteer, link_document
from graph.segmentation.passages import passages


def best(job: Callable[[], object], times: int = 5) -> float:
    """Milliseconds of the fastest of several runs."""
    seconds = []
    for _ in range(times):
        began = time.perf_counter()
        job()
        seconds.append(time.perf_counter() - began)
    return 1000 * min(seconds)


def main() -> None:
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    path, entities = Path(sys.argv[1]), Path(sys.argv[2])
    records = [json.loads(line) for line in entities.read_text("utf-8").splitlines()]
    entries = [Entry(r["id"], label, kind=r["type"]) for r in records for label in (r["label"], *r["altLabels"])]
    many = [Entry(f"e{n}", f"Some name {n % 977} of organisation {n}") for n in range(10_000)]
    gazetteer = Gazetteer(entries)
    reading = next(read(path))
    cut = passages("d", reading)
    print(f"gazetteer of {len(entries)} labels  {best(lambda: Gazetteer(entries)):8.1f} ms")
    print(f"gazetteer of 10,000 labels {best(lambda: Gazetteer(many)):8.1f} ms")
    print(f"read {path.name}  {best(lambda: list(read(path))):8.1f} ms")
    print(f"cut into {len(cut)} passages  {best(lambda: passages('d', reading)):8.1f} ms")
    print(f"link {len(link_document(cut, gazetteer))} mentions  {best(lambda: link_document(cut, gazetteer)):8.1f} ms")


if __name__ == "__main__":
    main()
