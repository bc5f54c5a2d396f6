"""The figures of a view: those that its writer counted, or, while they are older than the graph, a new count.

No request waits for the count of a large atlas: it sees the last figures, and a thread counts meanwhile.
"""

from __future__ import annotations

import logging
import threading
from typing import Final

from graph.metadata.ontology import counted
from graph.metadata.statistics import Figures, read_figures
from web.read_model.live_generation import View

__all__ = ["figures"]

_COUNTED_NOW: Final = 30_000
"""Quads that are counted in 0.1 s."""

_DERIVED: Final = ("overview", "terms", "description", "ontology", "diagram")

log = logging.getLogger(__name__)


def figures(view: View) -> Figures:
    return view.once("figures", _figures)


def _figures(view: View) -> Figures:
    held = read_figures(view.generation.path)
    if held is not None and held.generation == view.generation.name:
        return held
    if held is None or len(view.snapshot.store) <= _COUNTED_NOW:
        return counted(view.snapshot)
    threading.Thread(target=_count, args=(view,), name="figures", daemon=True).start()
    return held


def _count(view: View) -> None:
    try:
        view.replace("figures", counted(view.snapshot), without=_DERIVED)
    except Exception:
        log.exception("the figures stay those of an earlier generation")
