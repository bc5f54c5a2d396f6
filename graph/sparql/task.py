"""One question to a worker, from its asker to its answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import IO

from graph.errors import AtlasError, QueryError
from graph.sparql.lanes import Ticket
from graph.sparql.process import WorkerProcess
from graph.sparql.wire import Answer, Op

__all__ = ["Delivered", "Task", "prepared"]

Delivered = tuple[Answer, IO[bytes] | None] | AtlasError
"""An answer, with its spool file where it has one, or why there is none."""


@dataclass(slots=True, eq=False, kw_only=True)
class Task(Ticket):
    """One question. `deliver` is called once, in the loop, with what came of it.

    `prepare` gives the text where that has to be worked out first; it runs in a thread, once there is a place.
    `instead` is the query where `text` is only what it looks up.
    """

    op: Op
    settings: bytes
    text: bytes
    seconds: float
    deliver: Callable[[Delivered], None]
    prepare: Callable[[], bytes] | None = None
    instead: bytes = b""
    worker: WorkerProcess | None = None
    deadline: float = 0.0
    spared: int = 0
    over: bool = False


def prepared(prepare: Callable[[], bytes]) -> bytes | AtlasError:
    """The text, or why there is none: whatever that is, somebody waits for an answer."""
    try:
        return prepare()
    except AtlasError as error:
        return error
    except Exception as error:
        return QueryError(f"A search clause failed: {error}.", "Report it.")
