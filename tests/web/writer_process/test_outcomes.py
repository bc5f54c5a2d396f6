"""The outcome of a write is what was published, whatever fails beside it; and no writer outlives its service."""

from __future__ import annotations

import os
import signal
from concurrent.futures import ThreadPoolExecutor

import pytest

from graph.sandbox.enter import SandboxLimits
from tests.support.waiting import is_running, wait_until
from tests.support.writable_services import begin
from web.services import Services
from web.writer_process.process_handle import WriterChild
from web.writer_process.service import WriteLimits, Writes


@pytest.fixture
def services(module_services: Services) -> Services:
    begin(module_services.home)
    return module_services


def insert(writes: Writes, number: int) -> str:
    """The generation that the insertion of a number made."""
    return writes.update(f"INSERT DATA {{ <a:b> <a:c> {number} }}", base="http://e/").generation


def test_a_write_counts_although_what_follows_it_fails(services: Services) -> None:
    def fail() -> None:
        raise RuntimeError("can't start new thread")

    writes = Writes(services.home, then=fail)
    assert insert(writes, 1) == services.home.require().name
    writes.close()


def test_a_write_counts_whatever_keeps_the_next_child_from_starting(services: Services) -> None:
    starts = 0

    def start_child(limits: SandboxLimits) -> WriterChild:
        nonlocal starts
        starts += 1
        if starts == 2:
            raise MemoryError
        return WriterChild(limits, jobs=1)

    writes = Writes(services.home, start_child=start_child)
    assert insert(writes, 1) == services.home.require().name
    assert writes.spare_pid is None
    assert insert(writes, 2) == services.home.require().name
    writes.close()


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_write_that_ends_after_its_service_was_closed_leaves_no_process(services: Services, jobs: int) -> None:
    """The service waits for a write no longer than `wait`."""
    started: list[WriterChild] = []

    def start_child(limits: SandboxLimits) -> WriterChild:
        started.append(WriterChild(limits, jobs=jobs))
        return started[-1]

    writes = Writes(services.home, WriteLimits(wait=0.1), start_child=start_child)
    insert(writes, 1)
    pid = writes.spare_pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    with ThreadPoolExecutor(1) as threads:
        future = threads.submit(insert, writes, 2)
        wait_until(lambda: writes.spare_pid is None)
        writes.close()
        os.kill(pid, signal.SIGCONT)
        assert future.result(60) == services.home.require().name
    assert writes.spare_pid is None
    assert not any(is_running(child.pid) for child in started)
