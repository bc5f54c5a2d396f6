"""`python -m data.convert FACTS`: rewrite the generated Turtle of the data folder from a fact base."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

from data.convert import authorities, disagreements, entities, events, relations, sources, statistics
from data.convert.names import Names
from data.convert.output import Output
from data.convert.read import read
from data.convert.status import Statuses

__all__ = ["convert", "main"]


def convert(folder: Path) -> Output:
    """Convert the fact base in `folder`; nothing is written yet."""
    facts, out, statuses = read(folder), Output(), Statuses()
    names = Names(facts.entities, facts.authorities)
    sources.convert(facts, out)
    entities.convert(facts, names, out)
    authorities.convert(facts, names, out)
    relations.convert(facts, names, statuses, out)
    statistics.convert(facts, names, statuses, out)
    events.convert(facts, names, out)
    disagreements.convert(facts, names, out)
    return out


def main(arguments: list[str]) -> int:
    """Convert, write, and print the number of records by file and outcome. Returns the exit status."""
    if len(arguments) != 1 or not Path(arguments[0]).is_dir():
        print("Give the folder that holds the fact base's .jsonl files.", file=sys.stderr)
        return 2
    out = convert(Path(arguments[0]))
    out.write(Path(__file__).parents[1])
    for (file, outcome), count in sorted(Counter((file, row[0]) for (file, _), row in out.outcomes.items()).items()):
        print(f"{file}\t{outcome}\t{count}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
