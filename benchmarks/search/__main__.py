"""python -m benchmarks.search peers [ENGINE …] | scale SIZE … | probe HOME   [--set DIR]

DIR holds SciFact in the layout of BEIR. What is made on the way is kept under .cache/benchmarks/search.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from benchmarks.serving import ROOT

_UNITS = {"k": 1_000, "m": 1_000_000}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("peers", "scale", "probe"))
    parser.add_argument("names", nargs="*", help="engines, sizes such as 10k or 1M, or a home")
    parser.add_argument("--set", type=Path, default=ROOT.parent / "shared" / "sets" / "scifact")
    asked = parser.parse_args()
    if not (asked.set / "corpus.jsonl").is_file():
        parser.error(f"no corpus.jsonl in {asked.set}: give the folder of a set with --set")
    if asked.what == "peers":
        from benchmarks.search.peers import compare

        compare(asked.set, asked.names)
    else:
        from benchmarks.search.scale import grow, probe

        if asked.what == "probe":
            probe(Path(asked.names[0]), asked.set)
        else:
            grow(asked.set, [_size(name) for name in asked.names or ("10k", "100k")])


def _size(name: str) -> int:
    factor = _UNITS.get(name[-1].lower())
    return int(name[:-1]) * factor if factor else int(name)


if __name__ == "__main__":
    main()
