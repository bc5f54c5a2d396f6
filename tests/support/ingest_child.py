"""A process that ingests and prints each document once it is safe; the kill test ends it half-way.

python -m tests.support.ingest_child HOME CACHE FILE
"""

from __future__ import annotations

import sys
from pathlib import Path

import graph.write.ingest
from graph.write.ingest import Outcome, ingest
from graph.write.writer import no_progress
from web.services import compose
from web.settings import Settings


def main(home: str, cache: str, file: str) -> None:
    graph.write.ingest.BATCH = 5  # type: ignore[misc]  # so that there are many moments between two publications
    services = compose(Settings(home=Path(home), cache=Path(cache)))

    def say(outcome: Outcome) -> None:
        sys.stdout.write(f"{outcome.iri}\n")
        sys.stdout.flush()

    with services.writer(no_progress).session() as session:
        ingest(session, services.home, [Path(file)], acknowledge=say)


if __name__ == "__main__":
    main(*sys.argv[1:])
