"""`make bench`: run the quick measurements one after the other; name others to run those instead.

python -m benchmarks [NAME …]
"""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

QUICK = ("skeleton", "sparql_safety", "linking")


def main() -> None:
    known = sorted(path.stem for path in Path(__file__).parent.glob("*.py") if not path.stem.startswith("_"))
    chosen = sys.argv[1:] or [name for name in QUICK if name in known]
    print(f"There are: {', '.join(known)}. Running: {', '.join(chosen)}.")
    for name in chosen:
        if name not in known:
            sys.exit(f"There is no benchmark called {name}.")
        print(f"\n== {name}")
        sys.argv = [name]
        runpy.run_module(f"benchmarks.{name}", run_name="__main__")


if __name__ == "__main__":
    main()
