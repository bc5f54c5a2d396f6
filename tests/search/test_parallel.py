"""Two functions run on two threads when nothing else runs, and one after the other otherwise, with the same results."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NoReturn

import pytest

from graph.errors import InputError
from search.parallel import ParallelRunner


def here() -> int:
    return threading.get_ident()


def test_both_run_at_once_when_it_is_quiet() -> None:
    started, go_on = threading.Event(), threading.Event()

    def aside() -> int:
        started.set()
        assert go_on.wait(60)
        return threading.get_ident()

    def beside() -> int:
        assert started.wait(60), "the other function waits for this one"
        go_on.set()
        return threading.get_ident()

    first, second = ParallelRunner(lambda: True).both(aside, beside)
    assert first != second == threading.get_ident()


def test_one_runs_after_the_other_when_it_is_not_quiet() -> None:
    order: list[str] = []
    both = ParallelRunner(lambda: False).both(
        lambda: order.append("aside") or here(), lambda: order.append("here") or here()
    )
    assert both == (here(), here()) and order == ["aside", "here"]


def test_a_pair_runs_without_the_second_thread_while_that_is_busy() -> None:
    shared = ParallelRunner(lambda: True)
    inner: list[tuple[int, int]] = []
    busy, go_on = threading.Event(), threading.Event()

    def hold() -> None:
        busy.set()
        assert go_on.wait(60)

    def second() -> None:
        assert busy.wait(60)
        inner.append(shared.both(here, here))
        go_on.set()

    shared.both(hold, second)
    assert inner == [(here(), here())]
    assert shared.both(here, here)[0] != here(), "it is free again"


def fail(message: str) -> Callable[[], NoReturn]:
    def work() -> NoReturn:
        raise InputError(message)

    return work


@pytest.mark.parametrize("is_quiet", [True, False])
def test_an_error_of_either_is_raised_and_frees_the_second_thread(is_quiet: bool) -> None:
    shared = ParallelRunner(lambda: is_quiet)
    for aside, work, message in (
        (fail("aside"), here, "aside"), (here, fail("here"), "here"), (fail("aside"), fail("here"), "aside")
    ):  # fmt: skip
        with pytest.raises(InputError, match=message):
            shared.both(aside, work)
    assert (shared.both(here, here)[0] != here()) is is_quiet


class ReluctantExecutor(ThreadPoolExecutor):
    """Has no thread to give."""

    def submit(self, *_: Any, **__: Any) -> NoReturn:
        raise RuntimeError("can't start new thread")


def test_without_a_thread_one_runs_after_the_other() -> None:
    executors = iter([ReluctantExecutor(1), ThreadPoolExecutor(1)])
    shared = ParallelRunner(lambda: True, start=lambda: next(executors))
    assert shared.both(here, here) == (here(), here())
    assert shared.both(here, here)[0] != here(), "later there is one"
    assert shared.both(here, here)[0] != here(), "and the lock was not released twice"
