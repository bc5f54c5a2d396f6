"""Process that ingests and prints each document once it is published; the kill test ends it at any moment.

python -m tests.support.ingest_child HOME CACHE FILE
"""

from __future__ import annotations

import sys
from pathlib import Path

from graph.write.ingest import Outcome, ingest
from graph.write.writer import no_progress
from web.services import compose
from web.settings import Settings


def main(home: str, cache: str, file: str) -> None:
    services = compose(Settings(home=Path(home), cache=Path(cache)))

    def report(outcome: Outcome) -> None:
        sys.stdout.write(f"{outcome.iri}\n")
        sys.stdout.flush()

    with services.writer(no_progress).session() as session:
        # Small batches, so that there are many moments between two publications.
        ingest(session, services.home, [Path(file)], acknowledge=report, max_batch=5)


if __name__ == "__main__":
    main(*sys.argv[1:])
