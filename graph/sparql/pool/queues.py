"""Who may run now: fair between clients, and between quick queries and slow ones.

Every query starts in the quick lane. One that is still running after a quantum moves to the slow lane, which has places
of its own and runs at low priority, and so makes room for the next quick one. When the slow lane is full and
somebody waits, the slow query gives its worker up and starts again once there is a slow place: nobody ever waits longer
than a quantum for it (four where most queries take their time). Among those who wait, the client with the fewest
running queries comes first, then the one who came first.

Many queries may wait that will each take a quantum. So look-ups, or what looks like one, come before them to a quick
place, whoever asked, up to sixteen in a row; and while all quick places are held by others there is one more that only
look-ups get.

A long text is read before it is run, in a lane of its own with one place and a queue of its own: however many of them
come, one is read at a time, and only while the others have workers enough (`next`). Likewise what a query needs
searched is searched before it is run, in another lane, whose places are held by the searches rather than by who waits
for them: nobody can end a search.

Nobody waits longer than the query's own time, which counts from when it came (`QueueEntry.until`).

Only the bookkeeping is here, and only the pool's loop uses it: nothing waits and nothing is locked.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal, get_args

from graph.errors import ClientOverloaded, Overloaded, QueryRefused
from graph.sparql.limits import Limits

__all__ = ["Lane", "QueryQueues", "QueueEntry"]

Lane = Literal["quick", "look", "reading", "searching", "slow"]
_LANES: Final[tuple[Lane, ...]] = get_args(Lane)

_IN_A_ROW: Final = 16
"""Look-ups that get a place while others wait for one, before one of those does."""


@dataclass(slots=True, eq=False)
class QueueEntry:
    """One query on its way through the lanes. `client` and `query_id` may be None: unknown, and not cancellable.

    `lane` is where it has a place, `wanted` where it waits for one, until `expires` at the latest; a look-up may get a
    quick place as well. Its own time ends at `until`. (Both in seconds of the loop's clock.) `ahead`: a busy worker was
    told of it already, and will take it next if that frees a place.
    """

    client: str | None
    query_id: str | None
    lane: Lane | None = None
    wanted: Lane = "quick"
    until: float = math.inf
    expires: float = 0.0
    ahead: bool = False


class QueryQueues:
    """Places for `limits.workers` quick queries and `limits.slow` slow ones, for the searches of as many as are quick,
    for one long text that is read, and for one look-up."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._free: dict[Lane, int] = {
            "look": 1, "quick": limits.workers, "reading": 1, "searching": limits.workers,
            "slow": limits.slow or limits.workers,
        }  # fmt: skip
        self._waiting: dict[Lane, list[QueueEntry]] = {lane: [] for lane in _LANES}
        self._wait_in_all = 0
        self._in_a_row = 0
        self._quick_looks = 0
        self._running: Counter[str | None] = Counter()
        self._present: Counter[str | None] = Counter()
        self._named: dict[tuple[str | None, str], QueueEntry] = {}

    def enter(self, ticket: QueueEntry, now: float) -> None:
        """Register the query: it waits for the place that it wants. Raises `Overloaded` or `QueryRefused`."""
        if ticket.query_id is not None and (ticket.client, ticket.query_id) in self._named:
            raise QueryRefused(f"A query with the id ‘{ticket.query_id}’ is already running.", "Choose another id.")
        cap = self._limits.per_client
        if ticket.client is not None and cap and self._present[ticket.client] >= cap:
            raise ClientOverloaded(f"{cap} queries of yours are already running or waiting.", "Wait for one to end.")
        if len(self._waiting[ticket.wanted]) >= self._limits.queue + self._free[ticket.wanted]:
            raise self.overloaded()
        self._present[ticket.client] += 1
        if ticket.query_id is not None:
            self._named[ticket.client, ticket.query_id] = ticket
        self._wait(ticket, now + self._limits.wait)

    def next(self, spares: Callable[[], bool] = lambda: True) -> QueueEntry | None:
        """Give a free place to one of those who wait for it; None where there is no place, or nobody. `spares` says
        whether there is a worker to spare for a long text."""
        if not self._wait_in_all:
            return None
        for lane in _LANES:
            if self._free[lane] <= 0 or (lane == "look" and not self._besides()):
                continue
            if lane == "reading" and not (self._waiting["reading"] and spares()):
                continue
            chosen = self.following(lane)
            if chosen is not None:
                self._place(chosen, lane)
                return chosen
        return None

    def _besides(self) -> bool:
        """Whether all quick places are held by others than look-ups."""
        return not (self._free["quick"] or self._quick_looks)

    def following(self, lane: Lane = "quick") -> QueueEntry | None:
        """The one who is to have the next place in a lane, those put aside that a worker was told of already."""
        if not self._wait_in_all:
            return None
        if lane == "quick":
            first: Lane = "look" if self._in_a_row < _IN_A_ROW else "quick"
            return self._fairest(first) or self._fairest("quick" if first == "look" else "look")
        if lane == "reading":  # one at a time: whoever has the fewest in all comes first
            return min(self._waiting[lane], key=lambda each: self._present[each.client], default=None)
        return self._fairest(lane)

    def _fairest(self, lane: Lane) -> QueueEntry | None:
        chosen: QueueEntry | None = None
        least = 0
        for each in self._waiting[lane]:  # as they came
            if not each.ahead:
                running = self._running.get(each.client, 0)
                if chosen is None or running < least:
                    chosen, least = each, running
                if not running:
                    break
        return chosen

    def seize(self, ticket: QueueEntry) -> bool:
        """A place for this one of those who wait, if there is any."""
        lane: Lane = "quick" if ticket.wanted == "look" else ticket.wanted
        if self._free[lane] <= 0:
            if ticket.wanted != "look" or self._free["look"] <= 0 or not self._besides():
                return False
            lane = "look"
        self._place(ticket, lane)
        return True

    def promote(self, ticket: QueueEntry) -> bool:
        """Move a running query to the slow lane, if that has a place."""
        if ticket.lane not in ("look", "quick") or self._free["slow"] == 0:
            return ticket.lane == "slow"
        self._release(ticket)
        self._hold(ticket, "slow")
        return True

    def contended(self) -> bool:
        """True where a query waits for a quick place."""
        return bool(self._waiting["quick"] or self._waiting["look"])

    def no_look_up(self, ticket: QueueEntry) -> bool:
        """This look-up turns out to be a query: it keeps its place if that is for such, else it waits for one."""
        lane = ticket.lane
        self._release(ticket)
        ticket.wanted = "quick"
        if lane == "look" and not self._free["quick"]:
            self._wait(ticket, ticket.until)
            return False
        self._hold(ticket, "quick" if lane == "look" or lane is None else lane)
        return True

    def wait_for_slow(self, ticket: QueueEntry) -> bool:
        """Give up the quick place and wait for a slow one; False where too many do."""
        if len(self._waiting["slow"]) >= self._limits.queue:
            return False
        self._release(ticket)
        ticket.wanted = "slow"
        self._wait(ticket, ticket.until)
        return True

    def searched(self, ticket: QueueEntry, now: float) -> None:
        """The searches of this query have ended: it waits for a quick place, unless it is over."""
        self._free["searching"] += 1
        if ticket.lane == "searching":
            self._release(ticket)
            ticket.wanted = "quick"
            self._wait(ticket, now + self._limits.wait)

    def leave(self, ticket: QueueEntry) -> None:
        """The query is over, however it ended."""
        if ticket.lane is None:
            self._called(ticket)
        self._release(ticket)
        _less(self._present, ticket.client)
        if ticket.query_id is not None:
            self._named.pop((ticket.client, ticket.query_id), None)

    def expired(self, now: float) -> list[QueueEntry]:
        """Those who have waited too long; they are still to `leave`."""
        return [each for each in self.waiting() if each.expires <= now]

    def waiting(self) -> list[QueueEntry]:
        return [each for line in self._waiting.values() for each in line]

    def named(self, query_id: str, client: str | None = None) -> QueueEntry | None:
        """The query to which that client gave that id, and which runs or waits."""
        return self._named.get((client, query_id))

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

    def _place(self, ticket: QueueEntry, lane: Lane) -> None:
        self._called(ticket)
        ticket.ahead = False
        self._hold(ticket, lane)
        self._in_a_row = self._in_a_row + 1 if ticket.wanted == "look" and self._waiting["quick"] else 0

    def _hold(self, ticket: QueueEntry, lane: Lane) -> None:
        ticket.lane = lane
        self._free[lane] -= 1
        self._running[ticket.client] += 1
        if lane == "quick" and ticket.wanted == "look":
            self._quick_looks += 1

    def _wait(self, ticket: QueueEntry, expires: float) -> None:
        ticket.expires = min(expires, ticket.until)
        self._waiting[ticket.wanted].append(ticket)
        self._wait_in_all += 1

    def _called(self, ticket: QueueEntry) -> None:
        """It waits no longer."""
        self._waiting[ticket.wanted].remove(ticket)
        self._wait_in_all -= 1

    def _release(self, ticket: QueueEntry) -> None:
        if ticket.lane is not None:
            if ticket.lane != "searching":
                self._free[ticket.lane] += 1
            if ticket.lane == "quick" and ticket.wanted == "look":
                self._quick_looks -= 1
            ticket.lane = None
            _less(self._running, ticket.client)


def _less(counts: Counter[str | None], client: str | None) -> None:
    """One less; a client without any is forgotten, or the table would grow with every address that ever came."""
    if counts[client] > 1:
        counts[client] -= 1
    else:
        del counts[client]
