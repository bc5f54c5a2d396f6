"""A writer that is killed at any moment leaves a complete atlas, with every acknowledged document in it."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from graph.storage.snapshot import Snapshot
from graph.write.writer import no_progress
from search.index.index import Index
from search.indexing.lag import record_in
from tests.support.paths import ROOT
from tests.support.small import few_facts
from web.services import compose
from web.settings import Settings

KILLS = 50
DOCUMENTS = 60


@pytest.mark.slow
def test_fifty_kills_leave_a_whole_atlas(tmp_path: Path, cache: Path) -> None:
    services = compose(Settings(home=tmp_path / "atlas", cache=cache))
    with services.writer(no_progress).session() as session:
        session.change(few_facts)
    chance = random.Random(20261122)
    acknowledged: set[str] = set()
    killed = 0
    duration = 0.0
    for attempt in range(KILLS + 1):
        records = tmp_path / f"records-{attempt}.jsonl"
        lines = ({"_id": f"{attempt}-{n}", "title": f"T{n}", "text": f"Text {n} of PEC."} for n in range(DOCUMENTS))
        records.write_text("".join(json.dumps(line) + "\n" for line in lines))
        # The first one runs to its end: it tells how long an ingest takes on this machine now.
        started = time.monotonic()
        confirmed, was_killed = _ingest_and_kill(services.settings, records, chance.uniform(0.15, 1) * duration)
        duration = duration or time.monotonic() - started
        acknowledged |= confirmed
        killed += was_killed
        live = services.home.require()
        snapshot = Snapshot.open(live)
        documents = {document.iri: document for document in snapshot.documents()}
        assert acknowledged <= documents.keys()
        for iri in confirmed:
            assert len(snapshot.passages(iri)) == documents[iri].passages
        assert snapshot.label("https://example.org/pec") == "Creative PEC"
        index = Index.open(live.path, record_in(live.manifest()))
        assert index.record.items - index.record.entities == sum(document.passages for document in documents.values())
    assert killed > KILLS // 2, "most runs ended before they were killed: the test shows too little"
    assert acknowledged, "no run lived long enough to acknowledge a document: the test shows too little"


def _ingest_and_kill(settings: Settings, records: Path, seconds: float) -> tuple[set[str], bool]:
    """The acknowledged documents, and whether the process was killed after `seconds`; 0 = it runs to its end."""
    command = [
        sys.executable,
        "-m",
        "tests.support.ingest_child",
        str(settings.home),
        str(settings.cache),
        str(records),
    ]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    confirmed: list[str] = []
    lines = child.stdout
    assert lines is not None
    reader = threading.Thread(target=lambda: confirmed.extend(line.strip() for line in lines if line.endswith("\n")))
    reader.start()
    if seconds:
        time.sleep(seconds)
        child.send_signal(signal.SIGKILL)
    status = child.wait()
    reader.join()
    lines.close()
    return set(confirmed), status == -signal.SIGKILL
