"""Where entries are: their own coordinates, else those of the place that they are said to be in."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from graph.model import Value
from graph.storage.snapshot import Snapshot

__all__ = ["positions"]

_IN: Final = ("schema:location", "dcterms:spatial", "schema:spatialCoverage", "schema:containedInPlace")
"""From the narrowest sense of being somewhere to the widest."""


def positions(snapshot: Snapshot, rows: Iterable[tuple[Value | None, ...]]) -> dict[str, tuple[float, float]]:
    """Latitude and longitude in degrees for each entry in the rows whose place is known. At most one step away."""
    met = {cell.value for row in rows for cell in row if cell is not None and cell.kind == "iri"}
    found: dict[str, tuple[float, float]] = {}
    for iri in met:
        own = _own(snapshot, iri) or next(
            (at for name in _IN for place in snapshot.objects(iri, name) if (at := _own(snapshot, place.value))), None
        )
        if own is not None:
            found[iri] = own
    return found


def _own(snapshot: Snapshot, iri: str) -> tuple[float, float] | None:
    latitude, longitude = snapshot.value(iri, "schema:latitude"), snapshot.value(iri, "schema:longitude")
    try:
        return (float(latitude), float(longitude)) if latitude and longitude else None
    except ValueError:
        return None
