"""Two halves of a search at once: on two threads where that is of use, and with the same outcome where it is not."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import NoReturn

import pytest

from graph.errors import InputError
from search.parallel import ParallelRunner


def here() -> int:
    return threading.get_ident()


def test_both_run_at_once_where_it_is_quiet() -> None:
    begun, go_on = threading.Event(), threading.Event()

    def aside() -> int:
        begun.set()
        assert go_on.wait(60)
        return threading.get_ident()

    def meanwhile() -> int:
        assert begun.wait(60), "the other half waits for this one"
        go_on.set()
        return threading.get_ident()

    one, other = ParallelRunner(lambda: True).both(aside, meanwhile)
    assert one != other == threading.get_ident()


def test_one_runs_after_the_other_where_others_search() -> None:
    order: list[str] = []
    both = ParallelRunner(lambda: False).both(
        lambda: order.append("aside") or here(), lambda: order.append("here") or here()
    )
    assert both == (here(), here()) and order == ["aside", "here"]


def test_who_comes_while_the_thread_is_taken_goes_without() -> None:
    shared = ParallelRunner(lambda: True)
    inner: list[tuple[int, int]] = []
    taken, go_on = threading.Event(), threading.Event()

    def hold() -> None:
        taken.set()
        assert go_on.wait(60)

    def second() -> None:
        assert taken.wait(60)
        inner.append(shared.both(here, here))
        go_on.set()

    shared.both(hold, second)
    assert inner == [(here(), here())]
    assert shared.both(here, here)[0] != here(), "it is free again"


def fail(what: str) -> Callable[[], NoReturn]:
    def work() -> NoReturn:
        raise InputError(what)

    return work


@pytest.mark.parametrize("is_quiet", [True, False])
def test_what_either_raises_is_raised_and_the_thread_is_free_again(is_quiet: bool) -> None:
    shared = ParallelRunner(lambda: is_quiet)
    for aside, work, told in (
        (fail("aside"), here, "aside"), (here, fail("here"), "here"), (fail("aside"), fail("here"), "aside")
    ):  # fmt: skip
        with pytest.raises(InputError, match=told):
            shared.both(aside, work)
    assert (shared.both(here, here)[0] != here()) is is_quiet


def test_where_no_thread_can_be_had_one_runs_after_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    def none(*_: object) -> NoReturn:
        raise RuntimeError("can't start new thread")

    shared = ParallelRunner(lambda: True)
    with monkeypatch.context() as patched:
        patched.setattr("threading.Thread.start", none)
        assert shared.both(here, here) == (here(), here())
    assert shared.both(here, here)[0] != here(), "later there is one"
    assert shared.both(here, here)[0] != here(), "and it was not given back twice"
