"""The index follows writes: after a quiet moment, or after the longest delay, and again where a lock was held."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from queue import Queue

import pytest

from graph.errors import EncoderUnavailable, HomeLocked
from web.maintenance.index_follower import IndexFollower

Step = Callable[[], bool]


class Steps:
    """Steps with given outcomes, in order; after the last one there is nothing to do."""

    def __init__(self, *outcomes: bool | BaseException) -> None:
        self._outcomes = list(outcomes)
        self.done: Queue[bool | BaseException] = Queue()

    def __call__(self) -> bool:
        outcome = self._outcomes.pop(0) if self._outcomes else False
        self.done.put(outcome)
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome


@pytest.fixture
def follow() -> Iterator[Callable[..., IndexFollower]]:
    """Makes followers that are closed in the end."""
    followers: list[IndexFollower] = []

    def make(step: Step, *, quiet: float = 0.01, max_delay: float = 60.0) -> IndexFollower:
        followers.append(IndexFollower(step, quiet_seconds=quiet, max_delay_seconds=max_delay, retry_seconds=0.01))
        return followers[-1]

    yield make
    for follower in followers:
        follower.close()


def test_steps_are_made_until_there_is_nothing_left(follow: Callable[..., IndexFollower]) -> None:
    steps = Steps(True, True, False)
    follow(steps).notify()
    assert [steps.done.get(timeout=60) for _ in range(3)] == [True, True, False]


def test_without_a_quiet_moment_the_longest_delay_counts(follow: Callable[..., IndexFollower]) -> None:
    steps = Steps()
    follow(steps, quiet=3600.0, max_delay=0.01).notify()
    assert steps.done.get(timeout=60) is False


def test_no_write_no_step(follow: Callable[..., IndexFollower]) -> None:
    steps = Steps()
    follower = follow(steps, quiet=3600.0, max_delay=3600.0)
    follower.notify()
    follower.close()
    assert steps.done.empty()
    follower.notify()
    assert steps.done.empty(), "closed"


@pytest.mark.parametrize("locks", [1, 3])
def test_a_step_that_a_lock_held_up_is_made_again(follow: Callable[..., IndexFollower], locks: int) -> None:
    steps = Steps(*[HomeLocked("Locked.")] * locks, True, False)
    follow(steps).notify()
    outcomes = [steps.done.get(timeout=60) for _ in range(locks + 2)]
    assert outcomes[locks:] == [True, False]


class PanicException(BaseException):
    """As a library written in Rust raises it over a damaged file."""


@pytest.mark.parametrize("error", [EncoderUnavailable("No model."), ZeroDivisionError(), PanicException()])
def test_an_error_ends_the_step_and_not_the_follower(
    follow: Callable[..., IndexFollower], error: BaseException
) -> None:
    steps = Steps(error, False)
    follower = follow(steps)
    follower.notify()
    assert steps.done.get(timeout=60) is error
    follower.notify()
    assert steps.done.get(timeout=60) is False


def test_steps_are_never_made_at_once(follow: Callable[..., IndexFollower]) -> None:
    turn, done = threading.Lock(), threading.Semaphore(0)
    overlaps: list[bool] = []

    def step() -> bool:
        overlaps.append(not turn.acquire(blocking=False))
        turn.release()
        done.release()
        return len(overlaps) < 20

    follower = follow(step)
    for _ in range(10):
        follower.notify()
    for _ in range(20):
        assert done.acquire(timeout=60)
    assert overlaps == [False] * len(overlaps)
