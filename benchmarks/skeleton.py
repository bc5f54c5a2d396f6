"""Wall time of whole commands: build, ingest, a cold search, and the first answer of a server.

python -m benchmarks.skeleton [RUNS]
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable

from benchmarks.serving import COMMAND, ROOT, environment, serving

ARTICLE = ROOT.parent / "shared" / "input" / "creative-microclusters-article.txt"


def run(*arguments: str) -> float:
    """Seconds that one command takes. Raises CalledProcessError when it fails."""
    began = time.perf_counter()
    subprocess.run([*COMMAND, *arguments], check=True, stdout=subprocess.DEVNULL, env=environment(), cwd=ROOT)
    return time.perf_counter() - began


def first_answer(home: str) -> float:
    """Seconds from starting `serve` to the first answered search."""
    began = time.perf_counter()
    with serving(home, "/api/v1/search?q=finance"):
        return time.perf_counter() - began


def main() -> None:
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    rows: list[tuple[str, list[float], float]] = []

    def measure(name: str, limit: float, command: Callable[[int], float], times: int = runs) -> None:
        rows.append((name, [command(number) for number in range(times)], limit))

    with tempfile.TemporaryDirectory() as folder:
        run("build", "--home", f"{folder}/warm")  # creates the quantised model if it is missing
        measure("build of the starter atlas", 30, lambda n: run("build", "--home", f"{folder}/built{n}"), min(runs, 3))
        home = f"{folder}/built0"
        measure("build again, nothing to do", 5, lambda n: run("build", "--home", home))
        if ARTICLE.is_file():
            options = ("--home", home, "--collection")
            measure("ingest of the article", 2, lambda n: run("ingest", str(ARTICLE), *options, f"c{n}"))
            measure("the same article again", 2, lambda n: run("ingest", str(ARTICLE), *options, f"c{n}"))
        words = "access to finance"
        measure(f'search "{words}" from cold', 1.5, lambda n: run("search", words, "--home", home))
        measure("serve to the first answered search", 3, lambda n: first_answer(home))
    print(f"{'seconds':42}{'min':>7}{'median':>8}{'max':>7}{'limit':>8}")
    for name, seconds, limit in rows:
        low, middle, high = min(seconds), statistics.median(seconds), max(seconds)
        print(f"{name:42}{low:7.2f}{middle:8.2f}{high:7.2f}{f'≤ {limit:g}':>8}")


if __name__ == "__main__":
    main()
