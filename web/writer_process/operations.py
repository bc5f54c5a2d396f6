"""What the writer process does with a job: wait for the lock, make the change under an alarm, publish."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Final

from graph.errors import GraphChanged, HomeLocked
from graph.sparql import graph_store
from graph.sparql.dataset import Dataset
from graph.sparql.graph_store import Outcome, Store
from graph.sparql.update import apply_update, update_limits
from graph.storage.generations import Home
from graph.write.rdf_load import load
from graph.write.rdf_parse import ParseLimits, long_quads
from graph.write.writer import Changes, Session, Writer
from search.indexing.lag import CarriedIndex
from web.writer_process.messages import GraphJob, Job, LoadJob, Phase, Step, UpdateJob, Written

__all__ = ["carry_out"]

_RETRY_SECONDS: Final = 0.03
"""From one attempt to take the lock to the next."""


def carry_out(job: Job, report: Callable[[Phase | Step], None]) -> Written:
    """The outcome of a job. Raises AtlasError; then, and when the alarm ends the process, nothing was changed."""
    with ExitStack() as stack:
        home = Home(Path(job.home))
        session = _lock(stack, Writer(home, CarriedIndex(), create=isinstance(job, LoadJob)), job.wait)
        if isinstance(job, LoadJob):
            return _load(session, home, job, report)
        if isinstance(job, GraphJob) and job.expected not in (None, home.require().name):
            raise GraphChanged("Another write came first.", "Read the graph again.")
        return _change(session, home, job, report)


def _load(session: Session, home: Home, job: LoadJob, report: Callable[[Phase | Step], None]) -> Written:
    def step(what: str, done: int, total: int) -> None:
        report(Step(what, done, total))
        if total and done == total:
            signal.setitimer(signal.ITIMER_REAL, 0)
            report(Phase("publishing"))

    before = home.live()
    report(Phase("evaluating"))
    signal.setitimer(signal.ITIMER_REAL, job.timeout)
    limits = ParseLimits(term_bytes=job.term_bytes)
    try:
        loaded = load(session, [Path(file) for file in job.files], graph=job.graph, limits=limits, progress=step)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    live = home.live()
    generation = live.name if live is not None and live != before else ""
    return Written(generation, added=loaded.added, empty=tuple(map(str, loaded.empty)))


def _change(session: Session, home: Home, job: UpdateJob | GraphJob, report: Callable[[Phase | Step], None]) -> Written:
    outcome = Outcome(False)

    def work(store: Store) -> Changes:
        nonlocal outcome
        report(Phase("evaluating"))
        signal.setitimer(signal.ITIMER_REAL, job.timeout)
        try:
            outcome = _update(store, home, job) if isinstance(job, UpdateJob) else _change_graph(store, job)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
        report(Phase("publishing"))
        # A note, because a write may touch nothing that is indexed, and is a change all the same.
        return Changes(
            entities=outcome.touched or frozenset(),
            everything=outcome.touched is None,
            notes={"last_change": "http"},
            counted=False,
            compact=outcome.large_terms,
        )

    generation = session.change(work)
    name = generation.name if generation is not None else ""
    return Written(name, outcome.created, warnings=outcome.warnings)


def _lock(stack: ExitStack, writer: Writer, seconds: float) -> Session:
    """The session, once no other process writes. Raises HomeLocked after so many seconds."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            return stack.enter_context(writer.session())
        except HomeLocked:
            if time.monotonic() >= deadline:
                raise
            time.sleep(_RETRY_SECONDS)


def _update(store: Store, home: Home, job: UpdateJob) -> Outcome:
    touched = apply_update(
        store,
        job.text,
        update_limits(job.timeout),
        base=job.base,
        dataset=Dataset.of(job.using, job.using_named),
        max_term_bytes=job.term_bytes,
        max_removed=job.max_removed,
    )
    large_terms = touched.large_terms
    live = home.live()
    if touched.builds_texts and live is not None and _may_have_written(home, job.term_bytes):
        large_terms = long_quads(store, "The result of the update", job.term_bytes, Store.read_only(str(live.graph)))
    return Outcome(False, touched.entities, touched.warnings, large_terms)


def _may_have_written(home: Home, size: int) -> bool:
    """Whether the generation that this process builds may hold a term of this size that is new: what is written goes to
    the store's log, and from a full log to tables."""
    logged = 0
    for file in (home.scratch_of(os.getpid()) / "graph").iterdir():
        with suppress(FileNotFoundError):  # the engine removes files in the background
            status = file.stat()
            if file.suffix == ".sst" and status.st_nlink == 1:
                return True
            logged += status.st_size if file.suffix == ".log" else 0
    return logged >= size


def _change_graph(store: Store, job: GraphJob) -> Outcome:
    target = graph_store.target_of(job.graph)
    uploads = [upload.upload(job.term_bytes) for upload in job.uploads]
    match job.method:
        case "PUT":
            return graph_store.replace(store, target, uploads, job.base)
        case "POST":
            return graph_store.merge(store, target, uploads, job.base)
        case "DELETE":
            return graph_store.delete(store, target)
    return graph_store.patch(
        store,
        target,
        job.text,
        update_limits(job.timeout),
        job.base,
        max_term_bytes=job.term_bytes,
        max_removed=job.max_removed,
    )
