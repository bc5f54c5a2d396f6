"""Verdicts that workers deliver, and the tasks that ask for them."""

from __future__ import annotations

import pytest

from graph.errors import QueryFailed
from graph.sparql.limits import Limits
from graph.sparql.pool.guard_verdicts import Verdicts
from graph.sparql.pool.request import engine_syntax_error
from graph.sparql.worker.protocol import Answer


def test_nonsense_from_a_worker_is_a_fault_of_the_service() -> None:
    """Told as the client's fault, it would never be looked into, and never be sent again."""
    verdicts = Verdicts(Limits(), search=False)
    for answer in (Answer("done"), Answer("checked", body=b"nonsense"), Answer("checked", body=b"{}")):
        with pytest.raises(QueryFailed):
            verdicts.accept("ASK {}", (answer, None))
    for body in (b"nonsense", b"{}", b"[]"):
        with pytest.raises(QueryFailed):
            engine_syntax_error((Answer("failed", body=body), None))


def test_the_search_for_a_syntax_error_has_the_time_that_is_left_and_can_be_cancelled() -> None:
    task = Verdicts(Limits(timeout=30), search=False).task("ASK {", "client", 2.5, query_id="q")
    assert (task.query_id, task.seconds, task.client) == ("q", 2.5, "client")
