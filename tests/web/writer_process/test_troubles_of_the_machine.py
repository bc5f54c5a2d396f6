"""Troubles that are the machine's, or an upload's size: each has a status of its own, and nothing is changed."""

from __future__ import annotations

import gzip
from dataclasses import replace

from flask.testing import FlaskClient

from graph.errors import InputTooLarge, QueryFailed, QueryMemory
from graph.sandbox.exit_reason import read_death
from graph.sandbox.remote_error import RemoteError
from graph.storage.engine_faults import store_fault
from graph.write.writer import Progress, no_progress
from tests.support.writable_services import BEARER, ask
from web.app import create_app
from web.services import Services
from web.writer_process.messages import GraphJob, Job, UpdateJob, UploadFile, WriteFailure, Written, memory_error
from web.writer_process.process_handle import WriterChild, error_of_death
from web.writer_process.service import WriteLimits

COMMON = {"home": "atlas", "base": "http://e/", "timeout": 5.0, "wait": 5.0}
UPDATE = UpdateJob(text="CLEAR ALL", **COMMON)  # type: ignore[arg-type]
UPLOAD = GraphJob(method="PUT", graph="u:g", uploads=(UploadFile("body", "text/turtle"),), **COMMON)  # type: ignore[arg-type]
DELETION = GraphJob(method="DELETE", graph="u:g", **COMMON)  # type: ignore[arg-type]


def test_an_upload_that_takes_too_much_memory_is_too_large() -> None:
    for status in (-6,):  # an allocation failed in the engine
        assert isinstance(error_of_death(read_death(status), "evaluating", UPLOAD), InputTooLarge)
        assert isinstance(error_of_death(read_death(status), "evaluating", UPDATE), QueryMemory)
        assert isinstance(error_of_death(read_death(status), "evaluating", DELETION), QueryMemory)
    assert isinstance(memory_error(UPLOAD), InputTooLarge)
    assert isinstance(error_of_death(read_death(-9), "evaluating", UPLOAD), QueryMemory), "it may be another's fault"
    assert isinstance(error_of_death(read_death(1), "evaluating", UPLOAD), QueryFailed)


def test_a_bomb_is_413(writable_services: Services) -> None:
    """It is small as sent, unpacks to less than may be unpacked, and needs more memory than there is."""
    writes = replace(writable_services.writes, limits=WriteLimits(memory=500 << 20))
    client: FlaskClient = create_app(writable_services).test_client()
    writable_services.writes.limits = writes.limits
    body = b"<u:a> <u:b> ( " + b"1 " * 3_500_000 + b") ."
    answer = client.put("/graph-store?graph=u:g", data=body, content_type="text/turtle", headers=BEARER)
    writable_services.writes.limits = WriteLimits()
    assert answer.status_code == 413, answer.text
    assert "query" not in answer.text
    assert not ask(client, "ASK { GRAPH <u:g> { ?s ?p ?o } }")


def test_a_gzipped_body_that_unpacks_to_more_than_it_may_is_413(writable_services: Services) -> None:
    client = create_app(writable_services).test_client()
    writable_services.writes.limits = WriteLimits(unpacked_bytes=1 << 20)
    body = gzip.compress(b"".join(b"<u:%d> <u:b> 1 .\n" % n for n in range(100_000)))
    headers = {**BEARER, "Content-Encoding": "gzip"}
    answer = client.put("/graph-store?graph=u:g", data=body, content_type="text/turtle", headers=headers)
    writable_services.writes.limits = WriteLimits()
    assert answer.status_code == 413, answer.text


class FullChild(WriterChild):
    """A child that finds no room on the disk, as its engine says it."""

    def carry_out(self, job: Job, progress: Progress = no_progress) -> Written | WriteFailure:
        fault = store_fault(OSError("IO error: No space left on device: While appending: /srv/atlas/000017.log"))
        assert fault is not None
        self.end()
        return WriteFailure(RemoteError.of(fault))


def test_a_full_disk_is_507(writable_services: Services) -> None:
    writable_services.writes.start_child = FullChild
    writable_services.writes.close()
    client = create_app(writable_services).test_client()
    answer = client.post("/update", data="CLEAR ALL", content_type="application/sparql-update", headers=BEARER)
    assert answer.status_code == 507, answer.text
    assert answer.get_json(force=True)["type"].endswith("/storage-full")
    assert "Retry-After" not in answer.headers and "/srv" not in answer.text
    writable_services.writes.close()
    writable_services.writes.start_child = WriterChild
    answer = client.post("/update", data="CLEAR ALL", content_type="application/sparql-update", headers=BEARER)
    assert answer.status_code == 204
