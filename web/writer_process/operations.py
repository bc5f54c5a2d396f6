"""What the writer child does with a job: wait for the lock, make the change under an alarm, publish."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

import pyoxigraph as ox

from graph.errors import GraphChanged, HomeLocked
from graph.sparql import graph_store
from graph.sparql.dataset import Dataset
from graph.sparql.update import apply_update, update_limits
from graph.storage.generations import Home
from graph.write.writer import Changes, Session, Writer
from search.indexing.lag import CarriedIndex

__all__ = ["carry_out"]

Job = dict[str, Any]
Touched = frozenset[str] | None
"""Entities of the default graph, None = nobody knows which."""

_RETRY: Final = 0.03
"""Seconds between two tries for the lock."""


def carry_out(job: Job, say: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    """Returns what the write did. Raises AtlasError; then, and when the alarm ends the process, nothing was changed."""
    did: dict[str, Any] = {}

    def work(store: ox.Store) -> Changes:
        say({"phase": "evaluating"})
        signal.setitimer(signal.ITIMER_REAL, job["timeout"])
        try:
            touched = _OPERATIONS[job["operation"]](store, job, did)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
        say({"phase": "publishing"})
        # A note, because a write may touch nothing that is indexed, and is a change all the same.
        notes = {"last_change": "http"}
        return Changes(entities=touched or frozenset(), everything=touched is None, notes=notes, counted=False)

    with ExitStack() as stack:
        home = Home(Path(job["home"]))
        session = _locked(stack, Writer(home, CarriedIndex()), job["wait"])
        if job.get("expected") not in (None, home.require().name):
            raise GraphChanged("Another write came first.", "Read the graph again.")
        generation = session.change(work)
    return {**did, "generation": generation.name if generation is not None else None}


def _locked(stack: ExitStack, writer: Writer, wait: float) -> Session:
    """The session, once no other process writes. Raises HomeLocked after `wait` seconds."""
    deadline = time.monotonic() + wait
    while True:
        try:
            return stack.enter_context(writer.session())
        except HomeLocked:
            if time.monotonic() >= deadline:
                raise
            time.sleep(_RETRY)


def _update(store: ox.Store, job: Job, did: dict[str, Any]) -> Touched:
    dataset = Dataset.of(job["using"], job["using_named"])
    return apply_update(store, job["text"], update_limits(job["timeout"]), base=job["base"], dataset=dataset).entities


def _change_graph(store: ox.Store, job: Job, did: dict[str, Any]) -> Touched:
    target: graph_store.Target = ox.DefaultGraph() if job["graph"] is None else ox.NamedNode(job["graph"])
    uploads = [graph_store.Upload(**{**each, "path": Path(each["path"])}) for each in job["uploads"]]
    match job["method"]:
        case "PUT":
            outcome = graph_store.replace(store, target, uploads, job["base"])
        case "POST":
            outcome = graph_store.merge(store, target, uploads, job["base"])
        case "DELETE":
            outcome = graph_store.delete(store, target)
        case _:
            outcome = graph_store.patch(store, target, job["text"], update_limits(job["timeout"]), job["base"])
    did["created"] = outcome.created
    return outcome.touched


_OPERATIONS: Final[dict[str, Callable[[ox.Store, Job, dict[str, Any]], Touched]]] = {
    "update": _update,
    "graph": _change_graph,
}
