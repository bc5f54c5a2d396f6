"""The deadline of a request: how long a search for it may take. The server cancels it when the client leaves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from graph.deadline import Deadline
from search.searcher import MAX_SEARCH_SECONDS

__all__ = ["DEADLINE", "request_deadline"]

DEADLINE: Final = "creative_atlas.deadline"
"""The key of a request's environment under which the server passes its deadline to Flask."""


def request_deadline(environ: Mapping[str, Any]) -> Deadline:
    """The deadline that the server gave the request; a new one without that server, as in tests of Flask alone.

    >>> request_deadline({}).cancelled
    False
    """
    deadline = environ.get(DEADLINE)
    return deadline if isinstance(deadline, Deadline) else Deadline.after(MAX_SEARCH_SECONDS)
