"""Slots and queues: which waiting query runs next, fair between clients and between quick queries and slow ones.

A query needs a slot to run. There are five kinds:

quick      every query starts here; there are as many slots as workers.
slow       a query that still runs after a quantum moves here. It runs at low priority and leaves its quick slot to the
           next query. Where no slow slot is free and another query waits, it gives its worker up and starts again once
           there is one. So no query waits longer than a quantum for a quick slot (four where most queries are slow).
lookup     one extra slot that only look-ups get, while all quick slots are held by other queries. Look-ups also come
           first for quick slots, up to sixteen in a row, because many queries may wait that each take a quantum.
reading    one slot for reading a long text with the guard, granted only while a worker can be spared.
searching  for the searches inside a query, before it waits for a quick slot. The slot is free when the searches end,
           even if the query was over before that.

Among the queries that wait for the same kind of slot, the client with the fewest running queries comes first, then the
query that came first. No query waits longer than its own time (`QueueEntry.until`).

This module only does the bookkeeping. The pool's loop is its only user: nothing here waits or locks.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal, get_args

from graph.errors import Overloaded, QueryRefused
from graph.sparql.limits import Limits
from graph.sparql.pool.client_quota import ClientQuota, decrement

__all__ = ["QueryQueues", "QueueEntry", "SlotKind"]

SlotKind = Literal["quick", "lookup", "reading", "searching", "slow"]
_KINDS: Final[tuple[SlotKind, ...]] = get_args(SlotKind)

MAX_LOOKUPS_IN_A_ROW: Final = 16
"""Look-ups that get a quick slot while another query waits for one, before that query does."""


@dataclass(slots=True, eq=False)
class QueueEntry:
    """One query on its way through the queues. `client` None: unknown; `query_id` None: cannot be cancelled.

    `slot` is the slot that it holds, `wants` the kind that it waits for, until `expires` at the latest; a look-up may
    get a quick slot as well. Its own time ends at `until`. Times are seconds of the loop's clock. `sent_ahead`: a busy
    worker has received it already, and will run it next if that frees a slot.
    """

    client: str | None
    query_id: str | None
    slot: SlotKind | None = None
    wants: SlotKind = "quick"
    until: float = math.inf
    expires: float = 0.0
    sent_ahead: bool = False


class QueryQueues:
    """Slots for `limits.workers` quick queries, as many sets of searches, `limits.slow` slow queries, one long text
    and one look-up; `limits.queue` queries may wait for each kind."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._free: dict[SlotKind, int] = {
            "quick": limits.workers,
            "lookup": 1,
            "reading": 1,
            "searching": limits.workers,
            "slow": limits.slow or limits.workers,
        }
        self._queues: dict[SlotKind, list[QueueEntry]] = {kind: [] for kind in _KINDS}
        self._lookups_in_a_row = 0
        self._quick_lookups = 0
        self._running: Counter[str | None] = Counter()
        self._quota = ClientQuota(limits.per_client)
        self._by_id: dict[tuple[str | None, str], QueueEntry] = {}

    def enter(self, entry: QueueEntry, now: float) -> None:
        """Queue a new query. Raises `Overloaded`, `ClientOverloaded` or `QueryRefused`."""
        if entry.query_id is not None and (entry.client, entry.query_id) in self._by_id:
            raise QueryRefused(f"A query with the id ‘{entry.query_id}’ is already running.", "Choose another id.")
        self._quota.check(entry.client)
        if len(self._queues[entry.wants]) >= self._limits.queue + self._free[entry.wants]:
            raise self.overloaded()
        self._quota.enter(entry.client)
        if entry.query_id is not None:
            self._by_id[entry.client, entry.query_id] = entry
        self._wait(entry, now + self._limits.wait)

    def next(self, can_spare_worker: Callable[[], bool] = lambda: True) -> QueueEntry | None:
        """Grant a free slot to a waiting query; None where there is neither. `can_spare_worker`: for a long text."""
        for kind in _KINDS:
            if self._free[kind] <= 0 or (kind == "lookup" and not self._quick_slots_held_by_others()):
                continue
            if kind == "reading" and not (self._queues["reading"] and can_spare_worker()):
                continue
            entry = self.first(kind)
            if entry is not None:
                self._grant(entry, kind)
                return entry
        return None

    def first(self, kind: SlotKind = "quick") -> QueueEntry | None:
        """The query that gets the next slot of a kind; those that were sent ahead are not counted."""
        if kind == "reading":  # one at a time, so the client with the fewest queries in all comes first
            return min(self._queues[kind], key=lambda entry: self._quota.count(entry.client), default=None)
        if kind != "quick":
            return self._fairest(kind)
        if self._lookups_in_a_row < MAX_LOOKUPS_IN_A_ROW:
            return self._fairest("lookup") or self._fairest("quick")
        return self._fairest("quick") or self._fairest("lookup")

    def grant(self, entry: QueueEntry) -> bool:
        """Grant a slot to this waiting query, if a suitable one is free."""
        kind: SlotKind = "quick" if entry.wants == "lookup" else entry.wants
        if self._free[kind] <= 0:
            if entry.wants != "lookup" or self._free["lookup"] <= 0 or not self._quick_slots_held_by_others():
                return False
            kind = "lookup"
        self._grant(entry, kind)
        return True

    def move_to_slow(self, entry: QueueEntry) -> bool:
        """Give a running query a slow slot instead of its own, if one is free; True where it holds one."""
        if entry.slot not in ("lookup", "quick") or self._free["slow"] == 0:
            return entry.slot == "slow"
        self._release(entry)
        self._hold(entry, "slow")
        return True

    def wait_for_slow(self, entry: QueueEntry) -> bool:
        """Let a running query give up its slot and wait for a slow one; False where too many do."""
        if len(self._queues["slow"]) >= self._limits.queue:
            return False
        self._release(entry)
        entry.wants = "slow"
        self._wait(entry, entry.until)
        return True

    def end_search(self, entry: QueueEntry, now: float) -> None:
        """The searches of a query have ended: it waits for a quick slot, unless it is over."""
        self._free["searching"] += 1
        if entry.slot == "searching":
            self._release(entry)
            entry.wants = "quick"
            self._wait(entry, now + self._limits.wait)

    def leave(self, entry: QueueEntry) -> None:
        """The query is over, however it ended."""
        if entry.slot is None:
            self._queues[entry.wants].remove(entry)
        self._release(entry)
        self._quota.leave(entry.client)
        if entry.query_id is not None:
            self._by_id.pop((entry.client, entry.query_id), None)

    def contended(self) -> bool:
        """Whether a query waits for a quick slot."""
        return bool(self._queues["quick"] or self._queues["lookup"])

    def expired(self, now: float) -> list[QueueEntry]:
        """The queries that have waited too long; they are still to `leave`."""
        return [entry for entry in self.waiting() if entry.expires <= now]

    def waiting(self) -> list[QueueEntry]:
        """The queries without a slot."""
        return [entry for queue in self._queues.values() for entry in queue]

    def by_id(self, query_id: str, client: str | None = None) -> QueueEntry | None:
        """The running or waiting query to which that client gave that id."""
        return self._by_id.get((client, query_id))

    def load(self) -> tuple[int, int]:
        """The number of queries with a slot, and of those that wait."""
        return sum(self._running.values()), sum(map(len, self._queues.values()))

    def overloaded(self) -> Overloaded:
        """The error for a query that cannot wait, or has waited too long."""
        _, waiting = self.load()
        return Overloaded(
            f"All query workers are busy and {waiting} more {'query waits' if waiting == 1 else 'queries wait'}.",
            "Try again in a moment.",
            retry_after=1 + waiting // (2 * self._limits.workers),
        )

    def _fairest(self, kind: SlotKind) -> QueueEntry | None:
        """Of the client with the fewest running queries, the query that came first."""
        fairest: QueueEntry | None = None
        fewest = 0
        for entry in self._queues[kind]:  # in the order of arrival
            if not entry.sent_ahead:
                running = self._running.get(entry.client, 0)
                if fairest is None or running < fewest:
                    fairest, fewest = entry, running
                if not running:
                    break
        return fairest

    def _quick_slots_held_by_others(self) -> bool:
        """Whether all quick slots are held by queries that are no look-ups."""
        return not (self._free["quick"] or self._quick_lookups)

    def _wait(self, entry: QueueEntry, expires: float) -> None:
        entry.expires = min(expires, entry.until)
        self._queues[entry.wants].append(entry)

    def _grant(self, entry: QueueEntry, kind: SlotKind) -> None:
        self._queues[entry.wants].remove(entry)
        entry.sent_ahead = False
        self._hold(entry, kind)
        passed_over = entry.wants == "lookup" and self._queues["quick"]
        self._lookups_in_a_row = self._lookups_in_a_row + 1 if passed_over else 0

    def _hold(self, entry: QueueEntry, kind: SlotKind) -> None:
        entry.slot = kind
        self._free[kind] -= 1
        self._running[entry.client] += 1
        self._quick_lookups += kind == "quick" and entry.wants == "lookup"

    def _release(self, entry: QueueEntry) -> None:
        if entry.slot is None:
            return
        if entry.slot != "searching":  # that one is free when the searches end
            self._free[entry.slot] += 1
        self._quick_lookups -= entry.slot == "quick" and entry.wants == "lookup"
        entry.slot = None
        decrement(self._running, entry.client)
