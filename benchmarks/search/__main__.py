"""python -m benchmarks.search peers [ENGINE …] | scale SIZE … | prepare SIZE … | probe HOME   [--set DIR]
       prepare: only make the graphs that `scale` needs, which do not depend on the index format
       [--passages N] [--queries N]: a smaller set; peers: [--keep] the rows of an earlier run, [--turns N]

DIR holds SciFact in the layout of BEIR. Intermediate files are kept under .cache/benchmarks/search.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from benchmarks.serving import ROOT

_UNITS = {"k": 1_000, "m": 1_000_000}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=("peers", "scale", "prepare", "probe"))
    parser.add_argument("names", nargs="*", help="engines, sizes such as 10k or 1M, or a home")
    parser.add_argument("--set", type=Path, default=ROOT.parent / "shared" / "sets" / "scifact")
    parser.add_argument("--passages", type=int, default=0, help="of the set, at most; 0: all")
    parser.add_argument("--queries", type=int, default=0, help="of the set, at most; 0: all")
    parser.add_argument("--keep", action="store_true", help="take the rows of peers from an earlier run")
    parser.add_argument("--turns", type=int, default=2, help="how often to index in turn with txtai")
    options = parser.parse_args()
    if not (options.set / "corpus.jsonl").is_file():
        parser.error(f"no corpus.jsonl in {options.set}: give the folder of a set with --set")
    source = options.set
    if options.passages or options.queries:
        from benchmarks.search.subset import cut

        target = ROOT / ".cache" / "benchmarks" / "search" / f"cut-{options.passages}-{options.queries}"
        source = cut(source, options.passages, options.queries, target)
    if options.command == "peers":
        from benchmarks.search.peers import compare

        compare(source, options.names, keeping=options.keep, turns=options.turns)
    elif options.command == "prepare":
        from benchmarks.search.homes import derived, prepare

        passages = derived(source)
        for name in options.names:
            prepare(_size(name), passages)
    else:
        from benchmarks.search.scale import grow, probe

        if options.command == "probe":
            probe(Path(options.names[0]), source)
        else:
            grow(source, [_size(name) for name in options.names or ("10k", "100k")])


def _size(name: str) -> int:
    factor = _UNITS.get(name[-1].lower())
    return int(name[:-1]) * factor if factor else int(name)


if __name__ == "__main__":
    main()
