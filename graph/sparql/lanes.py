"""Who may run now: fair between clients, and between quick queries and slow ones.

Every query starts in the quick lane. One that is still running after a quantum moves to the slow lane, which has as
many places and runs at low priority, and so makes room for the next quick one. When the slow lane is full and
somebody waits, the slow query gives its worker up and starts again once there is a slow place: point look-ups never
wait longer than a quantum for it. Among those who wait, the client with the fewest running queries comes first, then
the one who came first.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from dataclasses import dataclass
from typing import Final, Literal

from graph.errors import Overloaded, QueryCancelled, QueryRefused
from graph.sparql.limits import Limits
from graph.sparql.process import WorkerProcess

__all__ = ["Lanes", "Ticket"]

Lane = Literal["quick", "slow"]
_LANES: Final[tuple[Lane, ...]] = ("quick", "slow")


@dataclass(slots=True, eq=False)
class Ticket:
    """One query on its way through the lanes. `client` and `query_id` may be None: unknown, and not cancellable."""

    client: str | None
    query_id: str | None
    lane: Lane | None = None
    wanted: Lane = "quick"
    cancelled: bool = False
    worker: WorkerProcess | None = None
    number: int = 0
    turn: threading.Condition | None = None


class Lanes:
    """Places for `limits.workers` quick and as many slow queries. All methods may be called from any thread."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._lock = threading.Lock()
        self._free: dict[Lane, int] = {"quick": limits.workers, "slow": limits.workers}
        self._waiting: list[Ticket] = []
        self._running: Counter[str | None] = Counter()
        self._present: Counter[str | None] = Counter()
        self._named: dict[str, Ticket] = {}
        self._held: set[Ticket] = set()
        self._count = 0
        self._closed = False

    def enter(self, ticket: Ticket) -> None:
        """Register the query and wait for a quick place. Raises `Overloaded`, `QueryCancelled`, `QueryRefused`."""
        with self._lock:
            self._admit(ticket)
            try:
                self._wait(ticket, self._limits.wait)
            except BaseException:
                self._strike(ticket)
                raise

    def promote(self, ticket: Ticket) -> bool:
        """Move a running query to the slow lane, if that has a place."""
        with self._lock:
            if ticket.lane != "quick" or self._free["slow"] == 0:
                return ticket.lane == "slow"
            self._free["slow"] -= 1
            self._free["quick"] += 1
            ticket.lane = "slow"
            self._grant()
            return True

    def contended(self) -> bool:
        """True where a query waits for a quick place."""
        with self._lock:
            return any(each.wanted == "quick" for each in self._waiting)

    def queue_for_slow(self, ticket: Ticket) -> None:
        """Give up the quick place and wait for a slow one, at most a timeout and a wait: those who hold the slow
        places end by then. Raises as `enter` does."""
        with self._lock:
            self._release(ticket)
            ticket.wanted = "slow"
            self._wait(ticket, self._limits.wait + self._limits.timeout)

    def leave(self, ticket: Ticket) -> None:
        """The query is over, however it ended."""
        with self._lock:
            self._release(ticket)
            self._strike(ticket)

    def hold(self, ticket: Ticket, worker: WorkerProcess | None) -> None:
        """Say which worker runs the query, so that `cancel` kills this one and no other."""
        (self._held.discard if worker is None else self._held.add)(ticket)
        if ticket.query_id is None:  # nobody can cancel it
            ticket.worker = worker
            return
        with self._lock:
            ticket.worker = worker
            if worker is not None and ticket.cancelled:
                worker.kill("cancelled")

    def cancel(self, query_id: str) -> bool:
        """Kill or un-queue the query of that id; False where there is none."""
        with self._lock:
            ticket = self._named.get(query_id)
            if ticket is None:
                return False
            ticket.cancelled = True
            if ticket.worker is not None:
                ticket.worker.kill("cancelled")
            if ticket.turn is not None:
                ticket.turn.notify()
            return True

    def close(self) -> None:
        """Nobody gets in any more; those who wait are told."""
        with self._lock:
            self._closed = True
            for each in self._waiting:
                if each.turn is not None:
                    each.turn.notify()

    def load(self) -> tuple[int, int]:
        """How many queries run and how many wait."""
        with self._lock:
            return sum(self._running.values()), len(self._waiting)

    def busy(self) -> list[int]:
        """Process ids of the workers that run a query."""
        with self._lock:
            return [each.worker.pid for each in tuple(self._held) if each.worker is not None]

    def _admit(self, ticket: Ticket) -> None:
        if self._closed:
            raise QueryCancelled("The service is closing.")
        if ticket.query_id is not None and ticket.query_id in self._named:
            raise QueryRefused(f"A query with the id ‘{ticket.query_id}’ is already running.", "Choose another id.")
        cap = self._limits.per_client
        if ticket.client is not None and cap and self._present[ticket.client] >= cap:
            error = Overloaded(f"{cap} queries of yours are already running or waiting.", "Wait for one to end.")
            error.status = 429
            raise error
        if len(self._waiting) >= self._limits.queue and self._free["quick"] == 0:
            raise self._overloaded()
        self._count += 1
        ticket.number = self._count
        self._present[ticket.client] += 1
        if ticket.query_id is not None:
            self._named[ticket.query_id] = ticket

    def _wait(self, ticket: Ticket, seconds: float) -> None:
        if self._free[ticket.wanted] and not self._waiting:
            self._place(ticket)
            return
        # Each who waits has a condition of its own: to wake all for one free place would cost more than the queries.
        ticket.turn = threading.Condition(self._lock)
        self._waiting.append(ticket)
        self._grant()
        deadline = time.monotonic() + seconds
        while ticket.lane is None:
            left = deadline - time.monotonic()
            if ticket.cancelled or self._closed or left <= 0:
                self._waiting.remove(ticket)
                raise self._why(ticket)
            ticket.turn.wait(left)
        ticket.turn = None

    def _place(self, ticket: Ticket) -> None:
        ticket.lane = ticket.wanted
        self._free[ticket.lane] -= 1
        self._running[ticket.client] += 1

    def _why(self, ticket: Ticket) -> QueryCancelled | Overloaded:
        if ticket.cancelled:
            return QueryCancelled("The query was cancelled.")
        return QueryCancelled("The service is closing.") if self._closed else self._overloaded()

    def _overloaded(self) -> Overloaded:
        waiting = len(self._waiting)
        return Overloaded(
            f"All query workers are busy and {waiting} more {'query waits' if waiting == 1 else 'queries wait'}.",
            "Try again in a moment.",
            retry_after=1 + waiting // (2 * self._limits.workers),
        )

    def _grant(self) -> None:
        """Hand free places to those who wait."""
        for lane in _LANES if self._waiting else ():
            while self._free[lane] > 0:
                candidates = [each for each in self._waiting if each.wanted == lane]
                if not candidates:
                    break
                chosen = min(candidates, key=lambda each: (self._running[each.client], each.number))
                self._waiting.remove(chosen)
                self._place(chosen)
                if chosen.turn is not None:
                    chosen.turn.notify()

    def _release(self, ticket: Ticket) -> None:
        if ticket.lane is not None:
            self._free[ticket.lane] += 1
            ticket.lane = None
            _less(self._running, ticket.client)
            self._grant()

    def _strike(self, ticket: Ticket) -> None:
        _less(self._present, ticket.client)
        if ticket.query_id is not None:
            self._named.pop(ticket.query_id, None)


def _less(counts: Counter[str | None], client: str | None) -> None:
    """One less; a client without any is forgotten, or the table would grow with every address that ever came."""
    if counts[client] > 1:
        counts[client] -= 1
    else:
        del counts[client]
