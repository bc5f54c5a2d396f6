"""Who may run now: fair between clients, and between quick queries and slow ones.

Every query starts in the quick lane. One that is still running after a quantum moves to the slow lane, which has places
of its own and runs at low priority, and so makes room for the next quick one. When the slow lane is full and
somebody waits, the slow query gives its worker up and starts again once there is a slow place: point look-ups never
wait longer than a quantum for it (four where most queries take their time). Among those who wait, the client with the
fewest running queries comes first, then the one who came first.

A long text is read before it is run, in a lane of its own with one place and a queue of its own: however many of them
come, one is read at a time, and only while the others have workers enough (`next`).

Only the bookkeeping is here, and only the pool's loop uses it: nothing waits and nothing is locked.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

from graph.errors import Overloaded, QueryRefused
from graph.sparql.limits import Limits

__all__ = ["Lane", "Lanes", "Ticket"]

Lane = Literal["quick", "reading", "slow"]
_LANES: Final[tuple[Lane, ...]] = ("quick", "reading", "slow")


@dataclass(slots=True, eq=False)
class Ticket:
    """One query on its way through the lanes. `client` and `query_id` may be None: unknown, and not cancellable.

    `lane` is where it has a place, `wanted` where it waits for one, until `expires` at the latest (seconds of the
    loop's clock). `ahead`: a busy worker was told of it already, and will take it next if that frees a place.
    """

    client: str | None
    query_id: str | None
    lane: Lane | None = None
    wanted: Lane = "quick"
    expires: float = 0.0
    number: int = 0
    ahead: bool = False


class Lanes:
    """Places for `limits.workers` quick queries and `limits.slow` slow ones, and for one long text that is read."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._free: dict[Lane, int] = {"quick": limits.workers, "reading": 1, "slow": limits.slow or limits.workers}
        self._waiting: dict[Lane, list[Ticket]] = {lane: [] for lane in _LANES}
        self._wait_in_all = 0
        self._running: Counter[str | None] = Counter()
        self._present: Counter[str | None] = Counter()
        self._named: dict[str, Ticket] = {}
        self._count = 0

    def enter(self, ticket: Ticket, now: float) -> None:
        """Register the query: it waits for the place that it wants. Raises `Overloaded` or `QueryRefused`."""
        if ticket.query_id is not None and ticket.query_id in self._named:
            raise QueryRefused(f"A query with the id ‘{ticket.query_id}’ is already running.", "Choose another id.")
        cap = self._limits.per_client
        if ticket.client is not None and cap and self._present[ticket.client] >= cap:
            error = Overloaded(f"{cap} queries of yours are already running or waiting.", "Wait for one to end.")
            error.status = 429
            raise error
        if (self._free["quick"] == 0 or ticket.wanted == "reading") and self._full(ticket.wanted):
            raise self.overloaded()
        self._present[ticket.client] += 1
        if ticket.query_id is not None:
            self._named[ticket.query_id] = ticket
        self._wait(ticket, now + self._limits.wait)

    def _full(self, wanted: Lane) -> bool:
        lines = self._waiting
        if wanted == "reading":
            return len(lines["reading"]) >= self._limits.queue + self._free["reading"]
        return len(lines["quick"]) + len(lines["slow"]) >= self._limits.queue

    def next(self, spares: Callable[[], bool] = lambda: True) -> Ticket | None:
        """Give a free place to one of those who wait for it; None where there is no place, or nobody. `spares` says
        whether there is a worker to spare for a long text."""
        if not self._wait_in_all:
            return None
        for lane in _LANES:
            if self._free[lane] <= 0 or not self._waiting[lane] or (lane == "reading" and not spares()):
                continue
            chosen = self.following(lane)
            if chosen is not None:
                self._place(chosen)
                return chosen
        return None

    def following(self, lane: Lane = "quick") -> Ticket | None:
        """The one who is to have the next place in a lane, those put aside that a worker was told of already."""
        line = self._waiting[lane]
        if lane == "reading":  # one at a time: whoever has the fewest in all comes first
            return min(line, key=lambda each: self._present[each.client], default=None)
        chosen: Ticket | None = None
        least = 0
        for each in line:  # as they came
            if not each.ahead:
                running = self._running.get(each.client, 0)
                if chosen is None or running < least:
                    chosen, least = each, running
                if not running:
                    break
        return chosen

    def seize(self, ticket: Ticket) -> bool:
        """A place for this one of those who wait, if there is any."""
        if self._free[ticket.wanted] <= 0:
            return False
        self._place(ticket)
        return True

    def promote(self, ticket: Ticket) -> bool:
        """Move a running query to the slow lane, if that has a place."""
        if ticket.lane != "quick" or self._free["slow"] == 0:
            return ticket.lane == "slow"
        self._free["slow"] -= 1
        self._free["quick"] += 1
        ticket.lane = "slow"
        return True

    def contended(self) -> bool:
        """True where a query waits for a quick place."""
        return bool(self._waiting["quick"])

    def wait_for_slow(self, ticket: Ticket, now: float) -> None:
        """Give up the quick place and wait for a slow one, at most a timeout and a wait: those who hold the slow
        places end by then."""
        self._release(ticket)
        ticket.wanted = "slow"
        self._wait(ticket, now + self._limits.wait + self._limits.timeout)

    def leave(self, ticket: Ticket) -> None:
        """The query is over, however it ended."""
        if ticket.lane is None:
            self._called(ticket)
        self._release(ticket)
        _less(self._present, ticket.client)
        if ticket.query_id is not None:
            self._named.pop(ticket.query_id, None)

    def expired(self, now: float) -> list[Ticket]:
        """Those who have waited too long; they are still to `leave`."""
        return [each for each in self.waiting() if each.expires <= now]

    def waiting(self) -> list[Ticket]:
        return [each for line in self._waiting.values() for each in line]

    def named(self, query_id: str) -> Ticket | None:
        """The query of that id that runs or waits."""
        return self._named.get(query_id)

    def load(self) -> tuple[int, int]:
        """How many queries have a place and how many wait."""
        return sum(self._running.values()), self._wait_in_all

    def overloaded(self) -> Overloaded:
        waiting = self._wait_in_all
        return Overloaded(
            f"All query workers are busy and {waiting} more {'query waits' if waiting == 1 else 'queries wait'}.",
            "Try again in a moment.",
            retry_after=1 + waiting // (2 * self._limits.workers),
        )

    def _place(self, ticket: Ticket) -> None:
        self._called(ticket)
        ticket.lane, ticket.ahead = ticket.wanted, False
        self._free[ticket.wanted] -= 1
        self._running[ticket.client] += 1

    def _wait(self, ticket: Ticket, expires: float) -> None:
        self._count += 1
        ticket.number, ticket.expires = self._count, expires
        self._waiting[ticket.wanted].append(ticket)
        self._wait_in_all += 1

    def _called(self, ticket: Ticket) -> None:
        """It waits no longer."""
        self._waiting[ticket.wanted].remove(ticket)
        self._wait_in_all -= 1

    def _release(self, ticket: Ticket) -> None:
        if ticket.lane is not None:
            self._free[ticket.lane] += 1
            ticket.lane = None
            _less(self._running, ticket.client)


def _less(counts: Counter[str | None], client: str | None) -> None:
    """One less; a client without any is forgotten, or the table would grow with every address that ever came."""
    if counts[client] > 1:
        counts[client] -= 1
    else:
        del counts[client]
