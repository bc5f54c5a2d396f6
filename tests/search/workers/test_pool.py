"""Searches in processes beside the server: the same results, and an answer whatever becomes of the processes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from graph.errors import InputError
from search.types import Query, Results
from tests.support.paths import ROOT
from web.services import Services, compose

TEXTS = ["access to finance", "games makers in Dundee", "who paid for Creative Scale-Up?", "£25 million", "studios"]


def until(holds: Callable[[], bool]) -> None:
    """Fails when it does not come true within a minute."""
    end = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.05)


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.fixture
def many(services: Services) -> Iterator[Services]:
    """The same atlas, with two processes for searches."""
    held = compose(replace(services.settings, search_processes=2))
    yield held
    held.beside.close()


def at_once(services: Services, times: int) -> list[Results]:
    """Each text so many times, eight at a time."""
    with ThreadPoolExecutor(8) as threads:
        return list(threads.map(services.atlas.search, [Query(text, facets=True) for text in TEXTS] * times))


def started(services: Services) -> tuple[int, ...]:
    """The processes, once there are two."""

    def are_two() -> bool:
        at_once(services, 2)
        return len(services.beside.processes) == 2

    until(are_two)
    return services.beside.processes


def test_one_search_at_a_time_needs_no_process(many: Services) -> None:
    for text in TEXTS:
        many.atlas.search(Query(text))
    assert many.beside.processes == ()


def test_a_search_here_knows_whether_others_search_elsewhere(many: Services) -> None:
    assert many.beside.is_quiet(), "there is nobody else"
    started(many)
    until(many.beside.is_quiet)
    number, process = many.beside._place()
    other = many.beside._place()
    assert process is None and not many.beside.is_quiet()
    many.beside._free.put(other)
    assert many.beside.is_quiet()
    many.beside._free.put((number, process))


def test_the_results_are_the_same_wherever_a_search_runs(services: Services, many: Services) -> None:
    started(many)
    wanted = [replace(services.atlas.search(Query(text, facets=True)), took_ms=0.0) for text in TEXTS]
    found = [replace(results, took_ms=0.0) for results in at_once(many, 6)]
    assert wanted * 6 == found


def test_the_answers_are_the_same_wherever_they_are_written(services: Services, many: Services) -> None:
    started(many)
    queries = [Query(text, facets=True) for text in TEXTS]
    wanted = [json.loads(services.atlas.answer(query)) | {"took_ms": 0} for query in queries]
    with ThreadPoolExecutor(8) as threads:
        found = [json.loads(each) | {"took_ms": 0} for each in threads.map(many.atlas.answer, queries * 6)]
    assert wanted * 6 == found


def test_what_cannot_be_searched_for_is_told_as_ever(many: Services) -> None:
    started(many)
    with ThreadPoolExecutor(8) as threads:
        asked = [threads.submit(many.atlas.search, Query("!!!")) for _ in range(16)]
    for each in asked:
        with pytest.raises(InputError):
            each.result()


def test_a_process_that_dies_is_missed_by_nobody_and_replaced(many: Services) -> None:
    first = started(many)
    for pid in first:
        os.kill(pid, signal.SIGKILL)
    assert all(results.hits for results in at_once(many, 4))
    until(lambda: not set(first) & set(many.beside.processes))


def test_closing_ends_the_processes_and_searches_go_on(many: Services) -> None:
    pids = started(many)
    many.beside.close()
    assert not any(is_running(pid) for pid in pids)
    assert all(results.hits for results in at_once(many, 1))


ALONE = """
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from search.types import Query
from web.services import compose
from web.settings import Settings

services = compose(Settings(home=Path(sys.argv[1]), cache=Path(sys.argv[2]), search_processes=1))
while not services.beside.processes:
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(services.atlas.search, [Query("finance")] * 8))
print(services.beside.processes[0], flush=True)
sys.stdin.read()
"""


def test_a_killed_server_leaves_no_process_behind(services: Services) -> None:
    root = ROOT
    command = [sys.executable, "-c", ALONE, str(services.settings.home), str(services.settings.cache)]
    with subprocess.Popen(command, cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as server:
        assert server.stdout is not None
        pid = int(server.stdout.readline())
        assert is_running(pid)
        server.kill()
    until(lambda: not is_running(pid))
