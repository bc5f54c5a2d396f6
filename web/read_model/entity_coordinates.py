"""Where entities are: their own coordinates, else those of the place that they are said to be in."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from graph.model import Value
from graph.storage.snapshot import Snapshot

__all__ = ["coordinates", "positions"]

_LOCATED_IN: Final = ("schema:location", "dcterms:spatial", "schema:spatialCoverage", "schema:containedInPlace")
"""From the narrowest sense of being somewhere to the widest."""


def coordinates(snapshot: Snapshot, iri: str) -> tuple[float, float] | None:
    """The entity's own latitude and longitude in degrees; None where it has none that are numbers."""
    latitude, longitude = snapshot.value(iri, "schema:latitude"), snapshot.value(iri, "schema:longitude")
    try:
        return (float(latitude), float(longitude)) if latitude and longitude else None
    except ValueError:
        return None


def positions(snapshot: Snapshot, rows: Iterable[tuple[Value | None, ...]]) -> dict[str, tuple[float, float]]:
    """Latitude and longitude in degrees of each entity in the rows whose place is known, at most one step away."""
    iris = {cell.value for row in rows for cell in row if cell is not None and cell.kind == "iri"}
    located = ((iri, coordinates(snapshot, iri) or _coordinates_of_place(snapshot, iri)) for iri in iris)
    return {iri: position for iri, position in located if position is not None}


def _coordinates_of_place(snapshot: Snapshot, iri: str) -> tuple[float, float] | None:
    places = (place.value for name in _LOCATED_IN for place in snapshot.objects(iri, name))
    return next((position for place in places if (position := coordinates(snapshot, place))), None)
