"""Many writers and readers at once, writers that are killed, and a lock that another process holds."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from graph.errors import HomeLocked, InputError, QueryFailed, QueryMemory, QueryTimeout
from graph.sandbox.enter import SandboxLimits
from tests.support.writable_services import BEARER, ServiceMaker, ask, update
from web.app import create_app
from web.services import Services
from web.writer_process.messages import UpdateJob, Written
from web.writer_process.process_handle import WriterChild
from web.writer_process.service import FifoLock, WriteLimits, Writes

PER_WRITER = 4


def writer_of(writable_services: Services) -> int:
    """The process that has a scratch generation now; 0 where there is none."""
    folders = list(writable_services.home.generations.glob("tmp-*"))
    return int(folders[0].name.removeprefix("tmp-")) if folders else 0


def join_all(threads: list[threading.Thread]) -> None:
    for thread in threads:
        thread.join()


def test_eight_writers_and_readers_see_whole_updates(writable_services: Services) -> None:
    """Every update adds a pair; a reader that sees one of two has seen an update in the middle."""
    app = create_app(writable_services)
    writable_services.writes.limits = WriteLimits(
        wait=120.0
    )  # the machine may be busy, and nobody is to be turned away
    observations: list[bool] = []
    statuses: list[int] = []
    failed: list[int] = []
    writers_ended = threading.Event()

    def write(number: int) -> None:
        writable_client = app.test_client()
        for step in range(PER_WRITER):
            name = f"<http://e/{number}-{step}>"
            status = update(
                writable_client,
                f"INSERT DATA {{ {name} <http://e/left> 1 }} ; INSERT DATA {{ {name} <http://e/right> 1 }}",
            )
            if status != 204 or not ask(writable_client, f"ASK {{ {name} <http://e/left> 1 ; <http://e/right> 1 }}"):
                failed.append(status)

    def read() -> None:
        while not writers_ended.is_set():
            statuses.append(_reading(app.test_client(), observations))

    readers = [threading.Thread(target=read) for _ in range(2)]
    writers = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in (*readers, *writers):
        thread.start()
    join_all(writers)
    writers_ended.set()
    join_all(readers)
    assert failed == []
    assert observations and all(observations)
    assert set(statuses) <= {200, 503}, "a busy machine may turn a reader away"
    count = f"ASK {{ {{ SELECT (COUNT(*) AS ?n) {{ ?s <http://e/left> 1 }} }} FILTER(?n = {8 * PER_WRITER}) }}"
    assert ask(app.test_client(), count)


def _reading(client: FlaskClient, observations: list[bool]) -> int:
    """The status of a look for half updates; where there is an answer, `observations` gets whether none was seen."""
    query = "SELECT (COUNT(?l) AS ?a) { ?l <http://e/left> 1 FILTER NOT EXISTS { ?l <http://e/right> 1 } }"
    answer = client.get("/sparql", query_string={"query": query, "format": "csv"})
    if answer.status_code == 200:
        observations.append(answer.text.split() == ["a", "0"])
    return answer.status_code


def test_turns_come_in_order_and_skip_threads_that_gave_up() -> None:
    turns = FifoLock()
    assert turns.take(0)
    assert not turns.take(0.01), "this one leaves again"
    order: list[int] = []

    def wait(number: int) -> None:
        assert turns.take(30)
        order.append(number)
        turns.give()

    threads = []
    for number in range(5):
        threads.append(threading.Thread(target=wait, args=(number,)))
        threads[-1].start()
        time.sleep(0.05)
    turns.give()
    for thread in threads:
        thread.join()
    assert order == list(range(5))
    assert turns.take(0)


def test_a_killed_writer_leaves_the_generation_as_it_was(writable_services: Services) -> None:
    slow = Writes(writable_services.home, WriteLimits(timeout=60.0))
    raised: list[BaseException] = []
    before = writable_services.home.require().name

    def write() -> None:
        try:
            product = "".join(f"VALUES ?v{i} {{ 1 2 3 4 5 6 7 8 9 }} " for i in range(12))
            slow.update(f"INSERT {{ <a:b> <a:c> ?z }} WHERE {{ {product} BIND(?v0 + ?v11 AS ?z) }}", base="http://e/")
        except QueryMemory as error:  # what a SIGKILL from outside most often is
            raised.append(error)

    thread = threading.Thread(target=write)
    thread.start()
    while thread.is_alive():  # a job that was not begun is given to a second child, which is killed too
        with suppress(ProcessLookupError):
            if pid := writer_of(writable_services):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.05)
    slow.close()
    assert len(raised) == 1
    assert writable_services.home.require().name == before
    assert not writer_of(writable_services), "nothing of it is left"
    writable_client = create_app(writable_services).test_client()
    assert update(writable_client, "INSERT DATA { <a:b> <a:c> 1 }") == 204


def test_the_parent_ends_a_child_that_ignores_its_alarm(writable_services: Services) -> None:
    """A stopped process cannot take its own alarm: the parent's clock counts too."""
    slow = Writes(writable_services.home, WriteLimits(timeout=2.0))
    product = "".join(f"VALUES ?v{i} {{ 1 2 3 4 5 6 7 8 9 }} " for i in range(12))
    stopped = threading.Event()

    def stop() -> None:
        while not stopped.is_set():
            child = writer_of(writable_services)
            if child:
                time.sleep(0.5)
                os.kill(child, signal.SIGSTOP)
                stopped.set()
            time.sleep(0.01)

    thread = threading.Thread(target=stop)
    thread.start()
    with pytest.raises(QueryTimeout):
        slow.update(f"INSERT {{ <a:b> <a:c> ?z }} WHERE {{ {product} BIND(?v0 + ?v11 AS ?z) }}", base="http://e/")
    stopped.set()
    thread.join()
    slow.close()
    assert not writer_of(writable_services)


def test_a_write_waits_for_the_lock_and_then_says_so(writable_services: Services, writable_client: FlaskClient) -> None:
    writable_services.writes.limits = WriteLimits(wait=0.3)
    with writable_services.home.lock():
        answer = writable_client.post(
            "/update", data="CLEAR ALL", content_type="application/sparql-update", headers=BEARER
        )
        assert answer.status_code == 503
        assert int(answer.headers["Retry-After"]) > 0
        assert answer.get_json(force=True)["type"].endswith("/locked")
        with pytest.raises(HomeLocked):
            writable_services.writes.update("CLEAR ALL", base="http://e/")
    writable_services.writes.limits = WriteLimits()
    assert update(writable_client, "INSERT DATA { <a:b> <a:c> 1 }") == 204


def test_a_spare_that_died_is_replaced(writable_services: Services, writable_client: FlaskClient) -> None:
    assert update(writable_client, "INSERT DATA { <a:b> <a:c> 1 }") == 204
    spare = writable_services.writes.spare_pid
    assert spare is not None
    os.kill(spare, signal.SIGKILL)
    time.sleep(0.1)
    assert update(writable_client, "INSERT DATA { <a:b> <a:c> 2 }") == 204


def test_a_job_that_no_child_began_is_given_to_the_next(
    writable_services: Services, writable_client: FlaskClient
) -> None:
    assert update(writable_client, "INSERT DATA { <a:b> <a:c> 1 }") == 204
    spare = writable_services.writes.spare_pid
    assert spare is not None
    os.kill(spare, signal.SIGSTOP)  # it is sent the job and does not read it
    end = threading.Timer(0.5, os.kill, (spare, signal.SIGKILL))
    end.start()
    assert update(writable_client, "INSERT DATA { <a:b> <a:c> 2 }") == 204
    end.join()
    assert ask(writable_client, "ASK { <a:b> <a:c> 1, 2 }")


def test_a_child_says_which_job_is_its_last(writable_services: Services) -> None:
    ballast = bytearray(b"x" * (600 << 20))  # the service may be larger than its child may grow
    home = str(writable_services.home.root)
    limits = SandboxLimits("writer", file_bytes=1 << 30, address_bytes=3 << 30, writable=(home,))
    child = WriterChild(limits, jobs=2)
    job = UpdateJob(text="INSERT DATA { <a:b> <a:c> 1 }", base="http://e/", home=home, timeout=10.0, wait=10.0)
    staying = []
    for _ in range(2):
        assert isinstance(child.carry_out(job), Written)
        staying.append(child.staying)
    del ballast
    assert staying == [True, False], "else the next job would be given to a process that ends"


def test_a_child_that_waited_while_the_home_was_replaced_is_replaced(
    make_services: ServiceMaker, tmp_path: Path
) -> None:
    """The sandbox lets it write in the folder that it knew."""
    services = make_services()
    services.writes.update("INSERT DATA { <a:b> <a:c> 1 }", base="http://e/")
    pid, root = services.writes.spare_pid, services.home.root
    shutil.copytree(root, tmp_path / "copy")
    root.rename(tmp_path / "old")
    (tmp_path / "copy").rename(root)
    services.writes.update("INSERT DATA { <a:b> <a:c> 2 }", base="http://e/")
    assert services.writes.spare_pid != pid


def test_a_text_that_is_no_text_is_refused_and_the_child_stays(writable_services: Services) -> None:
    writable_services.writes.update("INSERT DATA { <a:b> <a:c> 1 }", base="http://e/")
    pid = writable_services.writes.spare_pid
    with pytest.raises(InputError):
        writable_services.writes.update("INSERT DATA { <a:b> <a:c> '\ud83c' }", base="http://e/")
    assert writable_services.writes.spare_pid == pid


def test_a_write_counts_although_no_child_can_be_started_for_the_next(module_services: Services) -> None:
    """Its outcome is known. That the next write has to wait for a process is no reason to report a failure."""
    begun: list[WriterChild] = []
    published: list[str] = []

    def start_child(limits: SandboxLimits) -> WriterChild:
        if begun:
            raise OSError(errno.EAGAIN, os.strerror(errno.EAGAIN))
        begun.append(WriterChild(limits, jobs=1))
        return begun[0]

    writes = Writes(module_services.home, then=lambda: published.append("then"), start_child=start_child)
    assert writes.update("INSERT DATA { <a:b> <a:c> 1 }", base="http://e/").generation
    assert published == ["then"]
    with pytest.raises(QueryFailed, match="No process that writes could be started"):
        writes.update("INSERT DATA { <a:b> <a:c> 2 }", base="http://e/")
    begun.clear()
    assert writes.update("INSERT DATA { <a:b> <a:c> 3 }", base="http://e/").generation, "it goes on once there are some"
    writes.close()
