"""A bounded number of threads for work that blocks, and a bounded queue before them."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, TypeVar

from graph.errors import Overloaded

__all__ = ["Abandoned", "RequestThreads"]

T = TypeVar("T")

_Job = tuple[Callable[[], Any], Callable[[], bool], "asyncio.Future[Any]"]


class Abandoned(ConnectionError):
    """The client closed the connection before its request was worked on."""


class RequestThreads:
    """`count` threads; as many requests again may wait for one. The threads end with the process."""

    def __init__(self, count: int) -> None:
        self._max_present = 2 * count
        self._present = 0
        self._jobs: queue.SimpleQueue[_Job] = queue.SimpleQueue()
        for number in range(count):
            threading.Thread(target=self._work, name=f"request-{number}", daemon=True).start()

    @contextmanager
    def place(self) -> Iterator[None]:
        """One of the places, for as long as a request is under way. Raises `Overloaded` where all are taken."""
        if self._present >= self._max_present:
            raise Overloaded("All threads of the service are busy.", "Try again in a moment.")
        self._present += 1
        try:
            yield
        finally:
            self._present -= 1

    async def run(self, work: Callable[[], T], has_left: Callable[[], bool]) -> T:
        """The result of `work`, from a thread.

        Raises what `work` raises, and `Abandoned` where `has_left` says that the client is gone by the time a thread
        is free: the work is not begun then.
        """
        done: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._jobs.put((work, has_left, done))
        return await done

    def _work(self) -> None:
        while True:
            _carry_out(*self._jobs.get())


def _carry_out(work: Callable[[], Any], has_left: Callable[[], bool], done: asyncio.Future[Any]) -> None:
    """One job. A function of its own, so that an idle thread keeps nothing of its last request."""
    result: Any = None
    failure: BaseException | None = None
    try:
        if has_left():
            raise Abandoned
        result = work()
    except BaseException as error:  # a thread serves many requests
        failure = error
    with suppress(RuntimeError):  # the loop has ended
        done.get_loop().call_soon_threadsafe(_settle, done, result, failure)
    del failure  # its traceback holds this frame


def _settle(done: asyncio.Future[Any], result: Any, failure: BaseException | None) -> None:
    if done.done():
        return
    if failure is None:
        done.set_result(result)
    elif isinstance(failure, Exception):
        done.set_exception(failure)
    else:  # SystemExit and its kind would end the loop
        done.set_exception(RuntimeError(f"the work ended with {failure!r}"))
