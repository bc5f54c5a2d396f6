"""`make bench`: run the quick measurements one after the other; name others to run those instead.

python -m benchmarks [NAME …]
"""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

QUICK = ("skeleton", "sparql_safety", "linking")


def main() -> None:
    here = Path(__file__).parent
    runnable = [path for path in here.glob("[!_]*.py") if 'if __name__ == "__main__"' in path.read_text("utf-8")]
    known = sorted([path.stem for path in runnable] + [path.parent.name for path in here.glob("*/__main__.py")])
    chosen = sys.argv[1:] or [name for name in QUICK if name in known]
    print(f"Benchmarks: {', '.join(known)}. Running: {', '.join(chosen)}.")
    for name in chosen:
        if name not in known:
            sys.exit(f"Unknown benchmark: {name}.")
        print(f"\n== {name}")
        sys.argv = [name]
        runpy.run_module(f"benchmarks.{name}", run_name="__main__")


if __name__ == "__main__":
    main()
