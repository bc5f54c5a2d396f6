"""The child that runs one query at a time: `python -m graph.sparql.worker.main LIMITS CONTROL SPOOL COPIED_AFTER`.

`graph.sparql.worker.process` starts it. It enters its sandbox before it imports the engine. It ends with its control
stream, when it is killed, or at the alarm that it sets before each query: then the kernel ends it, whatever the engine
does, and even when the parent is gone.
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
from typing import TYPE_CHECKING, Any, Final

from graph.errors import UnwritableTerm
from graph.sandbox.descriptors import DescriptorCap
from graph.sandbox.enter import SandboxLimits, enter
from graph.sandbox.message_frames import BrokenStream
from graph.sandbox.seccomp import is_refusal
from graph.sparql.worker.in_memory_copy import MemoryCopy
from graph.sparql.worker.protocol import Answer, Question, Questions, send
from graph.sparql.worker.result_writer import ResultWriter, RowCounter
from graph.storage.engine_faults import store_fault

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyoxigraph

    from graph.sparql.result import ResultKind

__all__ = ["Generations", "main"]

OPEN_GENERATIONS: Final = 2
"""The live generation and the one before it, for requests that were running when it changed."""

PARSED_SETTINGS: Final = 64
"""Settings that stay parsed: one for each generation, format, dataset and base in use."""

_STORE_FAULT: Final = b'{"error": "damaged"'
"""Start of the body of an answer that failed over the files of the store."""

MAX_MESSAGE_CHARS: Final = 20_000
"""Length of an error message of the engine that is passed on."""


class Generations:
    """The stores of the generations that this worker has open, the most recently used last."""

    def __init__(self, copied_after: float, *, cap: DescriptorCap | None = None) -> None:
        """`cap` limits new descriptors, where nothing else keeps the engine from opening sockets."""
        self._copied_after = copied_after
        self._cap = cap
        self._open: OrderedDict[tuple[str, str], MemoryCopy] = OrderedDict()

    def store(self, path: str, key: str) -> MemoryCopy:
        """The store of a generation.

        `key` distinguishes it from another that had the same path before. Raises OSError where it is gone.
        """
        import pyoxigraph

        generation = self._open.get((path, key))
        if generation is None:
            closed = []
            while len(self._open) >= OPEN_GENERATIONS:
                closed.append(self._open.popitem(last=False)[0])
            if self._cap is not None:
                self._cap.lift(closed)
            folder = Path(path) / "graph"
            try:
                store = pyoxigraph.Store.read_only(str(folder))
                quads = _quads(Path(path))
            finally:
                if self._cap is not None:
                    self._cap.close((path, key), folder)
            for older in self._open.values():
                older.discard()
            generation = self._open[path, key] = MemoryCopy(store, quads, self._copied_after)
        self._open.move_to_end((path, key))
        return generation

    def close(self, path: str, key: str) -> None:
        """Close the store of a generation, if it is open; the next question opens it anew."""
        self._open.pop((path, key), None)

    def copy_more(self) -> bool:
        """Copy another slice of the generation that was used last; whether there is more to copy."""
        return bool(self._open) and next(reversed(self._open.values())).copy_more()


def _quads(generation: Path) -> int | None:
    """The number of quads that its manifest gives; None where it gives none."""
    try:
        quads = json.loads((generation / "manifest.json").read_bytes())["quads"]
    except (OSError, ValueError, LookupError, TypeError):
        return None
    return quads if isinstance(quads, int) else None


def main(arguments: list[str]) -> int:
    """Serve until the control stream ends. `arguments`: limits of the sandbox, two descriptors, and `copied_after`."""
    control, spool, copied_after = int(arguments[1]), _lowered(int(arguments[2])), float(arguments[3])
    connection = socket.socket(fileno=control)
    fenced = enter(SandboxLimits.from_argument(arguments[0])).seccomp
    import pyoxigraph  # noqa: F401  # after the fences, so that nothing of the engine runs outside them

    send(connection, Answer("ready", body=b"seccomp" if fenced else b""))
    # These read long queries. They are imported while no query waits, and while files can still be opened.
    import graph.serialisation
    import graph.sparql.dataset
    import graph.sparql.worker.guard_in_worker  # noqa: F401

    gc.freeze()
    gc.disable()  # one query at a time, and few objects: reference counting is enough
    _serve(connection, spool, Generations(copied_after, cap=None if fenced else DescriptorCap()))
    return 0


def _serve(connection: socket.socket, spool: int, generations: Generations) -> None:
    """Answer one question after the other until the stream ends."""
    parsed = dict[bytes, dict[str, Any]]()
    questions, spool_used = Questions(connection), False
    while True:
        try:
            while generations.copy_more() and questions.idle():
                continue
            question = questions.next()
            if question.descriptor is not None:
                # The last spool file belongs to a result. Its descriptor was closed, so this one has its number.
                spool, spool_used = question.descriptor, False
            if spool_used:
                send(connection, Answer("again"))  # sent ahead, before the new spool file
                continue
            settings = parsed.get(question.settings)
            if settings is None:
                if len(parsed) >= PARSED_SETTINGS:
                    parsed.clear()
                settings = parsed[question.settings] = json.loads(question.settings)
            answer = _answer(question, settings, generations, spool)
            send(connection, answer)
            spool_used = spool_used or answer.outcome == "spooled"
        except (BrokenStream, OSError, MemoryError):
            return


def _lowered(descriptor: int) -> int:
    """The same file under the lowest free number. The next spool file takes that number, which has to be below the cap
    on descriptors whatever files the store opens."""
    other = os.dup(descriptor)
    os.close(max(descriptor, other))
    return min(descriptor, other)


def _answer(question: Question, settings: dict[str, Any], generations: Generations, spool: int) -> Answer:
    """The answer to send. A query that fails over the files of its generation is run once more, on the store opened
    anew: queries change nothing, and a fault may have passed."""
    if question.op == "check":
        return _checked(question, settings)
    began = time.perf_counter()
    answer = _attempt(question, settings, generations, spool, question.timeout)
    seconds_left = question.timeout - (time.perf_counter() - began)
    if answer.body.startswith(_STORE_FAULT) and seconds_left > 0:
        generations.close(settings["generation"], settings["key"])
        answer = _attempt(question, settings, generations, spool, seconds_left)
    return answer


def _attempt(
    question: Question, settings: dict[str, Any], generations: Generations, spool: int, seconds: float
) -> Answer:
    try:
        store = generations.store(settings["generation"], settings["key"])
    except OSError as error:
        return _failed("generation", str(error))
    except RuntimeError as error:
        return _failure(error)
    if question.op == "open":
        return Answer("ready")
    started = time.perf_counter()
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        chosen = store.fastest if question.op == "any" else store.store
        return _evaluated(chosen, question.text, settings, spool, started)
    except BaseException as error:
        return _failure(error)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        if question.op != "query":  # a copy would not answer that
            store.add_query_seconds(time.perf_counter() - started)


def _evaluated(store: pyoxigraph.Store, text: str, settings: dict[str, Any], spool: int, started: float) -> Answer:
    """The answer that the engine gives."""
    writer = ResultWriter(spool, settings["inline"], settings["bytes"], RowCounter(settings["style"]), settings["rows"])
    try:
        kind, rows = _evaluate(store, text, settings, writer)
    except BaseException as error:
        return _failure(error, writer.refusal)
    ms = (time.perf_counter() - started) * 1000
    if writer.spooled:
        os.close(spool)
        return Answer("spooled", kind, ms, rows)
    return Answer("done", kind, ms, rows, writer.body())


def _checked(question: Question, settings: dict[str, Any]) -> Answer:
    from graph.sparql.worker.guard_in_worker import verdict

    signal.setitimer(signal.ITIMER_REAL, question.timeout)
    answer = Answer("checked", body=verdict(question.text, settings))
    signal.setitimer(signal.ITIMER_REAL, 0)
    return answer


def _evaluate(
    store: pyoxigraph.Store, text: str, settings: dict[str, Any], writer: ResultWriter
) -> tuple[ResultKind, int]:
    """Run the query and write its result into the writer: the kind of result, and its rows (or triples)."""
    import pyoxigraph

    from graph import serialisation

    arguments, table = settings.get("engine") or _engine_arguments(settings)
    results = store.query(text, **arguments)
    if isinstance(results, pyoxigraph.QueryTriples):
        form = _required(pyoxigraph.RdfFormat.from_media_type(settings["media_type"]), settings)
        counted = _Counted(results, settings["rows"], writer)
        prefixes = settings["prefixes"] if settings["style"] in ("turtle", "rdfxml", "jsonld") else None
        serialisation.write(counted, writer, form, prefixes=prefixes)
        return "graph", counted.count
    output = serialisation.XmlGate(writer) if settings["style"] == "xml" else writer
    try:
        results.serialize(output, _required(table, settings))  # type: ignore[arg-type]  # all of a file that it uses
    except Exception:
        if isinstance(output, serialisation.XmlGate) and output.refusal is not None:
            raise output.refusal from None
        raise
    if isinstance(results, pyoxigraph.QueryBoolean):
        return "boolean", 1
    return "bindings", writer.rows


def _engine_arguments(settings: dict[str, Any]) -> tuple[dict[str, Any], Any]:
    """The arguments of the engine for these settings, made once. Between two queries the code of this process leaves
    the processor's cache, so that every line of it costs many times as much as in a loop."""
    from pyoxigraph import QueryResultsFormat

    from graph.sparql.dataset import Dataset  # not at the start, which would take longer

    dataset = Dataset(tuple(settings["default"]), tuple(settings["named"]))
    arguments: dict[str, Any] = {"base_iri": settings["base"], **(dataset.arguments() if dataset.given else {})}
    settings["engine"] = arguments, QueryResultsFormat.from_media_type(settings["media_type"])
    return arguments, settings["engine"][1]


def _required(form: Any, settings: dict[str, Any]) -> Any:
    if form is None:
        raise ValueError(f"the engine cannot write {settings['media_type']} for this form of query")
    return form


class _Counted:
    """Triples on their way to the serialiser, counted and capped."""

    def __init__(self, triples: Iterator[pyoxigraph.Triple], limit: int, writer: ResultWriter) -> None:
        self.count = 0
        self._triples, self._limit, self._writer = triples, limit, writer

    def __iter__(self) -> Iterator[pyoxigraph.Triple]:
        for triple in self._triples:
            self.count += 1
            if self.count > self._limit:
                self._writer.refuse(f"The result has more than {self._limit:,} triples.")
            yield triple


def _failure(error: BaseException, refusal: str = "") -> Answer:
    """The error as data. The pool turns it into one of this package's errors."""
    message = str(error)
    if refusal:
        return _failed("large", refusal)
    if isinstance(error, MemoryError):
        return _failed("memory", message)
    if isinstance(error, UnwritableTerm):
        return _failed("format", message)
    if isinstance(error, SyntaxError):
        return _failed("syntax", message)
    if is_refusal(error):
        return _failed("refused", message)
    if store_fault(error) is not None:
        return _failed("damaged", message)
    if not isinstance(error, (RuntimeError, ValueError)):
        message = f"{type(error).__name__}: {message}"
    return _failed("failed", message)


def _failed(error: str, message: str) -> Answer:
    return Answer("failed", body=json.dumps({"error": error, "message": message[:MAX_MESSAGE_CHARS]}).encode())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
