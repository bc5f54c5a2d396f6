"""How long one write may keep the others waiting, and what they are told."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from graph.errors import HomeLocked, QueryTimeout
from graph.sandbox.enter import SandboxLimits
from graph.storage.generations import Home
from graph.write.writer import Progress, no_progress
from tests.support.waiting import wait_until
from tests.support.writable_services import begin
from web.writer_process.messages import Job, Written
from web.writer_process.process_handle import WriterChild
from web.writer_process.service import WriteLimits, Writes

PRODUCT = "".join(f"VALUES ?v{number} {{ 1 2 3 4 5 6 7 8 9 }} " for number in range(12))
SLOW = f"INSERT {{ <a:b> <a:c> ?z }} WHERE {{ {PRODUCT} BIND(?v0 + ?v11 AS ?z) }}"


def test_who_cannot_wait_is_told_when_the_writer_will_be_free(home: Home) -> None:
    begin(home)
    writes = Writes(home, WriteLimits(timeout=6.0, wait=0.2))
    ended: list[QueryTimeout] = []

    def write() -> None:
        try:
            writes.update(SLOW, base="http://e/")
        except QueryTimeout as error:
            ended.append(error)

    thread = threading.Thread(target=write)
    thread.start()
    wait_until(lambda: any(home.generations.glob("tmp-*")))
    with pytest.raises(HomeLocked) as caught:
        writes.update("INSERT DATA { <a:b> <a:c> 1 }", base="http://e/")
    assert 2 <= caught.value.retry_after <= 6
    assert f"in {caught.value.retry_after} seconds" in str(caught.value)
    thread.join()
    assert len(ended) == 1
    writes.close()


class JobsKept(WriterChild):
    """Takes jobs and does none of them."""

    def __init__(self, limits: SandboxLimits, jobs: list[Job]) -> None:
        super().__init__(limits)
        self._jobs = jobs

    def carry_out(self, job: Job, progress: Progress = no_progress) -> Written:
        self._jobs.append(job)
        return Written("000001")


@pytest.mark.parametrize(
    ("size", "packed", "seconds"), [(1_000, False, 20.0), (3_400_000, False, 26.8), (1_000, True, 120.0)]
)
def test_an_upload_has_time_by_its_length(size: int, packed: bool, seconds: float, home: Home, tmp_path: Path) -> None:
    begin(home)
    jobs: list[Job] = []
    writes = Writes(home, start_child=lambda limits: JobsKept(limits, jobs))
    body = tmp_path / "body"
    body.write_bytes(b" " * size)
    upload: dict[str, Any] = {"path": str(body), "media_type": "text/turtle", "packed": packed}
    writes.graph("PUT", None, base="http://e/", uploads=[upload])
    assert jobs[0].timeout == pytest.approx(seconds, abs=0.01)
    writes.close()
