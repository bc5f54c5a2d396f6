"""The child that runs one query at a time: `python -m graph.sparql.worker CONTROL SPOOL SETTINGS`.

It is started by `graph.sparql.process`, enters its fences before it imports the engine, and ends at the end of its
control stream, at the alarm that it sets before each query (default action: the kernel ends it, whatever the engine
is doing, even when the parent is gone), or when it is killed.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import socket
import sys
import time
from collections import OrderedDict
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final, cast

from graph.sparql import fences
from graph.sparql.dataset import Dataset
from graph.sparql.fences import DescriptorFence
from graph.sparql.sink import RowCounter, Sink
from graph.sparql.wire import Closed, receive, send

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyoxigraph

__all__ = ["Generations", "main"]

_KEPT: Final = 2
"""Generations held open: the live one and the one before, for requests under way when it changed."""

_FENCED_BELOW: Final = 4096
"""No descriptor is higher: `fences.limit_resources` sees to that."""

_REFUSALS: Final = ("Operation not permitted", "Permission denied", "Too many open files", "not implemented")


class Generations:
    """The stores that this worker holds open, the most recently used last."""

    def __init__(self) -> None:
        self._fence = DescriptorFence()
        self._open: OrderedDict[tuple[str, str], pyoxigraph.Store] = OrderedDict()
        self._unopened: dict[tuple[str, str], int] = {}

    def store(self, path: str, key: str) -> pyoxigraph.Store:
        """The store of a generation; no descriptor can be opened after that, until another generation is asked for.

        `key` tells a generation from another that had the same path before. Raises OSError where it is gone.
        """
        import pyoxigraph

        found = self._open.get((path, key))
        if found is None:
            self._fence.widen()
            while len(self._open) >= _KEPT:
                self._open.popitem(last=False)
            folder = Path(path) / "graph"
            found = pyoxigraph.Store.read_only(str(folder))
            self._open[path, key] = found
            self._unopened[path, key] = _unopened_tables(folder)
            self._fence.narrow(sum(self._unopened[each] for each in self._open))
        self._open.move_to_end((path, key))
        return found


def _unopened_tables(folder: Path) -> int:
    """How many table files of a store the engine will open only when a query first reads them."""
    opened = set()
    for descriptor in range(_FENCED_BELOW):
        try:
            status = os.fstat(descriptor)
        except OSError:
            continue
        opened.add((status.st_dev, status.st_ino))
    tables = [each.stat() for each in folder.iterdir() if each.suffix == ".sst"]
    return sum((each.st_dev, each.st_ino) not in opened for each in tables)


def main(arguments: list[str]) -> int:
    """Serve until the control stream ends. `arguments`: two descriptors and the settings as JSON."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    control, spool, settings = int(arguments[0]), _lowered(int(arguments[1])), json.loads(arguments[2])
    connection = socket.socket(fileno=control)
    fences.limit_resources(settings["memory"], settings["result_bytes"])
    fenced = settings["seccomp"] and fences.available()
    if fenced:
        fences.refuse_system_calls()
    import pyoxigraph  # noqa: F401  # after the fences, so that nothing of the engine runs outside them

    gc.disable()  # one query at a time, and few objects: reference counting is enough
    generations = Generations()
    send(connection, {"ready": True, "seccomp": fenced})
    while True:
        try:
            request, _, renewed = receive(connection, 0)
        except (Closed, OSError):
            return 0
        # A spool file that was used belongs to the result: its place among the descriptors is free for the next.
        spool = spool if renewed is None else renewed
        answer, body = _answer(request, generations, spool)
        if answer.get("spooled"):
            os.close(spool)
        try:
            send(connection, answer, body)
        except OSError:
            return 0
        if answer.get("error") == "memory":
            return 0


def _lowered(descriptor: int) -> int:
    """The same file under the lowest number there is. The next spool file will take its place, which has to lie below
    the fence, whatever files the store opens."""
    other = os.dup(descriptor)
    os.close(max(descriptor, other))
    return min(descriptor, other)


def _answer(request: dict[str, Any], generations: Generations, spool: int) -> tuple[dict[str, Any], bytes]:
    try:
        store = generations.store(request["generation"], request["key"])
    except OSError as error:
        return {"error": "generation", "message": str(error)}, b""
    style = request["style"]
    sink = Sink(spool, request["inline"], request["bytes"], RowCounter(style), request["rows"])
    started = time.perf_counter()
    signal.setitimer(signal.ITIMER_REAL, request["timeout"])
    try:
        kind, rows = _evaluate(store, request, sink)
    except BaseException as error:
        signal.setitimer(signal.ITIMER_REAL, 0)
        return _failure(error, sink), b""
    signal.setitimer(signal.ITIMER_REAL, 0)
    ms = (time.perf_counter() - started) * 1000
    header = {"kind": kind, "rows": rows, "ms": round(ms, 3), "size": sink.size, "spooled": sink.spooled}
    return header, sink.body()


def _evaluate(store: pyoxigraph.Store, request: dict[str, Any], sink: Sink) -> tuple[str, int]:
    """Run the query into the sink: what kind of result it had and how many rows (triples of a graph)."""
    import pyoxigraph

    dataset = Dataset(tuple(request["default"]), tuple(request["named"]))
    results = store.query(request["query"], base_iri=request["base"], **dataset.arguments())  # type: ignore[arg-type]
    if isinstance(results, pyoxigraph.QueryTriples):
        form = _required(pyoxigraph.RdfFormat.from_media_type(request["media_type"]), request)
        counted = _Counted(results, request["rows"], sink)
        prefixes = request["prefixes"] if request["style"] in ("turtle", "rdfxml", "jsonld") else None
        pyoxigraph.serialize(counted, cast("IO[bytes]", sink), form, prefixes=prefixes)
        return "graph", counted.count
    table = _required(pyoxigraph.QueryResultsFormat.from_media_type(request["media_type"]), request)
    results.serialize(cast("IO[bytes]", sink), table)
    if isinstance(results, pyoxigraph.QueryBoolean):
        return "boolean", 1
    return "bindings", sink.rows


def _required(form: Any, request: dict[str, Any]) -> Any:
    if form is None:
        raise ValueError(f"the engine cannot write {request['media_type']} for this form of query")
    return form


class _Counted:
    """Triples on their way to the serialiser, counted and capped."""

    def __init__(self, triples: Iterator[pyoxigraph.Triple], limit: int, sink: Sink) -> None:
        self.count = 0
        self._triples, self._limit, self._sink = triples, limit, sink

    def __iter__(self) -> Iterator[pyoxigraph.Triple]:
        for triple in self._triples:
            self.count += 1
            if self.count > self._limit:
                self._sink.refuse(f"The result has more than {self._limit:,} triples.")
            yield triple


def _failure(error: BaseException, sink: Sink) -> dict[str, Any]:
    """What went wrong, as data. The parent turns it into one of its own errors."""
    message = str(error)
    if sink.refusal:
        return {"error": "large", "message": sink.refusal}
    if isinstance(error, MemoryError):
        return {"error": "memory", "message": message}
    if isinstance(error, SyntaxError):
        return {"error": "syntax", "message": message}
    if isinstance(error, OSError) and any(each in message for each in _REFUSALS):
        return {"error": "refused", "message": message}
    if not isinstance(error, (RuntimeError, ValueError)):
        message = f"{type(error).__name__}: {message}"
    return {"error": "failed", "message": message}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
