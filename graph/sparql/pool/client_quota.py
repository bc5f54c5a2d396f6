"""Quota of queries per client: how many queries of one client may run or wait at once."""

from __future__ import annotations

from collections import Counter

from graph.errors import ClientOverloaded

__all__ = ["ClientQuota", "decrement"]


class ClientQuota:
    """Counts the queries of each client that run or wait. `limit` 0: none is refused. A client None is unknown and
    never refused. Not thread-safe: the pool's loop is its only user.

    >>> quota = ClientQuota(1)
    >>> quota.enter("192.0.2.1")
    >>> quota.check("192.0.2.1")
    Traceback (most recent call last):
    graph.errors.ClientOverloaded: 1 queries of yours are already running or waiting. Wait for one to end.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._counts: Counter[str | None] = Counter()

    def check(self, client: str | None) -> None:
        """Raises ClientOverloaded if the client has as many queries as it may have."""
        if client is not None and self._limit and self._counts[client] >= self._limit:
            raise ClientOverloaded(
                f"{self._limit} queries of yours are already running or waiting.", "Wait for one to end."
            )

    def enter(self, client: str | None) -> None:
        """Count one more query of the client."""
        self._counts[client] += 1

    def leave(self, client: str | None) -> None:
        """Count one query less."""
        decrement(self._counts, client)

    def count(self, client: str | None) -> int:
        """The number of queries of the client that run or wait."""
        return self._counts[client]


def decrement(counts: Counter[str | None], client: str | None) -> None:
    """One less. A client without any is removed, or the table would grow with every address that ever came."""
    if counts[client] > 1:
        counts[client] -= 1
    else:
        del counts[client]
