"""The child that runs one query at a time: `python -m graph.sparql.worker.main LIMITS CONTROL SPOOL COPIED_AFTER`.

It is started by `graph.sparql.worker.process`, enters its fences before it imports the engine, and ends at the end of
its control stream, at the alarm that it sets before each query (default action: the kernel ends it, whatever the engine
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

from graph.sandbox.descriptors import DescriptorCap
from graph.sandbox.enter import SandboxLimits, enter
from graph.sandbox.frames import BrokenStream
from graph.sandbox.seccomp import is_refusal
from graph.sparql.worker.memory_copy import MemoryCopy
from graph.sparql.worker.protocol import Answer, Outbox, Question, Questions
from graph.sparql.worker.result_writer import RowCounter, Sink

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyoxigraph

    from graph.sparql.result import ResultKind

__all__ = ["Generations", "main"]

_KEPT: Final = 2
"""Generations held open: the live one and the one before, for requests under way when it changed."""

_SETTINGS: Final = 64
"""How many settings are kept parsed: one for each generation, format, dataset and host name in use."""

_SAID: Final = 20_000
"""Characters of an error message that are passed on."""


class Generations:
    """The stores that this worker holds open, the most recently used last."""

    def __init__(self, copied_after: float, *, cap: DescriptorCap | None = None) -> None:
        """`cap`: on new descriptors, where nothing else keeps the engine from sockets."""
        self._copied_after = copied_after
        self._cap = cap
        self._open: OrderedDict[tuple[str, str], MemoryCopy] = OrderedDict()

    def store(self, path: str, key: str) -> MemoryCopy:
        """The store of a generation.

        `key` tells a generation from another that had the same path before. Raises OSError where it is gone.
        """
        import pyoxigraph

        held = self._open.get((path, key))
        if held is None:
            gone = []
            while len(self._open) >= _KEPT:
                gone.append(self._open.popitem(last=False)[0])
            if self._cap is not None:
                self._cap.lift(gone)
            folder = Path(path) / "graph"
            store = pyoxigraph.Store.read_only(str(folder))
            quads = _quads(Path(path))
            if self._cap is not None:
                self._cap.close((path, key), folder)
            for older in self._open.values():
                older.forget()
            held = self._open[path, key] = MemoryCopy(store, quads, self._copied_after)
        self._open.move_to_end((path, key))
        return held

    def go_on(self) -> bool:
        """Copy some more of the generation asked of last; whether there is more to copy."""
        return bool(self._open) and next(reversed(self._open.values())).go_on()


def _quads(generation: Path) -> int | None:
    """How many it holds, as far as its manifest says."""
    try:
        found = json.loads((generation / "manifest.json").read_bytes())["quads"]
    except (OSError, ValueError, LookupError, TypeError):
        return None
    return found if isinstance(found, int) else None


def main(arguments: list[str]) -> int:
    """Serve until the control stream ends. `arguments`: limits of the sandbox, two descriptors, and `copied_after`."""
    control, spool, copied_after = int(arguments[1]), _lowered(int(arguments[2])), float(arguments[3])
    connection = socket.socket(fileno=control)
    fenced = enter(SandboxLimits.from_argument(arguments[0])).seccomp
    import pyoxigraph  # noqa: F401  # after the fences, so that nothing of the engine runs outside them

    Outbox(connection).add(Answer("ready", body=b"seccomp" if fenced else b""))
    # While nobody waits for it, and while files can still be opened: what reads long queries.
    import graph.sparql.dataset
    import graph.sparql.worker.guard_in_worker
    import graph.sparql.worker.triple_lookup  # noqa: F401

    gc.freeze()
    gc.disable()  # one query at a time, and few objects: reference counting is enough
    _serve(connection, spool, Generations(copied_after, cap=None if fenced else DescriptorCap()))
    return 0


def _serve(connection: socket.socket, spool: int, generations: Generations) -> None:
    """One question after the other, until the stream ends."""
    known = dict[bytes, dict[str, Any]]()
    questions, answers, used = Questions(connection), Outbox(connection), False
    while True:
        try:
            while generations.go_on() and questions.idle():
                continue
            question = questions.next()
            if question.descriptor is not None:
                # The last one belongs to a result: its place among the descriptors was free for this one.
                spool, used = question.descriptor, False
            if used and question.op != "look":
                answers.add(Answer("again"))  # asked ahead, before the new spool file was sent
                continue
            settings = known.get(question.settings)
            if settings is None:
                if len(known) >= _SETTINGS:
                    known.clear()
                settings = known[question.settings] = json.loads(question.settings)
                answers.flush()  # a generation may have to be opened
            answer = _answer(question, settings, generations, spool)
            # To send this takes as long as the next look-up; whatever else follows may take its time.
            answers.add(answer, soon=question.op == "look" and questions.look_follows())
            used = used or answer.outcome == "spooled"
        except (BrokenStream, OSError, MemoryError):
            return


def _lowered(descriptor: int) -> int:
    """The same file under the lowest number there is. The next spool file will take its place, which has to lie below
    the fence, whatever files the store opens."""
    other = os.dup(descriptor)
    os.close(max(descriptor, other))
    return min(descriptor, other)


def _answer(question: Question, settings: dict[str, Any], generations: Generations, spool: int) -> Answer:
    """The answer to send."""
    if question.op == "check":
        return _checked(question, settings)
    try:
        store = generations.store(settings["generation"], settings["key"])
    except OSError as error:
        return _failed("generation", str(error))
    if question.op == "open":
        return Answer("ready")
    started = time.perf_counter()
    signal.setitimer(signal.ITIMER_REAL, question.timeout)
    try:
        if question.op == "look":
            return _looked_up(store.fastest, question.text, settings, started)
        asked = store.fastest if question.op == "any" else store.store
        return _evaluated(asked, question.text, settings, spool, started)
    except BaseException as error:
        return _failure(error)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        if question.op != "query":  # which a copy would not answer
            store.took(time.perf_counter() - started)


def _looked_up(store: pyoxigraph.Store, asked: str, settings: dict[str, Any], started: float) -> Answer:
    """The answer to a look-up, or for one that turns out to be the engine's."""
    from graph.sparql.worker.triple_lookup import look_up

    found = look_up(store, asked, settings["rows"], min(settings["inline"], settings["bytes"]))
    if found is None:
        return Answer("again")
    return Answer("done", "bindings", (time.perf_counter() - started) * 1000, found[1], found[0])


def _evaluated(store: pyoxigraph.Store, text: str, settings: dict[str, Any], spool: int, started: float) -> Answer:
    """The answer that the engine gives."""
    sink = Sink(spool, settings["inline"], settings["bytes"], RowCounter(settings["style"]), settings["rows"])
    try:
        kind, rows = _evaluate(store, text, settings, sink)
    except BaseException as error:
        return _failure(error, sink.refusal)
    ms = (time.perf_counter() - started) * 1000
    if sink.spooled:
        os.close(spool)
        return Answer("spooled", kind, ms, rows)
    return Answer("done", kind, ms, rows, sink.body())


def _checked(question: Question, settings: dict[str, Any]) -> Answer:
    from graph.sparql.worker.guard_in_worker import verdict

    signal.setitimer(signal.ITIMER_REAL, question.timeout)
    answer = Answer("checked", body=verdict(question.text, settings))
    signal.setitimer(signal.ITIMER_REAL, 0)
    return answer


def _evaluate(store: pyoxigraph.Store, text: str, settings: dict[str, Any], sink: Sink) -> tuple[ResultKind, int]:
    """Run the query into the sink: what kind of result it had and how many rows (triples of a graph)."""
    import pyoxigraph

    arguments, table = settings.get("made") or _made(settings)
    results = store.query(text, **arguments)
    if isinstance(results, pyoxigraph.QueryTriples):
        form = _required(pyoxigraph.RdfFormat.from_media_type(settings["media_type"]), settings)
        counted = _Counted(results, settings["rows"], sink)
        prefixes = settings["prefixes"] if settings["style"] in ("turtle", "rdfxml", "jsonld") else None
        pyoxigraph.serialize(counted, cast("IO[bytes]", sink), form, prefixes=prefixes)
        return "graph", counted.count
    results.serialize(sink, _required(table, settings))  # type: ignore[arg-type]  # all of a file that it uses
    if isinstance(results, pyoxigraph.QueryBoolean):
        return "boolean", 1
    return "bindings", sink.rows


def _made(settings: dict[str, Any]) -> tuple[dict[str, Any], Any]:
    """What the engine is told of them with each query, made once: between two queries all of this process's own code
    leaves the processor's memory, and every line of it costs many times what it does in a loop."""
    from pyoxigraph import QueryResultsFormat

    from graph.sparql.dataset import Dataset  # not at the start, which would take longer

    dataset = Dataset(tuple(settings["default"]), tuple(settings["named"]))
    arguments: dict[str, Any] = {"base_iri": settings["base"], **(dataset.arguments() if dataset.given else {})}
    settings["made"] = arguments, QueryResultsFormat.from_media_type(settings["media_type"])
    return arguments, settings["made"][1]


def _required(form: Any, settings: dict[str, Any]) -> Any:
    if form is None:
        raise ValueError(f"the engine cannot write {settings['media_type']} for this form of query")
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


def _failure(error: BaseException, refusal: str = "") -> Answer:
    """What went wrong, as data. The parent turns it into one of its own errors."""
    message = str(error)
    if refusal:
        return _failed("large", refusal)
    if isinstance(error, MemoryError):
        return _failed("memory", message)
    if isinstance(error, SyntaxError):
        return _failed("syntax", message)
    if is_refusal(error):
        return _failed("refused", message)
    if not isinstance(error, (RuntimeError, ValueError)):
        message = f"{type(error).__name__}: {message}"
    return _failed("failed", message)


def _failed(error: str, message: str) -> Answer:
    return Answer("failed", body=json.dumps({"error": error, "message": message[:_SAID]}).encode())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
