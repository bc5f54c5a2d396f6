"""No error costs the pool a worker, or the system a process: neither at a start, nor in a search, nor at the end."""

from __future__ import annotations

import os
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from graph.deadline import Deadline
from graph.errors import InputError, QueryTimeout
from graph.sandbox.exit_reason import Death
from search.types import MAX_OFFSET, Query
from search.workers.messages import Body
from search.workers.pool import SearchProcessPool
from search.workers.process_handle import SearchWorker
from tests.support.exhaustion import no_new_threads
from tests.support.search_pool import busy_here
from tests.support.waiting import is_running, wait_until

GENERATION = Path("000001")


class FakeWorker:
    """A search worker without a process. `failure` is raised by its searches, `unready` while it gets ready."""

    pid = 0

    def __init__(self, number: int, failure: Exception | None = None, *, unready: Exception | None = None) -> None:
        self.number, self.failure, self.unready = number, failure, unready
        self.ended = threading.Event()

    def is_ready(self) -> bool:
        if self.unready is not None:
            raise self.unready
        return True

    def search(self, *_: object, **__: object) -> Body:
        if self.failure is not None:
            raise self.failure
        return Body(f"from worker {self.number}".encode())

    def end(self) -> Death:
        self.ended.set()
        return Death("closed")


class SlowWorker(FakeWorker):
    """One that loads its models until it is ended."""

    def is_ready(self) -> bool:
        return not self.ended.wait(60)


def pool_of(starts: list[FakeWorker | Exception], processes: int | None = None) -> SearchProcessPool:
    """A pool that starts these workers, in this order; a start that is an error raises it."""

    def start_worker(*_: object) -> Any:
        worker = starts.pop(0)
        if isinstance(worker, Exception):
            raise worker
        return worker

    return SearchProcessPool(processes or len(starts), {}, start_worker=start_worker)


def ask_a_worker(pool: SearchProcessPool) -> bytes:
    """The body of a search that comes while the place here is taken."""
    with busy_here(pool, GENERATION), ThreadPoolExecutor(1) as threads:
        return threads.submit(pool.answer, GENERATION, Query("x"), lambda: b"here").result(60)


def test_a_worker_whose_search_ends_with_an_error_of_ours_is_replaced() -> None:
    broken = FakeWorker(1, OverflowError("an integer is too large"))
    pool = pool_of([broken, FakeWorker(2)], processes=1)
    with pytest.raises(OverflowError):
        ask_a_worker(pool)
    assert broken.ended.is_set() and not pool.processes
    assert ask_a_worker(pool) == b"from worker 2"
    pool.close()


def test_workers_that_could_be_started_are_used_although_others_could_not() -> None:
    first = FakeWorker(1)
    pool = pool_of([first, OSError("no more processes")])
    assert ask_a_worker(pool) == b"from worker 1"
    assert len(pool.processes) == 1
    pool.close()
    assert first.ended.is_set()


@pytest.mark.parametrize("error", [OSError("no more processes"), MemoryError()])
def test_after_a_start_that_failed_for_whatever_reason_there_is_another(error: Exception) -> None:
    pool = pool_of([error, FakeWorker(2)], processes=1)
    assert ask_a_worker(pool) == b"from worker 2"
    pool.close()


def test_a_worker_that_fails_while_it_gets_ready_is_ended_and_the_next_is_used() -> None:
    failing = FakeWorker(1, unready=OSError("read error"))
    pool = pool_of([failing, FakeWorker(2)])
    assert ask_a_worker(pool) == b"from worker 2"
    assert failing.ended.is_set()
    pool.close()


def test_a_search_waits_where_no_thread_can_start_workers_and_they_are_started_later() -> None:
    pool = pool_of([FakeWorker(1)])
    with busy_here(pool, GENERATION), no_new_threads(), pytest.raises(QueryTimeout):
        pool.answer(GENERATION, Query("x"), lambda: b"here", Deadline.after(0.2))
    assert ask_a_worker(pool) == b"from worker 1"
    pool.close()


def a_search_waits(pool: SearchProcessPool) -> None:
    """A search for which workers are started; none of them gets ready in time."""
    with busy_here(pool, GENERATION), pytest.raises(QueryTimeout):
        pool.answer(GENERATION, Query("x"), lambda: b"here", Deadline.after(0.2))


def test_closing_ends_workers_that_still_load_their_models() -> None:
    workers = [SlowWorker(1), SlowWorker(2)]
    pool = pool_of([*workers])
    a_search_waits(pool)
    pool.close()
    assert all(worker.ended.is_set() for worker in workers)


def test_a_worker_that_was_being_started_while_the_pool_closed_is_ended() -> None:
    begun, closed = threading.Event(), threading.Event()
    worker = SlowWorker(1)

    def start_worker(*_: object) -> Any:
        begun.set()
        assert closed.wait(60)
        return worker

    pool = SearchProcessPool(1, {}, start_worker=start_worker)
    a_search_waits(pool)
    assert begun.wait(60)
    pool.close()
    closed.set()
    assert worker.ended.wait(10)


def test_a_process_that_still_loads_its_models_ends_with_the_pool(cache: Path, tmp_path: Path) -> None:
    started: list[SearchWorker] = []

    def start_worker(*arguments: Any) -> SearchWorker:
        worker = SearchWorker(*arguments)
        os.kill(worker.pid, signal.SIGSTOP)  # it stands for one that starts slowly on a loaded machine
        started.append(worker)
        return worker

    pool = SearchProcessPool(
        1, {"model": str(tmp_path), "cache": str(cache), "reranker": None}, start_worker=start_worker
    )
    with busy_here(pool, tmp_path), pytest.raises(QueryTimeout):
        pool.answer(tmp_path, Query("x"), lambda: b"here", Deadline.after(0.1))
    wait_until(lambda: bool(started))
    pool.close()
    wait_until(lambda: not is_running(started[0].pid), 5)


@pytest.mark.parametrize("offset", [-1, MAX_OFFSET + 1, 1 << 64])
def test_an_offset_that_no_result_has_is_refused(offset: int) -> None:
    with pytest.raises(InputError, match="out of range"):
        Query("x", offset=offset)
