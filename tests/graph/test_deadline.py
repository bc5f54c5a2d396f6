"""Deadline: time left, time-out, cancellation. The clock is a variable of the test."""

from __future__ import annotations

import math

import pytest

from graph.deadline import Deadline
from graph.errors import QueryCancelled, QueryTimeout


def test_the_time_left_falls_to_zero_and_not_below() -> None:
    now = 100.0
    deadline = Deadline(2.0, clock=lambda: now)
    assert deadline.remaining() == 2.0
    now = 101.5
    assert deadline.remaining() == 0.5
    deadline.check()
    now = 105.0
    assert deadline.remaining() == 0.0


def test_work_ends_at_the_deadline_with_the_limit_in_the_error() -> None:
    now = 0.0
    deadline = Deadline(1.5, clock=lambda: now)
    now = 1.5
    with pytest.raises(QueryTimeout, match=r"after 1\.5 seconds") as caught:
        deadline.check()
    assert caught.value.seconds == 1.5


def test_work_is_ended_when_it_is_cancelled() -> None:
    deadline = Deadline.after(1000)
    deadline.check()
    deadline.cancel()
    assert deadline.cancelled
    assert deadline.remaining() == 0.0
    with pytest.raises(QueryCancelled):
        deadline.check()


def test_no_deadline() -> None:
    deadline = Deadline.never()
    assert deadline.remaining() == math.inf
    deadline.check()
