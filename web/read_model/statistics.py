"""Figures of a generation: those that its writer counted or, where these are older than the graph, a new count.

No request waits for the count of a large atlas: it gets the last figures while a thread counts.
"""

from __future__ import annotations

import logging
import threading
from typing import Final

from graph.metadata.ontology import counted
from graph.metadata.statistics import Figures, read_figures
from web.read_model.live_generation import View

__all__ = ["figures"]

MAX_QUADS_COUNTED_AT_ONCE: Final = 30_000
"""Counted in 0.1 s; of a larger store, the count is left to a thread."""

_MADE_FROM_FIGURES: Final = ("overview", "terms", "description", "ontology", "diagram")
"""Values kept with a view that a new count makes out of date."""

log = logging.getLogger(__name__)


def figures(view: View) -> Figures:
    """Counts of entities, facts, classes and documents; see `graph.metadata.statistics`."""
    return view.once("figures", _figures)


def _figures(view: View) -> Figures:
    recorded = read_figures(view.generation.path)
    if recorded is not None and recorded.generation == view.generation.name:
        return recorded
    if recorded is None or len(view.snapshot.store) <= MAX_QUADS_COUNTED_AT_ONCE:
        return counted(view.snapshot)
    threading.Thread(target=_count, args=(view,), name="figures", daemon=True).start()
    return recorded


def _count(view: View) -> None:
    try:
        view.replace("figures", counted(view.snapshot), without=_MADE_FROM_FIGURES)
    except Exception:
        log.exception("counting failed; the figures stay those of an earlier generation")
